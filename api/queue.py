"""Background jobs enter the queue here, on the connection of the write that they belong to."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from api.db import driver_connection

if TYPE_CHECKING:
    from procrastinate import App

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]

EMBED_PERSON = "embed_person"
"""Embed what one person's facts lack vectors for. Argument: person_id."""
EMBED_MISSING = "embed_missing"
"""Embed whatever lacks a vector, in batches."""
FORGET_VIEWS = "forget_views"
"""Forget whose profiles were seen on days that are over."""


@cache
def _queue() -> "App":
    """Only shapes jobs: the statement itself runs on the connection of the write. Made for the first job."""
    from procrastinate import App, PsycopgConnector  # noqa: PLC0415 - megabytes that reads do not need

    return App(connector=PsycopgConnector())


async def enqueue(session: AsyncSession, job: str, *, lock: str | None = None, **arguments: Json) -> None:
    """Queue a job that commits or rolls back with the session's transaction.

    Jobs of one `lock` run one after the other. Nothing is dropped as a duplicate: a job that waits could be fetched
    before this transaction commits, and the write would go unseen.
    """
    await session.connection()  # begins the transaction: a statement sent before it would survive a rollback
    connection = await driver_connection(session)
    task = _queue().configure_task(job, lock=lock, task_kwargs=dict(arguments), connection=connection)
    await task.defer_async()
