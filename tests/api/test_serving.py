"""`alumni serve` over real processes: what starts, what stops with it, and what survives kill -9."""

import re
import signal
import socket
import subprocess
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from api.postgres import EmbeddedPostgres
from migrations.running import upgrade
from tests.api.servers import Server, headers_of, log_of, postmasters, processes_with, run_alumni, serving, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ALONE = {"ALUMNI_EMBED_IN_WORKER": "false"}
"""For what does not concern the worker: loading its model takes longer than all else."""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """One data folder for the module: its tests come one after the other and leave it stopped."""
    folder = tmp_path_factory.mktemp("serving") / "var"
    yield folder
    assert postmasters(folder) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_server_leaves_no_process_and_starts_again(data_dir: Path, how: signal.Signals):
    for _ in range(2):
        with serving(data_dir) as server:
            worker = server.worker()
            server.until("/readyz", 200)
            assert server.ask("{ __typename }").json()["data"] == {"__typename": "Query"}

            assert server.signal(how) == 0

            assert not worker.is_running()
            assert postmasters(data_dir) == []
            assert server.status("/healthz") == 0


def test_a_killed_server_takes_its_worker_along_and_the_next_start_works(data_dir: Path):
    with serving(data_dir) as server:
        worker = server.worker()
        server.process.kill()
        server.process.wait()

        wait_for(lambda: not worker.is_running(), "the worker to end")

    with serving(data_dir, **ALONE) as server:
        server.until("/readyz", 200)
        assert server.signal(signal.SIGINT) == 0
    assert postmasters(data_dir) == []


def test_a_killed_worker_is_started_again(data_dir: Path):
    with serving(data_dir) as server:
        first = server.worker()
        first.kill()

        wait_for(lambda: any(one.pid != first.pid for one in server.workers()), "another worker")

        assert server.status("/readyz") == 200
        assert "The worker ended with status -9" in log_of(server)
        assert "is not shown" not in log_of(server)


def test_a_killed_database_turns_the_server_red_and_the_next_start_recovers(data_dir: Path):
    with serving(data_dir, **ALONE) as server:
        server.until("/readyz", 200)
        for postmaster in postmasters(data_dir):
            postmaster.kill()

        server.until("/readyz", 503)

        assert server.status("/healthz") == 200
        assert server.signal(signal.SIGINT) == 0
    with serving(data_dir, **ALONE) as server:
        server.until("/readyz", 200)


def test_everything_killed_at_once_is_recovered_by_the_next_start(data_dir: Path):
    with serving(data_dir) as server:
        for process in (server.worker(), *postmasters(data_dir)):
            process.kill()
        server.process.kill()
        server.process.wait()

    with serving(data_dir, **ALONE) as server:
        server.until("/readyz", 200)
        assert server.ask("{ __typename }").json()["data"] == {"__typename": "Query"}


def test_a_database_that_stops_and_comes_back_needs_no_new_start_of_the_server(tmp_path: Path):
    database = EmbeddedPostgres(tmp_path / "elsewhere")
    database.start()
    database.create_database("alumni")
    url = database.url("alumni")
    upgrade(url)
    run_alumni(tmp_path / "var", "seed", "--people", "20", ALUMNI_DATABASE_URL=url)
    member = run_alumni(tmp_path / "var", "token", "--as", "member", ALUMNI_DATABASE_URL=url).stdout
    development = {"ALUMNI_ENVIRONMENT": "development", "ALUMNI_DEVELOPMENT_ISSUER": "true"}
    query = "{ people(first: 2) { nodes { id } } }"
    try:
        with serving(tmp_path / "var", ALUMNI_DATABASE_URL=url, **ALONE, **development) as server:
            server.until("/readyz", 200)
            answer = server.ask(query, **headers_of(member)).json()
            assert len(answer["data"]["people"]["nodes"]) == 2

            in_the_middle = _ask_while(database.stop, url, server, query, headers_of(member))

            server.until("/readyz", 503)
            later = server.ask(query, **headers_of(member))
            if in_the_middle.status_code == 200:  # whoever held the lock was ended first, and it came through
                assert in_the_middle.json()["data"] == answer["data"]
                in_the_middle = later
            for refused in (in_the_middle, later):
                assert refused.status_code == 503, refused.text
                assert refused.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"

            database = EmbeddedPostgres(tmp_path / "elsewhere")
            database.start()

            server.until("/readyz", 200)
            assert server.ask(query, **headers_of(member)).json()["data"] == answer["data"]
    finally:
        database.stop()


def _ask_while(
    happens: Callable[[], None], url: str, server: Server, query: str, headers: Mapping[str, str]
) -> httpx.Response:
    """Ask, and let something happen while the database is at work on the answer."""
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and backend_type = 'client backend'"
    holder, watcher = psycopg.connect(url), psycopg.connect(url, autocommit=True)
    with ThreadPoolExecutor(1) as pool:
        holder.execute("lock table people")
        asked = pool.submit(server.ask, query, **headers)
        wait_for(lambda: watcher.execute(waiting).fetchone() != (0,), "the request to be at work")
        happens()
        holder.close()
        watcher.close()
        return asked.result()


def test_a_taken_port_is_told_and_nothing_is_left_running(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        ended = run_alumni(tmp_path / "var", "serve", ALUMNI_PORT=str(port))

    assert ended.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use." in ended.stderr
    assert f"ALUMNI_PORT={port + 1}" in ended.stderr
    assert postmasters(tmp_path) == []
    assert not (tmp_path / "var").exists()


def test_two_servers_on_one_folder_share_the_database(data_dir: Path):
    with serving(data_dir, **ALONE) as first, serving(data_dir, **ALONE) as second:
        assert len({process.pid for process in postmasters(data_dir) if process.ppid() == 1}) == 1

        assert first.signal(signal.SIGINT) == 0

        second.until("/readyz", 200)
        assert second.signal(signal.SIGINT) == 0
    assert postmasters(data_dir) == []


def test_the_demo_prints_tokens_and_a_first_query_that_work_as_printed(tmp_path: Path):
    with serving(tmp_path / "var", "--demo", **ALONE) as server:
        wait_for(lambda: "Ctrl-C stops it" in log_of(server), "the greeting")
        printed = log_of(server)
        member, staff = re.findall(r"^  (ey\S+)$", printed, re.MULTILINE)
        command = printed[printed.index("curl") : printed.index("\n\nCtrl-C")]

        answer = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout

        assert '"errors"' not in answer
        assert '"displayName"' in answer
        for token in (member, staff):
            viewer = server.ask("{ viewer { __typename } }", **headers_of(token)).json()
            assert viewer["data"] == {"viewer": {"__typename": "Viewer"}}
        assert run_alumni(tmp_path / "var", "token", "--as", "staff").stdout.count("\n") == 1
        before = _count_people(tmp_path / "var")
        assert before == 1000
    with serving(tmp_path / "var", "--demo", **ALONE):
        assert _count_people(tmp_path / "var") == before


def test_production_settings_do_not_go_with_the_demo(tmp_path: Path):
    ended = run_alumni(tmp_path / "var", "serve", "--demo", ALUMNI_ENVIRONMENT="production")

    assert ended.returncode == 2
    assert "--demo" in ended.stderr
    assert processes_with(str(tmp_path)) == []


def _count_people(data_dir: Path) -> int:
    database = EmbeddedPostgres(data_dir)
    database.start()
    try:
        with psycopg.connect(database.url("alumni")) as connection:
            row = connection.execute("select count(*) from people").fetchone()
    finally:
        database.stop()
    assert row is not None
    return int(row[0])
