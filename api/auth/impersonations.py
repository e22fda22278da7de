"""Seeing the network as somebody else: whether an administrator may, checked and noted at each request."""

from dataclasses import replace
from typing import NoReturn
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, goes_on, holds_now, owns_impersonation, people_to_be
from api.auth.viewers import viewer_of
from api.db import Database
from api.errors import NotAllowed
from api.models import Account, AccountRole, AuditAction, AuditEvent, Impersonation, Person, PersonRole

_impersonation = Impersonation.__table__


async def impersonate(admin: Viewer, impersonation_id: UUID | None, db: Database) -> Viewer:
    """The viewer that the person of this impersonation would be, who may only read; the use is noted for the person.

    Whatever is wrong (no administrator, no such impersonation, another's, one that is over, a person who may not be
    seen through any more) is the same NotAllowed.
    """
    if not admin.admin or impersonation_id is None:
        _refuse()
    async with db.write() as session, session.begin():
        viewer, reason = await _person_of(session, admin, impersonation_id)
        session.add(
            AuditEvent(
                actor_id=admin.account_id,
                person_id=viewer.key,
                action=AuditAction.IMPERSONATED,
                facts=[],
                reason=reason,
            )
        )
    return viewer


async def _person_of(session: AsyncSession, admin: Viewer, impersonation_id: UUID) -> tuple[Viewer, str]:
    role, account = PersonRole.__table__, Account.__table__
    current = select(role.c.kind).where(role.c.person_id == Person.id, holds_now(role)).correlate(Person.__table__)
    own = select(account.c.id).where(account.c.person_id == Person.id).correlate(Person.__table__)
    found = (
        await session.execute(
            people_to_be(admin)
            .join(_impersonation, _impersonation.c.person_id == Person.id)
            .where(
                _impersonation.c.id == impersonation_id,
                owns_impersonation(admin, _impersonation),
                goes_on(_impersonation),
            )
            .add_columns(
                own.scalar_subquery().label("account_id"),
                func.array(current.scalar_subquery()).label("roles"),
                _impersonation.c.reason,
            )
        )
    ).one_or_none()
    if found is None:
        _refuse()
    viewer = viewer_of(found.account_id, found.id, AccountRole.MEMBER, frozenset(found.roles))
    return replace(viewer, impersonation=impersonation_id), found.reason


def _refuse() -> NoReturn:
    raise NotAllowed("There is no impersonation of yours going on under this id. Start one, or leave the header out.")
