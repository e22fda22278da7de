"""A backup holds all of a network, and a restored one answers as the first did."""

import asyncio
import stat
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner

from api.app import create_app
from api.auth import DevelopmentIssuer
from api.cli import app
from api.cli.failures import CommandFailed
from api.db import PooledDatabase
from api.postgres import DatabaseUnavailable, EmbeddedPostgres
from api.seed.accounts import DEMO_MEMBER_EMAIL
from api.seed.loading import load_network
from api.settings import Settings
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from tests.api.servers import headers_of, log_of, run_alumni, serving, wait_for

ALIKE = """{ people(first: 20) {
  totalCount nodes { displayName educations { school } similarPeople(first: 5) { displayName } }
} }"""
ALONE = {"ALUMNI_EMBED_IN_WORKER": "false"}
DEVELOPMENT = {"ALUMNI_ENVIRONMENT": "development", "ALUMNI_DEVELOPMENT_ISSUER": "true"}


@pytest.fixture
def restored(postgres: EmbeddedPostgres) -> Generator[str]:
    """The name of an empty database."""
    name = "restored_here"
    postgres.drop_database(name)
    postgres.create_database(name)
    yield name
    postgres.drop_database(name)


def contents(url: str) -> dict[str, Any]:
    """How many rows each table has, and a digest of all that the vectors say."""
    with psycopg.connect(url) as connection:
        named = "select tablename from pg_tables where schemaname = 'public' order by 1"
        tables = [row[0] for row in connection.execute(named)]
        counts = {
            table: connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
            for table in tables
        }
        spelled = "select md5(string_agg(embedding::text, ',' order by fact_id)), count(*) from fact_vectors"
        return {**counts, "vectors": connection.execute(spelled).fetchone()}


def searched_by(url: str) -> tuple[str, list[tuple[Any, ...]]]:
    """How the nearest vectors are found where sorting so few is not allowed, and all indexes by name."""
    nearest = """explain (costs off) select fact_id from fact_vectors where visibility in ('MEMBERS', 'PUBLIC')
        order by embedding <=> (select embedding from fact_vectors order by fact_id limit 1) limit 3"""
    with psycopg.connect(url) as connection:
        connection.execute("set local enable_seqscan = off")
        connection.execute("set local enable_sort = off")
        plan = "\n".join(row[0] for row in connection.execute(nearest))
        named = "select indexname from pg_indexes where schemaname = 'public' order by 1"
        return plan, connection.execute(named).fetchall()


async def answer(url: str, settings: Settings, issuer: DevelopmentIssuer) -> Any:
    """What the demo member sees of whom."""
    db = PooledDatabase(url)
    try:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(settings, db)), base_url="http://test"
        ) as client:
            with psycopg.connect(url) as connection:
                row = connection.execute("select id from accounts where email = %s", [DEMO_MEMBER_EMAIL]).fetchone()
            assert row is not None
            told = await client.post(
                "/graphql", json={"query": ALIKE}, headers=headers_of(issuer.token(row[0], timedelta(minutes=5)))
            )
            return told.json()["data"]
    finally:
        await db.close()


@pytest.mark.real
@pytest.mark.timeout(120)
async def test_what_is_dumped_and_loaded_is_the_same_and_answers_the_same(
    postgres: EmbeddedPostgres,
    real_db: PooledDatabase,
    restored: str,
    settings: Settings,
    issuer: DevelopmentIssuer,
    tmp_path: Path,
):
    with psycopg.connect(real_db.url) as connection:
        load_network(connection, 60)
    await embed_missing(real_db, HashEmbedder())
    settings = settings.model_copy(update={"max_operation_cost": 10**6})

    with (tmp_path / "network.dump").open("wb") as written:
        await asyncio.to_thread(postgres.dump, str(conninfo_to_dict(real_db.url)["dbname"]), written)
    with (tmp_path / "network.dump").open("rb") as given:
        await asyncio.to_thread(postgres.load, restored, given)

    url = postgres.url(restored)
    there = contents(url)
    assert there == contents(real_db.url)
    assert there["people"] == (60,)
    assert there["vectors"][1] > 100
    assert searched_by(url) == searched_by(real_db.url)
    assert "Index Scan using ix_fact_vectors_members" in searched_by(url)[0]
    told = await answer(url, settings, issuer)
    assert told == await answer(real_db.url, settings, issuer)
    assert any(one["similarPeople"] for one in told["people"]["nodes"])


@pytest.mark.timeout(60)
def test_half_a_backup_is_refused(postgres: EmbeddedPostgres, template: str, restored: str, tmp_path: Path):
    whole = tmp_path / "whole.dump"
    with whole.open("wb") as written:
        postgres.dump(template, written)
    half = tmp_path / "half.dump"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    with half.open("rb") as given, pytest.raises(DatabaseUnavailable, match="pg_restore failed"):
        postgres.load(restored, given)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_network_is_backed_up_while_it_serves_restored_elsewhere_and_found_well(tmp_path: Path):
    first, second, file = tmp_path / "first", tmp_path / "second", tmp_path / "network.dump"
    nothing = run_alumni(first, "backup", str(file))
    sick = run_alumni(first, "doctor", **DEVELOPMENT)
    assert (nothing.returncode, "There is no database in" in nothing.stderr) == (1, True)
    assert (sick.returncode, "MEND  database  There is none in" in sick.stdout) == (1, True)
    assert not first.exists()

    assert run_alumni(first, "seed", "--people", "30").returncode == 0
    token = run_alumni(first, "token", "--as", "member", **DEVELOPMENT).stdout
    with serving(first, **DEVELOPMENT) as server:
        told = server.ask(ALIKE, **headers_of(token)).json()["data"]
        done = run_alumni(first, "backup", str(file))
        assert done.returncode == 0, done.stderr
        wait_for(lambda: list((first / "models").glob("*/card.json")), "the model's export")
        well = wait_for(lambda: _if_well(first), "the worker to embed everything")
        again = run_alumni(first, "backup", str(file))
        assert server.status("/readyz") == 200, log_of(server)
    assert {"worker", "vectors", "model"} <= {line.split()[1] for line in well.splitlines() if line.startswith("OK")}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    assert [one.name for one in tmp_path.glob("*.dump*")] == ["network.dump"]

    occupied = run_alumni(first, "restore", str(file))
    assert (occupied.returncode, "which stays as it is" in occupied.stderr) == (1, True)
    file.with_name("broken.dump").write_bytes(b"PGDMP broken")
    broken = run_alumni(second, "restore", str(tmp_path / "broken.dump"))
    assert (broken.returncode, "pg_restore failed" in broken.stderr) == (1, True)
    restored = run_alumni(second, "restore", str(file))
    assert restored.returncode == 0, restored.stderr

    token = run_alumni(second, "token", "--as", "member", **DEVELOPMENT).stdout
    with serving(second, **DEVELOPMENT, **ALONE) as server:
        now = server.ask(ALIKE, **headers_of(token)).json()["data"]
    assert [one["displayName"] for one in now["people"]["nodes"]] == [
        one["displayName"] for one in told["people"]["nodes"]
    ]
    assert now["people"]["totalCount"] == told["people"]["totalCount"] == 30


def names_in(data: Any) -> list[str]:
    return [one["displayName"] for one in data["people"]["nodes"]]


def _if_well(data_dir: Path) -> str:
    done = run_alumni(data_dir, "doctor", **DEVELOPMENT)
    return done.stdout if done.returncode == 0 and "LOOK  vectors" not in done.stdout else ""


@pytest.mark.parametrize("words", [["backup", "anywhere"], ["restore", __file__]])
def test_a_server_of_ones_own_is_left_to_its_own_programs(words: list[str]):
    done = CliRunner().invoke(app, words, env={"ALUMNI_DATABASE_URL": "postgresql://nobody@/nothing"})

    assert isinstance(done.exception, CommandFailed)
    assert done.exception.status == 2
    assert 'pg_dump --format=custom --file=FILE "$ALUMNI_DATABASE_URL"' in str(done.exception)
