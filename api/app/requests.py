"""What every request gets: an id, a line in the log, safe headers, and a masked answer if all else fails."""

import logging
import re
from collections.abc import Iterable
from http import HTTPStatus
from time import perf_counter

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from api.logs import request_id

logger = logging.getLogger(__name__)

GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
"""Ids of a proxy's making that are taken over as they are: nothing that could forge a line of the log."""
SAFE = {
    b"x-content-type-options": b"nosniff",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
}
"""What answers bear that say nothing else of it: they are data, of which a browser is to make nothing."""
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")
"""For answers that came by https, as a proxy in front says: browsers are to come by nothing else for a year."""
QUIET = {"/healthz", "/readyz", "/metrics"}
"""Asked every few seconds by machines: told in the log only when they fail."""


class RequestMiddleware:
    """Wraps the whole application, without a task or a body of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        number = _given_id(scope) or uuid7().hex
        token = request_id.set(number)
        if scope["type"] == "websocket":
            try:
                await self._app(scope, receive, send)
            finally:
                request_id.reset(token)
            return
        started = perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_ours(message["headers"], scope, status, number)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            logger.exception("Unexpected error %s", number)
            if status:
                raise  # part of an answer has left: the server can only break off
            await _send_masked(sending, number)
        finally:
            _log(scope, status, perf_counter() - started)
            request_id.reset(token)


def _with_ours(
    given: Iterable[tuple[bytes, bytes]], scope: Scope, status: int, number: str
) -> list[tuple[bytes, bytes]]:
    """The headers of a response, with those that it lacks. A browser takes what a 304 says for what it has kept: the
    policy of that stands."""
    headers = list(given)
    present = {name for name, _ in headers}
    if status != HTTPStatus.NOT_MODIFIED:
        headers += [one for one in SAFE.items() if one[0] not in present]
    if scope["scheme"] == "https":
        headers.append(HTTPS_ONLY)
    headers.append((b"x-request-id", number.encode()))
    return headers


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and GIVEN_ID.fullmatch(value):
            return value.decode("ascii")
    return None


def _log(scope: Scope, status: int, seconds: float) -> None:
    path: str = scope["path"]
    if path in QUIET and status == HTTPStatus.OK:
        return
    fields = {"method": scope["method"], "path": path[:200], "status": status, "ms": round(seconds * 1000, 1)}
    logger.info("request", extra={"fields": fields})


async def _send_masked(send: Send, number: str) -> None:
    """Say that it went wrong, and under which id the log tells more, in GraphQL's form."""
    error = {
        "message": "Something went wrong on our side.",
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "id": number},
    }
    body = orjson.dumps({"errors": [error]})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
