"""The plain way: graphql-core resolves every field by itself, from what `tables` says, and pages are cut in Python."""

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import graphql
from graphql import (
    ExecutionResult,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from sqlalchemy import select
from strawberry.schema.schema_converter import GraphQLCoreConverter

from api.access import Viewer
from api.db import Database
from schema.context import Context
from schema.engine.compiler import read_length
from schema.engine.filters import CONDITION
from schema.engine.pages import Request, read_request
from schema.engine.parameters import Arguments, Scope
from schema.engine.refusals import Refused
from schema.engine.resolving import Ref
from schema.engine.selections import named_type
from schema.engine.sources import (
    Column,
    Expression,
    GlobalId,
    Many,
    One,
    Page,
    Ranked,
    Root,
    source_of,
    table_or_none,
)
from schema.ids import encode_id
from schema.permissions import required_of
from schema.root import build_schema, core_schema
from tests.differential.tables import Row, Tables

Info = GraphQLResolveInfo[Any]
Truth = Mapping[UUID, bool | None]


@dataclass
class PlainFacets:
    """The facets of one page: counted when they are asked for."""

    source: Page
    ids: frozenset[UUID]


@dataclass
class PlainPage:
    """A page of a connection, under the names of Strawberry's own resolvers."""

    edges: list[Any]
    nodes: list[Row]
    page_info: Any
    total_count: int
    facets: PlainFacets


@dataclass
class Seen:
    """What operations have shown."""

    rows: int = 0
    """How many rows the operation at hand gave."""
    fields: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """(type, field) that had a value, in the operation at hand."""


class Plain:
    """Answers operations from one database that does not change meanwhile."""

    def __init__(self, db: Database) -> None:
        self.schema: GraphQLSchema = core_schema(build_schema())
        self.tables = Tables(db, self.schema)
        self.seen = Seen()
        self.nodes = sorted(
            kind.name
            for kind in self.schema.type_map.values()
            if table_or_none(kind) and "id" in cast(Any, kind).fields
        )
        """The types that have global ids."""
        for kind in self.schema.type_map.values():
            if is_object_type(kind) and not kind.name.startswith("__"):
                kind.is_type_of = None
                for name, definition in kind.fields.items():
                    definition.resolve = self._resolver(kind, name, definition)
            elif isinstance(kind, GraphQLInterfaceType):
                kind.resolve_type = lambda value, _info, _kind: value.kind

    async def answer(self, context: Context, query: str, variables: dict[str, Any]) -> ExecutionResult:
        """Run the operation. `seen` then says what it showed."""
        self.seen = Seen()
        running: Any = cast(Any, graphql).execute(
            self.schema, graphql.parse(query), context_value=context, variable_values=variables
        )
        return await running if isawaitable(running) else running

    # ------------------------------------------------------------ fields

    def _resolver(self, kind: GraphQLObjectType, name: str, definition: GraphQLField) -> Callable[..., Any]:
        source, otherwise = source_of(definition), cast(Callable[..., Any], definition.resolve)
        at_root = kind is self.schema.query_type

        async def resolve(parent: Any, info: Info, **arguments: Any) -> Any:
            if at_root:
                required_of(definition).check(info.context.viewer)
            if at_root and isinstance(source, Root):
                found = await self._found(source, definition, info)
            elif isinstance(source, Page):
                found = await self._page(source, definition, info, None if at_root else parent)
            elif isinstance(parent, Row):
                found = await self._field(parent, name, definition, info)
            elif isinstance(parent, PlainFacets):
                found = await self._facet(parent, name, definition, info)
            else:
                found = otherwise(parent, info, **arguments)
                found = await self._completed(await found if isawaitable(found) else found, info)
            self._note(kind.name, name, found)
            return found

        return resolve

    def _note(self, kind: str, name: str, found: Any) -> None:
        """Note what was seen: an empty list shows nothing."""
        if found is not None and found != []:
            self.seen.fields.add((kind, name))
        some = cast(list[Any], found) if isinstance(found, list) else [found]
        self.seen.rows += sum(isinstance(one, Row) or name == "edges" for one in some)

    async def _completed(self, found: Any, info: Info) -> Any:
        """Things that Python names, as rows that the viewer may see."""
        if isinstance(found, list):
            return [await self._completed(one, info) for one in cast(list[Any], found)]
        if not isinstance(found, Ref):
            return found
        abstract = is_abstract_type(get_named_type(cast(Any, info).return_type))
        key = await self.tables.current(found.type_name, found.key) if abstract else found.key
        visible = await self.tables.visible(info.context.viewer, found.type_name, alone=True)
        return Row(found.type_name, key) if key in visible else None

    async def _field(self, row: Row, name: str, definition: GraphQLField, info: Info) -> Any:
        source, viewer = source_of(definition), info.context.viewer
        match source:
            case GlobalId():
                return encode_id(row.kind, row.id)
            case Column() | Expression():
                return as_member(await self.tables.value(viewer, row, name, source), definition)
            case One() | Many():
                found = [Row(source.target, key) for key in await self.tables.related(viewer, row, name, source)]
                return found if isinstance(source, Many) else next(iter(found), None)
            case Ranked():
                first = read_length(Scope(viewer, info.variable_values).arguments(definition, info.field_nodes[0]))
                return [Row(source.target, key) for key in await self.tables.ranked(viewer, row, name, source, first)]
            case _:
                raise TypeError(f"{row.kind}.{name}")

    async def _found(self, source: Root, definition: GraphQLField, info: Info) -> Row | None:
        scope = Scope(info.context.viewer, info.variable_values)
        arguments = scope.arguments(definition, info.field_nodes[0])
        own = self.tables.table(source.target).from_clause.alias()
        found = await self.tables.select(select(own.c.id).where(source.where(scope, arguments, own)))
        visible = await self.tables.visible(info.context.viewer, source.target, alone=True)
        return next((Row(source.target, key) for (key,) in found if key in visible), None)

    # ------------------------------------------------------------ pages

    async def _page(self, source: Page, definition: GraphQLField, info: Info, parent: Row | None) -> PlainPage:
        viewer = info.context.viewer
        arguments = Scope(viewer, info.variable_values).arguments(definition, info.field_nodes[0])
        request = read_request(source, arguments)
        if parent is None:
            ids = await self.tables.visible(viewer, source.target, alone=True)
        else:
            ids = frozenset(await self.tables.related(viewer, parent, str(info.field_name), source))
        wanted = arguments.get("filter")
        if wanted.value is not None:
            true = await self._meets(source.target, named_type(definition.args["filter"]), wanted)
            ids = frozenset(key for key in ids if true[key])
        return await self._cut(source, definition, viewer, request, ids)

    async def _cut(
        self, source: Page, definition: GraphQLField, viewer: Viewer, request: Request, ids: frozenset[UUID]
    ) -> PlainPage:
        places = await self._places(source, viewer, request)
        chosen = sorted(ids, key=lambda key: places[key][0])
        for cursor, later in ((request.after, True), (request.before, False)):
            if cursor is not None:
                limit = places[read_id(cursor.value)][0]
                chosen = [key for key in chosen if (places[key][0] > limit if later else places[key][0] < limit)]
        more = len(chosen) > request.size
        page = chosen[-request.size :] if request.backward else chosen[: request.size]
        cursors = [write_cursor(request.signature, *places[key][1], str(key)) for key in page]
        nodes = [Row(source.target, key) for key in page]
        info = {
            "has_next_page": request.before is not None if request.backward else more,
            "has_previous_page": more if request.backward else request.after is not None,
            "start_cursor": cursors[0] if cursors else None,
            "end_cursor": cursors[-1] if cursors else None,
        }
        edges = [SimpleNamespace(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)]
        return PlainPage(edges, nodes, SimpleNamespace(**info), len(ids), PlainFacets(source, ids))

    async def _places(
        self, source: Page, viewer: Viewer, request: Request
    ) -> Mapping[UUID, tuple[tuple[int, ...], list[Any]]]:
        """Where each row of the table stands in the order, and the keys of its cursor."""
        signs = [-1 if term.descending else 1 for term in request.terms]
        named = [term.name for term in request.terms]
        keys = [await self.tables.keys(viewer, source, name) for name in named if name != "id"]
        return {
            one: (
                (*(sign * key[one][0] for sign, key in zip(signs, keys, strict=False)), signs[-1] * one.int),
                [key[one][1] for key in keys] if keys else [str(one)],
            )
            for one in await self.tables.ids(source.target)
        }

    # ------------------------------------------------------------ filters: and, or, not in Python

    async def _meets(self, target: str, kind: Any, given: Arguments) -> Truth:
        ids = await self.tables.ids(target)
        found: Truth = dict.fromkeys(ids, True)
        for name in given.value:
            part = given.get(name)
            if part.value is None:
                raise Refused("null compares with nothing: leave the field out instead.", part.place)
            if name in {"and", "or"}:
                each = [await self._meets(target, kind, part.get(place)) for place in range(len(part.value))]
                joined = {key: all_of([one[key] for one in each]) for key in ids}
                if name == "or":
                    joined = {key: negated(all_of([negated(one[key]) for one in each])) for key in ids}
            elif name == "not":
                joined = {key: negated(value) for key, value in (await self._meets(target, kind, part)).items()}
            else:
                joined = await self._holds(target, kind, name, part)
            found = {key: all_of([found[key], joined[key]]) for key in ids}
        return found

    async def _holds(self, target: str, kind: Any, name: str, part: Arguments) -> Truth:
        """One condition, asked of every row."""
        own = self.tables.table(target).from_clause.alias()
        build = kind.fields[name].extensions[GraphQLCoreConverter.DEFINITION_BACKREF].metadata[CONDITION]
        return dict(await self.tables.select(select(own.c.id, build(part.scope, part, own))))

    # ------------------------------------------------------------ facets

    async def _facet(
        self, parent: PlainFacets, name: str, definition: GraphQLField, info: Info
    ) -> list[SimpleNamespace]:
        viewer, facet = info.context.viewer, parent.source.facets[name]
        most = Scope(viewer, info.variable_values).arguments(definition, info.field_nodes[0]).get("first").value
        owners: dict[tuple[int, str], set[UUID]] = defaultdict(set)
        for owner, value, place in await self.tables.facet(viewer, f"{parent.source.target}.{name}", facet):
            if owner in parent.ids:
                owners[place, value].add(owner)
        frequent = sorted(owners.items(), key=lambda one: (-len(one[1]), one[0][0]))
        return [SimpleNamespace(value=value, count=len(those)) for (_, value), those in frequent[:most]]


def all_of(values: list[bool | None]) -> bool | None:
    """And, as SQL has it: unknown unless something is false."""
    if False in values:
        return False
    return None if None in values else True


def negated(value: bool | None) -> bool | None:
    """Not, as SQL has it."""
    return None if value is None else not value


def as_member(value: Any, definition: GraphQLField) -> Any:
    """The member of an enumeration that SQL gave the name of."""
    named = named_type(definition)
    if not isinstance(named, GraphQLEnumType):
        return value
    members = {name: member.value for name, member in named.values.items()}
    if isinstance(value, list):
        return [members[str(getattr(one, "name", one))] for one in cast(list[Any], value)]
    return None if value is None else members[str(getattr(value, "name", value))]


def write_cursor(signature: str, *keys: Any) -> str:
    """A cursor as the API writes it."""
    return base64.b64encode(json.dumps([f"1:{signature}", *keys], ensure_ascii=False).encode()).decode()


def read_id(cursor: str) -> UUID:
    """The row whose cursor it is."""
    return UUID(json.loads(base64.b64decode(cursor))[-1])
