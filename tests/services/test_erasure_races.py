"""Erasure while others write about the same person, on real connections: nothing is left over, and counters hold."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg.errors import ForeignKeyViolation
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer, ViewerKind
from api.db import PooledDatabase
from api.errors import DomainError, NotFound
from api.services.blocks import block_person
from api.services.connections import request_connection
from api.services.erasures import erase_me
from api.services.events import cancel_registration, register
from api.services.imports import import_people
from api.services.jobs import JobChanges, post_job, show_interest
from api.services.mentoring import answer_mentorship, request_mentorship
from api.services.profile_changes import ProfileChanges, SkillEntry
from api.services.profiles import update_my_profile
from tests.factories import make_event, make_job, make_member, make_mentor, viewer_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
Work = Callable[[AsyncSession], Awaitable[object]]
ROUNDS = 12


async def run(database: PooledDatabase, work: Work) -> str:
    """Do it in a transaction of its own; what came of it, as the API tells it."""
    try:
        async with database.write() as session, session.begin():
            await work(session)
    except DomainError as refused:
        return refused.code
    except IntegrityError as refused:
        return NotFound.code if isinstance(refused.orig, ForeignKeyViolation) else str(refused)
    return "done"


async def together(database: PooledDatabase, works: Sequence[Work], viewer: Viewer, name: str, place: int) -> None:
    """All at once, with the erasure at this place: it is done, and the others are done or come too late."""
    place %= len(works) + 1
    erasure: Work = lambda session: erase_me(session, viewer, name)  # noqa: E731
    all_ = [*works[:place], erasure, *works[place:]]
    told = await asyncio.gather(*(run(database, work) for work in all_))
    assert told[place] == "done"
    assert set(told) <= {"done", NotFound.code}


async def member(database: PooledDatabase, name: str, **columns: Any) -> Viewer:
    async with database.write() as session, session.begin():
        return viewer_of(await make_member(session, name, **columns))


async def count(database: PooledDatabase, statement: str) -> int:
    async with database.write() as session:
        return await session.scalar(text(statement)) or 0


async def test_two_erasures_of_one_person_are_one(real_db: PooledDatabase):
    viewer = await member(real_db, "Ana")
    told = await asyncio.gather(*(run(real_db, lambda session: erase_me(session, viewer, "Ana")) for _ in range(5)))
    assert sorted(told) == ["NOT_FOUND"] * 4 + ["done"]


def seats(viewer: Viewer, events: Sequence[UUID]) -> list[Work]:
    taking: list[Work] = [lambda session, key=key: register(session, viewer, key) for key in events]
    return [*taking, *(lambda session, key=key: cancel_registration(session, viewer, key) for key in events), *taking]


async def test_registering_while_being_erased_leaves_no_seat_taken(real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        events = [(await make_event(session, capacity=50)).id for _ in range(3)]
        stays = viewer_of(await make_member(session))
        for event_id in events:
            await register(session, stays, event_id)
    for number in range(ROUNDS):
        viewer = await member(real_db, f"Ana {number}")
        await together(real_db, seats(viewer, events), viewer, f"Ana {number}", number)
    assert await count(real_db, "select count(*) from registrations") == 3
    async with real_db.write() as session:
        assert (await session.scalars(select(models.Event.seats_taken))).all() == [1, 1, 1]


async def test_accepting_a_mentee_who_is_being_erased_leaves_the_place_free(real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        mentor = viewer_of(await make_member(session))
        person = await session.get_one(models.Person, mentor.key)
        profile = (await make_mentor(session, person, max_mentees=5)).id

    async def once(mentee: Viewer, name: str, place: int) -> None:
        async with real_db.write() as session, session.begin():
            asked = await request_mentorship(session, mentee, profile, None)
        works: list[Work] = [
            lambda session: answer_mentorship(session, mentor, asked, accept=True),
            lambda session: request_mentorship(session, mentee, profile, None),
        ]
        await together(real_db, works, mentee, name, place)

    for number in range(ROUNDS):
        await once(await member(real_db, f"Ana {number}"), f"Ana {number}", number)
    assert await count(real_db, "select count(*) from mentorships") == 0
    assert await count(real_db, "select active_mentees from mentor_profiles") == 0


def everything(viewer: Viewer, name: str, other: Viewer, job_id: UUID) -> list[Work]:
    until = datetime.now(UTC) + timedelta(days=1)
    posting = JobChanges(title="T", organization=f"Only {name}", country="PT", valid_through=until)
    work = [{"organization": f"Also {name}", "title": "T"}]
    row = {"externalId": name, "displayName": name, "experiences": work}
    skills = ProfileChanges(skills=[SkillEntry(name=f"skill of {name}")])
    return [
        lambda session: request_connection(session, viewer, other.key, "hello"),
        lambda session: request_connection(session, other, viewer.key, "hello"),
        lambda session: block_person(session, other, viewer.key),
        lambda session: show_interest(session, viewer, job_id),
        lambda session: post_job(session, viewer, posting),
        lambda session: import_people(session, Viewer(ViewerKind.STAFF), [row], source="sis"),
        lambda session: update_my_profile(session, viewer, skills),
    ]


async def test_whatever_else_is_written_meanwhile_goes_or_comes_too_late(real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        other = viewer_of(await make_member(session))
        job_id = (await make_job(session, other.key)).id
    for number in range(2 * ROUNDS):
        name = f"Ana {number}"
        viewer = await member(real_db, name, source="sis", external_id=name)
        await together(real_db, everything(viewer, name, other, job_id), viewer, name, number)
    for table in ("connections", "blocks", "job_interests", "skills", "experiences", "suggestion_outcomes"):
        assert await count(real_db, f"select count(*) from {table}") == 0, table
    assert await count(real_db, "select count(*) from organizations where name ~ '^(Only|Also)'") == 0
    assert await count(real_db, "select count(*) from people") == 1
