"""What a client may send before its request is whole, and for how long, on real connections."""

import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.serving.protocol import BoundedProtocol
from tests.api.servers import serving_here

pytestmark = [pytest.mark.real, pytest.mark.timeout(60)]
GET = b"GET / HTTP/1.1\r\nhost: test\r\n"
POST = b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 400000\r\n\r\n"


async def answer(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


class Hasty(BoundedProtocol):
    """One that waits half a second, so that the test need not wait longer."""

    request_seconds = 0.5


@contextmanager
def server(protocol: type[BoundedProtocol]) -> Generator[Callable[[], socket.socket]]:
    """Gives what connects to it."""

    def app() -> Starlette:
        return Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])

    with serving_here(app, http=protocol, timeout_keep_alive=1) as port:
        yield lambda: socket.create_connection(("127.0.0.1", port), timeout=20)


def said(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    found = b""
    while chunk := connection.recv(100_000):
        found += chunk
    return found


def test_headers_without_end_are_refused_and_not_kept():
    with server(BoundedProtocol) as connect:
        for filler in (b"x-one: 1\r\n" * 10_000, b"x: " + b"a" * 1_000_000):
            with connect() as connection:
                try:
                    connection.sendall(GET + filler)
                    assert said(connection).startswith(b"HTTP/1.1 431 ")
                except ConnectionError:
                    pass  # closed while we were still talking


@pytest.mark.parametrize(
    "part", [b"", b"GET", GET, POST, POST + b"x" * 1000, GET + b"\r\n" + GET], ids=lambda part: f"{len(part)} bytes"
)
def test_what_never_becomes_a_request_is_closed(part: bytes):
    with server(Hasty) as connect, connect() as connection:
        connection.sendall(part)
        assert b"HTTP/1.1 5" not in said(connection)


def test_a_request_in_pieces_is_answered_and_the_connection_kept():
    with server(Hasty) as connect, connect() as connection:
        for _ in range(3):
            connection.sendall(POST[:20])
            connection.sendall(POST[20:])
            for _ in range(4):
                connection.sendall(b"x" * 100_000)
            found = b""
            while not found.endswith(b"400000"):
                found += connection.recv(100_000)
            assert found.startswith(b"HTTP/1.1 200 ")
