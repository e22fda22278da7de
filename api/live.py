"""What happens now: one connection of each process listens to PostgreSQL, and tells the streams of whom it concerns.

A stream is told ids and nothing else; what they stand for is read anew, by whoever may. A stream that is not read fast
enough, or whose process lost the database for a moment, ends: nothing is told late or in part without a word.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, Error

logger = logging.getLogger(__name__)

CHANNEL = "alumni_notifications"
MOST_WAITING = 100
"""So many ids wait for a stream's reader."""
LONGEST_PAUSE_SECONDS = 30.0
ALIVE: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""A connection that only listens would not notice for hours that the other end is gone."""


def spell(person_id: UUID, notification_id: UUID) -> str:
    """The text that a notification is announced by."""
    return f"{person_id.hex}:{notification_id.hex}"


class StreamEnded(Exception):
    """Something may have been missed: read what there is, and listen anew."""


class Stream:
    """The ids of one person's notifications, as they come."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[UUID] = asyncio.Queue(MOST_WAITING)
        self._ended = asyncio.Event()

    def tell(self, notification_id: UUID) -> None:
        """One more; a stream whose reader is too slow ends."""
        try:
            self._waiting.put_nowait(notification_id)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Something was missed, or will be."""
        self._ended.set()
        with suppress(asyncio.QueueFull):
            self._waiting.put_nowait(UUID(int=0))  # wakes up the reader

    async def next(self) -> UUID:
        """The next id. Raises StreamEnded."""
        found = await self._waiting.get()
        if self._ended.is_set():
            raise StreamEnded
        return found


class Live:
    """The streams of this process. It listens while there is one."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._streams: defaultdict[UUID, set[Stream]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._stopped = False

    async def open(self, person_id: UUID) -> Stream:
        """A stream that misses nothing from now on."""
        stream = Stream()
        if self._stopped:
            stream.end()
            return stream
        self._streams[person_id].add(stream)
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        try:
            await self._ready.wait()
        except BaseException:
            self.close(person_id, stream)
            raise
        return stream

    def close(self, person_id: UUID, stream: Stream) -> None:
        """Nobody reads it any more."""
        self._streams[person_id].discard(stream)
        if not self._streams[person_id]:
            del self._streams[person_id]

    async def stop(self) -> None:
        """Listen no more; all streams end, as do those that would begin."""
        self._stopped = True
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
        self._end_all()
        self._ready.set()  # whoever waits for it finds the stream ended

    async def _listen(self) -> None:
        pause = 1.0
        while True:
            try:
                async with await AsyncConnection[Any].connect(self._url, autocommit=True, **ALIVE) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    pause = 1.0
                    self._ready.set()
                    async for told in connection.notifies():
                        self._dispatch(told.payload)
            except (Error, OSError) as error:
                logger.warning("Not listening (%s); trying again in %.0f s.", type(error).__name__, pause)
            finally:
                self._ready.clear()
                self._end_all()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _dispatch(self, payload: str) -> None:
        try:
            person_id, notification_id = (UUID(one) for one in payload.split(":"))
        except ValueError:
            logger.warning("Something on %s is none of ours.", CHANNEL)
            return
        for stream in self._streams.get(person_id, ()):
            stream.tell(notification_id)

    def _end_all(self) -> None:
        for streams in self._streams.values():
            for stream in streams:
                stream.end()


async def ids_of(live: Live, person_id: UUID) -> AsyncIterator[UUID]:
    """The ids of what a person is told from now on. Raises StreamEnded where one may have been missed."""
    stream = await live.open(person_id)
    try:
        while True:
            yield await stream.next()
    finally:
        live.close(person_id, stream)
