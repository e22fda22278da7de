"""What people decide about the records of their studies: to hold them back, and to release the registrar's."""

from typing import cast
from uuid import UUID

from sqlalchemy import Table, func, null, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, sees_fact, visible_people
from api.errors import Conflict, NotAllowed, NotFound
from api.models import Education, Person
from api.services.audit import log_edit
from api.services.callers import NO_PROFILE, own_person_id
from api.services.disclosures import keep_back
from api.services.facts import enqueue_embedding, lock_people

FERPA_HOLD = "ferpaHold"
"""What clients call the hold."""


async def set_hold(session: AsyncSession, viewer: Viewer, hold: bool) -> None:
    """Hold back what the viewer studied here, or lift the hold: from the next request on, also long after leaving.

    It counts as edited by the member: an import neither lifts nor renews it then. Raises NotFound without a profile,
    also if it was merged into another meanwhile: a hold that is lost in silence would keep nothing back.
    """
    person_id = own_person_id(viewer)
    if not await lock_people(session, viewer, [person_id]):
        raise NotFound(NO_PROFILE)
    await _write_hold(session, person_id, hold=hold, by_member=True)


async def place_hold(session: AsyncSession, viewer: Viewer, person_id: UUID) -> None:
    """Hold back somebody's studies, as an officer whom the person asked: noted for the person to see, who alone can
    lift it. Raises NotAllowed to all but officers, and NotFound for people whom the officer does not see."""
    if not viewer.is_staff:
        raise NotAllowed("Only staff place a hold for somebody else.", ("input", "personId"))
    if not await lock_people(session, viewer, [person_id]):
        raise NotFound("There is no such person.", ("input", "personId"))
    if await _write_hold(session, person_id, hold=True, by_member=False):
        await log_edit(session, viewer, person_id, [FERPA_HOLD])


async def _write_hold(session: AsyncSession, person_id: UUID, *, hold: bool, by_member: bool) -> bool:
    """Write the hold of a person whose row is locked; whether that changed it."""
    people = cast(Table, Person.__table__)
    values = {"ferpa_hold": hold}
    if by_member:
        others = func.array_remove(people.c.member_edited, FERPA_HOLD)
        values |= {"member_edited": func.array_append(others, FERPA_HOLD)}
    written = await session.execute(
        update(people)
        .where(people.c.id == person_id, people.c.ferpa_hold != hold)
        .values(values)
        .returning(people.c.id)
    )
    if written.one_or_none() is None:
        return False
    if await keep_back(session, [person_id]):
        await enqueue_embedding(session, person_id)
    return True


async def release_education(session: AsyncSession, viewer: Viewer, education_id: UUID, release: bool) -> None:
    """Agree that the registrar's record of these studies is shown in full, as openly as the fact itself; or no more.

    Raises NotFound unless it is the viewer's own, and Conflict if the registrar did not record it.
    """
    await lock_people(session, viewer, [viewer.key])
    education = cast(Table, Education.__table__)
    statement = (
        visible_people(viewer)
        .add_columns(education.c.registrar_sourced, education.c.released_at)
        .join(education, education.c.person_id == Person.id)
        .where(education.c.id == education_id, Person.id == viewer.key, sees_fact(viewer, education))
    )
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        raise NotFound("There is no such education of yours.", ("input", "educationId"))
    if not found.registrar_sourced:
        raise Conflict(
            "This is your own word, not the registrar's: there is nothing to release.", ("input", "educationId")
        )
    if release == (found.released_at is not None):
        return
    released_at = func.now() if release else null()
    await session.execute(update(education).where(education.c.id == education_id).values(released_at=released_at))
    if await keep_back(session, [viewer.key]):
        await enqueue_embedding(session, viewer.key)
