"""Mentors and mentorships: what a mentor says, who may ask, and how no mentor gets more mentees than they can take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, sees_mentor, sees_mentorship, takes_mentees
from api.errors import Conflict, NotAllowed, NotFound
from api.models import MentorProfile, Mentorship, MentorshipState, MentorTopic, OutcomeKind
from api.services.callers import hold_own_person, own_person_id
from api.services.inputs import UNSET, Checker, Unset, input_path
from api.services.pairs import lock_pair
from api.services.suggestion_outcomes import note_outcome

MOST_MENTEES, MOST_TOPICS = 50, 30
LONGEST_PAUSE = timedelta(days=10 * 366)
_MENTORSHIP, _MENTOR = ("input", "mentorshipId"), ("input", "mentorId")
_PROFILES, _TOPICS = cast(Table, MentorProfile.__table__), cast(Table, MentorTopic.__table__)
_SHIPS = cast(Table, Mentorship.__table__)
State = MentorshipState


@dataclass(frozen=True, kw_only=True)
class MentorChanges:
    """What a mentor says. What is UNSET stays as it is, or at its default for a new profile."""

    about: str | Unset | None = UNSET
    topics: Sequence[str] | Unset | None = UNSET
    max_mentees: int | Unset | None = UNSET
    paused_until: datetime | Unset | None = UNSET
    """None ends a pause."""

    def given(self) -> dict[str, Any]:
        """What is set, by name."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) is not UNSET}


MENTOR_FIELDS = tuple(one.name for one in fields(MentorChanges))


async def set_mentor_profile(session: AsyncSession, viewer: Viewer, changes: MentorChanges) -> UUID:
    """Make or change the viewer's own profile; its id. Whether others see it is the fourth of the person's choices.

    Raises NotFound without a profile as a person, Invalid, and Conflict for fewer places than are taken.
    """
    own = await hold_own_person(session, viewer)
    stored = (
        await session.execute(select(_PROFILES).where(_PROFILES.c.person_id == own).with_for_update())
    ).one_or_none()
    values = _checked({} if stored is None else {name: getattr(stored, name) for name in _STORED}, changes)
    topics = values.pop("topics")
    if stored is not None and values["max_mentees"] < stored.active_mentees:
        raise Conflict(f"You have {stored.active_mentees} mentees now.", input_path("max_mentees"))
    profile_id = await session.scalar(
        upsert(_PROFILES)
        .values(id=uuid7(), person_id=own, **values)
        .on_conflict_do_update(index_elements=["person_id"], set_={**values, "updated_at": func.now()})
        .returning(_PROFILES.c.id)
    )
    if topics is not None:
        await session.execute(delete(_TOPICS).where(_TOPICS.c.profile_id == profile_id))
        if topics:
            rows = [{"id": uuid7(), "profile_id": profile_id, "name": name} for name in topics]
            await session.execute(_TOPICS.insert(), rows)
    return cast(UUID, profile_id)


async def request_mentorship(session: AsyncSession, viewer: Viewer, profile_id: UUID, message: str | None) -> UUID:
    """Ask a mentor; the mentorship's id. Asking again while it is open gives the same one.

    Raises NotFound for whoever is no mentor for this viewer, Conflict if the mentor takes nobody now, and Invalid.
    """
    own = own_person_id(viewer)
    check = Checker()
    words = check.text(("input", "message"), message, most=2000, multiline=True)
    check.raise_problems()
    mentor = await _mentor(session, viewer, profile_id)
    if mentor.person_id == own:
        raise Conflict("This is your own profile.", _MENTOR)
    await lock_pair(session, own, mentor.person_id, as_they_are=True)
    await hold_own_person(session, viewer)
    mentor = await _mentor(session, viewer, profile_id)  # a block, or leaving the pool, may have come in between
    known = await _open_one(session, mentor.person_id, own)
    if known is not None:
        return known
    if not mentor.free:
        raise Conflict("This mentor takes nobody new at the moment.", _MENTOR)
    made = upsert(_SHIPS).values(
        id=uuid7(), mentor_id=mentor.person_id, mentee_id=own, state=State.PENDING, message=words
    )
    made_id = await session.scalar(made.on_conflict_do_nothing().returning(_SHIPS.c.id))
    await note_outcome(session, own, "mentor_id", profile_id, OutcomeKind.ASKED)
    return made_id or cast(UUID, await _open_one(session, mentor.person_id, own))


async def answer_mentorship(session: AsyncSession, viewer: Viewer, mentorship_id: UUID, *, accept: bool) -> None:
    """Say yes or no, as the mentor. A yes takes a place: however many are given at once, none is given twice.

    Raises NotFound, NotAllowed for the one who asked, and Conflict if it is not open any more or the places are taken.
    """
    ship = await _held(session, viewer, mentorship_id)
    if ship.mentor_id != viewer.person_id:
        raise NotAllowed("Only the mentor answers.", _MENTORSHIP)
    _require(ship, State.PENDING)
    if accept:
        taken = await session.scalar(
            update(_PROFILES)
            .where(_PROFILES.c.person_id == ship.mentor_id, _PROFILES.c.active_mentees < _PROFILES.c.max_mentees)
            .values(active_mentees=_PROFILES.c.active_mentees + 1)
            .returning(_PROFILES.c.id)
        )
        if taken is None:
            raise Conflict("All your places are taken: offer more, or end a mentorship.", _MENTORSHIP)
    state = State.ACCEPTED if accept else State.DECLINED
    await _set(session, mentorship_id, state=state, answered_at=func.now())


async def withdraw_mentorship(session: AsyncSession, viewer: Viewer, mentorship_id: UUID) -> None:
    """Take back what one asked for. Raises NotFound, NotAllowed for the mentor, and Conflict once it is answered."""
    ship = await _held(session, viewer, mentorship_id)
    if ship.mentee_id != viewer.person_id:
        raise NotAllowed("Only who asked takes it back.", _MENTORSHIP)
    _require(ship, State.PENDING)
    await _set(session, mentorship_id, state=State.WITHDRAWN, ended_at=func.now())


async def end_mentorship(session: AsyncSession, viewer: Viewer, mentorship_id: UUID) -> None:
    """End a mentorship, from either side and without a reason; its place is free again.

    Raises NotFound, NotAllowed for officers who are neither of the two, and Conflict unless it is going on.
    """
    ship = await _held(session, viewer, mentorship_id)
    if viewer.person_id not in {ship.mentor_id, ship.mentee_id}:
        raise NotAllowed("Only the two end it.", _MENTORSHIP)
    _require(ship, State.ACCEPTED)
    await _set(session, mentorship_id, state=State.COMPLETED, ended_at=func.now())
    await _free_place(session, ship.mentor_id)


async def end_between(session: AsyncSession, one: UUID, other: UUID) -> None:
    """End whatever is open between two people, in both directions: what a block does."""
    pair = or_(
        and_(_SHIPS.c.mentor_id == one, _SHIPS.c.mentee_id == other),
        and_(_SHIPS.c.mentor_id == other, _SHIPS.c.mentee_id == one),
    )
    open_ = select(_SHIPS).where(pair, _SHIPS.c.state.in_([State.PENDING.value, State.ACCEPTED.value]))
    for ship in (await session.execute(open_.with_for_update())).all():
        if ship.state == State.ACCEPTED:
            await _free_place(session, ship.mentor_id)
        state = State.COMPLETED if ship.state == State.ACCEPTED else State.WITHDRAWN
        await _set(session, ship.id, state=state, ended_at=func.now())


async def decline_open(session: AsyncSession, mentor_id: UUID) -> None:
    """Say no to all who wait for this mentor's answer: what leaving the pool does, so that nobody waits in vain.

    What was accepted goes on. A pause leaves requests open: the mentor comes back to them.
    """
    waiting = update(_SHIPS).where(_SHIPS.c.mentor_id == mentor_id, _SHIPS.c.state == State.PENDING.value)
    await session.execute(waiting.values(state=State.DECLINED, answered_at=func.now(), updated_at=func.now()))


# ---------------------------------------------------------------- rows


async def _mentor(session: AsyncSession, viewer: Viewer, profile_id: UUID) -> Row[Any, bool]:
    """Whose profile it is, and whether there is a place."""
    seen = and_(_PROFILES.c.id == profile_id, sees_mentor(viewer, _PROFILES))
    places = select(_PROFILES.c.person_id, takes_mentees(_PROFILES).label("free")).where(seen)
    mentor = (await session.execute(places)).one_or_none()
    if mentor is None:
        raise NotFound("There is no such mentor.", _MENTOR)
    return mentor


async def _free_place(session: AsyncSession, mentor_id: UUID) -> None:
    fewer = update(_PROFILES).where(_PROFILES.c.person_id == mentor_id)
    await session.execute(fewer.values(active_mentees=_PROFILES.c.active_mentees - 1))


async def _open_one(session: AsyncSession, mentor_id: UUID, mentee_id: UUID) -> UUID | None:
    is_open = _SHIPS.c.state.in_([State.PENDING.value, State.ACCEPTED.value])
    pair = and_(_SHIPS.c.mentor_id == mentor_id, _SHIPS.c.mentee_id == mentee_id, is_open)
    return await session.scalar(select(_SHIPS.c.id).where(pair))


async def _held(session: AsyncSession, viewer: Viewer, mentorship_id: UUID) -> Row[Any]:
    """The mentorship, held until the transaction ends: who decides about it does so one after the other."""
    seen = select(_SHIPS).where(_SHIPS.c.id == mentorship_id, sees_mentorship(viewer, _SHIPS)).with_for_update()
    ship = (await session.execute(seen)).one_or_none()
    if ship is None:
        raise NotFound("There is no such mentorship.", _MENTORSHIP)
    return ship


def _require(ship: Row[Any], state: MentorshipState) -> None:
    if ship.state != state:
        raise Conflict(f"The mentorship is {ship.state.lower()}, not {state.lower()}.", _MENTORSHIP)


async def _set(session: AsyncSession, mentorship_id: UUID, **values: Any) -> None:
    await session.execute(update(_SHIPS).where(_SHIPS.c.id == mentorship_id).values(updated_at=func.now(), **values))


# ---------------------------------------------------------------- checks


_STORED = ("about", "max_mentees", "paused_until")


def _checked(stored: Mapping[str, Any], changes: MentorChanges) -> dict[str, Any]:
    check = Checker()
    given: dict[str, Any] = {"about": None, "max_mentees": 1, "paused_until": None, **stored, **changes.given()}
    values: dict[str, Any] = {
        "about": check.text(input_path("about"), given["about"], most=4000, multiline=True),
        "max_mentees": given["max_mentees"],
        "paused_until": given["paused_until"],
        "topics": None,
    }
    if "topics" in given:
        values["topics"] = check.names(input_path("topics"), given["topics"] or (), most=MOST_TOPICS)
    if given["max_mentees"] is None or not 1 <= given["max_mentees"] <= MOST_MENTEES:
        check.note(input_path("max_mentees"), f"must be from 1 to {MOST_MENTEES}")
    until, now = given["paused_until"], datetime.now(UTC)
    if until is not None and not now - LONGEST_PAUSE < until < now + LONGEST_PAUSE:
        check.note(input_path("paused_until"), "must be within ten years: leave the mentor pool instead")
    check.raise_problems()
    return values
