"""The engine at work in one request: whole operations as bytes, or planned parts for graphql-core to complete.

`Engine.answer` takes an operation whose every root field is planned: one statement, whose JSON goes into the response
as it is. Everything else runs in graphql-core, which comes here for rows: `root_row` for a planned root field, `rows`
for things that Python has named by their ids.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

import orjson
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableValues,
)
from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.types import JSON

from api.access import Viewer
from api.db import SessionReader, read_and_note
from api.services.audit import log_restricted_reads
from api.services.profile_views import see_profiles
from schema.engine.compiler import MAX_KEYS, Compiler
from schema.engine.documents import Document, Documents
from schema.engine.parameters import Scope, shape
from schema.engine.refusals import Unplanned
from schema.engine.remembering import Remembered
from schema.engine.running import (
    NOTED,
    Reads,
    Statement,
    compile_statement,
    parse,
    run,
    take_notes,
    without_notes,
)
from schema.engine.selections import Selections
from schema.ids import type_named
from schema.permissions import Requirement, required_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from schema.context import Context


P = TypeVar("P", bound="OperationPlan | Statement | None")
MAX_PLANS = 16_000_000
"""How many characters of SQL and of the documents that it was made for."""


@dataclass(frozen=True)
class OperationPlan:
    """A fully planned operation: one statement with one JSON value per root field."""

    keys: tuple[str, ...]
    statement: Statement
    required: tuple[Requirement, ...]
    """What the root fields ask of the caller: not of the kind of caller, and so asked each time."""


@dataclass(frozen=True)
class Made:
    """A plan as it is remembered. With it stays its document: nodes of that are known by their identity."""

    document: Document
    plan: OperationPlan | Statement | None
    """None: graphql-core must answer."""

    @property
    def size(self) -> int:
        """In characters."""
        if self.plan is None:
            return self.document.size
        statement = self.plan if isinstance(self.plan, Statement) else self.plan.statement
        return self.document.size + len(statement.text)


class Engine:
    """Plans and runs reads for one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.documents = Documents(schema)
        self.plans: Remembered[Made] = Remembered(MAX_PLANS)

    def _remembered(self, key: Hashable, document: Document, make: Callable[[], P]) -> P:
        """The plan of this key, made now if it is not known."""
        made = self.plans.get(key)
        if made is None:
            made = Made(document, make())
            self.plans.keep(key, made, made.size)
        return cast(P, made.plan)

    # -------------------------------------------------- whole operations

    async def answer(self, context: "Context", operation: OperationDefinitionNode) -> bytes | None:
        """The response body of a fully planned query; None where graphql-core must answer, errors included."""
        if operation.operation is not OperationType.QUERY:
            return None
        document, coerced = context.operation.document, context.operation.variables
        viewer = context.viewer
        key = (id(operation), viewer.shape, self._shape(document, coerced))
        plan = self._remembered(key, document, lambda: self._plan(viewer, document, operation, coerced))
        if plan is None or not all(one.holds(viewer) for one in plan.required):
            return None
        return await self._bytes(context, plan, coerced)

    def _plan(
        self, viewer: Viewer, document: Document, operation: OperationDefinitionNode, variables: VariableValues
    ) -> OperationPlan | None:
        query = cast(GraphQLObjectType, self.schema.query_type)
        scope = Scope(viewer, variables)
        selections = Selections(self.schema, document.fragments, variables)
        compiler = Compiler(selections, scope)
        columns: list[Any] = []
        keys: list[str] = []
        required: list[Requirement] = []
        for key, nodes in selections.of([operation.selection_set], query).items():
            name = nodes[0].name.value
            try:
                column = root_typename(query) if name == "__typename" else compiler.root(query.fields.get(name), nodes)
            except Unplanned:
                return None
            if name != "__typename":
                required.append(required_of(query.fields[name]))
            columns.append(column.label(f"r{len(keys)}"))
            keys.append(key)
        if not required or len(columns) > MAX_KEYS:
            return None
        return OperationPlan(tuple(keys), compile_statement(select(*columns), scope), tuple(required))

    async def _bytes(self, context: "Context", plan: OperationPlan, variables: VariableValues) -> bytes:
        values = [
            b"null" if value is None else value for value in await self._values(context, plan.statement, variables)
        ]
        members = [b'"%b":%b' % (key.encode(), value) for key, value in zip(plan.keys, values, strict=True)]
        return b'{"data":{%b}}' % b",".join(members)

    async def _values(self, context: "Context", statement: Statement, variables: VariableValues) -> list[Any]:
        """The JSON of a statement of one row, as bytes without notes."""
        if not statement.audits:
            async with context.db.read() as reader:
                return list((await run(reader, statement, context.viewer, variables))[0])
        found = None if context.viewer.is_staff else await self._uncounted(context, statement, variables)
        rows = found or await self._audited(context, statement, variables)
        return [value if isinstance(value, bytes) else orjson.dumps(value) for value in rows[0]]

    async def _uncounted(
        self, context: "Context", statement: Statement, variables: VariableValues, keys: Sequence[UUID] = ()
    ) -> list[list[Any]] | None:
        """The rows if nothing that they show counts, as bytes where they hold no note; None where something does."""
        async with context.db.read() as reader:
            rows = await run(reader, statement, context.viewer, variables, keys)
        bare = [[without_notes(value) if isinstance(value, bytes) else value for value in row] for row in rows]
        if not any(isinstance(value, bytes) and NOTED in value for row in bare for value in row):
            return bare
        found, reads = parsed(rows), Reads()
        take_notes(found, reads, context.viewer)
        return None if reads else found

    async def _audited(
        self, context: "Context", statement: Statement, variables: VariableValues, keys: Sequence[UUID] = ()
    ) -> list[list[Any]]:
        """Run what is logged or counted, and write that down, in one transaction."""
        viewer = context.viewer
        return await read_and_note(
            context.db, lambda session: read_in_session(session, viewer, statement, variables, keys)
        )

    # -------------------------------------------------- parts for graphql-core

    async def root_row(self, context: "Context", info: GraphQLResolveInfo[Any], definition: GraphQLField) -> Any:
        """The value of one planned root field, with the client's response keys, for graphql-core to complete."""
        document, variables = context.operation.document, context.operation.variables
        nodes = list(info.field_nodes)

        def make() -> Statement:
            scope = Scope(context.viewer, variables)
            compiler = Compiler(Selections(self.schema, document.fragments, variables), scope)
            return compile_statement(select(compiler.root(definition, nodes).label("r")), scope)

        key = ("root", identities(nodes), context.viewer.shape, self._shape(document, variables))
        statement = self._remembered(key, document, make)
        rows = await self._parsed(context, None, statement, variables)
        return rows[0][0]

    async def rows(
        self,
        context: "Context",
        session: "AsyncSession | None",
        kind: GraphQLObjectType,
        nodes: Sequence[FieldNode],
        keys: Sequence[UUID],
        *,
        named: bool = False,
    ) -> dict[UUID, Any]:
        """Rows of `kind` by id, with what `nodes` select below them: one statement, whatever the number of ids.

        In a mutation `session` is the write's own, so that the rows show what was written. `named`: the client gave the
        ids.
        """
        document, variables = context.operation.document, context.operation.variables

        def make() -> Statement:
            scope = Scope(context.viewer, variables)
            compiler = Compiler(Selections(self.schema, document.fragments, variables), scope)
            return compile_statement(compiler.by_keys(kind, nodes, named=named), scope)

        key = (kind.name, named, identities(nodes), context.viewer.shape, self._shape(document, variables))
        statement = self._remembered(key, document, make)
        found = await self._parsed(context, session, statement, variables, keys)
        return {row[0]: row[1] for row in found}

    async def _parsed(
        self,
        context: "Context",
        session: "AsyncSession | None",
        statement: Statement,
        variables: VariableValues,
        keys: Sequence[UUID] = (),
    ) -> list[list[Any]]:
        if session is not None:
            return await read_in_session(session, context.viewer, statement, variables, keys)
        if statement.audits:
            found = None if context.viewer.is_staff else await self._uncounted(context, statement, variables, keys)
            return await self._audited(context, statement, variables, keys) if found is None else parsed(found)
        async with context.db.read() as reader:
            return parsed(await run(reader, statement, context.viewer, variables, keys))

    def _shape(self, document: Document, variables: VariableValues) -> Any:
        """What the given variables decide of a plan. Which are given is part of it."""
        sizes, ids = document.page_size_variables, document.node_id_variables
        return tuple(
            (name, type_named(value) if name in ids else None, shape(value, exact=name in sizes))
            for name, value in variables.coerced.items()
        )


def root_typename(kind: GraphQLObjectType) -> ColumnElement[Any]:
    """The field `__typename` at the root, as JSON like all that stands there."""
    return literal_column(f"'\"{kind.name}\"'::json", JSON)


def identities(nodes: Sequence[FieldNode]) -> tuple[int, ...]:
    """All nodes that select one field: the same node can stand with others elsewhere, through a fragment."""
    return tuple(id(node) for node in nodes)


async def read_in_session(
    session: "AsyncSession", viewer: Viewer, statement: Statement, variables: VariableValues, keys: Sequence[UUID] = ()
) -> list[list[Any]]:
    """Run on a write's connection, and log in its transaction what an officer was shown, or count what others were.

    Raises RateLimited when a viewer would see more profiles than the day allows.
    """
    await session.flush()
    rows = parsed(await run(await SessionReader.of(session), statement, viewer, variables, keys))
    if statement.audits:
        reads: Reads = {}
        for row in rows:
            take_notes(row, reads, viewer)
        await log_restricted_reads(session, viewer, {person: sorted(kinds) for person, kinds in reads.items()})
        await see_profiles(session, viewer, reads.keys())
    return rows


def parsed(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows with their JSON as plain values."""
    return [[parse(value) if isinstance(value, bytes) else value for value in row] for row in rows]
