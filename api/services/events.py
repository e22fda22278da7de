"""Events: what staff may say of one, and how seats are taken and given back without ever overselling."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, sees_event
from api.errors import Conflict, NotAllowed, NotFound
from api.models import (
    AttendanceMode,
    Event,
    EventStatus,
    EventTranslation,
    NotificationKind,
    OutcomeKind,
    Registration,
    RegistrationState,
    Visibility,
    WebhookTopic,
)
from api.services.callers import hold_own_person, own_person_id
from api.services.inputs import UNSET, Checker, Unset, given_or, input_path
from api.services.notifications import notify
from api.services.suggestion_outcomes import note_outcome
from api.services.translations import Translations, check_translations, write_translations
from api.services.webhooks import announce

LONGEST = timedelta(days=366)
MOST_SEATS = 1_000_000
YEARS = (1900, 2200)
AUDIENCES = (Visibility.STAFF, Visibility.MEMBERS, Visibility.PUBLIC)
_EVENT = ("input", "eventId")
_EVENTS = cast(Table, Event.__table__)
_REGISTRATIONS = cast(Table, Registration.__table__)
_TRANSLATIONS = cast(Table, EventTranslation.__table__)
_CONFIRMED, _CANCELLED = RegistrationState.CONFIRMED.value, RegistrationState.CANCELLED.value


@dataclass(frozen=True, kw_only=True)
class EventChanges:
    """What is said of an event. What is UNSET stays as it is, or at its default for a new event."""

    name: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    language: str | Unset | None = UNSET
    """What they are written in."""
    organizer: str | Unset | None = UNSET
    attendance_mode: AttendanceMode | Unset | None = UNSET
    audience: Visibility | Unset | None = UNSET
    """STAFF keeps it a draft."""
    starts_at: datetime | Unset | None = UNSET
    ends_at: datetime | Unset | None = UNSET
    time_zone: str | Unset | None = UNSET
    venue: str | Unset | None = UNSET
    city: str | Unset | None = UNSET
    region: str | Unset | None = UNSET
    country: str | Unset | None = UNSET
    join_url: str | Unset | None = UNSET
    capacity: int | Unset | None = UNSET
    attendees_shown: bool | Unset | None = UNSET
    translations: Translations = UNSET
    """Name and description in other languages."""

    def given(self) -> dict[str, Any]:
        """What is set of the event's own columns, by name."""
        return {name: value for name in EVENT_FIELDS if (value := getattr(self, name)) is not UNSET}


async def create_event(session: AsyncSession, viewer: Viewer, changes: EventChanges) -> UUID:
    """Make an event; its id. Raises NotAllowed for anybody but staff, and Invalid, naming each wrong field."""
    _require_staff(viewer)
    check = Checker()
    said = check_translations(check, changes.translations, "name", given_or(changes.language, None))
    values = checked(DEFAULTS, changes, check)
    event_id = uuid7()
    await session.execute(_EVENTS.insert().values(id=event_id, **values))
    await write_translations(session, _TRANSLATIONS, event_id, said)
    await announce(session, WebhookTopic.EVENT_CREATED, [event_id])
    return event_id


async def update_event(session: AsyncSession, viewer: Viewer, event_id: UUID, changes: EventChanges) -> None:
    """Change what is given. Raises NotFound, NotAllowed, Invalid, and Conflict for fewer seats than are taken, for
    taking back what people have registered for, and for an event that is called off."""
    _require_staff(viewer)
    event = await _visible(session, viewer, event_id)
    _refuse_cancelled(event)
    check = Checker()
    said = check_translations(check, changes.translations, "name", given_or(changes.language, event.language))
    values = checked({name: getattr(event, name) for name in EVENT_FIELDS}, changes, check)
    refuse_what_is_taken(event, values)
    await session.execute(update(_EVENTS).where(_EVENTS.c.id == event_id).values(updated_at=func.now(), **values))
    await write_translations(session, _TRANSLATIONS, event_id, said)
    await announce(session, WebhookTopic.EVENT_UPDATED, [event_id])


def refuse_what_is_taken(event: Row[Any], values: Mapping[str, Any]) -> None:
    """Raises Conflict for fewer seats than are taken, and for taking back what people have registered for."""
    if values["capacity"] is not None and values["capacity"] < event.seats_taken:
        raise Conflict(f"{event.seats_taken} seats are taken already.", ("input", "capacity"))
    if values["audience"] == Visibility.STAFF and event.seats_taken:
        raise Conflict("People have registered: cancel the event instead.", ("input", "audience"))


async def cancel_event(session: AsyncSession, viewer: Viewer, event_id: UUID) -> None:
    """Call an event off: it stays to be seen, as cancelled, and takes no registrations. Doing it twice is no error.

    Raises NotFound, NotAllowed, and Conflict for an event that is over.
    """
    _require_staff(viewer)
    event = await _visible(session, viewer, event_id)
    if event.status == EventStatus.CANCELLED:
        return
    if event.over:
        raise Conflict("The event is over.", _EVENT)
    await session.execute(
        update(_EVENTS).where(_EVENTS.c.id == event_id).values(status=EventStatus.CANCELLED, updated_at=func.now())
    )
    await announce(session, WebhookTopic.EVENT_CANCELLED, [event_id])


# ---------------------------------------------------------------- registrations


async def register(session: AsyncSession, viewer: Viewer, event_id: UUID) -> UUID:
    """Take a seat; the registration's id. Who has one keeps it, so a retry changes nothing.

    One statement takes the seat or finds that there is none: however many come at once, no seat is given twice.
    Raises NotFound, and Conflict if the event is full, begun, postponed or called off.
    """
    own = await hold_own_person(session, viewer)
    event = await _visible(session, viewer, event_id)
    known = await _registration(session, own, event_id)
    if known is not None and known.state == RegistrationState.CONFIRMED:
        return known.id
    _refuse_closed(event)
    taken = await session.scalar(
        update(_EVENTS)
        .where(_EVENTS.c.id == event_id, or_(_EVENTS.c.capacity.is_(None), _EVENTS.c.seats_taken < _EVENTS.c.capacity))
        .values(seats_taken=_EVENTS.c.seats_taken + 1)
        .returning(_EVENTS.c.id)
    )
    if taken is None:
        raise Conflict("All seats are taken.", _EVENT)
    registration_id = await session.scalar(
        upsert(_REGISTRATIONS)
        .values(id=uuid7(), event_id=event_id, person_id=own, state=_CONFIRMED, registered_at=func.now())
        .on_conflict_do_update(
            index_elements=["event_id", "person_id"],
            set_={"state": _CONFIRMED, "registered_at": func.now(), "updated_at": func.now()},
        )
        .returning(_REGISTRATIONS.c.id)
    )
    await note_outcome(session, own, "event_id", event_id, OutcomeKind.REGISTERED)
    await notify(session, own, NotificationKind.REGISTRATION_CONFIRMED, event_id=event_id)
    await announce(session, WebhookTopic.EVENT_ATTENDANCE_CHANGED, [event_id])
    return cast(UUID, registration_id)


async def cancel_registration(session: AsyncSession, viewer: Viewer, event_id: UUID) -> None:
    """Give the seat back. Doing it twice changes nothing. Raises NotFound, and Conflict once the event has begun."""
    own = own_person_id(viewer)
    event = await _visible(session, viewer, event_id)
    known = await _registration(session, own, event_id)
    if known is None:
        raise NotFound("You are not registered for this event.", _EVENT)
    if known.state == RegistrationState.CANCELLED:
        return
    if event.begun:
        raise Conflict("The event has begun.", _EVENT)
    await session.execute(
        update(_REGISTRATIONS).where(_REGISTRATIONS.c.id == known.id).values(state=_CANCELLED, updated_at=func.now())
    )
    await session.execute(update(_EVENTS).where(_EVENTS.c.id == event_id).values(seats_taken=_EVENTS.c.seats_taken - 1))
    await announce(session, WebhookTopic.EVENT_ATTENDANCE_CHANGED, [event_id])


# ---------------------------------------------------------------- rows


def _require_staff(viewer: Viewer) -> None:
    if not viewer.is_staff:
        raise NotAllowed("Events are for the office to publish.")


async def _visible(session: AsyncSession, viewer: Viewer, event_id: UUID) -> Row[Any]:
    """The event, held until the transaction ends: who changes it or its seats does so one after the other."""
    over, begun = (_EVENTS.c.ends_at <= func.now()).label("over"), (_EVENTS.c.starts_at <= func.now()).label("begun")
    held = select(_EVENTS, over, begun).where(_EVENTS.c.id == event_id, sees_event(viewer, _EVENTS)).with_for_update()
    event = (await session.execute(held)).one_or_none()
    if event is None:
        raise NotFound("There is no such event.", _EVENT)
    return event


async def _registration(session: AsyncSession, person_id: UUID, event_id: UUID) -> Row[Any] | None:
    own = and_(_REGISTRATIONS.c.event_id == event_id, _REGISTRATIONS.c.person_id == person_id)
    return (await session.execute(select(_REGISTRATIONS).where(own))).one_or_none()


def _refuse_cancelled(event: Row[Any]) -> None:
    if event.status == EventStatus.CANCELLED:
        raise Conflict("The event is called off.", _EVENT)


def _refuse_closed(event: Row[Any]) -> None:
    _refuse_cancelled(event)
    if event.status == EventStatus.POSTPONED:
        raise Conflict("The event is postponed: its new time is not known yet.", _EVENT)
    if event.begun:
        raise Conflict("The event has begun.", _EVENT)


# ---------------------------------------------------------------- checks


DEFAULTS: Mapping[str, Any] = {"audience": Visibility.MEMBERS, "attendance_mode": AttendanceMode.OFFLINE}
"""What a new event is unless said otherwise."""
EVENT_FIELDS = tuple(one.name for one in fields(EventChanges) if one.name != "translations")
"""What of it are columns of the event."""
_TEXTS = {"name": 200, "organizer": 200, "venue": 200, "city": 200, "region": 200}


def checked(stored: Mapping[str, Any], changes: EventChanges, check: Checker | None = None) -> dict[str, Any]:
    """All fields of the event as they will be. Raises Invalid, naming each wrong one, and what `check` has noted."""
    check = check or Checker()
    given = {**dict.fromkeys(EVENT_FIELDS), "attendees_shown": True, **stored, **changes.given()}
    values = dict(given)
    for name, most in _TEXTS.items():
        values[name] = check.text(input_path(name), given[name], most=most, required=name == "name")
    values["description"] = check.text(input_path("description"), given["description"], most=10_000, multiline=True)
    values["language"] = check.language(input_path("language"), given["language"])
    values["time_zone"] = check.time_zone(input_path("time_zone"), given["time_zone"], required=True)
    values["country"] = check.country(input_path("country"), given["country"])
    values["join_url"] = check.url(input_path("join_url"), given["join_url"])
    values["capacity"] = _seats(check, given["capacity"])
    values["attendees_shown"] = given["attendees_shown"] is not False
    _check_audience(check, given["audience"])
    _check_mode(check, given["attendance_mode"])
    values["starts_at"], values["ends_at"] = _times(check, given["starts_at"], given["ends_at"])
    check.raise_problems()
    return values


def _seats(check: Checker, given: Any) -> int | None:
    if given is not None and not 1 <= given <= MOST_SEATS:
        check.note(input_path("capacity"), f"must be from 1 to {MOST_SEATS:,}; left out, there is no limit")
    return cast("int | None", given)


def _check_audience(check: Checker, given: Any) -> None:
    if given not in AUDIENCES:
        check.note(input_path("audience"), f"must be one of {', '.join(AUDIENCES)}")


def _check_mode(check: Checker, given: Any) -> None:
    if given is None:
        check.note(input_path("attendance_mode"), f"must be one of {', '.join(AttendanceMode)}")


def _times(check: Checker, start: Any, end: Any) -> tuple[datetime | None, datetime | None]:
    for name, at in (("starts_at", start), ("ends_at", end)):
        if at is None:
            check.note(input_path(name), "is required")
        elif at.tzinfo is None:
            check.note(input_path(name), "needs an offset: 2026-12-01T18:00:00+01:00")
        elif not YEARS[0] <= at.year < YEARS[1]:
            check.note(input_path(name), f"must be from {YEARS[0]} to {YEARS[1]}")
        else:
            continue
        return start, end
    if end < start:
        check.note(input_path("ends_at"), "is before the start")
    elif end - start > LONGEST:
        check.note(input_path("ends_at"), f"is more than {LONGEST.days} days after the start")
    return start.astimezone(UTC), end.astimezone(UTC)
