"""How graphql-core reads what the engine planned: each field of the schema gets the resolver that its source implies.

Inside a planned part every object is a plain dict under the client's own response keys, so a resolver is one look-up.
A resolver written in Python names things by `ref(Type, id)`; all that are named in one place of the query are fetched
by one statement.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast
from uuid import UUID

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.dataloader import DataLoader

from schema.engine.execution import Engine
from schema.engine.selections import Selections
from schema.engine.sources import Page, Root, source_of, table_or_none
from schema.permissions import check_may_change, required_of

if TYPE_CHECKING:
    from schema.context import Context, Info

T = TypeVar("T")
READ_AHEAD = "__read_ahead__"
"""Where a payload keeps what was read for it on the write's connection, by response key."""
Resolver = Callable[..., Any]
ResolveInfo: TypeAlias = "GraphQLResolveInfo[Any]"


@dataclass(frozen=True)
class Ref:
    """Something named by type and id, to be read when and as far as the client asks for it."""

    type_name: str
    key: UUID


def ref(kind: type[T], key: UUID) -> T:
    """A thing of type `kind` by its id. What the viewer may not see becomes null."""
    return cast(T, Ref(kind.__name__, key))


def ref_named(type_name: str, key: UUID) -> Any:
    """A thing whose type is known by name only."""
    return Ref(type_name, key)


class Named(dict[str, Any]):
    """A row under an interface or union, which must tell its type."""

    def __init__(self, type_name: str, row: dict[str, Any]) -> None:
        super().__init__(row)
        self.type_name = type_name


def install(schema: GraphQLSchema, engine: Engine) -> None:
    """Give every field of the schema its resolver."""
    for kind in schema.type_map.values():
        if is_object_type(kind) and not kind.name.startswith("__"):
            kind.is_type_of = _type_test(kind.is_type_of)
            for name, definition in kind.fields.items():
                definition.resolve = _resolver(engine, schema, kind, name, definition)
                if definition.subscribe is not None:
                    definition.subscribe = _guarded(_renewed(definition.subscribe), definition, changes=True)
        elif isinstance(kind, GraphQLInterfaceType):
            resolve = kind.resolve_type
            kind.resolve_type = _type_resolver(resolve)


def _type_test(otherwise: Any) -> Callable[..., bool]:
    """Rows are of the type that they were planned for."""

    def test(value: Any, info: ResolveInfo) -> bool:
        return isinstance(value, dict) or otherwise is None or otherwise(value, info)

    return test


def _type_resolver(otherwise: Any) -> Callable[..., Any]:
    def resolve(value: Any, info: ResolveInfo, kind: Any) -> Any:
        return value.type_name if isinstance(value, Named) else otherwise(value, info, kind)

    return resolve


def _resolver(
    engine: Engine, schema: GraphQLSchema, kind: GraphQLObjectType, name: str, definition: GraphQLField
) -> Resolver:
    source = source_of(definition)
    at_root = kind in {schema.query_type, schema.mutation_type, schema.subscription_type}
    if at_root and isinstance(source, Root | Page):
        inner = _planned_root(engine, definition)
    else:
        inner = _from_row(cast(Resolver, definition.resolve))
        if _names_rows(definition):
            inner = _completing(engine, inner)
    return _guarded(inner, definition, changes=kind is schema.mutation_type) if at_root else inner


def _planned_root(engine: Engine, definition: GraphQLField) -> Resolver:
    async def resolve(_source: Any, info: ResolveInfo, **_arguments: Any) -> Any:
        return await engine.root_row(info.context, info, definition)

    return resolve


def _from_row(otherwise: Resolver) -> Resolver:
    """Rows answer with what was selected for them; anything else goes to the field's own resolver."""

    def resolve(source: Any, info: ResolveInfo, **arguments: Any) -> Any:
        if isinstance(source, dict):
            return cast(dict[str, Any], source)[str(info.path.key)]
        return otherwise(source, info, **arguments)

    return resolve


def _guarded(inner: Resolver, definition: GraphQLField, *, changes: bool) -> Resolver:
    required = required_of(definition)

    def resolve(source: Any, info: ResolveInfo, **arguments: Any) -> Any:
        if changes:
            check_may_change(info.context.viewer)
        required.check(info.context.viewer)
        return inner(source, info, **arguments)

    return resolve


def _renewed(inner: Resolver) -> Resolver:
    """Who listens is asked anew before each event: sign-ins end, and so do rights."""

    async def subscribe(source: Any, info: ResolveInfo, **arguments: Any) -> Any:
        found = inner(source, info, **arguments)
        return _renewing(await found if isawaitable(found) else found, info.context)

    return subscribe


async def _renewing(events: AsyncGenerator[Any], context: "Context") -> AsyncGenerator[Any]:
    async with aclosing(events):
        async for event in events:
            if context.renew is not None:
                await context.renew()
            yield event


def _names_rows(definition: GraphQLField) -> bool:
    named = cast(Any, get_named_type(cast(Any, definition).type))
    return is_abstract_type(named) or table_or_none(named) is not None


def _completing(engine: Engine, inner: Resolver) -> Resolver:
    def resolve(source: Any, info: ResolveInfo, **arguments: Any) -> Any:
        read_ahead = getattr(source, READ_AHEAD, None)
        if read_ahead is not None and info.path.key in read_ahead:
            return read_ahead[info.path.key]
        found = inner(source, info, **arguments)
        return _when_known(engine, found, info) if isawaitable(found) else _completed(engine, found, info)

    return resolve


async def _when_known(engine: Engine, found: Awaitable[Any], info: ResolveInfo) -> Any:
    result = _completed(engine, await found, info)
    return await result if isawaitable(result) else result


def _completed(engine: Engine, found: Any, info: ResolveInfo) -> Any:
    if isinstance(found, Ref):
        return _loader(engine, info, found.type_name).load(found.key)
    some: list[Any] = cast(list[Any], found) if isinstance(found, list) else []
    if any(isinstance(one, Ref) for one in some):
        return [_completed(engine, one, info) for one in some]
    return cast(Any, found)


def _loader(engine: Engine, info: ResolveInfo, type_name: str) -> DataLoader[UUID, Any]:
    """One loader per place in the query and type: siblings of a list are read by one statement."""
    context: Context = info.context
    key = (type_name, *(id(node) for node in info.field_nodes))
    if key not in context.loaders:
        kind = cast(GraphQLObjectType, info.schema.type_map[type_name])
        abstract = is_abstract_type(get_named_type(cast(Any, info).return_type))

        async def load(keys: list[UUID]) -> list[Any]:
            rows = await engine.rows(context, None, kind, info.field_nodes, keys, named=abstract)
            found = [rows.get(one) for one in keys]
            return [Named(type_name, row) if abstract and row is not None else row for row in found]

        context.loaders[key] = DataLoader(load_fn=load)
    return context.loaders[key]


async def read_ahead(info: "Info", session: AsyncSession, payload: T) -> T:
    """Read what the client selected of a mutation's payload on the write's own connection, before it commits."""
    context: Context = info.context
    raw: ResolveInfo = vars(info)["_raw_info"]
    operation = context.operation
    kind = cast(GraphQLObjectType, raw.schema.type_map[type(payload).__name__])
    selections = Selections(raw.schema, operation.document.fragments, operation.variables)
    known: dict[str, Any] = {}
    for key, nodes in selections.below(raw.field_nodes, kind).items():
        value = getattr(payload, nodes[0].name.value, None)
        if isinstance(value, Ref):
            known[key] = await _read_one(context, session, raw, value, nodes)
    vars(payload)[READ_AHEAD] = known
    return payload


async def _read_one(
    context: "Context", session: AsyncSession, info: ResolveInfo, named: Ref, nodes: list[FieldNode]
) -> Any:
    kind = cast(GraphQLObjectType, info.schema.type_map[named.type_name])
    row = (await context.operation.engine.rows(context, session, kind, nodes, [named.key])).get(named.key)
    return row if row is None else Named(named.type_name, row)
