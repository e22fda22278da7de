"""GraphQL over HTTP: reads the request, lets the engine answer what is fully planned, hands the rest to Strawberry."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast

import graphql
import orjson
from graphql import GraphQLError, OperationDefinitionNode, OperationType
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as SqlTimeout
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.db import lost_a_race
from api.errors import DomainError, NotAllowed, RateLimited
from schema.context import Context, Running
from schema.engine.documents import Document, Documents, InvalidDocument
from schema.engine.execution import Engine
from schema.engine.refusals import Refused
from schema.engine.variables import InvalidVariables
from schema.errors import RACE_LOST, TRY_AGAIN, coded
from schema.limits.costs import check_cost

log = logging.getLogger(__name__)

MAX_BODY = 1_000_000
JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
STATUS = {RateLimited.code: 429, NotAllowed.code: 403}
"""Of requests that are refused as a whole; 401 for all others."""

MakeContext = Callable[[Request], Awaitable[Context]]


class BadRequest(Exception):
    """The request is not one of GraphQL."""

    def __init__(self, message: str, code: str = "BAD_REQUEST", status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Parameters:
    """What a GraphQL request says."""

    query: str
    operation_name: str | None
    variables: dict[str, Any]


class GraphQLEndpoint:
    """Answers one path. `make_context` tells who is asking; it may raise `api.errors.NotSignedIn` and `NotAllowed`."""

    def __init__(
        self, engine: Engine, make_context: MakeContext, *, open_introspection: bool, max_operation_cost: int
    ) -> None:
        self._engine = engine
        self._make_context = make_context
        self._open_introspection = open_introspection
        self._max_operation_cost = max_operation_cost
        self._documents = Documents(engine.schema)

    async def handle(self, request: Request) -> Response:
        """Answer one request; whatever happens, in GraphQL's own form."""
        media_type = RESPONSE_JSON if RESPONSE_JSON in request.headers.get("accept", "") else JSON
        try:
            status, body = 200, await self._answer(request)
        except BadRequest as bad:
            status, body = bad.status, errors_only(bad.message, bad.code)
        except InvalidDocument as invalid:
            status = 400
            body = orjson.dumps({"errors": [error.formatted for error in invalid.errors]})
        except InvalidVariables as invalid:
            status, body = 400, orjson.dumps({"errors": [coded(error).formatted for error in invalid.errors]})
        except GraphQLError as error:
            status, body = 400, orjson.dumps({"errors": [coded(error).formatted]})
        except DomainError as error:
            status, body = STATUS.get(error.code, 401), refused(error)
        except Exception as error:
            told = unavailable(error)
            if told is None:
                raise
            status, body = 503, told
        return Response(body, status, {"cache-control": "no-store"}, media_type)

    async def _answer(self, request: Request) -> bytes:
        parameters = await read_parameters(request)
        document = self._documents.get(parameters.query)
        operation = document.operation(parameters.operation_name)
        if request.method == "GET" and operation.operation is not OperationType.QUERY:
            raise BadRequest("Only queries can be sent by GET: use POST.", "BAD_REQUEST", 405)
        variables = document.variables_of(operation, self._engine.schema).read(parameters.variables)
        cost = document.cost_of(operation, self._engine.schema).at(variables.coerced)
        check_cost(cost, self._max_operation_cost)
        context = await self._make_context(request)
        if not (self._open_introspection or context.viewer.signed_in) and introspects(operation):
            raise BadRequest("Sign in to read the schema.", "UNAUTHENTICATED", 401)
        context.running = Running(self._engine, document, variables)
        try:
            planned = await self._engine.answer(context, operation)
        except RateLimited:
            raise  # in parts it might fit: the bound is on the whole
        except (Refused, DomainError, GraphQLError):
            planned = None  # a read that is refused is told by graphql-core, with its path: nothing was written
        if planned is not None:
            return with_extensions(planned, cost)
        reading = operation.operation is OperationType.QUERY
        return with_extensions(await self._execute(context, document, parameters, reading), cost)

    async def _execute(self, context: Context, document: Document, parameters: Parameters, reading: bool) -> bytes:
        running: Any = cast(Any, graphql).execute(
            self._engine.schema,
            document.node,
            context_value=context,
            variable_values=parameters.variables,
            operation_name=parameters.operation_name,
        )
        result = await running if isawaitable(running) else running
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            for error in result.errors:
                if error.original_error is not None and _ends_all(error.original_error, reading):
                    raise error.original_error
            body["errors"] = [coded(error).formatted for error in result.errors]
        return orjson.dumps(body)


def with_extensions(body: bytes, cost: int) -> bytes:
    """The answer, which is a JSON object, with what it cost as its last member."""
    return b'%b,"extensions":{"cost":{"requestedQueryCost":%d}}}' % (memoryview(body)[:-1], cost)


def errors_only(message: str, code: str) -> bytes:
    """A body for a request that was not run."""
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})


def unavailable(error: Exception) -> bytes | None:
    """A body for a request that may succeed later; None if the error says nothing of the kind."""
    if lost_a_race(error):
        log.warning("A transaction was broken off for the sake of another")
        return errors_only(RACE_LOST, TRY_AGAIN)
    if not database_is_away(error):
        return None
    log.warning("The database cannot be reached: %s", type(error).__name__)
    return errors_only("The database cannot be reached. Try again in a moment.", "SERVICE_UNAVAILABLE")


def refused(error: DomainError) -> bytes:
    """A body for a request that may not be answered."""
    return orjson.dumps({"errors": [{"message": error.message, "extensions": error.details}]})


def _ends_all(error: BaseException, reading: bool) -> bool:
    """Whether nothing of the answer is to be shown: there is no database, or a query goes over the daily bound or was
    broken off. A mutation's other parts are told, since they were done."""
    return database_is_away(error) or (reading and (isinstance(error, RateLimited) or lost_a_race(error)))


def database_is_away(error: BaseException) -> bool:
    """Whether the error says that there is no database to talk to now."""
    if lost_a_race(error):
        return False
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error.orig, OperationalError)
    return isinstance(error, OperationalError | PoolTimeout | SqlTimeout)


def introspects(operation: OperationDefinitionNode) -> bool:
    """Whether the operation asks for the schema at its top."""
    names = (getattr(getattr(node, "name", None), "value", "") for node in operation.selection_set.selections)
    return any(name in {"__schema", "__type"} for name in names)


async def read_parameters(request: Request) -> Parameters:
    """What the request asks. Raises BadRequest for anything that is no GraphQL request."""
    if request.method == "GET":
        return check_parameters(
            {
                "query": request.query_params.get("query"),
                "operationName": request.query_params.get("operationName"),
                "variables": _parse(request.query_params.get("variables", "null").encode(), "variables"),
            }
        )
    if request.method != "POST":
        raise BadRequest("Use POST.", "BAD_REQUEST", 405)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise BadRequest(f"Send the request as {JSON}.", "BAD_REQUEST", 415)
    return check_parameters(_parse(await read_body(request), "body"))


async def read_body(request: Request) -> bytes:
    """The body, up to the limit."""
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MAX_BODY:
                raise BadRequest(f"The request is larger than {MAX_BODY} bytes.", "BAD_REQUEST", 413)
            chunks.append(chunk)
    except ClientDisconnect:
        raise BadRequest("The client went away.") from None
    return b"".join(chunks)


def _parse(raw: bytes, what: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The {what} is not JSON in UTF-8: {error.msg} at character {error.pos}.") from None


def check_parameters(body: Any) -> Parameters:
    """The parts of a request, each of its type."""
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object with the key query.")
    members = cast(dict[str, Any], body)
    query, name, variables = members.get("query"), members.get("operationName"), members.get("variables")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("query is missing: send the GraphQL document as a string.")
    if name is not None and not isinstance(name, str):
        raise BadRequest("operationName must be a string.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest("variables must be an object.")
    return Parameters(query, name or None, cast(dict[str, Any], variables or {}))
