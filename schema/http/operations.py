"""What becomes of an operation, however it came: who asks, which document, and who answers: engine or graphql-core."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast

import graphql
import orjson
from graphql import (
    ExecutionResult,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    VariableValues,
)

from api.db import lost_a_race, took_too_long
from api.errors import DomainError, RateLimited
from schema.context import Context, Running
from schema.engine.documents import Document, Documents
from schema.engine.execution import Engine
from schema.engine.refusals import Refused
from schema.errors import coded
from schema.http.admission import Admission
from schema.http.failures import BadRequest, database_is_away
from schema.http.persisted import PersistedDocuments
from schema.http.rates import Rates, Throttle
from schema.http.requests import Parameters
from schema.limits.costs import check_cost

MakeContext = Callable[[Mapping[str, str]], Awaitable[Context]]
"""Tells by the headers who is asking. It may raise `api.errors.NotSignedIn` and `NotAllowed`."""


@dataclass(frozen=True)
class Caller:
    """What is known of who asks before anybody is looked up."""

    headers: Mapping[str, str]
    address: str


@dataclass(frozen=True)
class Asked:
    """One operation of a valid document, with what it was given."""

    document: Document
    operation: OperationDefinitionNode
    parameters: Parameters
    variables: VariableValues
    cost: int
    """What it may cost at most, known before anything runs."""

    @property
    def kind(self) -> OperationType:
        """Whether it reads, changes or listens."""
        return self.operation.operation


@dataclass(frozen=True)
class Answer:
    """The answer to a query or mutation."""

    data: bytes
    """A JSON object: data, and errors if there are some."""
    extensions: bytes
    """Another, of what it cost: it differs though the data are the same."""
    whole: bool
    """Whether it is without errors."""

    @property
    def body(self) -> bytes:
        """Both in one."""
        return b'%b,"extensions":%b}' % (memoryview(self.data)[:-1], self.extensions)


class Operations:
    """Runs operations of one schema."""

    def __init__(
        self,
        engine: Engine,
        make_context: MakeContext,
        persisted: PersistedDocuments,
        admission: Admission,
        rates: Rates,
        *,
        open_introspection: bool,
        max_operation_cost: int,
    ) -> None:
        self._engine = engine
        self._make_context = make_context
        self._persisted = persisted
        self._admission = admission
        self._rates = rates
        self._open_introspection = open_introspection
        self._max_operation_cost = max_operation_cost
        self._documents = Documents(engine.schema)

    async def find(self, parameters: Parameters) -> Asked:
        """What is asked for. Raises BadRequest, InvalidDocument, InvalidVariables or GraphQLError."""
        document = self._documents.get(await self._persisted.source(parameters))
        self._persisted.remember(parameters)
        operation = document.operation(parameters.operation_name)
        variables = document.variables_of(operation, self._engine.schema).read(parameters.variables)
        cost = document.cost_of(operation, self._engine.schema).at(variables.coerced)
        check_cost(cost, self._max_operation_cost)
        return Asked(document, operation, parameters, variables, cost)

    async def run(self, asked: Asked, caller: Caller) -> Answer:
        """The answer to a query or mutation."""
        async with self._admission:
            context, throttle = await self._context(asked, caller)
            planned = await self._planned(context, asked.operation)
            body, whole = (planned, True) if planned is not None else await self._executed(context, asked)
        return Answer(body, extensions(asked.cost, throttle), whole)

    async def listen(self, asked: Asked, caller: Caller) -> AsyncGenerator[bytes]:
        """Begin a subscription: the bodies of its events. Who listens is asked anew for each; what they do not see is
        not told. The events raise `api.live.StreamEnded` where one may have been missed, and DomainError."""
        context, _ = await self._context(asked, caller)

        async def renew() -> None:
            context.viewer = (await self._make_context(caller.headers)).viewer
            context.loaders.clear()

        context.renew = renew
        return self._events(context, asked)

    async def _events(self, context: Context, asked: Asked) -> AsyncGenerator[bytes]:
        stream = await _awaited(cast(Any, graphql).subscribe(self._engine.schema, **_given(context, asked)))
        if isinstance(stream, ExecutionResult):
            yield _body(stream, reading=True)
            return
        async with aclosing(stream):
            async for result in stream:
                if result.errors or any(value is not None for value in result.data.values()):
                    yield _body(result, reading=True)

    async def check_caller(self, caller: Caller) -> None:
        """Raise the DomainError that this caller would get."""
        await self._rates.arrive(caller.address)
        await self._make_context(caller.headers)

    async def _context(self, asked: Asked, caller: Caller) -> tuple[Context, Throttle | None]:
        """What the operation is run in, once it is paid for."""
        await self._rates.arrive(caller.address)
        context = await self._make_context(caller.headers)
        account = context.viewer.account_id
        payer = f"guest {caller.address}" if account is None else f"account {account}"
        throttle = await self._rates.spend(payer, asked.cost)
        open_to_caller = self._open_introspection or context.viewer.signed_in
        if not open_to_caller and introspects(asked.document, asked.operation):
            raise BadRequest("Sign in to read the schema.", "UNAUTHENTICATED", 401)
        context.running = Running(self._engine, asked.document, asked.variables)
        return context, throttle

    async def _planned(self, context: Context, operation: OperationDefinitionNode) -> bytes | None:
        """The body of a fully planned operation; None where graphql-core must answer."""
        try:
            return await self._engine.answer(context, operation)
        except RateLimited:
            raise  # in parts it might fit: the bound is on the whole
        except (Refused, DomainError, GraphQLError):
            return None  # a read that is refused is told by graphql-core, with its path: nothing was written

    async def _executed(self, context: Context, asked: Asked) -> tuple[bytes, bool]:
        """The body that graphql-core makes, and whether it is without errors."""
        result = await _awaited(cast(Any, graphql).execute(self._engine.schema, **_given(context, asked)))
        return _body(result, reading=asked.kind is OperationType.QUERY), not result.errors


async def _awaited(found: Any) -> Any:
    return await found if isawaitable(found) else found


def _given(context: Context, asked: Asked) -> dict[str, Any]:
    return {
        "document": asked.document.node,
        "context_value": context,
        "variable_values": asked.parameters.variables,
        "operation_name": asked.parameters.operation_name,
        "hide_suggestions": True,
    }


def _body(result: ExecutionResult, *, reading: bool) -> bytes:
    """The body of what graphql-core found, or the error that ends all of it."""
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        for error in result.errors:
            if error.original_error is not None and _ends_all(error.original_error, reading):
                raise error.original_error
        body["errors"] = [coded(error).formatted for error in result.errors]
    return orjson.dumps(body)


def extensions(cost: int, throttle: Throttle | None) -> bytes:
    """What the operation cost and what the caller has left, as Shopify's API tells it."""
    if throttle is None:
        return b'{"cost":{"requestedQueryCost":%d}}' % cost
    return (
        b'{"cost":{"requestedQueryCost":%d,"throttleStatus":'
        b'{"maximumAvailable":%d,"currentlyAvailable":%d,"restoreRate":%d}}}'
        % (cost, throttle.most, throttle.now, throttle.per_second)
    )


def _ends_all(error: BaseException, reading: bool) -> bool:
    """Whether nothing of the answer is to be shown: there is no database, or a query goes over the daily bound or was
    broken off. A mutation's other parts are told, since they were done."""
    if database_is_away(error):
        return True
    return reading and (isinstance(error, RateLimited) or lost_a_race(error) or took_too_long(error))


def introspects(document: Document, operation: OperationDefinitionNode) -> bool:
    """Whether the operation asks for the schema at its top, itself or by a fragment."""
    left, seen = [operation.selection_set], set[str]()
    while left:
        for node in left.pop().selections:
            if isinstance(node, FieldNode):
                if node.name.value in {"__schema", "__type"}:
                    return True
            elif isinstance(node, InlineFragmentNode):
                left.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                left.append(document.fragments[node.name.value].selection_set)
    return False
