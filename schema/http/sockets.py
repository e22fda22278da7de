"""Operations over a WebSocket, as the graphql-transport-ws protocol has them: any number beside one another."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from typing import Any, cast

import orjson
from graphql import OperationType
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected, WebSocketState

from api.errors import DomainError
from api.live import StreamEnded
from api.measuring.figures import SOCKETS
from schema.http.admission import Room
from schema.http.endpoint import reply_to
from schema.http.failures import UNAVAILABLE, BadRequest
from schema.http.observing import counting_refusals
from schema.http.operations import Caller, Operations
from schema.http.requests import check_parameters

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 3.0
MOST_OPERATIONS = 50
"""Of one socket at the same time."""
CREDENTIALS = ("authorization", "x-impersonate")
GIVEN = (*CREDENTIALS, "accept-language")
"""What `connection_init` may say of the headers: a browser cannot send any with a WebSocket."""
INVALID, UNAUTHORIZED, FORBIDDEN, TOO_SLOW, EXISTS, TOO_MANY = 4400, 4401, 4403, 4408, 4409, 4429
RESTART, UNEXPECTED, LATER = 1012, 1011, 1013
"""Of all WebSockets. Clients come again by themselves after the first and the last."""


MOST_OF_REASON = 120
"""Bytes: a control frame holds 125."""


class Refused(Exception):
    """The socket is closed, with a code of the protocol."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class GraphQLSockets:
    """Answers the WebSockets of one path."""

    def __init__(self, operations: Operations, most: int) -> None:
        self._operations, self._room = operations, Room(most, SOCKETS)

    async def handle(self, websocket: WebSocket) -> None:
        """Serve one socket to its end."""
        if PROTOCOL not in websocket.scope["subprotocols"]:
            await websocket.close()
            return
        try:
            with self._room.one(websocket.client.host if websocket.client else ""):
                await self._serve(websocket)
        except BadRequest as full:
            await websocket.send_denial_response(PlainTextResponse(full.message, full.status, full.headers))

    async def _serve(self, websocket: WebSocket) -> None:
        await websocket.accept(PROTOCOL)
        connection = _Connection(websocket, self._operations)
        try:
            await connection.serve()
        except (WebSocketDisconnect, WebSocketDisconnected):
            pass
        except Refused as refused:
            await connection.close(refused.code, refused.reason)
        finally:
            await connection.stop()


class _Connection:
    """One socket, and what runs on it by the client's own ids."""

    def __init__(self, websocket: WebSocket, operations: Operations) -> None:
        self._websocket, self._operations = websocket, operations
        self._running: dict[str, asyncio.Task[None]] = {}
        self._caller: Caller | None = None

    async def serve(self) -> None:
        """Take messages until the client goes or breaks the protocol."""
        until = asyncio.get_running_loop().time() + INIT_SECONDS
        while self._caller is None:
            try:
                async with asyncio.timeout_at(until):
                    message = await self._receive()
            except TimeoutError:
                raise Refused(TOO_SLOW, "Connection initialisation timeout") from None
            await self._take(message)
        while True:
            await self._take(await self._receive())

    async def stop(self) -> None:
        """Break off whatever runs."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self, code: int, reason: str) -> None:
        """Close the socket, unless the client has."""
        if self._websocket.application_state is WebSocketState.CONNECTED:
            with suppress(RuntimeError, WebSocketDisconnect):
                await self._websocket.close(code, reason.encode()[:MOST_OF_REASON].decode(errors="ignore"))

    async def _receive(self) -> dict[str, Any]:
        try:
            message = orjson.loads(await self._websocket.receive_text())
        except (KeyError, orjson.JSONDecodeError):
            raise Refused(INVALID, "Invalid message received") from None
        if not isinstance(message, dict):
            raise Refused(INVALID, "Invalid message received")
        return cast(dict[str, Any], message)

    async def _take(self, message: dict[str, Any]) -> None:
        match message:
            case {"type": "connection_init"}:
                await self._begin(message.get("payload"))
            case {"type": "ping"}:
                await self._send(b'{"type":"pong"}')
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(name), "payload": payload} if name and isinstance(payload, dict):
                self._subscribe(name, cast(dict[str, Any], payload))
            case {"type": "complete", "id": str(name)}:
                if task := self._running.pop(name, None):
                    task.cancel()
            case _:
                raise Refused(INVALID, "Invalid message received")

    async def _begin(self, payload: Any) -> None:
        if self._caller is not None:
            raise Refused(TOO_MANY, "Too many initialisation requests")
        if payload is not None and not isinstance(payload, dict):
            raise Refused(INVALID, "Invalid message received")
        client = self._websocket.client
        headers = _headers(self._websocket.headers, cast(dict[str, Any], payload or {}))
        caller = Caller(headers, client.host if client else "")
        try:
            await self._operations.check_caller(caller)
        except DomainError as error:
            raise Refused(FORBIDDEN, error.message[:100]) from None
        except Exception as error:
            reply = reply_to(error, 200)
            if reply is None or reply.status != UNAVAILABLE:
                raise
            raise Refused(LATER, "Try again later") from None
        self._caller = caller
        await self._send(b'{"type":"connection_ack"}')

    def _subscribe(self, name: str, payload: dict[str, Any]) -> None:
        if self._caller is None:
            raise Refused(UNAUTHORIZED, "Unauthorized")
        if name in self._running:
            raise Refused(EXISTS, f"Subscriber for {name[:80]} already exists")
        if len(self._running) >= MOST_OPERATIONS:
            raise Refused(TOO_MANY, "Too many operations")
        self._running[name] = asyncio.create_task(self._run(name, payload, self._caller))

    async def _run(self, name: str, payload: dict[str, Any], caller: Caller) -> None:
        """One operation from its beginning to its `complete` or `error`."""
        listens = False
        try:
            with counting_refusals():
                parameters = check_parameters(payload)
            asked = await self._operations.find(parameters, caller)
            listens = asked.kind is OperationType.SUBSCRIPTION
            if listens:
                async with aclosing(await self._operations.listen(asked, caller)) as bodies:
                    async for body in bodies:
                        await self._tell("next", name, body)
            else:
                answer = await self._operations.run(asked, caller)
                await self._tell("next", name, answer.body)
            self._ended(name)
            await self._tell("complete", name)
        except WebSocketDisconnect:
            pass  # `serve` finds out by itself
        except StreamEnded:
            await self._restart()
        except Exception as error:
            self._ended(name)
            reply = reply_to(error, 200)
            if reply is None:
                await self.close(UNEXPECTED, "Something went wrong on our side")
                raise
            if listens and reply.status == UNAVAILABLE and not isinstance(error, BadRequest):
                await self._restart()
            else:
                with suppress(WebSocketDisconnect):
                    await self._tell("error", name, orjson.dumps(orjson.loads(reply.body)["errors"]))

    def _ended(self, name: str) -> None:
        """The id is free, unless the client has used it again after a `complete` of its own."""
        if self._running.get(name) is asyncio.current_task():
            del self._running[name]

    async def _restart(self) -> None:
        """Let the client listen anew, which it would not do after an error of its subscription."""
        await self.close(RESTART, "Something may have been missed: listen anew")

    async def _tell(self, kind: str, name: str, payload: bytes | None = None) -> None:
        rest = b"" if payload is None else b',"payload":' + payload
        await self._send(b'{"type":"' + kind.encode() + b'","id":' + orjson.dumps(name) + rest + b"}")

    async def _send(self, message: bytes) -> None:
        if self._websocket.application_state is WebSocketState.CONNECTED:
            await self._websocket.send_text(message.decode())


def _headers(sent: Mapping[str, str], payload: dict[str, Any]) -> dict[str, str]:
    """What tells who is asking: of the handshake, unless the first message says otherwise. Browsers send no such header
    with a handshake: where one names its page, a proxy has added it, whatever the page is."""
    said = {name.lower(): value for name, value in payload.items()}
    of_handshake = {name: value for name, value in sent.items() if "origin" not in sent or name not in CREDENTIALS}
    found: dict[str, Any] = {name: said[name] if name in said else of_handshake.get(name) for name in GIVEN}
    if not all(value is None or isinstance(value, str) for value in found.values()):
        raise Refused(INVALID, "Invalid message received")
    return {name: value for name, value in found.items() if value is not None}
