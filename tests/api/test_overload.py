"""What is said when there is too much to do, and when it takes too long: on real connections, held up by a lock."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from api.app import create_app
from api.auth import DevelopmentIssuer
from api.db import PooledDatabase
from api.settings import Settings
from tests.databases import WAITING
from tests.factories import make_member

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
READ = {"query": "{ people(first: 5) { nodes { displayName } } }"}
PLAIN = {"query": "{ recommenders { kind } }"}
CHANGE = {
    "query": """mutation { a: setListed(input: {listed: false}) { __typename }
        b: updateMyProfile(input: {bio: {text: "Hi."}}) { __typename } }"""
}


@asynccontextmanager
async def client_of(
    database: PooledDatabase, settings: Settings, issuer: DevelopmentIssuer
) -> AsyncGenerator[httpx.AsyncClient]:
    """Asks as a member who was made just now."""
    async with database.write() as session, session.begin():
        account = await make_member(session, "Ana")
    headers = {"authorization": f"Bearer {issuer.token(account.id, timedelta(minutes=5))}"}
    transport = httpx.ASGITransport(create_app(settings, database))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield client


@asynccontextmanager
async def hasty_database(url: str) -> AsyncGenerator[PooledDatabase]:
    """The same database, to which each statement may take a little while only."""
    database = PooledDatabase(url, statement_seconds=0.3)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def locked(database: PooledDatabase, table: str) -> AsyncGenerator[None]:
    """Nobody else can read the table meanwhile."""
    async with database.write() as other, other.begin():
        await other.execute(text(f"lock table {table} in access exclusive mode"))
        yield


async def test_who_comes_when_all_places_are_taken_is_told_when_to_come_again(
    real_db: PooledDatabase, settings: Settings, issuer: DevelopmentIssuer
):
    few = settings.model_copy(update={"operations_at_once": 2})
    async with client_of(real_db, few, issuer) as client:
        async with locked(real_db, "people"):
            slow = [asyncio.create_task(client.post("/graphql", json=READ)) for _ in range(2)]
            async with real_db.write() as watching:
                for _ in range(1000):
                    if await watching.scalar(text(WAITING)):
                        break
                    await asyncio.sleep(0.01)
            refused = await asyncio.gather(*(client.post("/graphql", json=READ) for _ in range(5)))
        for one in refused:
            assert (one.status_code, one.headers["retry-after"]) == (503, "1")
            assert one.json()["errors"][0]["extensions"] == {"code": "OVERLOADED"}
        for one in [*await asyncio.gather(*slow), await client.post("/graphql", json=READ)]:
            assert one.json()["data"] == {"people": {"nodes": [{"displayName": "Ana"}]}}


async def test_a_statement_that_takes_too_long_is_broken_off_and_told(
    real_db: PooledDatabase, settings: Settings, issuer: DevelopmentIssuer
):
    async with (
        hasty_database(real_db.url) as hasty,
        client_of(hasty, settings, issuer) as client,
    ):
        async with locked(real_db, "people"):
            read = await client.post("/graphql", json=READ)
        assert (read.status_code, read.json()["errors"][0]["extensions"]) == (503, {"code": "TIMED_OUT"})
        async with locked(real_db, "person_texts"):
            changed = (await client.post("/graphql", json=CHANGE)).json()
        assert changed["data"] == {"a": {"__typename": "SetChoicesPayload"}, "b": None}
        ((error),) = changed["errors"]
        assert (error["path"], error["extensions"]) == (["b"], {"code": "TIMED_OUT"})
        assert (await client.post("/graphql", json=READ)).status_code == 200
