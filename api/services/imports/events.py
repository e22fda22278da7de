"""Importing events from another system, with who came or comes: idempotent by (source, external id), never oversold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, Row, Table, Text, any_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, sees_event
from api.errors import Conflict, Invalid, NotAllowed, Problem
from api.models import AttendanceMode, Event, EventStatus, Registration, RegistrationState, Visibility, WebhookTopic
from api.services import events
from api.services.audit import log_imports
from api.services.events import EventChanges
from api.services.imports.items import CHUNK, Belonging, ItemImport, people_of, read_instant, read_people
from api.services.imports.reports import ImportReport, ImportStatus, RowReport
from api.services.imports.rows import check_rows, in_row, read_row, refuse_unknown
from api.services.inputs import Checker, input_path

FIELDS: Mapping[str, str] = {input_path(name)[-1]: name for name in events.EVENT_FIELDS}
"""What a row may say of an event, and what the service calls it."""
KNOWN = ("externalId", "registrations", *FIELDS)
_EVENTS, _SEATS = cast(Table, Event.__table__), cast(Table, Registration.__table__)


@dataclass(frozen=True)
class EventRow:
    """One event, its shape checked."""

    external_id: str
    changes: EventChanges
    registrations: tuple[Belonging, ...]


async def import_events(
    session: AsyncSession,
    viewer: Viewer,
    rows: Sequence[object],
    *,
    source: str,
    people_source: str | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Import events of a source, also past ones; see docs/importing.md for what a row may say.

    All rows are valid, or nothing is written: Invalid names the first hundred problems, with their rows. Who came or
    comes is known by the ids of `people_source`, which is `source` unless said otherwise; nobody gets a seat that there
    is not. `dry_run` tells what would happen and changes nothing. Staff only (NotAllowed).
    """
    if not viewer.is_staff:
        raise NotAllowed("Only staff import events.")
    read = check_rows(rows, source, _check_row, people_source=people_source)
    return await _Import(session, viewer, source).carry_out(read, people_source or source, dry_run=dry_run)


# ---------------------------------------------------------------- rows


def _check_row(raw: object, place: int) -> tuple[EventRow | None, list[Problem]]:
    return read_row(raw, place, _read)


def _read(check: Checker, raw: Mapping[str, Any]) -> EventRow | None:
    refuse_unknown(check, (), raw, KNOWN)
    external_id = check.text(("externalId",), raw.get("externalId"), most=200, required=True)
    given = {FIELDS[name]: _value(check, name, raw[name]) for name in FIELDS if raw.get(name) is not None}
    row = EventRow(
        external_id or "",
        EventChanges(**given),
        read_people(check, "registrations", raw.get("registrations")),
    )
    return None if check.problems else row


def _value(check: Checker, name: str, given: object) -> Any:
    match name:
        case "attendeesShown":
            return check.flag((name,), given)
        case "attendanceMode":
            return check.choice((name,), given, AttendanceMode)
        case "audience":
            return check.choice((name,), given, Visibility)
        case "startsAt" | "endsAt":
            return read_instant(check, (name,), given)
        case "capacity":
            return _whole(check, name, given)
        case _:
            return given  # checked with what is stored


def _whole(check: Checker, name: str, given: object) -> int | None:
    number = str(given)
    if isinstance(given, bool) or not number.isascii() or not number.isdigit():
        return check.note((name,), "must be a whole number")
    return int(number[:10])


# ---------------------------------------------------------------- one import


class _Import(ItemImport[EventRow]):
    created, updated = WebhookTopic.EVENT_CREATED, WebhookTopic.EVENT_UPDATED
    belonging = "registrations", WebhookTopic.EVENT_ATTENDANCE_CHANGED

    def __init__(self, session: AsyncSession, viewer: Viewer, source: str) -> None:
        super().__init__(session, viewer, source)
        self.known: dict[str, Row[Any]] = {}

    async def check(self, rows: Sequence[EventRow], first: int) -> None:
        """See `ItemImport.check`."""
        self.known |= await self._known([row.external_id for row in rows])
        for place, row in enumerate(rows, start=first):
            before = self.known.get(row.external_id)
            report = self.reports[row.external_id] = RowReport(row.external_id, item_id=before.id if before else None)
            if before is not None and before.status == EventStatus.CANCELLED:
                report.messages.append("is called off here: left as it is")
                continue
            try:
                self.wanted[row.external_id] = _checked(before, row.changes)
            except (Invalid, Conflict) as refused:
                self.problems += [in_row(place, problem) for problem in _problems(refused)]

    async def _known(self, external_ids: Sequence[str]) -> dict[str, Row[Any]]:
        """The events that are here already, held until the transaction ends: their seats too."""
        named: Any = bindparam("named", list(external_ids), ARRAY(Text()))
        rows = await self.session.execute(
            select(_EVENTS)
            .where(_EVENTS.c.source == self.source, _EVENTS.c.external_id == any_(named))
            .where(sees_event(self.viewer, _EVENTS))
            .order_by(_EVENTS.c.id)
            .with_for_update()
        )
        return {row.external_id: row for row in rows}

    async def write(self, rows: Sequence[EventRow]) -> None:
        """See `ItemImport.write`."""
        made: list[dict[str, Any]] = []
        for row in rows:
            report, before = self.reports[row.external_id], self.known.get(row.external_id)
            wanted = self.wanted.get(row.external_id)
            if wanted is None:
                continue
            if before is None:
                report.item_id, report.status = uuid7(), ImportStatus.CREATED
                made.append({"id": report.item_id, "source": self.source, "external_id": row.external_id, **wanted})
                continue
            report.written += _changed(before, wanted)
            if report.written:
                report.status = ImportStatus.UPDATED
                changing = update(_EVENTS).where(_EVENTS.c.id == before.id)
                await self.session.execute(changing.values(updated_at=func.now(), **wanted))
        if made:
            await self.session.execute(insert(_EVENTS), made)

    async def write_people(self, rows: Sequence[EventRow], people_source: str) -> None:
        """Who came or comes, once all events are there, in the order of their coming. What is known already stays."""
        people = await people_of(
            self.session, self.viewer, people_source, (one.external_id for row in rows for one in row.registrations)
        )
        known = await self._seated([self.reports[row.external_id].item_id for row in rows if row.registrations])
        changed: dict[UUID, list[str]] = {}
        seats: list[dict[str, Any]] = []
        for row in rows:
            if row.external_id not in self.wanted:
                continue
            report = self.reports[row.external_id]
            new = _seats(row, report, people, known, self._free(row.external_id))
            seats += new
            changed |= {one["person_id"]: ["registrations"] for one in new}
            if new:
                report.written.append("registrations")
                report.status = ImportStatus.UPDATED if report.status is ImportStatus.SKIPPED else report.status
                await self.session.execute(
                    update(_EVENTS)
                    .where(_EVENTS.c.id == report.item_id)
                    .values(seats_taken=_EVENTS.c.seats_taken + len(new))
                )
        if seats:
            await self.session.execute(insert(_SEATS), seats)
        await log_imports(self.session, self.viewer, changed)

    async def _seated(self, ids: Sequence[UUID | None]) -> set[tuple[UUID, UUID]]:
        """Who has a row at these events, whether they come or have given their seat back."""
        found: set[tuple[UUID, UUID]] = set()
        for start in range(0, len(ids), CHUNK):
            some = select(_SEATS.c.event_id, _SEATS.c.person_id).where(
                _SEATS.c.event_id.in_(ids[start : start + CHUNK])
            )
            found |= {(row.event_id, row.person_id) for row in await self.session.execute(some)}
        return found

    def _free(self, external_id: str) -> int | None:
        """How many seats there are to take; None without a limit."""
        capacity, before = self.wanted[external_id]["capacity"], self.known.get(external_id)
        return None if capacity is None else capacity - (before.seats_taken if before is not None else 0)


def _checked(before: Row[Any] | None, changes: EventChanges) -> dict[str, Any]:
    """The event as it will be. Raises Invalid, and Conflict with the seats that are taken."""
    if before is None:
        return events.checked(events.DEFAULTS, changes)
    values = events.checked({name: getattr(before, name) for name in events.EVENT_FIELDS}, changes)
    events.refuse_what_is_taken(before, values)
    return values


def _problems(refused: Invalid | Conflict) -> list[Problem]:
    return refused.problems if isinstance(refused, Invalid) else [Problem(refused.path, refused.message)]


def _seats(
    row: EventRow, report: RowReport, people: Mapping[str, UUID], known: set[tuple[UUID, UUID]], free: int | None
) -> list[dict[str, Any]]:
    """The seats that the row adds; who is not here, and who finds no seat, is told in the report."""
    made: list[dict[str, Any]] = []
    now = datetime.now(UTC)
    for one in sorted(row.registrations, key=lambda one: one.at or now):
        if one.external_id not in people:
            report.messages.append(f"registrations: nobody here has the id {one.external_id[:40]}")
            continue
        pair = cast(UUID, report.item_id), people[one.external_id]
        if pair in known:
            continue
        if free is not None and len(made) >= free:
            report.messages.append(f"registrations: no seat was left for {one.external_id[:40]}")
            continue
        known.add(pair)
        keys = {"id": uuid7(), "event_id": pair[0], "person_id": pair[1]}
        made.append({**keys, "state": RegistrationState.CONFIRMED, "registered_at": one.at or now})
    return made


def _changed(stored: Row[Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """The fields that a row changes, as clients call them."""
    for name, value in wanted.items():
        if value != getattr(stored, name):
            yield input_path(name)[-1]
