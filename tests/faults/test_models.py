"""The language model broken or gone: in the API, which embeds searches, and in the worker, which embeds all else."""

import shutil
import signal
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.api.servers import ALUMNI, PATIENCE_SECONDS, Server, environment_for, log_of, wait_for
from tests.faults.scenes import DEVELOPMENT, EDIT, VECTORS, Scene

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]
SEARCH = '{ searchPeople(text: "boats", first: 5) { degraded nodes { person { displayName } } } }'
SUGGEST = "{ peopleYouShouldMeet(first: 3) { nodes { person { displayName } } } }"
JOBS = "select status::text, attempts from procrastinate_jobs where args ->> 'person_id' = %s"
HOUSEWORK = "select count(*) from procrastinate_jobs where task_name = 'forget_views'"


@pytest.fixture(scope="module")
def server(scene: Scene, export: Path) -> Generator[Server]:
    """An API whose model is cut short, as a copy that was not finished leaves it."""
    shutil.copytree(export, scene.data_dir / "models")
    (model,) = scene.data_dir.glob("models/*/model.int8.onnx")
    with model.open("r+b") as file:
        file.truncate(model.stat().st_size // 2)
    with scene.serving() as server:
        yield server


@contextmanager
def working(scene: Scene, **more: str) -> Generator[Callable[[], str]]:
    """A worker beside the API, until the block ends; gives what it has logged so far."""
    path = scene.data_dir.parent / "worker.log"
    with path.open("w") as log:
        settings = {"ALUMNI_DATABASE_URL": scene.url} | DEVELOPMENT | more
        worker = subprocess.Popen(
            [ALUMNI, "work"], env=environment_for(scene.data_dir, **settings), stdout=log, stderr=log
        )
        try:
            yield path.read_text
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(PATIENCE_SECONDS)


def test_searches_go_by_words_until_the_worker_has_made_the_model_anew(scene: Scene, server: Server):
    """Searchers see what their words find, with `degraded: true`; suggestions are as ever, and the logs tell why. The
    worker makes the model anew and embeds what has waited; then searches compare meaning, without a new start."""
    ana, ben = scene.asker(server, "Ana"), scene.asker(server, "Ben")
    edited = ana.ask(EDIT, bio="Builds wooden boats in Bergen.").data
    assert edited == {"updateMyProfile": {"__typename": "UpdateProfilePayload"}}
    found = [{"person": {"displayName": "Ana"}}]
    assert ben.ask(SEARCH).data == {"searchPeople": {"degraded": True, "nodes": found}}
    assert ben.ask(SUGGEST).outcome == (200, None)
    assert "Searches go without vectors: The exported model" in log_of(server)
    assert scene.rows(VECTORS, "Ana") == [(0,)]
    with working(scene) as said:
        wait_for(lambda: scene.rows(VECTORS, "Ana") == [(1,)], "the vector")
        assert "It is made anew." in said()
    whole = {"searchPeople": {"degraded": False, "nodes": found}}
    wait_for(lambda: ben.ask(SEARCH).data == whole, "searches by meaning")


def test_what_needs_no_model_is_done_without_one(scene: Scene, server: Server):
    """People see other work done as ever, such as webhooks' messages. What is to be embedded waits in the queue, and no
    attempt is counted; the log says what is missing."""
    person_id = str(scene.accounts["Ben"].person_id)
    with working(scene, ALUMNI_EMBEDDING_MODEL=str(scene.data_dir / "no-such-model")) as said:
        wait_for(lambda: "Nothing is embedded: " in said(), "the worker to miss its model")
        scene.asker(server, "Ben").ask(EDIT, bio="Restores old harpsichords.")
        scene.rows("insert into procrastinate_jobs (queue_name, task_name) values ('default', 'forget_views')")
        wait_for(lambda: scene.rows(HOUSEWORK) == [(0,)], "other work to be done")
        assert scene.rows(JOBS, person_id) == [("todo", 0)]
    assert server.status("/readyz") == 200


def test_a_worker_that_exports_ends_when_it_is_told_to(scene: Scene, tmp_path: Path):
    """Whoever stops a worker does not wait for the model, and nothing half made is left."""
    settings = {"ALUMNI_DATABASE_URL": scene.url} | DEVELOPMENT
    worker = psutil.Popen([ALUMNI, "work"], env=environment_for(tmp_path, **settings))
    exports = list[psutil.Process]()
    wait_for(lambda: bool(exports.extend(worker.children()) or exports), "the export to begin")
    worker.send_signal(signal.SIGTERM)
    worker.wait(PATIENCE_SECONDS)
    assert not any(export.is_running() for export in exports)
    assert list(tmp_path.glob("models/*")) == []
