"""What somebody said no to after their records were merged: it holds for both records when the merge is taken back.

A merge notes how open everything was that two records had to share from then on. Whatever is stricter when it is undone
was said by a person who may be either of the two.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.models import Block, Connection, ConnectionState, ContactStatus, Person, Visibility
from api.services.blocks import end_ties
from api.services.choices import forget_profiling
from api.services.disclosures import forget_reasons
from api.services.fact_plans import CLOSED
from api.services.mentoring import decline_open
from api.services.merges.acts import Act, among
from api.services.merges.consents import AND_COLUMNS, LEVELS, OR_COLUMNS, stricter
from api.services.merges.references import parts, table_named

_PEOPLE, _BLOCKS, _TIES = (cast(Table, one.__table__) for one in (Person, Block, Connection))
_CONFIRMED = AND_COLUMNS - {"profiled"}
"""The choices that are confirmed together, at `choices_made_at`."""
_POOL = frozenset({"listed", "mentor_open"})
"""Choices without which nobody waits for a mentor's answer."""
_LIVE = frozenset({ConnectionState.PENDING, ConnectionState.ACCEPTED})
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Since:
    """What has become stricter since a merge."""

    choices: dict[str, bool]
    rows: list[tuple[Table, UUID, Values]]
    """Of rows that the merge removed, the columns to be set once they are back."""
    blocks: list[tuple[UUID, UUID]]
    """Who blocks whom, by the id of the kept person."""


async def note_consents(session: AsyncSession, kept: UUID, acts: Sequence[Act]) -> dict[str, Any]:
    """How open a merge has left things, as JSON."""
    person = await _person(session, kept)
    made_at: datetime | None = person.choices_made_at
    return {
        "choices": {name: getattr(person, name) for name in sorted(AND_COLUMNS | OR_COLUMNS)},
        "choices_made_at": made_at and made_at.isoformat(),
        "rows": await _shared(session, acts),
        "blocks": [str(block.id) for block in await _blocks(session, kept)],
    }


async def said_since(session: AsyncSession, noted: Values, kept: UUID, dropped: UUID, acts: Sequence[Act]) -> Since:
    """What has become stricter since `noted`. To be read before the merge is taken back."""
    then, now = noted.get("rows", {}), await _shared(session, acts)
    rows = [
        (table_named(act.table), UUID(gone["id"]), changes)
        for act in acts
        if act.into is not None and act.into in then
        for gone in act.rows
        if (changes := _stricter_row(act.table, then[act.into], now.get(act.into), gone, {kept, dropped}))
    ]
    known = frozenset(noted.get("blocks", ()))
    blocks = [
        (block.blocker_id, block.blocked_id) for block in await _blocks(session, kept) if str(block.id) not in known
    ]
    return Since(_stricter_choices(noted, await _person(session, kept)), rows, blocks)


async def hold_for_both(session: AsyncSession, since: Since, kept: UUID, dropped: UUID) -> None:
    """Make it so, once both records are there again. The caller keeps back what a hold shuts."""
    for table, key, changes in since.rows:
        if changes.get("visibility") in CLOSED:  # such facts are not embedded
            for part in parts(table):
                await session.execute(delete(part.table).where(part.table.c[part.column] == key))
        await session.execute(update(table).where(table.c.id == key).values(changes))
    for blocker, blocked in since.blocks:
        ends = [dropped if one == kept else one for one in (blocker, blocked)]
        values = {"id": uuid7(), "blocker_id": ends[0], "blocked_id": ends[1]}
        await session.execute(insert(_BLOCKS).values(values).on_conflict_do_nothing())
        await end_ties(session, ends[0], ends[1])
    if since.choices:
        await _choose(session, since.choices, [kept, dropped])


async def _choose(session: AsyncSession, choices: Mapping[str, bool], people: Sequence[UUID]) -> None:
    """Set these choices, with all that follows from them."""
    await session.execute(update(_PEOPLE).where(among(_PEOPLE.c.id, people)).values(choices))
    for person_id in people:
        if _POOL & choices.keys():
            await decline_open(session, person_id)
        if "profiled" in choices:
            await forget_profiling(session, person_id)
    if "ferpa_hold" in choices:
        await forget_reasons(session, people)


# ---------------------------------------------------------------- what is read


async def _person(session: AsyncSession, person_id: UUID) -> Row[Any]:
    return (await session.execute(select(_PEOPLE).where(_PEOPLE.c.id == person_id))).one()


async def _blocks(session: AsyncSession, person_id: UUID) -> Sequence[Row[Any]]:
    theirs = or_(_BLOCKS.c.blocker_id == person_id, _BLOCKS.c.blocked_id == person_id)
    return (await session.execute(select(_BLOCKS).where(theirs).order_by(_BLOCKS.c.id))).all()


async def _shared(session: AsyncSession, acts: Iterable[Act]) -> dict[str, dict[str, Any]]:
    """The rows in whose favour others were removed: what says how open they are, by id."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for act in acts:
        if act.into is not None and (act.table == _TIES.name or "visibility" in table_named(act.table).c):
            wanted[act.table].add(UUID(act.into))
    found: dict[str, dict[str, Any]] = {}
    for name, keys in wanted.items():
        table = table_named(name)
        rows = await session.execute(
            select(table.c.id, func.to_jsonb(table.table_valued())).where(among(table.c.id, keys))
        )
        found |= {str(key): {one: row[one] for one in _WATCHED if one in row} for key, row in rows}
    return found


_WATCHED = (
    "visibility", "chosen_visibility", "status", "released_at",
    "low_id", "high_id", "low_visibility", "high_visibility", "state",
)  # fmt: skip


# ---------------------------------------------------------------- what is stricter


def _stricter_choices(noted: Values, person: Row[Any]) -> dict[str, bool]:
    """What was not noted counts as open: a column that is newer than the merge, or a merge older than this rule."""
    then: Mapping[str, bool] = noted.get("choices", {})
    made_at: datetime | None = person.choices_made_at
    confirmed = _CONFIRMED if (made_at and made_at.isoformat()) != noted.get("choices_made_at") else frozenset[str]()
    refused = {name: False for name in AND_COLUMNS if not getattr(person, name)}
    held = {name: True for name in OR_COLUMNS if getattr(person, name) and not then.get(name, False)}
    return {name: no for name, no in refused.items() if name in confirmed or then.get(name, True)} | held


def _stricter_row(table: str, then: Values, now: Values | None, gone: Values, both: set[UUID]) -> Values:
    """What becomes of a row that comes back, by what became of the one in whose favour it went."""
    if table == _TIES.name:
        return {} if now is None else _stricter_tie(then, now, gone, {str(one) for one in both})
    if now is None:  # deleted: it comes back, since it may be somebody else's, but for that person alone
        return _at(gone, Visibility.ME)
    changes: dict[str, Any] = {}
    if _is_stricter(_level(now), _level(then)):
        changes |= _at(gone, stricter(_level(now), _level(gone)))
    if "status" in then and _STATUSES.index(now["status"]) > _STATUSES.index(then["status"]):
        changes["status"] = max(now["status"], gone["status"], key=_STATUSES.index)
    if then.get("released_at") is not None and now["released_at"] is None:
        changes["released_at"] = None
    return changes


_STATUSES = tuple(status.value for status in ContactStatus)


def _is_stricter(one: str, other: str) -> bool:
    return LEVELS.index(Visibility(one)) < LEVELS.index(Visibility(other))


def _level(fact: Values) -> str:
    """The level that was chosen: whether a hold keeps it shut is seen to afterwards."""
    return fact.get("chosen_visibility") or fact["visibility"]


def _at(fact: Values, level: str) -> dict[str, Any]:
    return {"visibility": level} | ({"chosen_visibility": None} if "chosen_visibility" in fact else {})


def _stricter_tie(then: Values, now: Values, gone: Values, both: set[str]) -> Values:
    """The same for two connections with one third person: each end's level, and whether there still is one."""
    changes: dict[str, Any] = {}
    for end in ("low", "high"):
        own = gone[f"{end}_id"] in both
        before, after = (_level_of_end(tie, both, own=own) for tie in (then, now))
        if _is_stricter(after, before):
            changes[f"{end}_visibility"] = stricter(after, gone[f"{end}_visibility"])
    if then["state"] in _LIVE and now["state"] not in _LIVE and gone["state"] in _LIVE:
        over = now["state"] if gone["state"] == then["state"] else ConnectionState.DECLINED.value
        changes |= {"state": over, "connected_at": None}
    return changes


def _level_of_end(tie: Values, both: set[str], *, own: bool) -> str:
    """The level of the merged person's end, or else of the other's."""
    return tie["low_visibility"] if (tie["low_id"] in both) is own else tie["high_visibility"]
