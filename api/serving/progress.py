"""How far the embedding has come, for whoever watches the server start: a bar at a terminal, else lines in the log."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Generator

import psycopg

from api.serving.databases import url_of
from api.settings import Settings
from api.statements import prepare
from recommender.vectors import count_missing

logger = logging.getLogger(__name__)

LEAST_PAUSE_SECONDS = 1.0
PAUSE_PER_SECOND = 10
"""Counting may take at most a tenth of the time, however many people there are."""
LINE_SECONDS = 15.0
LABEL = "Embedding profiles"


def show_embedding(settings: Settings, ended: threading.Event) -> None:
    """Show what the worker does until nothing lacks a vector or the server ends. Runs in a thread of its own."""
    counting = prepare(count_missing())
    try:
        with psycopg.connect(url_of(settings), autocommit=True, cursor_factory=psycopg.RawCursor) as connection:

            def count() -> int:
                row = connection.execute(counting.text.encode(), counting.values({})).fetchone()
                return row[0] if row else 0

            left = count()
            if left:
                (_show_bar if sys.stderr.isatty() else _write_lines)(count, left, ended)
    except (psycopg.Error, OSError) as error:
        # Only the display ends: the worker has its own way with a database that is away.
        logger.warning("The progress of embedding is not shown: %s", type(error).__name__)


def _show_bar(count: Callable[[], int], total: int, ended: threading.Event) -> None:
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
        for left in _counts(count, ended):
            progress.update(task, completed=max(0, total - left), total=max(total, left))
    _finish(ended)


def _write_lines(count: Callable[[], int], total: int, ended: threading.Event) -> None:
    written = 0.0
    for left in _counts(count, ended):
        if time.monotonic() - written >= LINE_SECONDS:
            written = time.monotonic()
            logger.info(LABEL, extra={"fields": {"done": max(0, total - left), "total": max(total, left)}})
    _finish(ended)


def _finish(ended: threading.Event) -> None:
    if not ended.is_set():
        logger.info("All profiles are embedded.")


def _counts(count: Callable[[], int], ended: threading.Event) -> Generator[int]:
    """How many are left, now and again, until none is."""
    while not ended.is_set():
        started = time.monotonic()
        left = count()
        if left == 0:
            return
        yield left
        pause = max(LEAST_PAUSE_SECONDS, PAUSE_PER_SECOND * (time.monotonic() - started))
        ended.wait(pause)
