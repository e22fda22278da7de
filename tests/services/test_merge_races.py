"""Merging while others write about the same people, on real connections: who comes too late is told that they are gone,
nothing is lost, and counters hold."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer, ViewerKind
from api.app import create_app
from api.auth import DevelopmentIssuer
from api.db import PooledDatabase, names_what_is_gone
from api.errors import DomainError, NotFound
from api.services.blocks import block_person
from api.services.choices import set_choices, set_profiling
from api.services.connections import answer_request, request_connection
from api.services.erasures import ErasureReason, erase_person
from api.services.events import register
from api.services.facts import set_visibility
from api.services.holds import set_hold
from api.services.jobs import show_interest
from api.services.lost_people import set_lost
from api.services.mentoring import answer_mentorship, request_mentorship
from api.services.merges import merge_persons
from api.services.profile_changes import ProfileChanges, SkillEntry
from api.services.profiles import update_my_profile
from api.services.proposals import propose_update
from api.settings import Settings
from schema.ids import encode_id
from tests.databases import WAITING
from tests.factories import (
    make_event,
    make_fact,
    make_job,
    make_member,
    make_mentor,
    make_person,
    make_staff,
    viewer_of,
)

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
Work = Callable[[AsyncSession], Awaitable[object]]
ROUNDS = 12
OFFICE = Viewer(ViewerKind.STAFF, admin=True)


async def run(database: PooledDatabase, work: Work) -> str:
    """Do it in a transaction of its own; what came of it, as the API tells it."""
    try:
        async with database.write() as session, session.begin():
            await work(session)
    except DomainError as refused:
        return refused.code
    except IntegrityError as refused:
        return NotFound.code if names_what_is_gone(refused) else str(refused)
    return "done"


async def together(database: PooledDatabase, works: Sequence[Work]) -> list[str]:
    return list(await asyncio.gather(*(run(database, work) for work in works)))


async def member(database: PooledDatabase, name: str, **columns: Any) -> Viewer:
    async with database.write() as session, session.begin():
        return viewer_of(await make_member(session, name, **columns))


async def count(database: PooledDatabase, statement: str) -> int:
    async with database.write() as session:
        return await session.scalar(text(statement)) or 0


def merging(keep: Viewer, drop: Viewer) -> Work:
    return lambda session: merge_persons(session, OFFICE, keep.key, drop.key)


async def test_merged_while_erased(real_db: PooledDatabase):
    """Whoever comes first: who was erased is gone afterwards with all of theirs, and seats are counted right."""
    async with real_db.write() as session, session.begin():
        events = [(await make_event(session, capacity=50)).id for _ in range(3)]
        stays = viewer_of(await make_member(session, "Stays"))
        profile = (await make_mentor(session, await session.get_one(models.Person, stays.key), max_mentees=5)).id
    for number in range(ROUNDS):
        pair = [await member(real_db, f"Ana {number}"), await member(real_db, f"Anna {number}")]
        async with real_db.write() as session, session.begin():
            for viewer in pair:
                for event_id in events:
                    await register(session, viewer, event_id)
                await request_connection(session, viewer, stays.key, None)
                asked = await request_mentorship(session, viewer, profile, None)
                await answer_mentorship(session, stays, asked, accept=True)
        erased = pair[number % 2]
        works: list[Work] = [
            merging(*pair),
            lambda session, key=erased.key: erase_person(session, OFFICE, key, ErasureReason.REQUESTED),
        ]
        told = await together(real_db, works if number % 4 < 2 else works[::-1])
        assert "done" in told, told
        assert set(told) <= {"done", NotFound.code}, told
        async with real_db.write() as session, session.begin():
            left = set(await session.scalars(select(models.Person.id).where(models.Person.id != stays.key)))
            assert erased.key not in left
        for key in left:
            await run(real_db, lambda session, key=key: erase_person(session, OFFICE, key, ErasureReason.REQUESTED))
    for table in ("connections", "registrations", "mentorships", "person_merges", "person_aliases"):
        assert await count(real_db, f"select count(*) from {table}") == 0, table
    assert await count(real_db, "select sum(seats_taken) from events") == 0
    assert await count(real_db, "select active_mentees from mentor_profiles") == 0


async def test_one_who_is_merged_away_writes_or_comes_too_late(real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        other = viewer_of(await make_member(session, "Other"))
        third = viewer_of(await make_member(session, "Third"))
        profile = (await make_mentor(session, await session.get_one(models.Person, other.key), max_mentees=5)).id
        job_id, event_id = (await make_job(session, other.key)).id, (await make_event(session)).id
    for number in range(2 * ROUNDS):
        keep, drop = await member(real_db, f"Ana {number}"), await member(real_db, f"Anna {number}")
        async with real_db.write() as session, session.begin():
            person = await session.get_one(models.Person, drop.key)
            skill = (await make_fact(session, models.Skill, person)).id
            tie = await request_connection(session, drop, third.key, None)
        works = writing(drop, other, third, skill, tie, profile, job_id, event_id)
        place = number % len(works)
        told = await together(real_db, [*works[:place], merging(keep, drop), *works[place:]])
        assert told[place] == "done", told
        assert set(told) <= {"done", NotFound.code}, told
    assert await count(real_db, "select count(*) from people") == 2 + 2 * ROUNDS


def writing(
    drop: Viewer, other: Viewer, third: Viewer, skill: UUID, tie: UUID, profile: UUID, job_id: UUID, event_id: UUID
) -> list[Work]:
    """What the one who is merged away does meanwhile, what others do to them, and what the office does."""
    skills = ProfileChanges(skills=[SkillEntry(name="Sailing")])
    note = ProfileChanges()
    return [
        lambda session: update_my_profile(session, drop, skills),
        lambda session: set_visibility(session, drop, models.Skill, skill, models.Visibility.ME),
        lambda session: set_hold(session, drop, True),
        lambda session: set_profiling(session, drop, False),
        lambda session: set_profiling(session, drop, True),
        lambda session: request_connection(session, drop, other.key, None),
        lambda session: answer_request(session, third, tie, accept=True),
        lambda session: request_mentorship(session, drop, profile, None),
        lambda session: show_interest(session, drop, job_id),
        lambda session: register(session, drop, event_id),
        lambda session: block_person(session, other, drop.key),
        lambda session: propose_update(session, drop, other.key, note, "Moved."),
        lambda session: propose_update(session, other, drop.key, note, "Moved."),
        lambda session: set_lost(session, OFFICE, drop.key, True, None),
    ]


async def test_what_somebody_decides_who_was_merged_away_is_not_lost_in_silence(session: AsyncSession):
    """As whom a request acts is read before its transaction begins: the merge may come between."""
    keep, drop = viewer_of(await make_member(session)), viewer_of(await make_member(session))
    await merge_persons(session, OFFICE, keep.key, drop.key)
    decisions: list[Work] = [
        lambda session: set_hold(session, drop, True),
        lambda session: set_profiling(session, drop, False),
        lambda session: set_choices(session, drop, listed=False),
    ]
    for decide in decisions:
        with pytest.raises(NotFound):
            await decide(session)


READS = {
    "planned": "query($id: ID!) { person(id: $id) { displayName skills { name } } }",
    "in parts": "query($id: ID!) { viewer { email } identityClaim { issuer } node(id: $id) { ... on Person { id } } }",
    "searched": '{ searchPeople(text: "Sailing", first: 9) { nodes { matchedFields } } }',
}


@pytest.mark.parametrize("query", READS.values(), ids=list(READS))
@pytest.mark.parametrize("staff", [True, False])
async def test_who_reads_somebody_meanwhile_gets_an_answer(
    real_db: PooledDatabase, settings: Settings, issuer: DevelopmentIssuer, query: str, staff: bool
):
    """What is noted of a reading refers to whom was read: who is no more by then is read anew, as absent."""
    async with real_db.write() as session, session.begin():
        reader = await (make_staff(session) if staff else make_member(session))
        keep, drop = await make_person(session), await make_person(session)
        level = models.Visibility.STAFF if staff else models.Visibility.MEMBERS
        await make_fact(session, models.Skill, drop, level, name="Sailing")
    headers = {"authorization": f"Bearer {issuer.token(reader.id, timedelta(minutes=5))}"}
    transport = httpx.ASGITransport(create_app(settings, real_db))
    body = {"query": query, "variables": {"id": encode_id("Person", drop.id)}}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        async with real_db.write() as session, session.begin():
            await merge_persons(session, OFFICE, keep.id, drop.id)
            asked = asyncio.create_task(client.post("/graphql", json=body))
            while not (asked.done() or await count(real_db, WAITING)):  # noqa: ASYNC110 - an event of the database
                await asyncio.sleep(0.01)
        answer = await asked
    assert (answer.status_code, answer.json().get("errors")) == (200, None)
