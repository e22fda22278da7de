"""The worker killed, or taken for dead, in the middle of a job: the job runs again, and what it does is there once."""

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.api.servers import Server, log_of, wait_for
from tests.faults.scenes import EDIT, VECTORS, Scene

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]
TOLD = "{ viewer { notifications(first: 9) { nodes { kind } } } }"
ONCE = {"viewer": {"notifications": {"nodes": [{"kind": "NEW_SUGGESTIONS"}]}}}
JOBS = "select count(*) from procrastinate_jobs where task_name = 'embed_person'"
BEFORE_THE_END = "lock table notifications in share mode"
"""Held by somebody else, it stops the job where all but the last is done."""


@pytest.fixture(scope="module")
def server(scene: Scene, export: Path) -> Generator[Server]:
    """With a worker that has its model."""
    shutil.copytree(export, scene.data_dir / "models")
    with scene.serving(ALUMNI_EMBED_IN_WORKER="true") as server:
        yield server


def edit(scene: Scene, server: Server, name: str, bio: str) -> None:
    """Somebody writes about themselves; the job that follows is held before its end."""
    done = scene.asker(server, name).ask(EDIT, bio=bio)
    assert done.data == {"updateMyProfile": {"__typename": "UpdateProfilePayload"}}
    wait_for(lambda: scene.rows(VECTORS, name) == [(1,)], "the vector")
    scene.until_waiting()


def test_the_job_of_a_killed_worker_runs_again_and_tells_once(scene: Scene, server: Server):
    """People see nothing of it but that it takes longer: half a minute after their edit they are told once that there
    are new suggestions."""
    with scene.held(BEFORE_THE_END):
        edit(scene, server, "Ana", "Builds wooden boats in Bergen.")
        worker = server.worker()
        worker.kill()
        worker.wait()
    assert scene.asker(server, "Ana").ask(TOLD).data == {"viewer": {"notifications": {"nodes": []}}}
    wait_for(lambda: scene.rows(JOBS) == [(0,)], "the job to be done by the next worker")
    assert scene.asker(server, "Ana").ask(TOLD).data == ONCE
    assert scene.rows(VECTORS, "Ana") == [(1,)]
    assert "(embed_person) is queued again: its worker died" in log_of(server)


def test_a_worker_that_is_taken_for_dead_does_no_harm(scene: Scene, server: Server):
    """When the database's clock leaps ahead, a living worker's last sign of life is an hour old, and its job is begun
    once more beside it. People are told once, and the next job is done as any other."""
    said = log_of(server).count("is queued again")
    with scene.held(BEFORE_THE_END):
        edit(scene, server, "Ben", "Restores old harpsichords.")

        def taken_for_dead() -> bool:
            scene.rows("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
            return log_of(server).count("is queued again") > said

        wait_for(taken_for_dead, "the job to be queued again")
    wait_for(lambda: scene.rows(JOBS) == [(0,)], "the job to be done")
    assert scene.asker(server, "Ben").ask(TOLD).data == ONCE
    scene.rows("delete from notifications")
    scene.asker(server, "Ben").ask(EDIT, bio="Restores old clavichords.")
    wait_for(lambda: scene.asker(server, "Ben").ask(TOLD).data == ONCE, "the next job to be done")
    assert server.status("/readyz") == 200
