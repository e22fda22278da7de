"""Two who listen over WebSockets, and a server that they talk to: what tests of subscriptions say and hear."""

import json
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api import models
from api.auth import DevelopmentIssuer
from api.db import PooledDatabase
from api.services.notifications import notify
from schema.ids import encode_id

LISTEN = """subscription { notificationReceived { id kind readAt event { name }
    request { incoming message person { displayName } } tie { person { displayName } } } }"""
TRANSPORT = Subprotocol("graphql-transport-ws")


class Network:
    """Ana and Ben, and a server that they talk to."""

    def __init__(self, port: int, db: PooledDatabase, issuer: DevelopmentIssuer, accounts: dict[str, Any]) -> None:
        self.port, self.db, self.issuer, self.accounts = port, db, issuer, accounts

    def token(self, name: str, minutes: float = 5) -> str:
        return f"Bearer {self.issuer.token(self.accounts[name].id, timedelta(minutes=minutes))}"

    def gid(self, name: str) -> str:
        return encode_id("Person", self.accounts[name].person_id)

    async def ask(self, name: str, query: str, **variables: Any) -> Any:
        headers = {"authorization": self.token(name)}
        async with httpx.AsyncClient(headers=headers) as client:
            body = {"query": query, "variables": variables}
            answer = (await client.post(f"http://127.0.0.1:{self.port}/graphql", json=body)).json()
        assert "errors" not in answer, answer
        return answer["data"]

    @contextmanager
    def socket(self) -> Generator[ClientConnection]:
        with connect(f"ws://127.0.0.1:{self.port}/graphql", subprotocols=[TRANSPORT]) as socket:
            yield socket

    async def tell(self, name: str) -> str:
        """Notify somebody; the notification's global id."""
        async with self.db.write() as session, session.begin():
            kind = models.NotificationKind.NEW_SUGGESTIONS
            return encode_id("Notification", await notify(session, self.accounts[name].person_id, kind))

    @asynccontextmanager
    async def listening(self, name: str) -> AsyncGenerator[Callable[[], Any]]:
        """Gives what waits for the next event. It listens from the start of the block: nothing says when a subscription
        has begun, so it is told of something until it hears that."""
        with self.socket() as socket:
            begin(socket, self.token(name))
            say(socket, type="subscribe", id="1", payload={"query": LISTEN})

            def following(timeout: float = 20) -> Any:
                message = hear(socket, timeout)
                assert (message["type"], message["id"]) == ("next", "1"), message
                return message["payload"]["data"]["notificationReceived"]

            heard, last = None, ""
            while heard is None:
                last = await self.tell(name)
                with suppress(TimeoutError):
                    heard = following(0.2)
            while heard["id"] != last:
                heard = following()

            def next_one() -> Any:
                return {key: value for key, value in following().items() if key != "id"}

            yield next_one


def say(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def hear(socket: ClientConnection, timeout: float = 20) -> Any:
    return json.loads(socket.recv(timeout=timeout))


def begin(socket: ClientConnection, token: str | None = None) -> None:
    say(socket, type="connection_init", payload={"Authorization": token} if token else None)
    assert hear(socket) == {"type": "connection_ack"}


def closed(socket: ClientConnection) -> tuple[int, str]:
    """The code and reason with which the server closes the socket."""
    with suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=20)
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""
