"""Clocks that leap: of the identity provider, of the database, of the API's machine.

What counts as now for people (events, openings, bounds of a day, impersonations, attempts of webhooks) is the
database's clock, read in each statement. Tokens and an issuer's keys go by the process's own wall clock, with a
minute's leeway. Whatever waits or is leased in memory goes by the monotonic clock, which does not leap.
"""

import time
from collections.abc import Generator
from datetime import timedelta

import pytest
from procrastinate import App

from api.auth import DevelopmentIssuer
from api.db import PooledDatabase
from api.queue import EMBED_PERSON, enqueue
from api.sending import Poster
from api.worker import Jobs, build_queue, rescue
from recommender.embeddings import HashEmbedder
from tests.api.servers import Server, headers_of
from tests.faults.scenes import READ, READ_DATA, Asker, Said, Scene

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]
FEW = {"ALUMNI_COST_PER_SECOND": "5"}
"""Three hundred at once, and a plain request costs ten of them."""
PLAIN = "{ __typename }"
PLAIN_COST = 10
HOUR = 3600


@pytest.fixture(scope="module")
def server(scene: Scene) -> Generator[Server]:
    with scene.serving(**FEW) as server:
        yield server


@pytest.mark.parametrize(
    ("ahead", "outcome"),
    [(-50, (200, None)), (50, (200, None)), (HOUR, (401, "UNAUTHENTICATED")), (-HOUR, (401, "UNAUTHENTICATED"))],
)
def test_an_issuer_whose_clock_is_off(scene: Scene, server: Server, ahead: int, outcome: tuple[int, str | None]):
    """Within a minute nobody notices. Beyond, its tokens are refused with 401 UNAUTHENTICATED; the next good token is
    taken."""
    account, off = scene.accounts["officer"].id, lambda: time.time() + ahead
    token = DevelopmentIssuer(scene.data_dir, off).token(account, timedelta(minutes=5))
    scene.askers.append(asker := Asker(server.address, headers_of(token)))
    assert asker.ask(PLAIN).outcome == outcome
    assert scene.asker(server, "officer").ask(READ).data == READ_DATA


def spend_all(asker: Asker) -> Said:
    """Ask until it is refused; the refusal."""
    for _ in range(100):
        said = asker.ask(PLAIN)
        if said.status != 200:
            assert said.outcome == (429, "RATE_LIMITED")
            return said
    raise AssertionError("Nothing was refused.")


def follow(asker: Asker, said: Said) -> float:
    """Come again as often as one is told to; after how many seconds there is an answer."""
    started = time.monotonic()
    while said.status != 200:
        assert said.outcome == (429, "RATE_LIMITED")
        time.sleep(int(said.headers["retry-after"]))
        said = asker.ask(PLAIN)
    return time.monotonic() - started


def test_a_database_whose_clock_was_put_back_bounds_nobody_for_longer(scene: Scene, server: Server):
    """Who has asked for all that one may is told 429 RATE_LIMITED with seconds in Retry-After, not with an hour."""
    ana = scene.asker(server, "Ana")
    refused = spend_all(ana)
    scene.rows("update rate_buckets set filled_at = filled_at + interval '1 hour'")
    assert int(refused.headers["retry-after"]) < 10
    assert follow(ana, refused) < 20


async def test_the_job_of_a_dead_worker_is_not_left_until_the_clock_has_caught_up(real_db: PooledDatabase):
    """A worker dies, and the database's clock is put back by an hour: its job is done when others find it dead, not
    after that hour."""
    queue: App = build_queue(real_db.url, Jobs(real_db, HashEmbedder(), Poster()))
    async with real_db.write() as session, session.begin():
        await enqueue(session, EMBED_PERSON, person_id="00000000-0000-0000-0000-000000000001")
    async with queue.open_async():
        dead = await queue.job_manager.register_worker()
        assert await queue.job_manager.fetch_job(queues=None, worker_id=dead) is not None
        await queue.connector.execute_query_async(
            "update procrastinate_workers set last_heartbeat = now() + interval '1 hour'"
        )
        for _ in range(2):
            await rescue(queue, stalled_seconds=0)
        (job,) = await queue.job_manager.list_jobs_async()
    assert job.status == "todo"
