"""Load on one server: so many connections, each sending its next request when the last is answered.

Written for this: `wrk` is in nothing that pip or npm installs, and what they do install counts whole milliseconds.
"""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
HEAD_END = b"\r\n\r\n"
FAILED = b'"errors"'
PATIENCE_SECONDS = 120.0
"""How long the last answers of a round may take."""


@dataclass(frozen=True)
class Request:
    """One request in the bytes that are sent."""

    raw: bytes

    @classmethod
    def post(cls, path: str, body: bytes, token: str) -> "Request":
        """A POST of JSON with a bearer token."""
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: application/json\r\n"
            f"authorization: Bearer {token}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return cls(head.encode() + body)


class Failed(Exception):
    """A server answered with something else than what was asked."""


@dataclass
class Round:
    """What one round found."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list[float])
    """Seconds, one per answer."""


class _Connection(asyncio.Protocol):
    """One connection: sends its requests in turn, around and around, until it is told to stop."""

    def __init__(
        self, requests: Sequence[Request], found: Round, least: int, done: Callable[[Exception | None], None]
    ) -> None:
        self._requests, self._found, self._done = requests, found, done
        self._next, self._left = 0, least
        self._sent_at = 0.0
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None
        self.stopping = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast(asyncio.WriteTransport, transport)
        self._send(self._transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._buffer += data
        head = self._buffer.find(HEAD_END)
        if head < 0:
            return
        length = LENGTH.search(self._buffer, 0, head)
        if length is None:
            self._end(Failed(f"An answer without a length: {self._buffer[:300]!r}"))
            return
        if len(self._buffer) < head + len(HEAD_END) + int(length[1]):
            return
        self._found.latencies.append(time.perf_counter() - self._sent_at)
        if b" 200 " not in self._buffer[:16] or FAILED in self._buffer:
            self._end(Failed(f"A request failed: {self._buffer[:2000]!r}"))
            return
        self._buffer = b""
        self._left -= 1
        if (self.stopping and self._left <= 0) or self._transport is None:
            self._end(None)
        else:
            self._send(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._done(exc or Failed("The server closed a connection."))

    def _send(self, transport: asyncio.WriteTransport) -> None:
        request = self._requests[self._next]
        self._next = (self._next + 1) % len(self._requests)
        self._sent_at = time.perf_counter()
        transport.write(request.raw)

    def _end(self, error: Exception | None) -> None:
        self._done(error)
        if self._transport is not None:
            self._transport.close()


async def drive(port: int, requests: Sequence[Sequence[Request]], seconds: float, *, all_once: bool = False) -> Round:
    """One connection for each list of requests, for so many seconds; `all_once`: until each was sent at least once.

    Raises Failed at the first wrong answer.
    """
    loop = asyncio.get_running_loop()
    found, ended = Round(), [loop.create_future() for _ in requests]

    def told(future: asyncio.Future[None]) -> Callable[[Exception | None], None]:
        def done(error: Exception | None) -> None:
            if not future.done():
                future.set_exception(error) if error else future.set_result(None)

        return done

    started = time.perf_counter()
    connections = [
        (
            await loop.create_connection(
                partial(_Connection, one, found, len(one) if all_once else 0, told(future)), "127.0.0.1", port
            )
        )[1]
        for one, future in zip(requests, ended, strict=True)
    ]
    await asyncio.wait(ended, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    found.seconds = time.perf_counter() - started
    for connection in connections:
        connection.stopping = True
    await asyncio.wait_for(asyncio.gather(*ended), PATIENCE_SECONDS)
    return found
