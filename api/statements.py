"""SELECTs that are compiled to text once and bound anew each time: building one takes longer than running it.

What varies from one request to the next must be a bind parameter with a name; what decides the text is the key.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from sqlalchemy import CompoundSelect, Row
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.compiler import WARN_LINTING

from api.db import AnySelect, SessionReader

_DIALECT = PGDialect_psycopg(paramstyle="numeric_dollar")


@dataclass(frozen=True)
class Prepared:
    """The text of a statement with `$n` parameters, and where their values come from."""

    text: str
    names: tuple[str, ...]
    constants: Mapping[str, object]
    """Values that belong to the text: limits, weights, members."""
    columns: tuple[str, ...]

    def values(self, given: Mapping[str, object]) -> list[object]:
        """The parameters in order; what is given goes before what the statement was built with."""
        return [given[name] if name in given else self.constants[name] for name in self.names]


def prepare(statement: AnySelect | CompoundSelect[Any]) -> Prepared:
    """Compile a statement. SQLAlchemy warns of a table that nothing joins: a relation lost its condition."""
    compiled = statement.compile(dialect=_DIALECT, linting=WARN_LINTING)
    given = {name: value.value if isinstance(value, Enum) else value for name, value in compiled.params.items()}
    names = tuple(cast(Sequence[str], compiled.positiontup or ()))
    return Prepared(compiled.string, names, given, tuple(statement.selected_columns.keys()))


class Statements:
    """The statements prepared lately, at most so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, tuple[Prepared, SimpleResultMetaData]] = OrderedDict()

    async def rows(
        self,
        session: AsyncSession,
        key: Hashable,
        build: Callable[[], AnySelect | CompoundSelect[Any]],
        given: Mapping[str, object],
    ) -> Sequence[Row[Any]]:
        """The rows of the statement of this key, read in the session's transaction; `build` makes it the first time."""
        prepared, columns = self._prepared(key, build)
        await session.flush()
        reader = await SessionReader.of(session)
        found = await reader.rows(prepared.text, prepared.values(given))
        return cast(Sequence[Row[Any]], IteratorResult(columns, iter(found)).all())

    def _prepared(
        self, key: Hashable, build: Callable[[], AnySelect | CompoundSelect[Any]]
    ) -> tuple[Prepared, SimpleResultMetaData]:
        if key in self._known:
            self._known.move_to_end(key)
        else:
            prepared = prepare(build())
            self._known[key] = prepared, SimpleResultMetaData(prepared.columns)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return self._known[key]
