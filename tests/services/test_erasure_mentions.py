"""A list that names somebody while they are erased, on real connections: the name stays in no log."""

import asyncio

import pytest
from sqlalchemy import select, text

from api import models
from api.access import Viewer
from api.db import PooledDatabase
from api.errors import Conflict
from api.services.erasures import erase_me
from recommender.people import people_to_meet
from tests.factories import connect, make_member, make_person, viewer_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]


async def three(database: PooledDatabase) -> tuple[Viewer, Viewer]:
    """Somebody, and a contact of theirs who knows a third person too."""
    async with database.write() as session, session.begin():
        asker, contact = viewer_of(await make_member(session)), viewer_of(await make_member(session, "Ana"))
        other = await make_person(session)
        for key in (asker.key, other.id):
            await connect(session, contact.key, key)
    return asker, contact


async def keys(database: PooledDatabase) -> list[list[str]]:
    async with database.write() as session:
        return [[reason["key"] for reason in one] for one in await session.scalars(select(models.Suggestion.evidence))]


async def until_one_waits(database: PooledDatabase) -> None:
    """Until somebody waits for a row that another holds: nobody moves before that is given free."""
    waiting = text(
        "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
    )
    async with database.write() as session:
        while not await session.scalar(waiting):
            await session.rollback()
            await asyncio.sleep(0.02)


async def test_an_erasure_waits_for_a_list_that_names_the_person_and_cuts_it(real_db: PooledDatabase):
    asker, contact = await three(real_db)

    async def erase() -> None:
        async with real_db.write() as session, session.begin():
            await erase_me(session, contact, "Ana")

    async with real_db.write() as session, session.begin():
        await people_to_meet(session, asker, first=5)
        erasing = asyncio.create_task(erase())
        await until_one_waits(real_db)
    await erasing
    assert await keys(real_db) == [[]]


async def test_a_list_waits_for_an_erasure_and_names_nobody(real_db: PooledDatabase):
    asker, contact = await three(real_db)

    async def ask() -> None:
        async with real_db.write() as session, session.begin():
            await people_to_meet(session, asker, first=5)

    async with real_db.write() as session, session.begin():
        await erase_me(session, contact, "Ana")
        asking = asyncio.create_task(ask())
        await until_one_waits(real_db)
    with pytest.raises(Conflict):
        await asking
    assert await keys(real_db) == []
