"""Starting and ending to see the network as somebody else: for administrators, with a reason, and not for long."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, goes_on, owns_impersonation, people_to_be, visible_people
from api.errors import NotAllowed, NotFound
from api.models import AuditAction, Impersonation, Person
from api.services.audit import log_impersonation
from api.services.inputs import Checker, input_path

LONGEST_REASON = 500
MOST_MINUTES = 60
_IMPERSONATIONS = Impersonation.__table__


async def start_impersonation(
    session: AsyncSession, viewer: Viewer, person_id: UUID, reason: str, minutes: int
) -> UUID:
    """Let the viewer read as this person for so many minutes; the impersonation's id. The person sees it, with the
    reason.

    Raises Invalid for a missing reason or too long a time, NotFound for somebody whom the viewer does not see, and
    NotAllowed for oneself, officers and the dead.
    """
    check = Checker()
    told = check.text(input_path("reason"), reason, most=LONGEST_REASON, required=True, multiline=True)
    if not 1 <= minutes <= MOST_MINUTES:
        check.note(input_path("minutes"), f"must be from 1 to {MOST_MINUTES}")
    check.raise_problems()
    if await session.scalar(visible_people(viewer).where(Person.id == person_id)) is None:
        raise NotFound("There is no such person.", input_path("person_id"))
    if await session.scalar(people_to_be(viewer).where(Person.id == person_id)) is None:
        raise NotAllowed(
            "Nobody sees the network as themselves, as an officer or as somebody who has died.", input_path("person_id")
        )
    row = Impersonation(
        account_id=viewer.account_id,
        person_id=person_id,
        reason=told or reason,
        expires_at=func.now() + timedelta(minutes=minutes),
    )
    session.add(row)
    await session.flush()
    await log_impersonation(session, viewer, AuditAction.IMPERSONATION_STARTED, person_id, row.reason)
    return row.id


async def end_impersonation(session: AsyncSession, viewer: Viewer, impersonation_id: UUID) -> None:
    """End it now. Raises NotFound unless it is the viewer's own and goes on."""
    own = select(_IMPERSONATIONS.c.id).where(
        _IMPERSONATIONS.c.id == impersonation_id,
        owns_impersonation(viewer, _IMPERSONATIONS),
        goes_on(_IMPERSONATIONS),
    )
    ended = (
        update(Impersonation)
        .where(Impersonation.id.in_(own))
        .values(ended_at=func.now())
        .returning(Impersonation.person_id, Impersonation.reason)
    )
    found = (await session.execute(ended)).one_or_none()
    if found is None:
        raise NotFound("There is no such impersonation of yours going on.", input_path("impersonation_id"))
    await log_impersonation(session, viewer, AuditAction.IMPERSONATION_ENDED, found.person_id, found.reason)
