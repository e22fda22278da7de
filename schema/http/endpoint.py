"""The HTTP side of one path: in which form an operation is answered, with which status, and what may be kept."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from math import ceil

import orjson
from graphql import GraphQLError, OperationType
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.errors import DomainError, NotAllowed, RateLimited, SecondFactorNeeded
from api.measuring.figures import REFUSED
from schema.engine.documents import InvalidDocument
from schema.engine.variables import InvalidVariables
from schema.errors import OVERLOADED, RETRY_SECONDS, coded, note, of_database
from schema.http.failures import UNAVAILABLE, BadRequest, errors_only, refused
from schema.http.negotiation import EVENTS, JSON, RESPONSE_JSON, acceptable
from schema.http.observing import counting_refusals
from schema.http.operations import Answer, Caller, Operations
from schema.http.requests import read_parameters
from schema.http.streams import events

VARY = "Accept, Accept-Language, Authorization, X-Impersonate"
NOT_KEPT = {"cache-control": "no-store"}
STREAMED = NOT_KEPT | {"x-accel-buffering": "no"}
"""nginx would hold events back until it has more of them."""


@dataclass(frozen=True)
class Reply:
    """A response before it has a media type."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: NOT_KEPT)


class GraphQLEndpoint:
    """Answers one path.

    What is wrong with an operation is told with status 400, and 200 to clients that take only `application/json`: so
    the GraphQL-over-HTTP draft has it for clients older than its own media type.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def handle(self, request: Request) -> Response:
        """Answer one request; whatever happens, in GraphQL's own form."""
        accepted = acceptable(request.headers.get("accept"))
        if accepted is None:
            body = errors_only(f"Accept {JSON}, {RESPONSE_JSON} or {EVENTS}.", "BAD_REQUEST")
            return _response(Reply(406, body), JSON)
        try:
            answer = await self._answer(request, streaming=accepted == EVENTS)
        except Exception as error:
            reply = reply_to(error, 200 if accepted == JSON else 400)
            if reply is None:
                raise
            answer = reply
        return _response(answer, JSON if accepted == EVENTS else accepted) if isinstance(answer, Reply) else answer

    async def _answer(self, request: Request, *, streaming: bool) -> Reply | Response:
        with counting_refusals():
            parameters = await read_parameters(request)
        caller = _caller(request)
        asked = await self._operations.find(parameters, caller)
        if request.method != "POST" and asked.kind is not OperationType.QUERY:
            raise BadRequest("Only queries can be sent by GET: use POST.", status=405, headers={"allow": "POST"})
        if streaming:
            return StreamingResponse(await events(self._operations, asked, caller), 200, STREAMED, EVENTS)
        if asked.kind is OperationType.SUBSCRIPTION:
            raise BadRequest(f"Accept {EVENTS} to subscribe, or use a WebSocket.", status=406)
        answer = await self._operations.run(asked, caller)
        if answer.whole and request.method != "POST" and parameters.document_id is not None:
            return _unless_known(request, answer)
        return Reply(200, answer.body)


def _caller(request: Request) -> Caller:
    """Who asks. Of a header that came more than once the first counts, as in Starlette's own, which look through all
    of them for each."""
    return Caller(dict(reversed(request.headers.items())), request.client.host if request.client else "")


def _response(reply: Reply, media_type: str) -> Response:
    return Response(reply.body, reply.status, {**reply.headers, "content-type": f"{media_type}; charset=utf-8"})


def reply_to(error: Exception, wrong: int) -> Reply | None:
    """What is said where an operation could not be run: `wrong` is the status for what is wrong with it. None for what
    nobody expected."""
    match error:
        case BadRequest():
            return Reply(error.status, errors_only(error.message, error.code), NOT_KEPT | error.headers)
        case InvalidDocument() | InvalidVariables():
            return Reply(wrong, orjson.dumps({"errors": [coded(one).formatted for one in error.errors]}))
        case GraphQLError():
            return Reply(wrong, orjson.dumps({"errors": [coded(error).formatted]}))
        case RateLimited():
            wait = max(1, ceil((error.opens_at - datetime.now(UTC)).total_seconds()))
            return Reply(429, refused(error), NOT_KEPT | {"retry-after": str(wait)})
        case NotAllowed():
            return Reply(403, refused(error))
        case DomainError():
            return Reply(401, refused(error), NOT_KEPT | {"www-authenticate": _challenge(error)})
        case _:
            return _of_database(error)


def _of_database(error: Exception) -> Reply | None:
    told = of_database(error)
    if told is None:
        return None
    message, code = told
    note(error, code)
    headers = NOT_KEPT
    if code == OVERLOADED:
        REFUSED.add()
        headers = NOT_KEPT | {"retry-after": str(RETRY_SECONDS)}
    return Reply(UNAVAILABLE, errors_only(message, code), headers)


def _challenge(error: DomainError) -> str:
    """What a client must bring instead, as RFC 6750 and, for a better sign-in, RFC 9470 have it."""
    if not isinstance(error, SecondFactorNeeded):
        return 'Bearer error="invalid_token"'
    wanted = f', acr_values="{" ".join(error.contexts)}"' if error.contexts else ""
    return f'Bearer error="insufficient_user_authentication", error_description="{error.message}"{wanted}'


def _unless_known(request: Request, answer: Answer) -> Reply:
    """The answer to a query that a GET names by its id: a client that has just this answer is told so instead."""
    tag = f'W/"{blake2b(answer.data, digest_size=16).hexdigest()}"'
    headers = {"cache-control": "private, no-cache", "etag": tag, "vary": VARY}
    known = (one.strip() for one in request.headers.get("if-none-match", "").split(","))
    return Reply(304, b"", headers) if tag in known else Reply(200, answer.body, headers)
