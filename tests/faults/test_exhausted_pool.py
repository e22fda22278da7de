"""More requests at work than there are connections: the database is slow, and the API has two for writing."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.db import PATIENCE_SECONDS
from tests.api.servers import Server
from tests.faults.scenes import READ, READ_DATA, Scene, created

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]
TWO = {"ALUMNI_DATABASE_POOL_SIZE": "2", "ALUMNI_STATEMENT_SECONDS": "60"}


@pytest.fixture(scope="module")
def server(scene: Scene) -> Generator[Server]:
    with scene.serving(**TWO) as server:
        yield server


def test_who_finds_no_connection_is_told_to_come_again(scene: Scene, server: Server):
    """Those who hold the connections wait as long as a statement may take. Those who find none see 503 OVERLOADED with
    Retry-After, after ten seconds; who reads sees nothing of it. Once the database is faster, all are answered."""
    with ThreadPoolExecutor(8) as pool:
        askers = [scene.asker(server, "officer") for _ in range(4)]
        reader = scene.asker(server, "Ana")
        assert reader.ask(READ).data == READ_DATA
        with scene.held("lock table events in share mode"):
            holding = [pool.submit(one.create, f"Slow {place}") for place, one in enumerate(askers[:2])]
            scene.until_waiting(2)
            waiting = [pool.submit(one.create, f"Late {place}") for place, one in enumerate(askers[2:])]
            assert reader.ask(READ).data == READ_DATA
            for late in (one.result() for one in waiting):
                assert late.outcome == (503, "OVERLOADED")
                assert int(late.headers["retry-after"]) >= 1
                assert PATIENCE_SECONDS - 1 < late.seconds < PATIENCE_SECONDS + 5
            assert server.status("/readyz") == 200
            assert not any(one.done() for one in holding)
        assert all(created(one.result()) for one in holding)
        assert all(created(one.create(f"Late {place}")) for place, one in enumerate(askers[2:]))
    assert scene.events() == ["Late 0", "Late 1", "Slow 0", "Slow 1"]
