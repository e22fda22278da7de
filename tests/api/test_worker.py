"""The worker's jobs on a real queue, and what becomes of the jobs of a worker that died."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from procrastinate import App
from sqlalchemy.ext.asyncio import AsyncSession

from api import models, worker
from api.db import PooledDatabase
from api.queue import EMBED_MISSING, EMBED_PERSON, FORGET_VIEWS, PURGE_MERGES, enqueue
from api.sending import Poster
from api.worker import Jobs, build_queue, rescue
from recommender.embeddings import Embedder, HashEmbedder, ModelUnavailable
from tests.factories import make_fact, make_person

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]


@pytest.fixture
def queue(real_db: PooledDatabase) -> App:
    return build_queue(real_db.url, Jobs(real_db, HashEmbedder(), Poster()))


async def work_off(queue: App) -> None:
    """Do what waits, then return."""
    async with queue.open_async():
        await queue.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="successful")


async def person_with_a_bio(session: AsyncSession) -> UUID:
    person = await make_person(session)
    await make_fact(session, models.PersonText, person, kind=models.TextKind.BIO, text="Builds boats in Bergen.")
    return person.id


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchall()


async def test_an_edit_is_embedded_by_the_job_of_its_own_transaction(real_db: PooledDatabase, queue: App):
    async with real_db.write() as session, session.begin():
        person_id = await person_with_a_bio(session)
        await enqueue(session, EMBED_PERSON, person_id=str(person_id))

    await work_off(queue)

    assert rows(real_db.url, "select person_id, facet from fact_vectors") == [(person_id, "BIO")]
    assert rows(real_db.url, f"select id from procrastinate_jobs where task_name = '{EMBED_PERSON}'") == []


async def test_a_job_of_a_write_that_failed_is_not_there(real_db: PooledDatabase, queue: App):
    async with real_db.write() as session:
        await enqueue(session, EMBED_PERSON, person_id=str(UUID(int=1)))
        await session.rollback()

    assert rows(real_db.url, "select id from procrastinate_jobs") == []


async def test_a_sweep_embeds_what_no_job_has_named(real_db: PooledDatabase, queue: App):
    async with real_db.write() as session, session.begin():
        person_id = await person_with_a_bio(session)
        await enqueue(session, EMBED_MISSING)

    await work_off(queue)

    assert rows(real_db.url, "select person_id from fact_vectors") == [(person_id,)]


async def test_edits_go_before_sweeps(real_db: PooledDatabase, queue: App):
    async with queue.open_async():
        await queue.configure_task(EMBED_MISSING, priority=-10).defer_async()
        async with real_db.write() as session, session.begin():
            await enqueue(session, EMBED_PERSON, person_id=str(UUID(int=1)))
        worker_id = await queue.job_manager.register_worker()

        first = await queue.job_manager.fetch_job(queues=None, worker_id=worker_id)

    assert first is not None
    assert first.task_name == EMBED_PERSON


async def test_the_job_of_a_dead_worker_is_done_by_the_next(real_db: PooledDatabase, queue: App):
    async with real_db.write() as session, session.begin():
        person_id = await person_with_a_bio(session)
        await enqueue(session, EMBED_PERSON, lock=str(person_id), person_id=str(person_id))
    async with queue.open_async():
        dead = await queue.job_manager.register_worker()
        assert await queue.job_manager.fetch_job(queues=None, worker_id=dead) is not None
        await asyncio.sleep(0.2)

        await rescue(queue, stalled_seconds=0.1)

    await work_off(queue)
    assert rows(real_db.url, "select person_id from fact_vectors") == [(person_id,)]


async def test_a_sweep_that_died_is_replaced_even_if_another_waits(real_db: PooledDatabase, queue: App):
    async with queue.open_async():
        await queue.configure_task(EMBED_MISSING, lock=EMBED_MISSING, queueing_lock=EMBED_MISSING).defer_async()
        dead = await queue.job_manager.register_worker()
        assert await queue.job_manager.fetch_job(queues=None, worker_id=dead) is not None
        await queue.configure_task(EMBED_MISSING, lock=EMBED_MISSING, queueing_lock=EMBED_MISSING).defer_async()
        await asyncio.sleep(0.2)

        await rescue(queue, stalled_seconds=0.1)

    assert rows(real_db.url, "select status from procrastinate_jobs") == [("todo",)]


async def test_a_job_that_kills_each_worker_is_given_up(real_db: PooledDatabase, queue: App):
    async with real_db.write() as session, session.begin():
        await enqueue(session, EMBED_PERSON, person_id=str(UUID(int=1)))
    async with queue.open_async():
        for _ in range(8):
            dead = await queue.job_manager.register_worker()
            if await queue.job_manager.fetch_job(queues=None, worker_id=dead) is None:
                break
            await asyncio.sleep(0.1)
            await rescue(queue, stalled_seconds=0.05)

    assert rows(real_db.url, "select status, attempts from procrastinate_jobs") == [("failed", 7)]


async def test_a_living_worker_keeps_its_job(real_db: PooledDatabase, queue: App):
    async with real_db.write() as session, session.begin():
        await enqueue(session, EMBED_PERSON, person_id=str(UUID(int=1)))
    async with queue.open_async():
        living = await queue.job_manager.register_worker()
        assert await queue.job_manager.fetch_job(queues=None, worker_id=living) is not None

        await rescue(queue, stalled_seconds=30)

    assert rows(real_db.url, "select status from procrastinate_jobs") == [("doing",)]


async def test_views_of_days_that_are_over_are_forgotten_by_a_job(real_db: PooledDatabase, queue: App):
    async with real_db.write() as session, session.begin():
        viewer, person = await make_person(session), await make_person(session)
        session.add(models.ProfileView(viewer_id=viewer.id, person_id=person.id, day=date(2026, 1, 1)))
        await enqueue(session, FORGET_VIEWS)

    await work_off(queue)

    assert rows(real_db.url, "select person_id from profile_views") == []


async def test_what_a_merge_removed_is_forgotten_after_its_time(real_db: PooledDatabase, queue: App):
    async with real_db.write() as session, session.begin():
        person = await make_person(session)
        for days in (29, 31):
            at = datetime.now(UTC) - timedelta(days=days)
            content: dict[str, Any] = {"acts": []}
            session.add(
                models.PersonMerge(kept_id=person.id, dropped_id=UUID(int=days), content=content, created_at=at)
            )
        await enqueue(session, PURGE_MERGES)

    await work_off(queue)

    kept = "select dropped_id, content is not null from person_merges order by created_at"
    assert rows(real_db.url, kept) == [(UUID(int=31), False), (UUID(int=29), True)]


@pytest.mark.timeout(30)
async def test_a_model_that_could_not_be_loaded_is_looked_for_again_whatever_was_wrong(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worker, "PAUSE_OF_MODEL", 0.01)
    wrong = [ModelUnavailable("None yet."), OSError("No room for a process."), MemoryError()]

    def load() -> Embedder:
        if wrong:
            raise wrong.pop()
        return HashEmbedder()

    model = worker.Model()
    with pytest.raises(ModelUnavailable):
        model.embed(["boats"])
    await model.look_for(load)
    assert (model.name, len(model.embed(["boats"]))) == (HashEmbedder().name, 1)
