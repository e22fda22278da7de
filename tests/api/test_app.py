"""The web application as a client meets it: readiness, ids, refusals and masked faults."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from api import db as db_module
from api.app import create_app
from api.auth import DevelopmentIssuer
from api.db import Database, PooledDatabase, database_is_away
from api.settings import Settings
from schema.ide import CONTENT_SECURITY_POLICY
from tests.databases import LockedDatabase

HEAVY = ["torch", "transformers", "sentence_transformers", "onnxruntime", "onnx", "lightgbm", "scipy", "sklearn"]


def settings_in(folder: Path, **more: object) -> Settings:
    given: dict[str, object] = {"environment": "development", "development_issuer": True, "data_dir": folder}
    return Settings.model_validate(given | more)


@asynccontextmanager
async def client_of(settings: Settings, db: Database) -> AsyncGenerator[httpx.AsyncClient]:
    app = create_app(settings, db)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def test_a_healthy_process_with_current_tables_is_ready(db: LockedDatabase, tmp_path: Path):
    async with client_of(settings_in(tmp_path), db) as client:
        healthy, ready = await client.get("/healthz"), await client.get("/readyz")

    assert (healthy.status_code, healthy.json()) == (200, {"healthy": True})
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "problems": []})


async def test_old_tables_are_not_ready_and_say_what_to_do(db: LockedDatabase, tmp_path: Path):
    async with db.write() as session, session.begin():
        await session.execute(text("update alembic_version set version_num = '0000_before'"))

    async with client_of(settings_in(tmp_path), db) as client:
        ready = await client.get("/readyz")

    assert ready.status_code == 503
    [problem] = ready.json()["problems"]
    assert problem.startswith("The database is at revision 0000_before, this code needs ")
    assert problem.endswith("Run: alumni migrate")


async def test_a_database_without_tables_is_not_ready(db: LockedDatabase, tmp_path: Path):
    async with db.write() as session, session.begin():
        await session.execute(text("drop table alembic_version"))

    async with client_of(settings_in(tmp_path), db) as client:
        ready = await client.get("/readyz")

    assert (ready.status_code, ready.json()["problems"]) == (
        503,
        ["The database has no tables yet. Run: alumni migrate"],
    )


@asynccontextmanager
async def silent_database() -> AsyncGenerator[PooledDatabase]:
    """One that accepts connections and never says a word."""

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        database = PooledDatabase(f"postgresql://nobody@127.0.0.1:{port}/nothing", 1)
        yield database
        await database.close()


async def test_a_database_that_accepts_and_never_answers_is_not_ready_but_the_process_is_healthy(tmp_path: Path):
    async with silent_database() as database, client_of(settings_in(tmp_path), database) as client:
        ready, healthy = await client.get("/readyz"), await client.get("/healthz")

    assert (ready.status_code, ready.json()) == (
        503,
        {"ready": False, "problems": ["The database did not answer within 1 s."]},
    )
    assert healthy.status_code == 200


async def test_who_writes_to_a_database_that_never_answers_does_not_wait_for_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(db_module, "PATIENCE_SECONDS", 2.0)
    async with silent_database() as database:
        with pytest.raises(OperationalError) as raised:
            async with asyncio.timeout(10), database.write() as session:
                await session.connection()
    assert database_is_away(raised.value)


async def test_an_answer_bears_the_id_that_was_given_and_one_of_ours_for_what_could_forge_a_log(
    db: LockedDatabase, tmp_path: Path
):
    async with client_of(settings_in(tmp_path), db) as client:
        given = await client.get("/healthz", headers={"x-request-id": "proxy-7.a_B"})
        forged = await client.get("/healthz", headers={"x-request-id": 'a" b'})
        long = await client.get("/healthz", headers={"x-request-id": "a" * 65})

    assert given.headers["x-request-id"] == "proxy-7.a_B"
    assert len(forged.headers["x-request-id"]) == 32
    assert len(long.headers["x-request-id"]) == 32
    assert given.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/graphql"), ("GET", "/graphql"), ("DELETE", "/graphql"), ("GET", "/healthz"), ("GET", "/nothing")],
)
async def test_every_answer_is_data_of_which_a_browser_makes_nothing(
    db: LockedDatabase, tmp_path: Path, method: str, path: str
):
    async with client_of(settings_in(tmp_path), db) as client:
        plain = await client.request(method, path)
        by_https = await client.request(method, f"https://test{path}")

    for answer in (plain, by_https):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in plain.headers
    assert by_https.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_masked_fault_is_safe_too_and_a_page_keeps_its_own_policy(db: LockedDatabase, tmp_path: Path):
    async with db.write() as session, session.begin():
        await session.execute(text("alter table accounts rename to elsewhere"))
    token = sign_in_as_nobody(tmp_path)

    async with client_of(settings_in(tmp_path), db) as client:
        fault = await client.post(
            "/graphql", json={"query": "{ viewer { id } }"}, headers={"authorization": f"Bearer {token}"}
        )
        page = await client.get("/graphql", headers={"accept": "text/html"})
        kept = await client.get("/graphql", headers={"accept": "text/html", "if-none-match": page.headers["etag"]})

    assert (fault.status_code, fault.headers["x-frame-options"]) == (500, "DENY")
    assert page.headers.get_list("content-security-policy") == [CONTENT_SECURITY_POLICY]
    assert page.headers["x-frame-options"] == "DENY"
    assert (kept.status_code, "content-security-policy" in kept.headers) == (304, False)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nothing", 404, "NOT_FOUND"), ("DELETE", "/graphql", 405, "BAD_REQUEST")],
)
async def test_what_is_not_there_is_refused_in_graphql_form(
    db: LockedDatabase, tmp_path: Path, method: str, path: str, status: int, code: str
):
    async with client_of(settings_in(tmp_path), db) as client:
        answer = await client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json()["errors"][0]["extensions"] == {"code": code}


async def test_a_token_that_is_none_is_refused_with_a_code(db: LockedDatabase, tmp_path: Path):
    async with client_of(settings_in(tmp_path), db) as client:
        answer = await client.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"authorization": "Bearer nonsense"}
        )

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_body_of_more_than_a_megabyte_is_refused_with_a_code(db: LockedDatabase, tmp_path: Path):
    async with client_of(settings_in(tmp_path), db) as client:
        answer = await client.post("/graphql", json={"query": "{ __typename }", "variables": {"text": "x" * 1_000_000}})

    assert answer.status_code == 413
    assert answer.json()["errors"][0]["extensions"]["code"]


async def test_a_fault_is_masked_and_its_id_is_in_the_log(
    db: LockedDatabase, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async with db.write() as session, session.begin():
        await session.execute(text("alter table accounts rename to elsewhere"))
    token = sign_in_as_nobody(tmp_path)

    async with client_of(settings_in(tmp_path), db) as client:
        answer = await client.post(
            "/graphql", json={"query": "{ viewer { id } }"}, headers={"authorization": f"Bearer {token}"}
        )

    assert answer.status_code == 500
    [error] = answer.json()["errors"]
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "id": answer.headers["x-request-id"]}
    assert "accounts" not in answer.text
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in logged] == [f"Unexpected error {answer.headers['x-request-id']}"]


async def test_a_database_that_is_away_is_told_with_a_code(tmp_path: Path):
    away = PooledDatabase(f"postgresql://nobody@/nothing?host={tmp_path}", 1)
    token = sign_in_as_nobody(tmp_path)

    async with client_of(settings_in(tmp_path), away) as client:
        answer = await client.post(
            "/graphql", json={"query": "{ viewer { id } }"}, headers={"authorization": f"Bearer {token}"}
        )

    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert str(tmp_path) not in answer.text


def test_the_application_needs_a_database(tmp_path: Path):
    with pytest.raises(ValueError, match="ALUMNI_DATABASE_URL"):
        create_app(settings_in(tmp_path))


@pytest.mark.timeout(60)
def test_importing_the_application_loads_nothing_heavy():
    program = f"import json, sys; import api.app; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert json.loads(printed) == []


def sign_in_as_nobody(folder: Path) -> str:
    return DevelopmentIssuer(folder).token(UUID(int=7), timedelta(minutes=1))
