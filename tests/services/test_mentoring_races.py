"""A mentor who says yes to many at the same moment, on real connections."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import select

from api import models
from api.db import PooledDatabase
from api.errors import Conflict
from api.services.blocks import block_person
from api.services.choices import set_choices
from api.services.mentoring import answer_mentorship, request_mentorship
from tests.factories import make_member, make_mentor, viewer_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]


async def test_parallel_answers_never_give_a_place_twice(real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        mentor = viewer_of(await make_member(session))
        person = await session.get_one(models.Person, mentor.key)
        profile = await make_mentor(session, person, max_mentees=3)
        asked = [
            await request_mentorship(session, viewer_of(await make_member(session)), profile.id, None)
            for _ in range(12)
        ]

    async def accept(key: UUID) -> str:
        try:
            async with real_db.write() as session, session.begin():
                await answer_mentorship(session, mentor, key, accept=True)
        except Conflict:
            return "refused"
        return "accepted"

    assert Counter(await asyncio.gather(*(accept(key) for key in asked))) == {"accepted": 3, "refused": 9}
    async with real_db.write() as session:
        states = Counter(await session.scalars(select(models.Mentorship.state)))
        assert states == {models.MentorshipState.ACCEPTED: 3, models.MentorshipState.PENDING: 9}
        assert await session.scalar(select(models.MentorProfile.active_mentees)) == 3


async def test_one_request_sent_many_times_at_once_is_one(real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        person = await session.get_one(models.Person, (await make_member(session)).person_id)
        profile = await make_mentor(session, person)
        viewer = viewer_of(await make_member(session))

    async def ask() -> object:
        async with real_db.write() as session, session.begin():
            return await request_mentorship(session, viewer, profile.id, None)

    assert len(set(await asyncio.gather(*(ask() for _ in range(10))))) == 1


@pytest.mark.parametrize("what", ["a block", "leaving the pool"])
async def test_a_request_made_meanwhile_does_not_stay_open(real_db: PooledDatabase, what: str):
    """What ends open requests waits for one that is being made, and then ends it too."""
    async with real_db.write() as session, session.begin():
        mentor, mentee = viewer_of(await make_member(session)), viewer_of(await make_member(session))
        profile = await make_mentor(session, await session.get_one(models.Person, mentor.key))

    async def end() -> None:
        async with real_db.write() as session, session.begin():
            if what == "a block":
                await block_person(session, mentor, mentee.key)
            else:
                await set_choices(session, mentor, mentor_open=False)

    async with real_db.write() as session, session.begin():
        await request_mentorship(session, mentee, profile.id, None)
        ending = asyncio.create_task(end())
        await asyncio.wait({ending}, timeout=0.5)
    await ending
    ended = models.MentorshipState.WITHDRAWN if what == "a block" else models.MentorshipState.DECLINED
    async with real_db.write() as session:
        assert (await session.scalars(select(models.Mentorship.state))).all() == [ended]
