"""What waits in the database to be done: jobs of the queue, and texts that lack a vector."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, AsyncRawCursor, Error

from api.statements import prepare
from recommender.vectors import count_missing

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0
"""How long somebody who asks waits for an answer. What comes later is told next time."""
QUEUE = """
select queue_name, task_name, waiting, running, failed, extract(epoch from now() - least(
    first_due, (select min(at) from procrastinate_events as event where event.job_id = first_id and type = 'deferred')
))::float8
from (
    select queue_name, task_name,
        count(*) filter (where due) as waiting,
        count(*) filter (where status = 'doing') as running,
        count(*) filter (where status = 'failed') as failed,
        min(id) filter (where due and scheduled_at is null) as first_id,
        min(scheduled_at) filter (where due) as first_due
    from (
        select *, status = 'todo' and (scheduled_at is null or scheduled_at <= now()) as due from procrastinate_jobs
    ) as job
    group by queue_name, task_name
) as kind
"""
"""What is to be done later (a job that failed and is tried again) does not wait yet."""


@dataclass(frozen=True)
class Kind:
    """The jobs of one task in one lane."""

    queue: str
    task: str
    waiting: int
    running: int
    failed: int
    """Given up."""
    oldest_seconds: float | None
    """For how long the oldest of those that wait has waited."""


def kinds(rows: Sequence[tuple[Any, ...]]) -> list[Kind]:
    """The rows of `QUEUE`."""
    return [Kind(*row) for row in rows]


class Question:
    """A statement that is asked on a connection of its own, by one asker at a time: it takes nothing from requests.

    `seconds` is how long it may take. `share` is the part of the time that it may take at most: until then its last
    answer stands.
    """

    def __init__(self, url: str, text: str, values: Sequence[object] = (), *, seconds: float, share: float = 1) -> None:
        self._url, self._text, self._values, self._seconds, self._share = url, text.encode(), values, seconds, share
        self._asking: asyncio.Task[list[tuple[Any, ...]] | None] | None = None
        self._known: list[tuple[Any, ...]] | None = None
        self._due_at = 0.0

    async def rows(self) -> list[tuple[Any, ...]] | None:
        """The answer, after a second at most; None if there is none."""
        if self._asking is None and time.monotonic() < self._due_at:
            return self._known
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self._asking}, timeout=PATIENCE_SECONDS)
        if done:
            self._known, self._asking = self._asking.result(), None
        return self._known

    async def close(self) -> None:
        """Give up what is still being asked."""
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking

    async def _ask(self) -> list[tuple[Any, ...]] | None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds + PATIENCE_SECONDS):
                return await self._answered()
        except (Error, OSError, TimeoutError) as error:
            logger.warning("Not counted: %s", type(error).__name__)
            return None
        finally:
            ended = time.monotonic()
            self._due_at = ended + (ended - began) * (1 / self._share - 1)

    async def _answered(self) -> list[tuple[Any, ...]]:
        options = f"-c statement_timeout={self._seconds:g}s -c jit=off"
        async with await AsyncConnection[Any].connect(self._url, autocommit=True, options=options) as connection:
            cursor = AsyncRawCursor(connection)
            await cursor.execute(self._text, self._values)
            return await cursor.fetchall()


class Backlog:
    """What waits, as /metrics tells it."""

    def __init__(self, url: str) -> None:
        counting = prepare(count_missing())
        self._queue = Question(url, QUEUE, seconds=PATIENCE_SECONDS)
        # Of a million people the count takes seconds, and there is nothing that would bound it when none are missing.
        self._vectors = Question(url, counting.text, counting.values({}), seconds=30, share=0.01)

    async def read(self) -> tuple[list[Kind] | None, int | None]:
        """The jobs, and how many texts lack a vector; None for what could not be counted."""
        queue, vectors = await asyncio.gather(self._queue.rows(), self._vectors.rows())
        return None if queue is None else kinds(queue), None if vectors is None else vectors[0][0]

    async def close(self) -> None:
        """Give up what is still being asked."""
        await self._queue.close()
        await self._vectors.close()
