"""What is said when PostgreSQL breaks a request off for the sake of another at the same rows: on real connections."""

import asyncio
from datetime import timedelta

import httpx
import psycopg
import pytest
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from api import models
from api.app import create_app
from api.auth import DevelopmentIssuer
from api.cli.failures import explain
from api.db import PooledDatabase
from api.settings import Settings
from schema.http.failures import database_is_away, unavailable
from tests.factories import make_member, make_mentor, make_person

WORDS = "Others changed the same things at this moment, and nothing of yours was done. Try again."
UNLIST = "mutation { setListed(input: {listed: false}) { __typename } }"
WAITING = text("select exists (select from pg_locks where not granted)")


@pytest.mark.real
@pytest.mark.timeout(120)
async def test_a_deadlock_is_told_as_what_it_is_and_the_same_request_succeeds_then(
    real_db: PooledDatabase, settings: Settings, issuer: DevelopmentIssuer
):
    async with real_db.write() as session, session.begin():
        account = await make_member(session, mentor_open=True)
        mentor = await session.get_one(models.Person, account.person_id)
        await make_mentor(session, mentor)
        session.add(
            models.Mentorship(
                mentor_id=mentor.id, mentee_id=(await make_person(session)).id, state=models.MentorshipState.PENDING
            )
        )
    headers = {"authorization": f"Bearer {issuer.token(account.id, timedelta(minutes=5))}"}
    transport = httpx.ASGITransport(create_app(settings, real_db))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        async with real_db.write() as other, other.begin():
            await other.execute(text("set local deadlock_timeout = '60s'"))  # the request is the one to be broken off
            await other.execute(update(models.Mentorship).values(message="Hello"))
            asking = asyncio.create_task(client.post("/graphql", json={"query": UNLIST}))
            async with real_db.write() as watching:
                for _ in range(1000):
                    if await watching.scalar(WAITING):
                        break
                    await asyncio.sleep(0.01)
            await other.execute(update(models.Person).where(models.Person.id == mentor.id).values(pronouns="she"))
            answer = await asking
        (error,) = answer.json()["errors"]
        assert (error["message"], error["extensions"], error["path"]) == (WORDS, {"code": "TRY_AGAIN"}, ["setListed"])
        again = await client.post("/graphql", json={"query": UNLIST})
    assert again.json()["data"] == {"setListed": {"__typename": "SetChoicesPayload"}}
    async with real_db.write() as session:
        person = await session.get_one(models.Person, mentor.id)
        assert (person.listed, person.pronouns) == (False, "she")


@pytest.mark.parametrize("cause", [DeadlockDetected("a"), SerializationFailure("b")])
def test_what_was_broken_off_is_not_told_as_a_database_that_is_away(
    cause: psycopg.Error, capsys: pytest.CaptureFixture[str]
):
    for error in (cause, DBAPIError("select", {}, cause)):
        assert not database_is_away(error)
        assert WORDS.encode() in (unavailable(error) or b"")
        with pytest.raises(SystemExit):
            explain(error)
        assert "try again" in capsys.readouterr().err
    assert database_is_away(psycopg.OperationalError("gone"))
