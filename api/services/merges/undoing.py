"""How a merge is taken back: its acts in reverse, each only where nothing has changed since."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, func, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import MentorProfile, Registration
from api.services.merges.acts import Act, Ledger, MergeFate, among
from api.services.merges.moving import count_seats, mentees
from api.services.merges.references import table_named

_MENTORS, _SEATS = cast(Table, MentorProfile.__table__), cast(Table, Registration.__table__)


async def take_back(session: AsyncSession, acts: Sequence[Act], mentors: Sequence[UUID]) -> list[Act]:
    """Undo the acts; gives those that could not be, with the rows concerned."""
    left: list[Act] = []
    for act in reversed(acts):
        left += await _undo(session, act)
    fewest = func.greatest(_MENTORS.c.max_mentees, mentees())
    await session.execute(
        update(_MENTORS)
        .where(among(_MENTORS.c.person_id, mentors), _MENTORS.c.active_mentees != mentees())
        .values(active_mentees=mentees(), max_mentees=fewest, updated_at=_MENTORS.c.updated_at)
    )
    return left


async def _undo(session: AsyncSession, act: Act) -> list[Act]:
    """One act as a whole, or row by row where the whole breaks a constraint; what is left of it."""
    try:
        async with session.begin_nested():
            done = await _restore(session, act) if act.fate is MergeFate.REMOVED else await _reset(session, act)
    except IntegrityError:
        if len(act.ids) == 1:
            return [act]
        return [left for one in _single(act) for left in await _undo(session, one)]
    return [one for one in _single(act) if one.ids[0] not in done]


def _single(act: Act) -> list[Act]:
    if act.fate is MergeFate.REMOVED:
        return [replace(act, ids=[key], rows=[row]) for key, row in zip(act.ids, act.rows, strict=True)]
    return [replace(act, ids=[key]) for key in act.ids]


async def _restore(session: AsyncSession, act: Act) -> set[str]:
    """Insert removed rows with all that was in them, under their own ids; columns that are newer get their defaults."""
    table = table_named(act.table)
    stored = {name for row in act.rows for name in row}
    names = ", ".join(f'"{column.name}"' for column in table.c if column.computed is None and column.name in stored)
    statement = text(
        f"insert into {table.name} ({names}) overriding system value "  # noqa: S608 - names of our own tables
        f"select {names} from jsonb_populate_recordset(null::{table.name}, :rows) returning id::text"
    ).bindparams(bindparam("rows", act.rows, type_=JSONB))
    done = set((await session.execute(statement)).scalars())
    if table is _SEATS:
        await count_seats(Ledger(session), {UUID(row["event_id"]) for row in act.rows})
    return done


async def _reset(session: AsyncSession, act: Act) -> set[str]:
    """Set columns back, of rows that have what the merge gave them."""
    table = table_named(act.table)
    sets = ", ".join(f'"{name}" = before."{name}"' for name in act.before)
    same = " and ".join(f'this."{name}" is not distinct from after."{name}"' for name in act.after)
    statement = text(
        f"update {table.name} this set {sets} "  # noqa: S608 - names of our own tables
        f"from jsonb_populate_record(null::{table.name}, :before) before, "
        f"jsonb_populate_record(null::{table.name}, :after) after "
        f"where this.id::text = any(:ids) and {same} returning this.id::text"
    ).bindparams(bindparam("before", act.before, type_=JSONB), bindparam("after", act.after, type_=JSONB), ids=act.ids)
    return set((await session.execute(statement)).scalars())
