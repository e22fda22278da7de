"""Answers one path: lets the engine answer what is fully planned, and hands the rest to graphql-core."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from inspect import isawaitable
from typing import Any, cast

import graphql
import orjson
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
)
from starlette.requests import Request
from starlette.responses import Response

from api.db import lost_a_race, took_too_long
from api.errors import DomainError, NotAllowed, RateLimited
from schema.context import Context, Running
from schema.engine.documents import Document, Documents, InvalidDocument
from schema.engine.execution import Engine
from schema.engine.refusals import Refused
from schema.engine.variables import InvalidVariables
from schema.errors import coded
from schema.http.admission import Admission
from schema.http.failures import BadRequest, database_is_away, errors_only, refused, unavailable
from schema.http.negotiation import JSON, acceptable
from schema.http.persisted import PersistedDocuments
from schema.http.requests import Parameters, read_parameters

STATUS = {RateLimited.code: 429, NotAllowed.code: 403}
"""Of requests that are refused as a whole; 401 for all others."""
VARY = "Accept, Authorization, X-Impersonate"
NOT_KEPT = {"cache-control": "no-store"}

MakeContext = Callable[[Request], Awaitable[Context]]


@dataclass(frozen=True)
class Reply:
    """A response before it has a media type."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: NOT_KEPT)


class GraphQLEndpoint:
    """Answers one path. `make_context` tells who is asking; it may raise `api.errors.NotSignedIn` and `NotAllowed`.

    What is wrong with an operation is told with status 400, and 200 to clients that take only `application/json`: so
    the GraphQL-over-HTTP draft has it for clients older than its own media type.
    """

    def __init__(
        self,
        engine: Engine,
        make_context: MakeContext,
        persisted: PersistedDocuments,
        admission: Admission,
        *,
        open_introspection: bool,
    ) -> None:
        self._engine = engine
        self._make_context = make_context
        self._persisted = persisted
        self._admission = admission
        self._open_introspection = open_introspection
        self._documents = Documents(engine.schema)

    async def handle(self, request: Request) -> Response:
        """Answer one request; whatever happens, in GraphQL's own form."""
        media_type = acceptable(request.headers.get("accept"))
        if media_type is None:
            reply = Reply(406, errors_only(f"Accept {JSON} or application/graphql-response+json.", "BAD_REQUEST"))
        else:
            reply = await self._reply(request, 200 if media_type == JSON else 400)
        headers = {**reply.headers, "content-type": f"{media_type or JSON}; charset=utf-8"}
        return Response(reply.body, reply.status, headers)

    async def _reply(self, request: Request, wrong: int) -> Reply:
        """The answer, or what is the matter: `wrong` is the status for what is wrong with an operation."""
        try:
            return await self._answer(request)
        except BadRequest as bad:
            return Reply(bad.status, errors_only(bad.message, bad.code), NOT_KEPT | bad.headers)
        except (InvalidDocument, InvalidVariables) as invalid:
            return Reply(wrong, orjson.dumps({"errors": [coded(error).formatted for error in invalid.errors]}))
        except GraphQLError as error:
            return Reply(wrong, orjson.dumps({"errors": [coded(error).formatted]}))
        except DomainError as error:
            return Reply(STATUS.get(error.code, 401), refused(error))
        except Exception as error:
            told = unavailable(error)
            if told is None:
                raise
            return Reply(503, told)

    async def _answer(self, request: Request) -> Reply:
        parameters = await read_parameters(request)
        document = self._documents.get(await self._persisted.source(parameters))
        self._persisted.remember(parameters)
        operation = document.operation(parameters.operation_name)
        if request.method != "POST" and operation.operation is not OperationType.QUERY:
            raise BadRequest("Only queries can be sent by GET: use POST.", status=405, headers={"allow": "POST"})
        async with self._admission:
            return await self._admitted(request, document, parameters, operation)

    async def _admitted(
        self, request: Request, document: Document, parameters: Parameters, operation: OperationDefinitionNode
    ) -> Reply:
        context = await self._make_context(request)
        if not (self._open_introspection or context.viewer.signed_in) and introspects(document, operation):
            raise BadRequest("Sign in to read the schema.", "UNAUTHENTICATED", 401)
        variables = document.variables_of(operation, self._engine.schema).read(parameters.variables)
        context.running = Running(self._engine, document, variables)
        body, whole = await self._planned(context, operation), True
        if body is None:
            body, whole = await self._executed(context, document, parameters, operation)
        if whole and request.method != "POST" and parameters.document_id is not None:
            return _unless_known(request, body)
        return Reply(200, body)

    async def _planned(self, context: Context, operation: OperationDefinitionNode) -> bytes | None:
        """The body of a fully planned operation; None where graphql-core must answer."""
        try:
            return await self._engine.answer(context, operation)
        except RateLimited:
            raise  # in parts it might fit: the bound is on the whole
        except (Refused, DomainError, GraphQLError):
            return None  # a read that is refused is told by graphql-core, with its path: nothing was written

    async def _executed(
        self, context: Context, document: Document, parameters: Parameters, operation: OperationDefinitionNode
    ) -> tuple[bytes, bool]:
        """The body that graphql-core makes, and whether it is without errors."""
        reading = operation.operation is OperationType.QUERY
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
        return orjson.dumps(body), not result.errors


def _unless_known(request: Request, body: bytes) -> Reply:
    """The answer to a query that a GET names by its id: a client that has just this answer is told so instead."""
    tag = f'W/"{blake2b(body, digest_size=16).hexdigest()}"'
    headers = {"cache-control": "private, no-cache", "etag": tag, "vary": VARY}
    known = (one.strip() for one in request.headers.get("if-none-match", "").split(","))
    return Reply(304, b"", headers) if tag in known else Reply(200, body, headers)


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
