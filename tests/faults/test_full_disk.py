"""The disk full on which the database lies: a small file system of its own, and a file that takes what is left."""

import os
import secrets
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from api.postgres import EmbeddedPostgres
from tests.api.servers import Server, log_of
from tests.faults.scenes import AWAY, READ, READ_DATA, Scene, created, make_own_scene

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]
SIZE = "256m"


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only who may mount a file system can fill one up")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture(scope="module")
def postgres(disk: Path) -> Generator[EmbeddedPostgres]:
    server = EmbeddedPostgres(disk / "var")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
async def scene(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return await make_own_scene(postgres, tmp_path_factory.mktemp("full"))


@contextmanager
def full(disk: Path) -> Generator[None]:
    """Nothing more fits on the disk while the block lasts."""
    ballast = disk / "ballast"
    try:
        with ballast.open("wb") as file:
            free = os.statvfs(disk)
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)
        yield
    finally:
        ballast.unlink()


def long_text() -> str:
    """Words that cannot be packed, and so need room of their own."""
    return " ".join(secrets.token_hex(4) for _ in range(800))


def test_who_writes_to_a_full_disk_is_told_to_come_again_and_reads_go_on(scene: Scene, server: Server, disk: Path):
    """Writes see 503 SERVICE_UNAVAILABLE, and nothing of them is done; reads, of newcomers too, are answered. Once
    there is room the same requests are done, without a new start of anything. The log names the disk."""
    officer, texts = scene.asker(server, "officer"), dict[str, str]()

    def create(name: str) -> bool:
        said = officer.create(name, texts.setdefault(name, long_text()))
        assert said.outcome in {(200, None), AWAY}
        return created(said)

    assert create("Before")
    begin_a_file_of_the_log(scene)
    with full(disk):
        use_up_the_buckets(scene)
        done = ["Before"]
        while create(last := f"Full {len(done)}"):
            done.append(last)
        assert not create(last)
        for name in ("Ana", "Ben"):
            assert scene.asker(server, name).ask(READ).data == READ_DATA
        assert server.status("/readyz") == 200
        assert scene.events() == sorted(done)
    assert create(last)
    assert scene.events() == sorted([*done, last])
    assert "No space left on device" in log_of(server)
    scene.rows("truncate events, idempotency_keys cascade")


def test_a_database_that_a_full_disk_stops_loses_nothing(
    scene: Scene, server: Server, postgres: EmbeddedPostgres, disk: Path
):
    """Without room for its log PostgreSQL stops. Clients see 503 SERVICE_UNAVAILABLE until there is room and it runs
    again; what was acknowledged is there."""
    officer = scene.asker(server, "officer")
    assert created(officer.create("Acknowledged"))
    with full(disk):
        use_up_the_log(scene)
        assert officer.create("Refused").outcome == AWAY
    postgres.start()
    server.until("/readyz", 200)
    assert scene.events() == ["Acknowledged"]
    assert created(officer.create("Refused"))
    scene.rows("truncate events, idempotency_keys cascade")


def begin_a_file_of_the_log(scene: Scene) -> None:
    """Give PostgreSQL room to go on: it stops when its log has none, which is another test's fault."""
    scene.rows("checkpoint")
    scene.rows("select pg_switch_wal()")
    scene.rows("select pg_logical_emit_message(true, 'full', 'disk')")


def use_up_the_buckets(scene: Scene) -> None:
    """Leave no room in the table of rates, in which every newcomer gets a row."""
    row = 'insert into rate_buckets (key, "left", filled_at) values (uuid_send(gen_random_uuid()), 0, now())'
    with suppress(psycopg.errors.DiskFull):
        for _ in range(100_000):
            scene.rows(row)
        raise AssertionError("The disk has room for any number of rates.")


def use_up_the_log(scene: Scene) -> None:
    """Begin new files of the write-ahead log until there is no room for one."""
    with suppress(psycopg.OperationalError):
        for _ in range(100):
            scene.rows("select pg_logical_emit_message(true, 'full', 'disk')")
            scene.rows("select pg_switch_wal()")
        raise AssertionError("The disk has room for all of the log.")
