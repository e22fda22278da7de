"""Background jobs enter the queue here, on the connection of the write that they belong to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import driver_connection

if TYPE_CHECKING:
    from procrastinate import App

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]

EMBED_PERSON = "embed_person"
"""Embed what one person's facts lack vectors for. Argument: person_id."""
EMBED_MISSING = "embed_missing"
"""Embed whatever lacks a vector, in batches."""
PURGE_MERGES = "purge_merges"
"""Forget what merges removed that cannot be undone any more."""
FORGET_VIEWS = "forget_views"
"""Forget whose profiles were seen on days that are over."""
DELIVER_WEBHOOK = "deliver_webhook"
"""Send what waits for one webhook. Argument: webhook_id."""
SWEEP_WEBHOOKS = "sweep_webhooks"
"""See to it that whatever is due for any webhook is sent."""
FORGET_DELIVERIES = "forget_deliveries"
"""Forget what went through webhooks long ago."""
LANE, EMBEDDING_LANE, SENDING_LANE = "default", "embedding", "webhooks"
"""What jobs wait in. Those that need the language model have a lane of their own, and so have those that wait for
receivers: no other job stands behind them."""
_LANES = {EMBED_PERSON: EMBEDDING_LANE, EMBED_MISSING: EMBEDDING_LANE, DELIVER_WEBHOOK: SENDING_LANE}
FORGET_RATES = "forget_rates"
"""Forget how much callers asked for that may ask for all again."""
_QUEUED_AT = text("select min(at) from procrastinate_events where job_id = :job and type = 'deferred'")
_DROP = text("delete from procrastinate_jobs where position(:word in args::text) > 0 and status <> 'doing'")
_BLANK = text("""
    update procrastinate_jobs set args = replace(args::text, :word, :nothing)::jsonb,
        lock = replace(lock, :word, :nothing), queueing_lock = replace(queueing_lock, :word, :nothing)
    where position(:word in args::text) > 0
""")


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
    task = _queue().configure_task(
        job, lock=lock, queue=_LANES.get(job, LANE), task_kwargs=dict(arguments), connection=connection
    )
    await task.defer_async()


async def queued_at(session: AsyncSession, job_id: int | None) -> datetime | None:
    """When the write happened that queued a job, however often the job was begun since; None if it is done by now."""
    return (await session.execute(_QUEUED_AT, {"job": job_id})).scalar_one()


async def forget(session: AsyncSession, word: str) -> None:
    """Take out the jobs whose arguments have this word. A job that is running keeps its row, without the word."""
    await session.execute(_DROP, {"word": word})
    await session.execute(_BLANK, {"word": word, "nothing": str(UUID(int=0))})
