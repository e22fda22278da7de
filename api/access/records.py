"""Whose accounts, blocks and logs a viewer sees: mostly the own ones."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Uuid, bindparam, func, select

from api.access.viewers import Viewer, me
from api.models import Account, Person


def sees_audit(viewer: Viewer, event: FromClause) -> ColumnElement[bool]:
    """What officers read of a person is for that person to see, and for staff."""
    return event.c.person_id == me(viewer) if not viewer.is_staff else event.c.id.is_not(None)


def owns_block(viewer: Viewer, block: FromClause) -> ColumnElement[bool]:
    """Whom somebody blocked is known to that person alone."""
    return block.c.blocker_id == me(viewer)


def blocked_name(block: FromClause) -> ColumnElement[Any]:
    """The name of the blocked person, for the one who blocked them: else they could not tell whom to unblock."""
    person = Person.__table__.alias()
    return (
        select(person.c.display_name)
        .where(person.c.id == block.c.blocked_id)
        .correlate_except(person)
        .scalar_subquery()
    )


def actor_name(event: FromClause) -> ColumnElement[Any]:
    """Who acted, for the person concerned: an officer's name, or the address of an account that belongs to nobody."""
    account, person = Account.__table__.alias(), Person.__table__.alias()
    return (
        select(func.coalesce(person.c.display_name, account.c.email))
        .select_from(account.outerjoin(person, person.c.id == account.c.person_id))
        .where(account.c.id == event.c.actor_id)
        .correlate_except(account, person)
        .scalar_subquery()
    )


def owns_account(viewer: Viewer, account: FromClause) -> ColumnElement[bool]:
    """Whether the account is the one that the viewer signed in with: nobody reads another's."""
    return account.c.id == bindparam("account", viewer.account_id, type_=Uuid())


def sees_all(_viewer: Viewer, row: FromClause) -> ColumnElement[bool]:
    """No rule of its own: the row is reached only through another that has one."""
    return row.c.id.is_not(None)
