"""PostgreSQL killed and brought back while clients read and write: the API is not started anew."""

import os
import signal
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from api.postgres import EmbeddedPostgres
from tests.api.servers import Server, wait_for
from tests.faults.scenes import AWAY, READ, READ_DATA, Load, Scene, created, make_own_scene
from tests.faults.sockets import ACKNOWLEDGED, closed, hear, socket_of, subscribing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]
LISTENS = "select pid from pg_stat_activity where query = 'listen alumni_notifications'"
BACKENDS = "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
LONGEST_SECONDS = 15
"""No request may take longer, whatever becomes of the database."""


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Generator[EmbeddedPostgres]:
    """A server that loses nothing that it has acknowledged."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("killed") / "database")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
async def scene(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return await make_own_scene(postgres, tmp_path_factory.mktemp("killed"))


@pytest.fixture(autouse=True)
def running(postgres: EmbeddedPostgres) -> None:
    """Whatever became of it before."""
    postgres.start()


def kill_the_server(scene: Scene, folder: Path) -> None:
    """The process that all others come from; they end when they see it gone."""
    os.kill(int((folder / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)


def kill_a_backend(scene: Scene, folder: Path) -> None:
    """One that works for the API: PostgreSQL then ends all others, and recovers."""
    ours = "select pid from pg_stat_activity where backend_type = 'client backend' and query ~ 'events' limit 1"
    os.kill(wait_for(lambda: scene.rows(ours), "a backend of the API's")[0][0], signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_the_server, kill_a_backend])
def test_a_database_that_is_killed_under_load_loses_no_acknowledged_write(
    scene: Scene, server: Server, postgres: EmbeddedPostgres, tmp_path: Path, kill: Callable[[Scene, Path], None]
):
    """Clients see 503 SERVICE_UNAVAILABLE at once, never a 500 and never nothing; and then answers as before. Whoever
    sends what was refused once more, with the same idempotency key, has it once."""
    folder = Path(scene.url.partition("host=")[2].partition("&")[0])
    before = set(scene.events())
    officer = scene.asker(server, "officer")
    with Load([scene.asker(server, "officer") for _ in range(4)]) as load:
        load.until_acknowledged(20)
        kill(scene, folder)
        load.until_refused()
        postgres.start()
        load.until_acknowledged(20)
    assert {said.outcome for said in load.writes} == {(200, None), AWAY}
    assert {said.outcome for said in load.reads} <= {(200, None), AWAY}
    assert all(said.data == READ_DATA for said in load.reads if said.status == 200)
    assert max(said.seconds for said in (*load.writes, *load.reads)) < LONGEST_SECONDS
    assert load.acknowledged <= set(scene.events())

    assert all(created(officer.create(name)) for name in sorted(load.unsure | load.acknowledged))

    assert sorted(set(scene.events()) - before) == sorted(load.unsure | load.acknowledged)
    assert len(scene.events()) == len(set(scene.events()))
    scene.rows("delete from events")
    scene.rows("delete from idempotency_keys")


def test_who_asks_in_the_moment_of_a_crash_is_told(scene: Scene, server: Server):
    """Clients see 503 SERVICE_UNAVAILABLE within seconds, though the server ended with their statement unread: event
    loops may not tell of such an end."""
    ana = scene.asker(server, "Ana")
    assert ana.ask(READ).data == READ_DATA
    ours = [pid for (pid,) in scene.rows(BACKENDS)]
    with psycopg.connect(scene.url) as other, ThreadPoolExecutor() as threads:
        for pid in ours:
            os.kill(pid, signal.SIGSTOP)
        os.kill(other.info.backend_pid, signal.SIGKILL)
        asked = threads.submit(ana.ask, READ)
        time.sleep(2)  # the statement is sent by then
        for pid in ours:
            os.kill(pid, signal.SIGCONT)
        said = asked.result()
    assert said.outcome == AWAY
    assert said.seconds < LONGEST_SECONDS
    server.until("/readyz", 200)
    assert ana.ask(READ).data == READ_DATA


def test_who_listens_is_told_to_listen_anew(scene: Scene, server: Server, postgres: EmbeddedPostgres):
    """Listeners see their socket closed with 1012, and newcomers theirs with 1013, until there is a database again.
    Client libraries try again by themselves after both."""
    folder = Path(scene.url.partition("host=")[2].partition("&")[0])
    token = scene.token("Ana")
    with socket_of(server, token) as listening, socket_of(server, token) as late:
        assert hear(listening) == hear(late) == ACKNOWLEDGED
        listening.send(subscribing())
        wait_for(lambda: scene.rows(LISTENS), "the server to listen")
        kill_the_server(scene, folder)
        assert closed(listening) == 1012
        late.send(subscribing())
        assert closed(late) == 1012
    server.until("/readyz", 503)
    with socket_of(server, token) as early:
        assert closed(early) == 1013
    assert scene.asker(server, "Ana").ask(READ).outcome == AWAY
    postgres.start()
    server.until("/readyz", 200)
    with socket_of(server, token) as again:
        assert hear(again) == ACKNOWLEDGED
