"""What each background job does, and how a worker starts, survives faults and stops."""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypedDict
from uuid import UUID

import psycopg
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status

from api.db import Database, PooledDatabase
from api.queue import (
    DELIVER_WEBHOOK,
    EMBED_MISSING,
    EMBED_PERSON,
    EMBEDDING_LANE,
    FORGET_DELIVERIES,
    FORGET_RATES,
    FORGET_VIEWS,
    LANE,
    PURGE_MERGES,
    SENDING_LANE,
    SWEEP_WEBHOOKS,
    queued_at,
)
from api.sending import Poster, deliver
from api.services import webhooks
from api.services.merges import purge_merges
from api.services.notifications import tell_of_suggestions
from api.services.profile_views import forget_views
from api.services.rates import forget_rates
from api.settings import Settings
from recommender.embeddings import Embedder, ModelUnavailable, Vectors, load_embedder, stop_exporting
from recommender.vectors import embed_missing

logger = logging.getLogger(__name__)

CONCURRENCY = {LANE: 1, EMBEDDING_LANE: 2, SENDING_LANE: 4}
"""How many jobs run at once. In the lane of embedding a sweep over everything, and beside it the edit of one person;
they take turns at the model, batch by batch. In the last those that wait for receivers of webhooks."""
CONNECTIONS = CONCURRENCY[LANE] + CONCURRENCY[EMBEDDING_LANE] + 2 * CONCURRENCY[SENDING_LANE]
"""A message is held by one connection while others write down how it goes."""


class SweepOptions(TypedDict):
    """How sweeps are queued."""

    priority: int
    lock: str
    queueing_lock: str
    queue: str


LOW = -10
"""The priority of sweeps: whatever else waits goes first."""
SWEEP: SweepOptions = {
    "priority": LOW,
    "lock": EMBED_MISSING,
    "queueing_lock": EMBED_MISSING,
    "queue": EMBEDDING_LANE,
}
"""One sweep runs, across all workers (two would embed the same facts), and at most one waits."""
EVERY_MINUTE = "* * * * *"
EVERY_HOUR = "7 * * * *"
HEARTBEAT_SECONDS = 3.0
STALLED_SECONDS = 15.0
"""A worker without a heartbeat for so long is dead, and its jobs are for others."""
RESCUE_SECONDS = 5.0
MAX_ATTEMPTS = 6
"""A job that fails so often, or kills its worker so often, is given up and stays in the table as failed."""
GRACE_SECONDS = 8.0
LONGEST_PAUSE_SECONDS = 30.0
PAUSE_OF_MODEL, LONGEST_PAUSE_OF_MODEL = 5.0, 300.0
"""Looking for a model that is not there may take seconds of all cores."""
RETRY = RetryStrategy(max_attempts=MAX_ATTEMPTS, wait=1, exponential_wait=3)
_COUNT_FROM_NOW = "update procrastinate_workers set last_heartbeat = now() where last_heartbeat > now()"
"""A heartbeat that is still to come is from before a clock was put back: it would be the life of a dead worker."""
AWAY = (ConnectorException, psycopg.OperationalError)


@dataclass(frozen=True)
class Jobs:
    """The jobs, one method each. Each may be run twice, or again after it was broken off, and then does no more."""

    db: Database
    embedder: Embedder
    poster: Poster

    async def embed_person(self, context: JobContext, person_id: str) -> None:
        """Embed what this person's facts lack vectors for, and tell them that whom they should meet is new by that:
        once, though a sweep may have been faster, or another worker was broken off at this job."""
        person = UUID(person_id)
        await embed_missing(self.db, self.embedder, person_ids=[person])
        async with self.db.write() as session, session.begin():
            if since := await queued_at(session, context.job.id):
                await tell_of_suggestions(session, person, since)

    async def embed_missing(self, timestamp: int = 0) -> None:
        """Embed whatever lacks a vector: after an import, and every minute (`timestamp`) what a lost job has left."""
        await embed_missing(self.db, self.embedder)

    async def purge_merges(self, timestamp: int = 0) -> None:
        """Forget, every hour, what merges removed that cannot be undone any more."""
        async with self.db.write() as session, session.begin():
            await purge_merges(session)

    async def forget_rates(self, timestamp: int = 0) -> None:
        """Forget how much callers asked for that may ask for all again, every hour."""
        async with self.db.write() as session, session.begin():
            await forget_rates(session)

    async def forget_views(self, timestamp: int = 0) -> None:
        """Forget whose profiles were seen on days that are over, every hour."""
        async with self.db.write() as session, session.begin():
            await forget_views(session)

    async def deliver_webhook(self, webhook_id: str) -> None:
        """Send what waits for this webhook, as far as it is due."""
        await deliver(self.db, self.poster, UUID(webhook_id))

    async def sweep_webhooks(self, timestamp: int = 0) -> None:
        """See, every minute, to what is due for webhooks: attempts to be made again, and what a lost job has left."""
        async with self.db.write() as session, session.begin():
            await webhooks.sweep(session)

    async def forget_deliveries(self, timestamp: int = 0) -> None:
        """Forget, every hour, what went through webhooks long ago."""
        async with self.db.write() as session, session.begin():
            await webhooks.forget_old(session)


class Model:
    """One model for all jobs, from when it is there. Tokenizers fail when two threads use them, and two batches at once
    are not faster."""

    def __init__(self) -> None:
        self._found: Embedder | None = None
        self._turn = threading.Lock()

    async def look_for(self, load: Callable[[], Embedder]) -> None:
        """Load it, which takes seconds. While there is none that can be used, look again in growing intervals."""
        pause = PAUSE_OF_MODEL
        while self._found is None:
            try:
                self._found = await asyncio.to_thread(load)
            except Exception as error:  # a disk, memory or a library may fail too: the other lanes go on
                unexpected = None if isinstance(error, ModelUnavailable) else error
                said = error if unexpected is None else type(error).__name__
                logger.warning("Nothing is embedded: %s Looking again in %.0f s.", said, pause, exc_info=unexpected)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_OF_MODEL)

    @property
    def name(self) -> str:
        """See `Embedder.name`."""
        return self._model.name

    @property
    def version(self) -> str:
        """See `Embedder.version`."""
        return self._model.version

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        with self._turn:
            return self._model.embed(texts)

    @property
    def _model(self) -> Embedder:
        if self._found is None:
            raise ModelUnavailable("The model is not loaded yet.")
        return self._found


def run_worker(settings: Settings) -> None:
    """Run jobs until SIGTERM or Ctrl-C, then finish those at hand. Those that need the model wait until it is there."""
    asyncio.run(_work(settings))


def build_queue(url: str, jobs: Jobs) -> App:
    """The queue with every job registered under the name that `api.queue` gives it."""
    queue = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=sum(CONCURRENCY.values()) + 4))
    queue.task(name=EMBED_PERSON, retry=RETRY, queue=EMBEDDING_LANE, pass_context=True)(jobs.embed_person)
    sweep = queue.task(name=EMBED_MISSING, **SWEEP)(jobs.embed_missing)
    queue.periodic(cron=EVERY_MINUTE, **SWEEP)(sweep)
    queue.task(name=DELIVER_WEBHOOK, queue=SENDING_LANE)(jobs.deliver_webhook)  # a sweep is its retry
    queue.periodic(cron=EVERY_MINUTE)(queue.task(name=SWEEP_WEBHOOKS)(jobs.sweep_webhooks))
    queue.periodic(cron=EVERY_HOUR)(queue.task(name=FORGET_DELIVERIES)(jobs.forget_deliveries))
    queue.periodic(cron=EVERY_HOUR)(queue.task(name=FORGET_RATES)(jobs.forget_rates))
    queue.periodic(cron=EVERY_HOUR)(queue.task(name=FORGET_VIEWS)(jobs.forget_views))
    queue.periodic(cron=EVERY_HOUR)(queue.task(name=PURGE_MERGES)(jobs.purge_merges))
    return queue


async def _sweep(queue: App) -> None:
    """Queue a sweep unless one waits already."""
    with suppress(AlreadyEnqueued):
        await queue.configure_task(EMBED_MISSING, **SWEEP).defer_async()


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    if settings.database_url is None:
        raise ValueError("ALUMNI_DATABASE_URL is not set. `alumni work` starts an embedded database by itself.")
    chosen = settings.embedding_model, settings.models_dir, settings.embedding_backend
    model = Model()
    db = PooledDatabase(settings.database_url, CONNECTIONS)
    poster = Poster(loopback=settings.environment == "development")
    looking = asyncio.create_task(model.look_for(partial(load_embedder, *chosen)))
    try:
        await _keep_working(build_queue(settings.database_url, Jobs(db, model, poster)), looking, stop)
    finally:
        looking.cancel()
        stop_exporting()
        await db.close()


async def _keep_working(queue: App, looking: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Work until told to stop. While the database is away, try again in growing intervals."""
    pause = 1.0
    while not stop.is_set():
        try:
            async with queue.open_async():
                pause = 1.0
                await _sweep(queue)
                await _work_until(queue, looking, stop)
        except AWAY as error:
            logger.warning("The database cannot be used (%s); trying again in %.0f s.", type(error).__name__, pause)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def _work_until(queue: App, looking: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Run the queue's workers, one a lane; they return early when they lose the database."""
    working = [asyncio.create_task(_work_in(queue, lane, looking)) for lane in CONCURRENCY]
    rescuing = asyncio.create_task(_rescue_forever(queue))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({*working, rescuing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (stopping, rescuing, *working):
            task.cancel()
        results = await asyncio.gather(*working, rescuing, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _work_in(queue: App, lane: str, looking: asyncio.Task[None]) -> None:
    """Do the jobs of a lane; those that need the model once that is found."""
    if lane == EMBEDDING_LANE:
        await asyncio.shield(looking)
    await queue.run_worker_async(
        queues=[lane],
        concurrency=CONCURRENCY[lane],
        install_signal_handlers=False,
        delete_jobs="successful",
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=STALLED_SECONDS,
        shutdown_graceful_timeout=GRACE_SECONDS,
    )


async def _rescue_forever(queue: App) -> None:
    """Give the jobs of dead workers to the living, soon after each death."""
    while True:
        await rescue(queue)
        await asyncio.sleep(RESCUE_SECONDS)


async def rescue(queue: App, stalled_seconds: float = STALLED_SECONDS) -> None:
    """Queue again what a worker that is dead was doing; give up on what has been tried too often."""
    await queue.connector.execute_query_async(_COUNT_FROM_NOW)
    for job in await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled_seconds):
        if job.task_name == EMBED_MISSING:
            # Another sweep may wait already, and two with one queueing lock cannot.
            await queue.job_manager.finish_job(job, Status.ABORTED, delete_job=True)
            await _sweep(queue)
        elif job.attempts >= MAX_ATTEMPTS:
            logger.error("Job %s (%s) is given up: its worker died each time.", job.id, job.task_name)
            await queue.job_manager.finish_job(job, Status.FAILED, delete_job=False)
        else:
            logger.warning("Job %s (%s) is queued again: its worker died.", job.id, job.task_name)
            await queue.job_manager.retry_job(job)
    await queue.job_manager.prune_stalled_workers(stalled_seconds)
