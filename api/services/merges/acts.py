"""The single acts that a merge is made of: each is done in one statement, and noted so that it can be undone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Table, any_, bindparam, cast, delete, func, literal_column, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

Values = Mapping[str, Any]


class MergeFate(StrEnum):
    """What becomes of a row in a merge."""

    MOVED = "MOVED"
    CHANGED = "CHANGED"
    REMOVED = "REMOVED"


@dataclass(frozen=True)
class Act:
    """One thing done to rows of one table, all alike. Values are those of PostgreSQL's JSON."""

    fate: MergeFate
    table: str
    ids: list[str]
    before: dict[str, Any] = field(default_factory=dict[str, Any])
    after: dict[str, Any] = field(default_factory=dict[str, Any])
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """The rows that were removed, whole."""
    into: str | None = None
    """The row that says the same, and stays."""

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass
class Ledger:
    """Does acts, and notes each."""

    session: AsyncSession
    acts: list[Act] = field(default_factory=list[Act])

    async def set(self, fate: MergeFate, table: Table, keys: Sequence[Any], before: Values, after: Values) -> None:
        """Set columns of rows that all have the values `before`."""
        if not keys:
            return
        values: dict[str, Any] = dict(after)
        if "updated_at" in table.c:
            values["updated_at"] = table.c.updated_at
        done = await self.session.execute(
            update(table).where(among(table.c.id, keys)).values(values).returning(table.c.id)
        )
        ids = sorted(str(one) for one in done.scalars())
        if ids:
            self.acts.append(Act(fate, table.name, ids, before=_plain(before), after=_plain(after)))

    async def remove(self, table: Table, keys: Sequence[Any], into: Any = None) -> None:
        """Remove rows, and keep what was in them."""
        if not keys:
            return
        whole = cast(func.to_jsonb(literal_column(table.name)), JSONB)
        gone = await self.session.execute(
            delete(table).where(among(table.c.id, keys)).returning(table.c.id, whole.label("whole"))
        )
        rows = sorted(((str(row.id), row.whole) for row in gone), key=lambda row: row[0])
        if rows:
            kept = None if into is None else str(into)
            ids = [key for key, _ in rows]
            self.acts.append(Act(MergeFate.REMOVED, table.name, ids, rows=[row for _, row in rows], into=kept))

    def note_difference(
        self, table: Table, before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]]
    ) -> None:
        """Note what another rule did to rows: those that are gone, and those that are not as they were."""
        gone = [key for key in before if key not in after]
        if gone:
            self.acts.append(Act(MergeFate.REMOVED, table.name, gone, rows=[before[key] for key in gone]))
        stored = [column.name for column in table.c if column.computed is None and column.name != "updated_at"]
        for key, row in after.items():
            changed = [name for name in stored if row[name] != before[key][name]]
            if changed:
                old, new = ({name: one[name] for name in changed} for one in (before[key], row))
                self.acts.append(Act(MergeFate.CHANGED, table.name, [key], before=old, after=new))


def among(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether the column has one of these values: one parameter, however many they are."""
    return column == any_(bindparam("among", list(values), type_=ARRAY(column.type), unique=True))


def _plain(values: Values) -> dict[str, Any]:
    """Values as JSON has them."""
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
