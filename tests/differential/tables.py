"""What the declarations say of every row, read flat: one SELECT a field or rule over the whole table, kept as a map.

Nothing here nests, correlates, pages, binds later or makes JSON: that is what the engine does, and is compared with.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from graphql import GraphQLObjectType, GraphQLSchema, VariableValues
from graphql.execution.values import get_variable_values
from sqlalchemy import FromClause, Text, Uuid, func, literal, select, true

from api.access import Viewer
from api.db import AnySelect, Database
from schema.engine.parameters import Scope
from schema.engine.sources import Column, Expression, Facet, Many, One, Page, Ranked, Table, table_of


@dataclass(frozen=True)
class Row:
    """A row that stands for an object of the graph."""

    kind: str
    id: UUID


def spelled(value: Any) -> Any:
    """A value as the API spells it: instants without zeros at the end of their fractions."""
    if not isinstance(value, datetime):
        return value
    whole, fraction = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S %f").split(" ")
    return f"{whole}.{fraction}".rstrip("0").rstrip(".") + "+00:00"


class Tables:
    """Reads of one database that does not change meanwhile."""

    def __init__(self, db: Database, schema: GraphQLSchema) -> None:
        self._db = db
        self._schema = schema
        self._known: dict[Hashable, Any] = {}
        self._nothing = cast(VariableValues, get_variable_values(schema, (), {}))

    def kind(self, name: str) -> GraphQLObjectType:
        """The type of this name."""
        return cast(GraphQLObjectType, self._schema.type_map[name])

    def table(self, name: str) -> Table:
        """The table behind the type of this name."""
        return table_of(self.kind(name))

    def scope(self, viewer: Viewer) -> Scope:
        """What declarations are called with where arguments have no part."""
        return Scope(viewer, self._nothing)

    async def select(self, statement: AnySelect) -> list[Any]:
        """All rows of a statement."""
        async with self._db.write() as session:
            return list((await session.execute(statement)).all())

    async def _once(self, key: Hashable, read: Callable[[], Awaitable[Any]]) -> Any:
        if key not in self._known:
            self._known[key] = await read()
        return self._known[key]

    # ------------------------------------------------------------ whole tables

    async def ids(self, kind: str) -> list[UUID]:
        """The ids of all rows of the type's table, hidden ones too."""

        async def read() -> list[UUID]:
            row = self.table(kind).from_clause.alias()
            return [found.id for found in await self.select(select(row.c.id).order_by(row.c.id))]

        return await self._once(("ids", kind), read)

    async def column(self, kind: str, name: str) -> Mapping[UUID, Any]:
        """A column by row."""

        async def read() -> Mapping[UUID, Any]:
            row = self.table(kind).from_clause.alias()
            return {key: spelled(value) for key, value in await self.select(select(row.c.id, row.c[name]))}

        return await self._once(("column", kind, name), read)

    async def visible(self, viewer: Viewer, kind: str, *, alone: bool) -> frozenset[UUID]:
        """Which rows the viewer may see: reached from another that is seen, or alone."""

        async def read() -> frozenset[UUID]:
            table = self.table(kind)
            row = table.from_clause.alias()
            rule = table.visible_alone if alone else table.visible
            return frozenset(key for (key,) in await self.select(select(row.c.id).where(rule(viewer, row))))

        return await self._once(("visible", viewer, kind, alone), read)

    async def current(self, kind: str, key: UUID) -> UUID:
        """The id that this id leads to."""
        leads = self.table(kind).current
        return key if leads is None else (await self.select(select(leads(literal(key, Uuid())))))[0][0]

    # ------------------------------------------------------------ fields

    async def value(self, viewer: Viewer, row: Row, name: str, source: Column | Expression) -> Any:
        """The value of a field of a row."""
        if isinstance(source, Column):
            return (await self.column(row.kind, source.name))[row.id]

        async def read() -> Mapping[UUID, Any]:
            own = self.table(row.kind).from_clause.alias()
            statement = select(own.c.id, source.build(self.scope(viewer), own))
            return {key: spelled(value) for key, value in await self.select(statement)}

        return (await self._once(("value", viewer, row.kind, name), read))[row.id]

    async def related(self, viewer: Viewer, row: Row, name: str, source: One | Many | Page) -> list[UUID]:
        """The ids of the rows that a relation leads to and the viewer may see, in the relation's order if it has one.
        Of a type that stands before another the ids may be the same: a person and their choices."""

        async def read() -> Mapping[UUID, list[UUID]]:
            parent = self.table(row.kind).from_clause.alias()
            child = self.table(source.target).from_clause.alias()
            joins = cast(Any, source.joins)(self.scope(viewer), parent, child)
            orders = [] if isinstance(source, Page) else [*source.order_by(child), child.c.id]
            pairs: dict[UUID, list[UUID]] = defaultdict(list)
            both = select(parent.c.id, child.c.id).join_from(parent, child, true()).where(joins)
            for one, other in await self.select(both.order_by(*orders)):
                pairs[one].append(other)
            return pairs

        pairs = await self._once(("related", viewer, row.kind, name), read)
        visible = await self.visible(viewer, source.target, alone=False)
        return [key for key in pairs.get(row.id, []) if key in visible]

    async def ranked(self, viewer: Viewer, row: Row, name: str, source: Ranked, first: int) -> list[UUID]:
        """The ids of the rows that a ranking of this length has for the row and the viewer may see, in its order."""

        async def read() -> Mapping[UUID, list[UUID]]:
            parent = self.table(row.kind).from_clause.alias()
            ranking = source.ranking(self.scope(viewer), parent, first).lateral()
            key, place = ranking.c
            pairs: dict[UUID, list[UUID]] = defaultdict(list)
            both = select(parent.c.id, key).join_from(parent, ranking, true()).order_by(place, key)
            for one, other in await self.select(both):
                pairs[one].append(other)
            return pairs

        pairs = await self._once(("ranked", viewer, row.kind, name, first), read)
        visible = await self.visible(viewer, source.target, alone=False)
        return [key for key in pairs.get(row.id, []) if key in visible]

    async def keys(self, viewer: Viewer, source: Page, term: str) -> Mapping[UUID, tuple[int, Any]]:
        """What a term sorts by, of every row: its place among all values, and the value."""

        async def read() -> Mapping[UUID, tuple[int, Any]]:
            row = self.table(source.target).from_clause.alias()
            key = source.orders[term](self.scope(viewer), row)
            statement = select(row.c.id, func.dense_rank().over(order_by=key), key)
            return {one: (place, spelled(value)) for one, place, value in await self.select(statement)}

        return await self._once(("keys", viewer, source.target, term), read)

    async def facet(self, viewer: Viewer, name: str, facet: Facet) -> list[tuple[UUID, str, int]]:
        """What is counted by a facet: (person or other owner, value, the value's place in the alphabet)."""

        async def read() -> list[tuple[UUID, str, int]]:
            fact = facet.table.alias()
            conditions = [facet.visible(viewer, fact)]
            values: FromClause = fact
            if facet.join is not None:
                values = facet.join[0].alias()
                conditions.append(facet.join[1](fact, values))
            if facet.where is not None:
                conditions.append(facet.where(fact))
            value = facet.value(values).cast(Text)
            place = func.dense_rank().over(order_by=value)
            statement = select(fact.c[facet.person_id], value, place).where(*conditions, value.is_not(None))
            return [(key, text, number) for key, text, number in await self.select(statement)]

        return await self._once(("facet", viewer, name), read)
