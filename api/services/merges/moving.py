"""How everything of one record goes over to another: whatever refers to it, in whatever table.

Rows are moved by the foreign keys of the metadata. A row that would then say the same as another, as some constraint
or natural key has it, is removed in favour of that one: what refers to it goes over in the same way, and what it
consented to less counts. This reads rows whoever may see them: nothing of their content leaves the service.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, Text, and_, func, literal_column, or_, select, text, update

from api.errors import Conflict
from api.models import (
    Block,
    Connection,
    ConnectionState,
    Education,
    Event,
    FactVector,
    MentorProfile,
    Mentorship,
    MentorshipState,
    Person,
    Registration,
    RegistrationState,
    Suggestion,
    Visibility,
)
from api.services.disclosures import keep_back
from api.services.fact_plans import CLOSED
from api.services.mentoring import MOST_MENTEES
from api.services.merges import consents
from api.services.merges.acts import Act, Ledger, MergeFate, among
from api.services.merges.references import Key, Reference, keys, other_end, parts, references
from api.services.pairs import pair_of

_PEOPLE, _TIES = cast(Table, Person.__table__), cast(Table, Connection.__table__)
_EVENTS, _SEATS = cast(Table, Event.__table__), cast(Table, Registration.__table__)
_MENTORS, _SHIPS = cast(Table, MentorProfile.__table__), cast(Table, Mentorship.__table__)
_BLOCKS = cast(Table, Block.__table__)
_EDUCATIONS, _VECTORS = cast(Table, Education.__table__), cast(Table, FactVector.__table__)
_SHOWN = cast(Table, Suggestion.__table__)
_ENDS = ("low_id", "high_id")
_OPEN = (MentorshipState.PENDING.value, MentorshipState.ACCEPTED.value)
NOT_TAKEN_OVER = frozenset({"lost_people"})
"""Tables whose rows are of a record, not of the person: the kept one has its own, or none."""


@dataclass
class Merging:
    """One merge on its way."""

    ledger: Ledger
    kept: UUID
    dropped: UUID
    mentors: set[UUID] = field(default_factory=set[UUID])
    """Whose mentees must be counted anew."""
    events: set[UUID] = field(default_factory=set[UUID])

    async def run(self) -> list[Act]:
        """Move everything, then remove the dropped person. Raises Conflict for what cannot go together."""
        rows = await self._rows(_PEOPLE, [self.kept, self.dropped])
        self.mentors |= {self.kept, self.dropped}
        await self._children(_PEOPLE, self.dropped, self.kept)
        await self._end_blocked()
        await self.remove(_PEOPLE, [self.dropped])
        changes = consents.person(rows[self.kept], rows[self.dropped])
        await self._change(_PEOPLE, rows[self.kept], changes)
        await self._keep_back()
        await self._count_mentees()
        await count_seats(self.ledger, self.events)
        return self.ledger.acts

    async def _rows(self, table: Table, ids: Iterable[Any]) -> dict[Any, Row[Any]]:
        wanted = select(table).where(among(table.c.id, ids))
        return {row.id: row for row in await self.ledger.session.execute(wanted)}

    async def _change(self, table: Table, row: Row[Any], changes: dict[str, Any]) -> None:
        if not changes:
            return
        if changes.get("visibility") in CLOSED:  # such facts are not embedded
            for part in parts(table):
                await self._remove_children(part, [row.id])
        before = {name: getattr(row, name) for name in changes}
        await self.ledger.set(MergeFate.CHANGED, table, [row.id], before, changes)

    # -------------------------------------------------- what refers to a row

    async def _children(self, parent: Table, old: Any, new: Any) -> None:
        for reference in references(parent):
            if reference.table is _TIES:
                if reference.column == _ENDS[0]:
                    await self._ties()
            elif reference.table.name in NOT_TAKEN_OVER:
                await self._remove_children(reference, [old])
            else:
                await self._reference(parent, reference, old, new)

    async def _reference(self, parent: Table, reference: Reference, old: Any, new: Any) -> None:
        table, column = reference.table, reference.table.c[reference.column]
        other = other_end(table, reference.column, parent)
        if other is not None:
            between = select(table.c.id).where(column == old, table.c[other] == new)
            await self.remove(table, list(await self.ledger.session.scalars(between)))
        for key in keys(table, reference.column):
            for gone, stays in await self._twins(reference, key, old, new):
                await self._merge_rows(table, gone, stays)
        rest = list(await self.ledger.session.scalars(select(table.c.id).where(column == old)))
        await self.ledger.set(MergeFate.MOVED, table, rest, {reference.column: old}, {reference.column: new})

    async def _twins(self, reference: Reference, key: Key, old: Any, new: Any) -> Sequence[tuple[Any, Any]]:
        """Rows of `old` that would say the same as rows of `new`, each with one of those."""
        gone, stays = reference.table.alias("gone"), reference.table.alias("stays")
        same = [
            gone.c[name].is_not_distinct_from(stays.c[name]) if key.nulls_equal else gone.c[name] == stays.c[name]
            for name in key.columns
            if name not in key.moving
        ]
        wanted = (
            select(gone.c.id, func.min(stays.c.id.cast(Text)).label("stays"))
            .join_from(gone, stays, and_(stays.c[reference.column] == new, *same))
            .where(gone.c[reference.column] == old)
            .group_by(gone.c.id)
            .order_by(gone.c.id)
        )
        if key.where is not None:
            table = reference.table
            meant = select(table.c.id).where(text(key.where))
            wanted = wanted.where(gone.c.id.in_(meant), stays.c.id.in_(meant))
        found = (await self.ledger.session.execute(wanted)).all()
        kind = reference.table.c.id.type.python_type
        return [(row.id, kind(row.stays)) for row in found]

    async def _merge_rows(self, table: Table, gone: Any, stays: Any) -> None:
        rows = await self._rows(table, [gone, stays])
        if len(rows) == 2:  # noqa: PLR2004 - another key of the table may have found it before
            changes = consents.twin(table.name, rows[stays], rows[gone])
            await self._children(table, gone, stays)
            await self.remove(table, [gone], into=stays)
            await self._change(table, rows[stays], changes)

    # -------------------------------------------------- removing

    async def remove(self, table: Table, ids: Sequence[Any], into: Any = None) -> None:
        """Remove rows with whatever is part of them, or cannot be without them."""
        if not ids:
            return
        await self._note_counted(table, ids)
        for child in (*references(table), *parts(table)):
            await self._remove_children(child, ids)
        await self.ledger.remove(table, ids, into)

    async def _remove_children(self, child: Reference, ids: Sequence[Any]) -> None:
        column = child.table.c[child.column]
        wanted = select(child.table.c.id, column.label("parent")).where(among(column, ids))
        found = (await self.ledger.session.execute(wanted.order_by(child.table.c.id))).all()
        if not child.cleared:
            await self.remove(child.table, [row.id for row in found])
            return
        for row in found:
            await self.ledger.set(
                MergeFate.CHANGED, child.table, [row.id], {child.column: row.parent}, {child.column: None}
            )

    async def _note_counted(self, table: Table, ids: Sequence[Any]) -> None:
        """Seats and mentees are counted in other rows: those whose count changes with these."""
        if table is _SEATS:
            events = select(_SEATS.c.event_id).where(among(_SEATS.c.id, ids))
            self.events |= set(await self.ledger.session.scalars(events))
        if table is _SHIPS:
            mentors = select(_SHIPS.c.mentor_id).where(among(_SHIPS.c.id, ids))
            self.mentors |= set(await self.ledger.session.scalars(mentors))

    # -------------------------------------------------- ties

    async def _ties(self) -> None:
        """Connections stand once for each pair, smaller id first: their ends move together."""
        mine = or_(_TIES.c.low_id == self.dropped, _TIES.c.high_id == self.dropped)
        for row in (await self.ledger.session.execute(select(_TIES).where(mine).order_by(_TIES.c.id))).all():
            other = row.high_id if row.low_id == self.dropped else row.low_id
            if other == self.kept:
                await self.remove(_TIES, [row.id])
                continue
            moved = self._moved_tie(row, other)
            low, high = moved["low_id"], moved["high_id"]
            same = select(_TIES).where(_TIES.c.low_id == low, _TIES.c.high_id == high)
            known = (await self.ledger.session.execute(same)).one_or_none()
            if known is None:
                before = {name: getattr(row, name) for name in moved}
                await self.ledger.set(MergeFate.MOVED, _TIES, [row.id], before, moved)
            else:
                await self.remove(_TIES, [row.id], into=known.id)
                await self._change(_TIES, known, consents.tie(known, row, moved))

    def _moved_tie(self, row: Row[Any], other: UUID) -> dict[str, Any]:
        low, high = pair_of(self.kept, other)
        levels = {row.low_id: row.low_visibility, row.high_id: row.high_visibility}
        levels[self.kept] = levels[self.dropped]
        asker = self.kept if row.requester_id == self.dropped else row.requester_id
        return {
            "low_id": low,
            "high_id": high,
            "requester_id": asker,
            "low_visibility": Visibility(levels[low]).value,
            "high_visibility": Visibility(levels[high]).value,
        }

    async def _end_blocked(self) -> None:
        """A block of either record holds for both: it ends what the other had with the same person."""
        blocks = select(_BLOCKS).where(or_(_BLOCKS.c.blocker_id == self.kept, _BLOCKS.c.blocked_id == self.kept))
        for block in (await self.ledger.session.execute(blocks.order_by(_BLOCKS.c.id))).all():
            await self._end_tie(block.blocker_id, block.blocked_id)
            await self._end_mentorships(block.blocker_id, block.blocked_id)

    async def _end_tie(self, blocker: UUID, blocked: UUID) -> None:
        low, high = pair_of(blocker, blocked)
        live = [ConnectionState.ACCEPTED.value, ConnectionState.PENDING.value]
        known = select(_TIES).where(_TIES.c.low_id == low, _TIES.c.high_id == high, _TIES.c.state.in_(live))
        for tie in (await self.ledger.session.execute(known)).all():
            if tie.state == ConnectionState.ACCEPTED:
                state = ConnectionState.ENDED
            else:
                asked = tie.requester_id == blocker
                state = ConnectionState.WITHDRAWN if asked else ConnectionState.DECLINED
            await self._change(_TIES, tie, {"state": state.value, "connected_at": None})

    async def _end_mentorships(self, one: UUID, other: UUID) -> None:
        pair = or_(
            and_(_SHIPS.c.mentor_id == one, _SHIPS.c.mentee_id == other),
            and_(_SHIPS.c.mentor_id == other, _SHIPS.c.mentee_id == one),
        )
        known = select(_SHIPS, func.now().label("moment")).where(pair, _SHIPS.c.state.in_(_OPEN))
        for ship in (await self.ledger.session.execute(known)).all():
            self.mentors.add(ship.mentor_id)
            going_on = ship.state == MentorshipState.ACCEPTED
            state = MentorshipState.COMPLETED if going_on else MentorshipState.WITHDRAWN
            await self._change(_SHIPS, ship, {"state": state.value, "ended_at": ship.moment})

    # -------------------------------------------------- what is kept back of studies

    async def _keep_back(self) -> None:
        """A hold of either record, and what is no directory information, holds for all studies: noted as what became of
        the rows, so that it can be undone."""
        profiles = select(_MENTORS.c.id).where(_MENTORS.c.person_id == self.kept)
        of_vectors = and_(_VECTORS.c.person_id == self.kept, _VECTORS.c.education_id.is_not(None))
        told = or_(_SHOWN.c.person_id == self.kept, _SHOWN.c.mentor_id.in_(profiles))
        watched = ((_VECTORS, of_vectors), (_EDUCATIONS, _EDUCATIONS.c.person_id == self.kept), (_SHOWN, told))
        former = [await self._contents(*one) for one in watched]
        if await keep_back(self.ledger.session, [self.kept]):
            for (table, condition), before in zip(watched, former, strict=True):
                self.ledger.note_difference(table, before, await self._contents(table, condition))

    async def _contents(self, table: Table, condition: ColumnElement[bool]) -> dict[str, dict[str, Any]]:
        rows = await self.ledger.session.execute(
            select(table.c.id, func.to_jsonb(table.table_valued())).where(condition).order_by(table.c.id)
        )
        return {str(key): row for key, row in rows}

    # -------------------------------------------------- counts

    async def _count_mentees(self) -> None:
        profiles = select(_MENTORS, mentees().label("mentees")).where(among(_MENTORS.c.person_id, self.mentors))
        for row in (await self.ledger.session.execute(profiles.order_by(_MENTORS.c.id))).all():
            if row.mentees > MOST_MENTEES:
                raise Conflict(f"Together they have {row.mentees} mentees; one person has at most {MOST_MENTEES}.")
            if row.mentees != row.active_mentees:
                most = max(row.max_mentees, row.mentees)
                await self._change(_MENTORS, row, {"active_mentees": row.mentees, "max_mentees": most})


def mentees() -> Any:
    """How many mentorships of a mentor's profile are going on."""
    accepted: ColumnElement[str] = literal_column(f"'{MentorshipState.ACCEPTED.value}'")
    going_on = select(func.count()).where(_SHIPS.c.mentor_id == _MENTORS.c.person_id, _SHIPS.c.state == accepted)
    return going_on.correlate(_MENTORS).scalar_subquery()


async def count_seats(ledger: Ledger, events: Iterable[UUID]) -> None:
    """Make the number of seats taken that of the registrations. The events' rows are held already."""
    confirmed: ColumnElement[str] = literal_column(f"'{RegistrationState.CONFIRMED.value}'")
    taken = select(func.count()).where(_SEATS.c.event_id == _EVENTS.c.id, _SEATS.c.state == confirmed)
    number = taken.correlate(_EVENTS).scalar_subquery()
    values = {"seats_taken": number, "updated_at": _EVENTS.c.updated_at}
    await ledger.session.execute(update(_EVENTS).where(among(_EVENTS.c.id, events)).values(values))
