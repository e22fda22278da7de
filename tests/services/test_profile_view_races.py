"""Many profiles asked for at the same moment, on real connections: the bound is exact."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update

from api import models
from api.access import Viewer
from api.app import create_app
from api.auth import DevelopmentIssuer
from api.db import PooledDatabase
from api.errors import RateLimited
from api.services.profile_views import forget_views, see_profiles
from api.settings import Settings
from schema.ids import encode_id
from tests.factories import make_member, make_person, viewer_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
BOUND = 10


async def make_viewers(database: PooledDatabase, viewers: int, people: int) -> tuple[list[Viewer], list[UUID]]:
    async with database.write() as session, session.begin():
        session.add(models.Institution(name="Northbridge University", profiles_per_day=BOUND))
        found = [viewer_of(await make_member(session)) for _ in range(viewers)]
        return found, [(await make_person(session)).id for _ in range(people)]


async def attempt(database: PooledDatabase, viewer: Viewer, *people: UUID) -> str:
    try:
        async with database.write() as session, session.begin():
            await see_profiles(session, viewer, people)
    except RateLimited:
        return "refused"
    return "seen"


async def counted(database: PooledDatabase) -> int | None:
    async with database.write() as session:
        return await session.scalar(select(func.count()).select_from(models.ProfileView))


async def test_20_at_once_with_a_bound_of_10_show_exactly_10(real_db: PooledDatabase):
    (viewer, other), people = await make_viewers(real_db, 2, 20)
    told = await asyncio.gather(*(attempt(real_db, one, person) for person in people for one in (viewer, other)))
    assert Counter(told) == {"seen": 2 * BOUND, "refused": 2 * BOUND}
    assert await counted(real_db) == 2 * BOUND


async def test_20_requests_at_once_with_a_bound_of_10_answer_exactly_10(
    real_db: PooledDatabase, settings: Settings, issuer: DevelopmentIssuer
):
    (viewer,), people = await make_viewers(real_db, 1, 20)
    headers = {"authorization": f"Bearer {issuer.token(viewer.account_id or viewer.key, timedelta(minutes=5))}"}
    query = "query($id: ID!) { person(id: $id) { displayName } }"
    all_at_once = settings.model_copy(update={"operations_at_once": 20})
    transport = httpx.ASGITransport(create_app(all_at_once, real_db))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:

        async def ask(person_id: UUID) -> int:
            body = {"query": query, "variables": {"id": encode_id("Person", person_id)}}
            return (await client.post("/graphql", json=body)).status_code

        assert Counter(await asyncio.gather(*(ask(one) for one in people))) == {200: BOUND, 429: BOUND}
    assert await counted(real_db) == BOUND


async def test_one_person_many_times_at_once_counts_once(real_db: PooledDatabase):
    (viewer,), people = await make_viewers(real_db, 1, BOUND)
    told = await asyncio.gather(*(attempt(real_db, viewer, people[0]) for _ in range(20)))
    assert (set(told), await counted(real_db)) == ({"seen"}, 1)
    assert await attempt(real_db, viewer, *people) == "seen"


async def test_what_was_seen_stays_open_when_the_bound_falls(real_db: PooledDatabase):
    (viewer,), people = await make_viewers(real_db, 1, BOUND + 1)
    assert await attempt(real_db, viewer, *people[:BOUND]) == "seen"
    async with real_db.write() as session, session.begin():
        await session.execute(update(models.Institution).values(profiles_per_day=2))
    assert await attempt(real_db, viewer, *people[:BOUND]) == "seen"
    assert await attempt(real_db, viewer, people[-1]) == "refused"


async def test_views_of_days_that_are_over_are_forgotten(real_db: PooledDatabase):
    (viewer,), people = await make_viewers(real_db, 1, 2)
    await attempt(real_db, viewer, people[0])
    async with real_db.write() as session, session.begin():
        await session.execute(update(models.ProfileView).values(day=models.ProfileView.day - 1))
    await attempt(real_db, viewer, people[1])
    async with real_db.write() as session, session.begin():
        await forget_views(session)
    async with real_db.write() as session:
        assert (await session.scalars(select(models.ProfileView.person_id))).all() == [people[1]]


async def test_with_a_person_go_the_views_of_and_by_them(real_db: PooledDatabase):
    (viewer, other), people = await make_viewers(real_db, 2, 1)
    await attempt(real_db, viewer, people[0], other.key)
    await attempt(real_db, other, viewer.key)
    async with real_db.write() as session, session.begin():
        await session.delete(await session.get_one(models.Person, viewer.key))
    assert await counted(real_db) == 0
