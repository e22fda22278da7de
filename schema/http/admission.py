"""How many operations are at work at once: the others wait a moment, and are told to come back when that is over. And
how much may be open."""

import asyncio
from types import TracebackType

from api.measuring.figures import AT_WORK, OVERLOADED, Level
from schema.http.failures import overloaded

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
            OVERLOADED.add()
            raise overloaded() from None


def check_room(level: Level, most: int) -> None:
    """Raise BadRequest where so many are open already."""
    if level.value >= most:
        OVERLOADED.add()
        raise overloaded()
