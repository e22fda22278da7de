"""`alumni doctor`: each thing that can be wrong is told with what to do, and what is right is left in peace."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from api.cli import app
from api.db import PooledDatabase
from api.diagnosis import Finding, Level, diagnose
from api.diagnosis import machine as of_the_machine
from api.diagnosis.configuration import look_at_issuer, look_at_settings, look_at_telemetry
from api.diagnosis.database import look_at_clock
from api.diagnosis.machine import look_at_disk, look_at_model
from api.models import Education
from api.postgres import EmbeddedPostgres
from api.queue import EMBED_PERSON, enqueue
from api.settings import Settings
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from tests.api.openid_providers import Provider, settings_for
from tests.factories import make_fact, make_person

pytestmark = pytest.mark.timeout(60)
SAFE = {"oidc_issuer": "https://id.example.edu", "oidc_audience": "alumni"}
OLD = "update pg_extension set extversion = '0.7.4' where extname = 'vector'"


def in_words(finding: Finding) -> str:
    return f"{finding.level} {finding.what}: {finding.said} {finding.remedy}"


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (SAFE, ["OK settings: production, and nothing unsafe."]),
        ({}, ["MEND settings: Nobody can sign in. Set ALUMNI_OIDC_ISSUER"]),
        (
            {"environment": "development", "development_issuer": True},
            ["LOOK settings: ALUMNI_ENVIRONMENT=development", "LOOK settings: ALUMNI_DEVELOPMENT_ISSUER=true"],
        ),
        (SAFE | {"host": "192.0.2.7"}, ["LOOK settings: ALUMNI_HOST=192.0.2.7"]),
        (SAFE | {"cost_per_second": 0}, ["LOOK settings: ALUMNI_COST_PER_SECOND=0"]),
        (
            SAFE | {"database_url": "postgresql://a:b@db.example.edu/c"},
            ["LOOK settings: The connection to the database"],
        ),
        (SAFE | {"database_url": "postgresql://a@db.example.edu/c?sslmode=verify-full"}, ["OK settings"]),
        (SAFE | {"database_url": "postgresql://a@127.0.0.1/c"}, ["OK settings"]),
        (SAFE | {"database_url": "postgresql://a@/c?host=/run/postgresql"}, ["OK settings"]),
    ],
)
def test_what_settings_leave_open_is_told(given: dict[str, Any], expected: list[str], tmp_path: Path):
    found = [in_words(one) for one in look_at_settings(Settings.model_validate({"data_dir": tmp_path, **given}))]

    assert len(found) == len(expected)
    assert all(one.startswith(said) for one, said in zip(found, expected, strict=True)), found
    assert "b@db" not in "".join(found)


def test_settings_that_are_wrong_are_told_by_their_variables():
    done = CliRunner().invoke(app, ["doctor"], env={"ALUMNI_PORT": "x", "ALUMNI_METRICS_TOKEN": "short"})

    assert done.exit_code == 1
    assert "MEND  settings  ALUMNI_PORT: " in done.output
    assert "MEND  settings  ALUMNI_METRICS_TOKEN: " in done.output


def test_traces_are_looked_at_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch):
    assert list(look_at_telemetry()) == []
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    assert [one.level for one in look_at_telemetry()] == [Level.OK]
    monkeypatch.setattr("api.measuring.tracing.PACKAGES", ("opentelemetry.nowhere",))
    [finding] = look_at_telemetry()
    assert (finding.level, finding.remedy) == (Level.MEND, "pip install 'alumni-network[telemetry]'")


# ---------------------------------------------------------------- this machine


def test_too_little_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = Settings(data_dir=tmp_path / "not" / "yet")
    monkeypatch.setattr(of_the_machine, "LEAST_SHARE", 0.0)
    monkeypatch.setattr(of_the_machine, "LEAST_BYTES", 0)
    assert look_at_disk(settings).level is Level.OK
    monkeypatch.setattr(of_the_machine, "LEAST_SHARE", 1.0)
    assert look_at_disk(settings).level is Level.LOOK
    monkeypatch.setattr(of_the_machine, "LEAST_BYTES", 2**70)
    assert look_at_disk(settings).level is Level.MEND


def test_a_model_that_is_absent_or_broken_is_told(tmp_path: Path):
    settings = Settings(data_dir=tmp_path)
    absent = look_at_model(settings)
    export = settings.models_dir / "export"
    export.mkdir(parents=True)
    card = {"name": settings.embedding_model, "version": "1-int8-rows", "weights": "x", "max_tokens": 256}
    (export / "card.json").write_text(json.dumps(card))
    (export / "tokenizer.json").write_text("no tokenizer")
    broken = look_at_model(settings)

    assert in_words(absent).startswith("MEND model: all-MiniLM-L6-v2 is not in ")
    assert in_words(broken).startswith("MEND model: The exported model in export cannot be used: ")
    assert absent.remedy.endswith("alumni embed")


# ---------------------------------------------------------------- sign-in


@pytest.fixture
async def provider() -> AsyncGenerator[Provider]:
    found = Provider()
    await found.start()
    yield found
    await found.stop()


async def test_the_issuer_is_asked_for_its_keys(provider: Provider, tmp_path: Path):
    settings = settings_for(provider.url, tmp_path)
    good = await asyncio.to_thread(look_at_issuer, settings)
    provider.about = {"issuer": "https://another.example"}
    another = await asyncio.to_thread(look_at_issuer, settings)
    await provider.stop()
    away = await asyncio.to_thread(look_at_issuer, settings)

    assert (good.level, good.said) == (Level.OK, f"{provider.url} publishes 1 usable key.")
    assert "names another issuer" in another.said
    assert [one.level for one in (another, away)] == [Level.MEND, Level.MEND]


# ---------------------------------------------------------------- the database


def findings_of(url: str | None, folder: Path, **more: Any) -> dict[str, Finding]:
    """What is found of the database, by what was looked at."""
    given = {"data_dir": folder, "database_url": url, "environment": "development", "development_issuer": True, **more}
    return {one.what: one for one in diagnose(Settings.model_validate(given))}


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for one in statements:
            connection.execute(one.encode())


ALIVE = "insert into procrastinate_workers default values"
DEAD = "update procrastinate_workers set last_heartbeat = now() - interval '1 minute'"
JOB = "insert into procrastinate_jobs (queue_name, task_name, status) values ('default', 'embed_person', '{}')"


@pytest.mark.real
async def test_a_sound_database_is_left_in_peace(real_db: PooledDatabase, tmp_path: Path):
    async with real_db.write() as session, session.begin():
        await make_fact(session, Education, await make_person(session))
    await embed_missing(real_db, HashEmbedder())
    execute(real_db.url, ALIVE, "delete from procrastinate_jobs")

    found = await asyncio.to_thread(findings_of, real_db.url, tmp_path, embedding_model="hash")

    sound = ("database", "pgvector", "clock", "tables", "worker", "vectors")
    assert {what: in_words(found[what]) for what in sound if found[what].level is not Level.OK} == {}
    assert found["worker"].said == "It is alive; 0 jobs wait, for 0 s at the most."
    assert "queue" not in found


@pytest.mark.real
@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        ([OLD], "MEND pgvector: 0.7.4 is too old. Install 0.8 or newer, then run in the database: ALTER EXTENSION"),
        (
            ["update alembic_version set version_num = '0000_old'"],
            "MEND tables: They are at revision 0000_old, this code",
        ),
        (["drop table alembic_version"], "MEND tables: The database has none yet. Run: alumni migrate"),
        ([], "MEND worker: None is alive, and 0 jobs wait. alumni serve starts one"),
        (
            [f"{ALIVE}", "update procrastinate_workers set last_heartbeat = now() - interval '1 minute'"],
            "MEND worker: None",
        ),
        (
            [ALIVE, JOB.format("todo"), "update procrastinate_events set at = now() - interval '1 hour'"],
            "MEND worker: It is alive, and 1 job wait, one of them for 60 minutes.",
        ),
        ([JOB.format("failed")], "LOOK queue: Jobs were given up: 1 of embed_person."),
        ([], "LOOK vectors: There are none, and 0 texts to embed."),
        (
            ["insert into embedding_models (name, version, active) values ('old', '1', true)"],
            "LOOK vectors: They are of old, and ALUMNI_EMBEDDING_MODEL is all-MiniLM-L6-v2.",
        ),
    ],
)
def test_what_is_wrong_in_the_database_is_told(real_url: str, tmp_path: Path, spoil: list[str], expected: str):
    execute(real_url, *spoil)

    found = findings_of(real_url, tmp_path)

    assert in_words(found[expected.split()[1].rstrip(":")]).startswith(expected)


@pytest.mark.real
async def test_texts_without_vectors_are_counted(real_db: PooledDatabase, tmp_path: Path):
    async with real_db.write() as session, session.begin():
        person = await make_person(session)
        await make_fact(session, Education, person)
        await enqueue(session, EMBED_PERSON, person_id=str(person.id))
    await embed_missing(real_db, HashEmbedder())
    async with real_db.write() as session, session.begin():
        await make_fact(session, Education, person, school="Elsewhere")

    found = await asyncio.to_thread(findings_of, real_db.url, tmp_path, embedding_model="hash")

    assert found["vectors"].said == "1 texts have no vector of hash yet."


@pytest.mark.real
@pytest.mark.parametrize(("apart", "level"), [(0.0, Level.OK), (3.0, Level.LOOK), (-40.0, Level.MEND)])
def test_clocks_that_differ_are_told(real_url: str, apart: float, level: Level):
    def now() -> float:
        return time.time() + apart

    with psycopg.connect(real_url) as connection:
        assert look_at_clock(connection, now).level is level


def test_a_database_that_is_away_or_not_yet_there_is_told(tmp_path: Path):
    away = findings_of(f"postgresql://nobody@/nothing?host={tmp_path}", tmp_path)
    none = findings_of(None, tmp_path / "var")

    assert in_words(away["database"]).startswith("MEND database: It cannot be reached: ")
    assert in_words(none["database"]).startswith(f"MEND database: There is none in {tmp_path / 'var'}.")
    assert not (tmp_path / "var").exists()


def test_an_empty_database_is_told_what_it_lacks(postgres: EmbeddedPostgres, tmp_path: Path):
    postgres.create_database("doctor_empty")
    try:
        found = findings_of(postgres.url("doctor_empty"), tmp_path)
    finally:
        postgres.drop_database("doctor_empty")

    assert in_words(found["tables"]).startswith("MEND tables: The database has none yet.")
    assert found["pgvector"].level is Level.OK
    assert "worker" not in found
