"""What is said when PostgreSQL breaks a request off, for the sake of another at the same rows or for want of room: on
real connections."""

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
from api.db import PooledDatabase, database_is_away
from api.settings import Settings
from schema.errors import of_database
from tests.databases import WAITING
from tests.factories import make_member, make_mentor, make_person, make_staff

WORDS = "Others changed the same things at this moment, and nothing of yours was done. Try again."
UNLIST = "mutation { setListed(input: {listed: false}) { __typename } }"


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
                    if await watching.scalar(text(WAITING)):
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


CREATE = """createEvent(input: {name: "%s", startsAt: "2040-05-01T18:00:00Z", endsAt: "2040-05-01T20:00:00Z",
    timeZone: "Europe/Lisbon"}) { __typename }"""
FULL = """create function fill() returns trigger language plpgsql as $$ begin
    if new.name <> 'First' then raise exception 'No space left on device' using errcode = 'disk_full'; end if;
    return new; end $$"""


@pytest.mark.real
@pytest.mark.timeout(120)
async def test_what_a_mutation_did_before_the_disk_was_full_is_told(
    real_db: PooledDatabase, settings: Settings, issuer: DevelopmentIssuer
):
    async with real_db.write() as session, session.begin():
        officer = await make_staff(session)
        await session.execute(text(FULL))
        await session.execute(text("create trigger fill before insert on events for each row execute function fill()"))
    headers = {"authorization": f"Bearer {issuer.token(officer.id, timedelta(minutes=5))}"}
    transport = httpx.ASGITransport(create_app(settings, real_db))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        asked = f"mutation {{ a: {CREATE % 'First'} b: {CREATE % 'Second'} }}"
        parts = await client.post("/graphql", json={"query": asked})
        nothing = await client.post("/graphql", json={"query": f"mutation {{ {CREATE % 'Second'} }}"})
    assert (parts.status_code, parts.json()["data"]) == (200, {"a": {"__typename": "EventPayload"}, "b": None})
    (error,) = parts.json()["errors"]
    assert (error["path"], error["extensions"]) == (["b"], {"code": "SERVICE_UNAVAILABLE"})
    assert (nothing.status_code, "data" in nothing.json()) == (503, False)


@pytest.mark.parametrize("cause", [DeadlockDetected("a"), SerializationFailure("b")])
def test_what_was_broken_off_is_not_told_as_a_database_that_is_away(
    cause: psycopg.Error, capsys: pytest.CaptureFixture[str]
):
    for error in (cause, DBAPIError("select", {}, cause)):
        assert not database_is_away(error)
        assert of_database(error) == (WORDS, "TRY_AGAIN")
        with pytest.raises(SystemExit):
            explain(error)
        assert "try again" in capsys.readouterr().err
    assert database_is_away(psycopg.OperationalError("gone"))
