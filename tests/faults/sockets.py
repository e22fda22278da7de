"""WebSockets of clients that listen, one by one: what is said on them, and how they are closed."""

import json
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.api.servers import Server

TRANSPORT = Subprotocol("graphql-transport-ws")
LISTEN = "subscription { notificationReceived { kind } }"
ACKNOWLEDGED = {"type": "connection_ack"}


def opening(token: str) -> str:
    """The first message of somebody who signs in."""
    return json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})


def subscribing() -> str:
    """The message that asks to be told."""
    return json.dumps({"type": "subscribe", "id": "1", "payload": {"query": LISTEN}})


@contextmanager
def socket_of(server: Server, token: str) -> Generator[ClientConnection]:
    """A socket on which the first message was sent."""
    with connect(f"ws://127.0.0.1:{server.port}/graphql", subprotocols=[TRANSPORT]) as socket:
        socket.send(opening(token))
        yield socket


def hear(socket: ClientConnection) -> Any:
    """The next message."""
    return json.loads(socket.recv(timeout=30))


def closed(socket: ClientConnection) -> int | None:
    """The code with which the server closes the socket."""
    with suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=30)
    return socket.close_code
