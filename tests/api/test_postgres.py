"""The embedded PostgreSQL on its own: made, shared, stopped, and started again on whatever a kill left behind."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from api.postgres import DatabaseUnavailable, EmbeddedPostgres
from tests.api.servers import postmasters, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PROJECT = Path(__file__).parents[2]
HOLDING = """
    import sys, time
    from pathlib import Path
    from api.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
    server.start()
    print("started", flush=True)
    sys.stdin.read()
    server.stop()
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Generator[Path]:
    """A data folder of one test's own, on which nothing runs after it."""
    yield tmp_path / "var"
    left = postmasters(tmp_path)
    for process in left:
        process.kill()
    assert left == []


@contextmanager
def running(data_dir: Path, *, durable: bool = False) -> Generator[EmbeddedPostgres]:
    """A server that runs within the block."""
    server = EmbeddedPostgres(data_dir, durable=durable)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def held_elsewhere(data_dir: Path) -> Generator["subprocess.Popen[str]"]:
    """Another process that started the server or shares it. End its input, and it lets go."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDING), str(data_dir)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        try:
            yield process
        finally:
            if process.poll() is None:
                process.communicate()


def postmaster_of(data_dir: Path) -> psutil.Process:
    """The process that all others of the server come from."""
    return psutil.Process(int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0]))


def kept(server: EmbeddedPostgres) -> list[str]:
    """What `write` wrote."""
    with psycopg.connect(server.url("postgres")) as connection:
        return [row[0] for row in connection.execute("select word from kept order by word")]


def write(server: EmbeddedPostgres, word: str) -> None:
    """Commit one row."""
    with psycopg.connect(server.url("postgres")) as connection:
        connection.execute("create table if not exists kept (word text)")
        connection.execute("insert into kept values (%s)", [word])


def test_a_started_server_answers_and_a_stopped_one_is_gone(data_dir: Path):
    with running(data_dir) as server:
        write(server, "one")
    assert postmasters(data_dir) == []

    with running(data_dir) as server:
        assert kept(server) == ["one"]


def test_stopping_twice_and_stopping_what_was_never_started_do_no_harm(data_dir: Path):
    server = EmbeddedPostgres(data_dir, durable=False)
    server.stop()
    server.start()
    server.stop()
    server.stop()

    assert postmasters(data_dir) == []


def test_the_last_one_out_stops_the_server(data_dir: Path):
    with running(data_dir) as first:
        with running(data_dir), held_elsewhere(data_dir):
            assert postmaster_of(data_dir).is_running()
        write(first, "still here")
    assert postmasters(data_dir) == []


def test_a_killed_holder_does_not_keep_the_server_running(data_dir: Path):
    with running(data_dir), held_elsewhere(data_dir) as other:
        other.kill()
        other.wait()

    assert postmasters(data_dir) == []


def test_many_starts_at_once_on_a_new_folder_make_one_server(data_dir: Path):
    with ThreadPoolExecutor(4) as pool:
        servers = [EmbeddedPostgres(data_dir, durable=False) for _ in range(4)]
        list(pool.map(EmbeddedPostgres.start, servers))
        try:
            with held_elsewhere(data_dir):
                assert len({process.pid for process in postmasters(data_dir) if process.ppid() == 1}) == 1
        finally:
            list(pool.map(EmbeddedPostgres.stop, servers))


def test_committed_rows_survive_a_killed_server(data_dir: Path):
    server = EmbeddedPostgres(data_dir)
    server.start()
    write(server, "committed")
    postmaster_of(data_dir).kill()

    server.start()

    assert kept(server) == ["committed"]
    server.stop()


def test_a_start_waits_for_a_server_that_recovers_from_the_kill_of_one_process(data_dir: Path):
    with running(data_dir, durable=True) as server:
        write(server, "committed")
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            psutil.Process(connection.info.backend_pid).kill()

            with running(data_dir) as another:
                assert kept(another) == ["committed"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_a_server_is_stopped_though_the_way_to_its_folder_was_closed(data_dir: Path):
    with running(data_dir):
        data_dir.parent.chmod(0o700)

    assert postmasters(data_dir) == []


def gone(_data_dir: Path) -> int:
    """The id of a process that has ended."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


def unburied(_data_dir: Path) -> int:
    """The id of a child that has ended and that nobody has asked about: it stays in the system's table."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    wait_for(lambda: psutil.Process(child).status() == psutil.STATUS_ZOMBIE, "the child to end")
    return child


def another_program(_data_dir: Path) -> int:
    """The id of a living process that is no server."""
    return os.getpid()


@pytest.mark.parametrize("find", [gone, unburied, another_program])
def test_a_process_id_left_behind_does_not_hinder_a_start(data_dir: Path, find: Callable[[Path], int]):
    with running(data_dir) as server:
        write(server, "committed")
        left = (data_dir / "postgres" / "postmaster.pid").read_text()
    pid = find(data_dir)
    (data_dir / "postgres" / "postmaster.pid").write_text("\n".join([str(pid), *left.split("\n")[1:]]))

    with running(data_dir) as server:
        assert kept(server) == ["committed"]
    if find is unburied:
        os.waitpid(pid, 0)


@pytest.mark.parametrize("left", ["", "nonsense\n", "-1\n", "99999999999999999999\n"])
def test_a_broken_pid_file_does_not_hinder_a_start(data_dir: Path, left: str):
    with running(data_dir):
        pass
    (data_dir / "postgres" / "postmaster.pid").write_text(left)

    with running(data_dir) as server:
        write(server, "works")


@pytest.mark.parametrize("folder", ["postgres.making", "postgres"])
def test_a_cluster_that_was_only_half_made_is_made_anew(data_dir: Path, folder: str):
    (data_dir / folder / "base").mkdir(parents=True)
    (data_dir / folder / "postgresql.conf").write_text("half")

    with running(data_dir) as server:
        write(server, "works")


@pytest.mark.parametrize("name", ["with a space", "Größe-数据", "quote'd", "deep/" + "x" * 90 + "/" + "y" * 90])
def test_a_data_folder_may_have_any_name_and_depth(tmp_path: Path, name: str):
    with running(tmp_path / name) as server:
        write(server, "works")
    assert postmasters(tmp_path) == []


def test_a_server_that_cannot_start_says_where_its_log_is(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.postgres.LEFTOVER_SECONDS", 0)
    with running(data_dir):
        pass
    with (data_dir / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("\nshared_preload_libraries = 'no_such_library'\n")

    server = EmbeddedPostgres(data_dir, durable=False)
    with pytest.raises(DatabaseUnavailable, match=r"server\.log"):
        server.start()


def test_a_process_that_ends_by_a_signal_lets_go(data_dir: Path):
    with running(data_dir) as server:
        with held_elsewhere(data_dir) as other:
            other.send_signal(signal.SIGKILL)
            other.wait()
        write(server, "mine still")
    assert postmasters(data_dir) == []


def test_databases_are_made_copied_renamed_and_dropped(data_dir: Path):
    with running(data_dir) as server:
        server.create_database("first")
        with psycopg.connect(server.url("first")) as connection:
            connection.execute("create table kept (word text)")
        server.create_database("second", template="first")
        server.rename_database("second", "third")
        with psycopg.connect(server.url("third")) as connection:
            assert connection.execute("select count(*) from kept").fetchone() == (0,)
            server_collation = connection.execute(
                "select datlocprovider::text, datlocale from pg_database where datname = 'first'"
            ).fetchone()
            assert server_collation == ("b", "C.UTF-8")
        server.drop_database("third")

        assert [server.database_exists(name) for name in ("first", "second", "third")] == [True, False, False]
