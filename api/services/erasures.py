"""How a person is erased: everything of theirs goes, with every mention in the rows of others, at once or not at all.

What refers to a person by foreign key goes with them, by the key's own rule; counters are given back by the database
(triggers). Here stands what no key leads to: mentions in documents, waiting jobs, and names that nobody else uses.
"""

import logging
from collections.abc import Collection
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, and_, any_, bindparam, delete, exists, not_, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Uuid

from api.access import Viewer, visible_people
from api.db import Base
from api.errors import Invalid, NotAllowed, NotFound, Problem
from api.folding import fold
from api.models import (
    Account,
    ContactKind,
    ContactPoint,
    Event,
    Experience,
    Job,
    MentorProfile,
    Mentorship,
    Organization,
    Person,
    Registration,
    WebhookTopic,
)
from api.queue import forget
from api.services.callers import own_person_id
from api.services.merges.aliases import forget_merged
from api.services.removals import remove_one_at_a_time
from api.services.suppressions import Mark, mark_of_address, mark_of_record, suppress
from api.services.webhooks import announce, forget_deliveries

logger = logging.getLogger(__name__)
_NAME, _PERSON = ("input", "displayName"), ("input", "personId")
_CUT_MENTIONS = text("""
    update suggestions set evidence = (
        select coalesce(jsonb_agg(reason order by place), '[]')
        from jsonb_array_elements(evidence) with ordinality as reasons(reason, place)
        where position(:id in reason::text) = 0
    )
    where position(:id in evidence::text) > 0
""")
"""A reason that names a third person carries their id in its key: such reasons go, the others stay."""


class ErasureReason(StrEnum):
    """Why the office erases somebody (article 17(1) of the GDPR has the same grounds)."""

    REQUESTED = "REQUESTED"
    NO_LONGER_NEEDED = "NO_LONGER_NEEDED"
    UNLAWFUL = "UNLAWFUL"
    LEGAL_OBLIGATION = "LEGAL_OBLIGATION"


async def erase_me(session: AsyncSession, viewer: Viewer, display_name: str) -> int:
    """Erase the viewer's own person and account; how many digests remain (see `suppressions`).

    The name, as the profile has it, says that this is no slip. Raises NotFound without a profile, also for whoever was
    erased meanwhile, and Invalid for another name.
    """
    person = await _held(session, viewer, own_person_id(viewer))
    if fold(display_name.strip()) != fold(person.display_name):
        raise Invalid([Problem(_NAME, "must be your name as your profile has it: this cannot be undone")])
    return await _erase(session, person)


async def erase_person(session: AsyncSession, viewer: Viewer, person_id: UUID, reason: ErasureReason) -> int:
    """Erase somebody as the office, on a written request or on another ground; how many digests remain.

    Nothing that concerns the person stays, so the act is noted in the server's log, without a name. Raises NotAllowed
    to all but administrators, and NotFound for whom they do not see.
    """
    if not viewer.admin:
        raise NotAllowed("Only an administrator erases people.")
    kept = await _erase(session, await _held(session, viewer, person_id))
    logger.warning("The account %s erased a person: %s.", viewer.account_id, reason.value)
    return kept


async def _held(session: AsyncSession, viewer: Viewer, person_id: UUID) -> Row[Any]:
    """The person, held so that nobody can refer to them any more, until the transaction ends."""
    await remove_one_at_a_time(session)
    held = visible_people(viewer).add_columns(Person.display_name, Person.source, Person.external_id)
    person = (await session.execute(held.where(Person.id == person_id).with_for_update(of=Person))).one_or_none()
    if person is None:
        raise NotFound("There is no such person.", _PERSON)
    return person


async def _erase(session: AsyncSession, person: Row[Any]) -> int:
    await _hold_counters(session, person.id)
    await _tell(session, person.id)
    marks = await _delete_addresses(session, person.id)
    if person.source is not None and person.external_id is not None:
        marks.add(mark_of_record(person.source, person.external_id))
    ids, merged = await forget_merged(session, person.id)
    marks |= merged
    organizations = await _delete_employment(session, person.id)
    await session.execute(delete(_table(Person)).where(_table(Person).c.id == person.id))
    await _delete_unused(session, organizations)
    for key in ids:
        await session.execute(_CUT_MENTIONS, {"id": str(key)})
        await forget(session, str(key))
    return await suppress(session, marks)


async def _tell(session: AsyncSession, person_id: UUID) -> None:
    """Tell those who were told of the person that they are no more, so that copies elsewhere can go too (article 19 of
    the GDPR); nothing else about them or their openings is told any more."""
    job = _table(Job)
    await forget_deliveries(session, [person_id], select(job.c.id).where(job.c.poster_id == person_id))
    await announce(session, WebhookTopic.PERSON_DELETED, [person_id])


async def _hold_counters(session: AsyncSession, person_id: UUID) -> None:
    """Hold the seats and places that will be given back, in the order in which everybody takes them."""
    seat, ship = _table(Registration), _table(Mentorship)
    event, profile = _table(Event), _table(MentorProfile)
    theirs = select(seat.c.event_id).where(seat.c.person_id == person_id)
    await session.execute(select(event.c.id).where(event.c.id.in_(theirs)).order_by(event.c.id).with_for_update())
    concerned = or_(ship.c.mentor_id == person_id, ship.c.mentee_id == person_id)
    rows = await session.execute(select(ship.c.mentor_id).where(concerned).order_by(ship.c.id).with_for_update())
    mentors = _any({row.mentor_id for row in rows})
    places = select(profile.c.id).where(profile.c.person_id == mentors).order_by(profile.c.person_id)
    await session.execute(places.with_for_update())


async def _delete_addresses(session: AsyncSession, person_id: UUID) -> set[Mark]:
    """Delete the account and the e-mail addresses; what they are known by."""
    account, point = _table(Account), _table(ContactPoint)
    emails = and_(point.c.person_id == person_id, point.c.kind == ContactKind.EMAIL)
    gone = [
        *await session.scalars(delete(account).where(account.c.person_id == person_id).returning(account.c.email)),
        *await session.scalars(delete(point).where(emails).returning(point.c.value)),
    ]
    return {mark_of_address(email) for email in gone}


async def _delete_employment(session: AsyncSession, person_id: UUID) -> set[UUID]:
    """Delete experiences and openings; the organisations that they named."""
    work, job = _table(Experience), _table(Job)
    return {
        *await session.scalars(delete(work).where(work.c.person_id == person_id).returning(work.c.organization_id)),
        *await session.scalars(delete(job).where(job.c.poster_id == person_id).returning(job.c.organization_id)),
    }


async def _delete_unused(session: AsyncSession, organizations: Collection[UUID]) -> None:
    """Delete those of the organisations that nothing names any more.

    They are held first: what was being written about one meanwhile is seen by the statement that comes after.
    """
    organization = _table(Organization)
    these = organization.c.id == _any(organizations)
    await session.execute(select(organization.c.id).where(these).order_by(organization.c.id).with_for_update())
    named = [
        exists().where(key.parent == organization.c.id)
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column is organization.c.id
    ]
    await session.execute(delete(organization).where(these, *(not_(one) for one in named)))


def _any(ids: Collection[UUID]) -> Any:
    return any_(bindparam(None, list(ids), type_=ARRAY(Uuid())))


def _table(model: type[Base]) -> Table:
    return cast(Table, model.__table__)
