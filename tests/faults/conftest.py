"""What more than one fault needs: a database of a file's own, and the language model's export."""

import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import uuid4

import pytest

from api.postgres import EmbeddedPostgres
from recommender.embeddings.weights import BUNDLED
from tests.api.servers import Server
from tests.conftest import PROJECT
from tests.faults.scenes import Scene, make_scene


@pytest.fixture(scope="module")
async def scene(
    postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Scene]:
    """A scene on the tests' own server, for faults of anything but that."""
    name = f"real_{uuid4().hex}"
    postgres.create_database(name, template=template)
    yield await make_scene(postgres.url(name), tmp_path_factory.mktemp("scene"))
    postgres.drop_database(name)


@pytest.fixture(scope="module")
async def server(scene: Scene) -> AsyncGenerator[Server]:
    """An API on the scene's database; files that need another one have their own."""
    with scene.serving() as server:
        yield server


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the export of the bundled model, to be copied."""
    folder = tmp_path_factory.mktemp("export")
    command = [sys.executable, "-m", "recommender.embeddings.torch_model", BUNDLED, folder]
    subprocess.run(command, cwd=PROJECT, capture_output=True, check=True)
    return folder
