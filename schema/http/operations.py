"""What becomes of an operation, however it came: who asks, which document, and who answers: engine or graphql-core."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from inspect import isawaitable
from time import perf_counter
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

from api.access import Viewer
from api.db import database_is_away, lacks_resources, lost_a_race, took_too_long
from api.errors import DomainError, RateLimited
from api.live import StreamEnded
from api.measuring import Tracing
from api.measuring.figures import SUBSCRIPTIONS
from schema.context import Context, Running
from schema.engine.documents import Document
from schema.engine.execution import Engine
from schema.engine.refusals import Refused
from schema.engine.remembering import Remembered
from schema.errors import coded
from schema.http.admission import Admission, Room
from schema.http.failures import BadRequest, code_in
from schema.http.observing import OK, Observation, counting_refusals
from schema.http.persisted import PersistedDocuments
from schema.http.rates import Rates, Throttle
from schema.http.requests import Parameters
from schema.limits.costs import check_cost

CHARACTERS_PARSED = 10
"""So many of a document that is not known yet are parsed and validated for the price of one object."""
MakeContext = Callable[[Mapping[str, str]], Awaitable[Context]]
"""Tells by the headers who is asking. It may raise `api.errors.NotSignedIn` and `NotAllowed`."""


@dataclass(frozen=True)
class Caller:
    """What is known of who asks before anybody is looked up."""

    headers: Mapping[str, str] = field(repr=False)
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
    began: float
    """When it was begun to be read, by the clock that counts from nowhere."""

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
    code: str
    """That of its first error; OK without one."""

    @property
    def whole(self) -> bool:
        """Whether it is without errors."""
        return self.code == OK

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
        tracing: Tracing | None,
        open_introspection: bool,
        max_operation_cost: int,
        streams_at_once: int,
    ) -> None:
        self._engine = engine
        self._make_context = make_context
        self._persisted = persisted
        self._admission = admission
        self._rates = rates
        self._tracing = tracing
        self._open_introspection = open_introspection
        self._max_operation_cost = max_operation_cost
        self._room = Room(streams_at_once, SUBSCRIPTIONS)

    async def find(self, parameters: Parameters, caller: Caller) -> Asked:
        """What is asked for. The address pays for the asking, also where nothing comes of it. Raises BadRequest,
        InvalidDocument, InvalidVariables, GraphQLError or RateLimited."""
        began = perf_counter()
        with counting_refusals():
            await self._rates.arrive(caller.address)
            source = await self._persisted.source(parameters)
            document = self._engine.documents.remembered(source)
            if document is None:
                await self._rates.arrive(caller.address, len(source) // CHARACTERS_PARSED)
                document = self._engine.documents.read(source)
            self._persisted.remember(parameters)
            operation = document.operation(parameters.operation_name)
            variables = document.variables_of(operation, self._engine.schema).read(parameters.variables)
            cost = document.cost_of(operation, self._engine.schema).at(variables.coerced)
            check_cost(cost, self._max_operation_cost)
        return Asked(document, operation, parameters, variables, cost, began)

    async def run(self, asked: Asked, caller: Caller) -> Answer:
        """The answer to a query or mutation."""
        with self._observed(asked, caller) as observation:
            async with self._admission:
                context, throttle = await self._context(asked, caller)
                planned = await self._planned(context, asked.operation)
                body, code = (planned, OK) if planned is not None else await self._executed(context, asked)
            observation.code = code
        return Answer(body, extensions(asked.cost, throttle), code)

    async def listen(self, asked: Asked, caller: Caller) -> AsyncGenerator[bytes]:
        """Begin a subscription: the bodies of its events. Who listens is asked anew for each; what they do not see is
        not told. The events raise `api.live.StreamEnded` where one may have been missed, and DomainError."""
        with self._observed(asked, caller):
            context, _ = await self._context(asked, caller)
            context.renew = self._renewal(context, asked, caller)
            events = self._events(context, asked, caller)
            await anext(events)  # it has begun, and so notices its end, though nobody should ask for an event
        return events

    def _renewal(self, context: Context, asked: Asked, caller: Caller) -> Callable[[], Awaitable[None]]:
        listener = context.viewer.person_id

        async def renew() -> None:
            context.viewer = (await self._make_context(caller.headers)).viewer
            context.loaders.clear()
            if context.viewer.person_id != listener:
                raise StreamEnded  # the events are of another person
            await self._rates.spend(payer(context.viewer, caller), asked.cost)

        return renew

    async def _events(self, context: Context, asked: Asked, caller: Caller) -> AsyncGenerator[bytes]:
        """The bodies, after an empty one when there is room for it."""
        with self._room.one(caller.address):
            yield b""
            stream = await _awaited(cast(Any, graphql).subscribe(self._engine.schema, **_given(context, asked)))
            if isinstance(stream, ExecutionResult):
                yield _body(stream, reading=True)[0]
                return
            async with aclosing(stream):
                async for result in stream:
                    if result.errors or any(value is not None for value in result.data.values()):
                        yield _body(result, reading=True)[0]

    @property
    def caches(self) -> Mapping[str, Remembered[Any]]:
        """What is remembered of documents, by what it is."""
        return {
            "documents": self._engine.documents.known,
            "plans": self._engine.plans,
            "persisted": self._persisted.known,
        }

    async def check_caller(self, caller: Caller) -> None:
        """Raise the DomainError that this caller would get."""
        await self._rates.arrive(caller.address)
        await self._make_context(caller.headers)

    async def _context(self, asked: Asked, caller: Caller) -> tuple[Context, Throttle | None]:
        """What the operation is run in, once it is paid for."""
        context = await self._make_context(caller.headers)
        throttle = await self._rates.spend(payer(context.viewer, caller), asked.cost)
        open_to_caller = self._open_introspection or context.viewer.signed_in
        if not open_to_caller and introspects(asked.document, asked.operation):
            raise BadRequest("Sign in to read the schema.", "UNAUTHENTICATED", 401, {"www-authenticate": "Bearer"})
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

    async def _executed(self, context: Context, asked: Asked) -> tuple[bytes, str]:
        """The body that graphql-core makes, and the code of its first error."""
        result = await _awaited(cast(Any, graphql).execute(self._engine.schema, **_given(context, asked)))
        return _body(result, reading=asked.kind is OperationType.QUERY)

    def _observed(self, asked: Asked, caller: Caller) -> Observation:
        name = asked.operation.name
        return Observation(
            asked.kind.value, None if name is None else name.value, asked.began, self._tracing, caller.headers
        )


def payer(viewer: Viewer, caller: Caller) -> str:
    """Whose bucket an operation is taken from. Whoever looks through somebody's eyes does not use up what is theirs."""
    if viewer.impersonation is not None:
        return f"impersonation {viewer.impersonation}"
    return f"guest {caller.address}" if viewer.account_id is None else f"account {viewer.account_id}"


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


def _body(result: ExecutionResult, *, reading: bool) -> tuple[bytes, str]:
    """The body of what graphql-core found, with the code of its first error; or the error that ends all of it."""
    if not result.errors:
        return orjson.dumps({"data": result.data}), OK
    whole = reading or not any(value is not None for value in (result.data or {}).values())
    for error in result.errors:
        if error.original_error is not None and _ends_all(error.original_error, reading=reading, whole=whole):
            raise error.original_error
    told = [coded(error) for error in result.errors]
    body = {"data": result.data, "errors": [error.formatted for error in told]}
    return orjson.dumps(body), code_in(told[0])


def extensions(cost: int, throttle: Throttle | None) -> bytes:
    """What the operation cost and what the caller has left, as Shopify's API tells it."""
    if throttle is None:
        return b'{"cost":{"requestedQueryCost":%d}}' % cost
    return (
        b'{"cost":{"requestedQueryCost":%d,"throttleStatus":'
        b'{"maximumAvailable":%d,"currentlyAvailable":%d,"restoreRate":%d}}}'
        % (cost, throttle.most, throttle.now, throttle.per_second)
    )


def _ends_all(error: BaseException, *, reading: bool, whole: bool) -> bool:
    """Whether nothing of the answer is to be shown: there is no database for it, or a query goes over the daily bound
    or was broken off. The parts of a mutation that were done are told: `whole` says that there are none."""
    if database_is_away(error) or lacks_resources(error):
        return whole
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
