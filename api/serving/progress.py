"""How far the embedding has come, for whoever watches the server start: a bar at a terminal, else lines in the log."""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from api.db import PooledDatabase
from api.serving.databases import url_of
from api.settings import Settings
from recommender.vectors import missing_count

logger = logging.getLogger(__name__)

LEAST_PAUSE_SECONDS = 1.0
PAUSE_PER_SECOND = 10
"""Counting may take at most a tenth of the time, however many people there are."""
LINE_SECONDS = 15.0
LABEL = "Embedding profiles"


def show_embedding(settings: Settings, ended: threading.Event) -> None:
    """Show what the worker does until nothing lacks a vector or the server ends. Runs in a thread of its own."""
    asyncio.run(_show(settings, ended))


async def _show(settings: Settings, ended: threading.Event) -> None:
    db = PooledDatabase(url_of(settings), 1)
    try:

        async def count() -> int:
            async with db.write() as session:
                return await missing_count(session)

        left = await count()
        if left == 0:
            return
        if sys.stderr.isatty():
            await _show_bar(count, left, ended)
        else:
            await _write_lines(count, left, ended)
    except (SQLAlchemyError, OSError) as error:
        # Only the display ends: the worker has its own way with a database that is away.
        logger.warning("The progress of embedding is not shown: %s", type(error).__name__)
    finally:
        await db.close()


async def _show_bar(count: Callable[[], Awaitable[int]], total: int, ended: threading.Event) -> None:
    from rich.console import Console  # noqa: PLC0415 - megabytes that only a terminal needs
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{LABEL} (suggestions rest on cohorts until it is done)", total=total)
        async for left in _counts(count, ended):
            progress.update(task, completed=max(0, total - left), total=max(total, left))
    _finish(ended)


async def _write_lines(count: Callable[[], Awaitable[int]], total: int, ended: threading.Event) -> None:
    written = 0.0
    async for left in _counts(count, ended):
        if time.monotonic() - written >= LINE_SECONDS:
            written = time.monotonic()
            logger.info(LABEL, extra={"fields": {"done": max(0, total - left), "total": max(total, left)}})
    _finish(ended)


def _finish(ended: threading.Event) -> None:
    if not ended.is_set():
        logger.info("All profiles are embedded.")


async def _counts(count: Callable[[], Awaitable[int]], ended: threading.Event) -> AsyncGenerator[int]:
    """How many are left, now and again, until none is."""
    while not ended.is_set():
        started = time.monotonic()
        left = await count()
        if left == 0:
            return
        yield left
        pause = max(LEAST_PAUSE_SECONDS, PAUSE_PER_SECOND * (time.monotonic() - started))
        await asyncio.to_thread(ended.wait, pause)
