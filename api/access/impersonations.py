"""Whom an administrator may see the network as, and which impersonation is whose."""

from sqlalchemy import ColumnElement, FromClause, Uuid, and_, bindparam, func, literal_column, not_

from api.access.people import some_row, visible_people
from api.access.viewers import Viewer, me
from api.db import AnySelect
from api.models import Account, Person


def owns_impersonation(viewer: Viewer, impersonation: FromClause) -> ColumnElement[bool]:
    """Whether it is the viewer's own: nobody uses or ends another's."""
    return impersonation.c.account_id == bindparam("account", viewer.account_id, type_=Uuid())


def goes_on(impersonation: FromClause) -> ColumnElement[bool]:
    """Whether it has neither been ended nor expired."""
    return and_(impersonation.c.ended_at.is_(None), impersonation.c.expires_at > func.now())


def people_to_be(viewer: Viewer) -> AnySelect:
    """Whom the viewer may see the network as, as `SELECT people.id`: somebody else who is visible and alive, and does
    not work in the office: through an officer's eyes one would see what others must not."""
    account, person = Account.__table__.alias(), Person.__table__
    officer = some_row(account, account.c.person_id == person.c.id, account.c.role != literal_column("'MEMBER'"))
    return visible_people(viewer).where(person.c.id != me(viewer), not_(person.c.deceased), not_(officer))
