"""Connections for planned reads, asked through libpq itself: a short statement then costs a fifth of a cursor's CPU.

psycopg connects, encodes and decodes, but its cursors wait by adding and removing a watcher of the socket for every
statement. Here a watcher stays with its connection, and statements stay prepared.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from psycopg import AsyncConnection, OperationalError, errors
from psycopg.abc import Buffer
from psycopg.adapt import Loader, PyFormat, Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult
from psycopg_pool import PoolTimeout

from api.measuring import Statement

IDLE_SECONDS = 2.0
"""A connection that was idle for longer is tried before it is used: the server may be gone without a word."""
LOOK_SECONDS = 1.0
"""Whoever waits looks so often whether something came unnoticed: uvloop watches a socket no more once its other end was
closed with our statement unread, though there may be more to read than it told of."""
MOST_PREPARED = 100
"""Statements kept prepared on each connection."""
OPTIONS = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "timezone": "UTC",
        "jit": "off",  # compiling a read takes longer than running it
        "hnsw.iterative_scan": "relaxed_order",  # until the filter has let enough rows pass
        "hnsw.ef_search": 200,
        "hnsw.max_scan_tuples": 20_000,
        "client_connection_check_interval": "1s",  # what is broken off goes on no longer
    }.items()
)
"""What every connection of the application is set to."""
SUCCESSES = {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}


class NoneFree(PoolTimeout):
    """All connections are in use, and were for as long as one waits."""


class RawJson(Loader):
    """JSON stays the bytes that PostgreSQL wrote: it goes into responses as it is."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        """The bytes themselves."""
        return bytes(data)


class Line:
    """One connection in autocommit, for one statement at a time."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        connection.adapters.register_loader("json", RawJson)
        self._connection, self._pgconn = connection, connection.pgconn
        self._transformer = Transformer(connection)
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self._sending: asyncio.Future[None] | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._names: OrderedDict[tuple[str, tuple[int, ...]], bytes] = OrderedDict()
        self._made = 0
        self._socket = self._pgconn.socket
        self.broken = False
        """Whether it can be used no more."""
        self.used_at = time.monotonic()
        self._loop.add_reader(self._socket, self._receive)

    async def rows(self, text: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement with `$1` parameters. Raises psycopg's errors."""
        with Statement(text):
            return await self._rows(text, values)

    async def _rows(self, text: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        transformer = self._transformer
        given = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        name = await self._prepared(text, transformer.types or ())
        self._pgconn.send_query_prepared(name, given, transformer.formats, Format.BINARY)
        result = await self._result()
        transformer.set_pgresult(result, format=Format.BINARY)
        return transformer.load_rows(0, result.ntuples, tuple)

    async def close(self) -> None:
        """Give the connection back to the server."""
        self._break()
        await self._connection.close()

    async def _prepared(self, text: str, types: tuple[int, ...]) -> bytes:
        """The name under which the server knows the statement for parameters of these types."""
        key = (text, types)
        name = self._names.get(key)
        if name is not None:
            self._names.move_to_end(key)
            return name
        if len(self._names) >= MOST_PREPARED:
            _, old = self._names.popitem(last=False)
            self._pgconn.send_query(b"deallocate " + old)
            await self._result()
        self._made += 1
        name = b"line_%d" % self._made
        self._pgconn.send_prepare(name, text.encode(), types)
        await self._result()
        self._names[key] = name
        return name

    async def _result(self) -> PGresult:
        """What the server answers to what was sent. Raises its error."""
        try:
            while self._pgconn.flush():
                await self._writable()
            result = await self._next()
            while await self._next() is not None:
                pass  # a statement has one result; the next says that there is no more
        except BaseException:
            # Broken off: the answer would come to whoever asks next.
            self._break()
            raise
        if result is None:
            raise OperationalError("The server gave no answer.")
        if result.status not in SUCCESSES:
            raise errors.error_from_result(result, encoding=self._connection.info.encoding)
        return result

    async def _next(self) -> PGresult | None:
        while self._pgconn.is_busy():
            if self.broken:
                raise OperationalError("The connection to the server is lost.")
            self._waiting = self._loop.create_future()
            self._look_soon()
            try:
                await self._waiting
            finally:
                self._waiting = None
        return self._pgconn.get_result()

    async def _writable(self) -> None:
        """Wait until more of a long statement can be sent."""
        self._sending = ready = self._loop.create_future()
        self._loop.add_writer(self._socket, lambda: None if ready.done() else ready.set_result(None))
        self._look_soon()
        try:
            await ready
        finally:
            self._sending = None
            if not self.broken:
                self._loop.remove_writer(self._socket)

    def _look_soon(self) -> None:
        if self._looking is None:
            self._looking = self._loop.call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """Let whoever waits see for themselves."""
        self._looking = None
        if self._waiting is not None or self._sending is not None:
            self._receive()
        for ready in (self._waiting, self._sending):
            if ready is not None and not ready.done():
                ready.set_result(None)

    def _receive(self) -> None:
        """Something came. Wakes up whoever waits once it is a whole answer, or the end of the connection."""
        try:
            self._pgconn.consume_input()
        except OperationalError as error:
            self._break()
            for waiting in (self._waiting, self._sending):
                if waiting is not None and not waiting.done():
                    waiting.set_exception(error)
            return
        if self._waiting is not None and not self._waiting.done() and not self._pgconn.is_busy():
            self._waiting.set_result(None)

    def _break(self) -> None:
        """Look at the socket no more. Once it is closed its number may be that of another connection's: that one's
        watcher must stay."""
        if self.broken:
            return
        self.broken = True
        self._loop.remove_reader(self._socket)
        if self._sending is not None:
            self._loop.remove_writer(self._socket)


class Lines:
    """As many connections as are needed at once, up to `most`; whoever comes later waits up to `patience` seconds."""

    def __init__(self, url: str, most: int, patience: float, options: str = OPTIONS) -> None:
        self._url, self._patience, self._options = url, patience, options
        self._places = asyncio.Semaphore(most)
        self._idle: list[Line] = []
        self._closed = False

    def held(self) -> "Held":
        """One connection for a block. Raises PoolTimeout, and OperationalError where there is no server."""
        return Held(self)

    async def close(self) -> None:
        """Close what is not in use, and the rest when it is given back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()

    async def take(self) -> Line:
        """A connection that works."""
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()
        try:
            return await self._working()
        except BaseException:
            self._places.release()
            raise

    async def give(self, line: Line) -> None:
        """Take a connection back."""
        self._places.release()
        if line.broken or self._closed:
            await line.close()
        else:
            line.used_at = time.monotonic()
            self._idle.append(line)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            raise NoneFree(f"No connection was free for {self._patience:g} s.") from None

    async def _working(self) -> Line:
        while self._idle:
            line = self._idle.pop()
            try:
                if not line.broken and await _answers(line):
                    return line
            except BaseException:
                await line.close()
                raise
            await line.close()
        try:
            async with asyncio.timeout(self._patience):
                return Line(await AsyncConnection[Any].connect(self._url, autocommit=True, options=self._options))
        except TimeoutError:
            raise PoolTimeout(f"The server let nobody in for {self._patience:g} s.") from None


async def _answers(line: Line) -> bool:
    """Asked only of connections that have been idle: asking each time costs more than a short read."""
    if time.monotonic() - line.used_at <= IDLE_SECONDS:
        return True
    try:
        await line.rows("select 1")
    except OperationalError:
        return False
    return True


class Held:
    """The block in which a connection is held."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._line: Line | None = None

    async def __aenter__(self) -> Line:
        """See `Lines.held`."""
        self._line = await self._lines.take()
        return self._line

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """See `Lines.held`."""
        if self._line is not None:
            await self._lines.give(self._line)
