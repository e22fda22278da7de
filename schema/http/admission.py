"""How many operations are at work at once: the others wait a moment, and are told to come back when that is over. And
how many sockets and subscriptions are open."""

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType

from api.measuring.figures import AT_WORK, REFUSED, Level
from schema.http.failures import overloaded
from schema.http.rates import network_of

PATIENCE_SECONDS = 0.5


class Admission:
    """A block that at most `at_once` tasks are in. Raises BadRequest for whoever waited too long: under load an answer
    soon, if only that there is none, is worth more than a late one."""

    def __init__(self, at_once: int) -> None:
        self._places = asyncio.Semaphore(at_once)

    async def __aenter__(self) -> None:
        """Come in."""
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()
        AT_WORK.value += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Leave."""
        AT_WORK.value -= 1
        self._places.release()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            REFUSED.add()
            raise overloaded() from None


class Room:
    """For what stays open: at most so many, and of one address at most half of them, so that nobody keeps all others
    out."""

    def __init__(self, most: int, level: Level) -> None:
        self._most, self._level = most, level
        self._open: Counter[str] = Counter()

    @contextmanager
    def one(self, address: str) -> Generator[None]:
        """One more, as long as the block lasts. Raises BadRequest where there is no room."""
        network = network_of(address)
        if self._open.total() >= self._most or self._open[network] >= (self._most + 1) // 2:
            REFUSED.add()
            raise overloaded()
        self._open[network] += 1
        self._level.value += 1
        try:
            yield
        finally:
            self._level.value -= 1
            self._open[network] -= 1
            if not self._open[network]:
                del self._open[network]
