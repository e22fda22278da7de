"""What callers may take from their buckets, however many processes they ask."""

import asyncio

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.db import PooledDatabase
from api.services.rates import Bucket, Lease, forget_rates, lease

SLOW = Bucket(100.0, 0.000001)
KEY = b"somebody"


async def take(session: AsyncSession, need: float, bucket: Bucket = SLOW) -> tuple[int, int]:
    """What was granted, and what is left, in whole numbers."""
    found = await lease(session, KEY, bucket, need=need)
    return round(found.granted), round(found.left)


async def put_back(session: AsyncSession, seconds: float) -> None:
    """As if the last lease had been so long ago."""
    past = text("update rate_buckets set filled_at = clock_timestamp() - make_interval(secs => :seconds)")
    await session.execute(past, {"seconds": seconds})


async def test_a_bucket_gives_what_it_has_and_no_crumbs(session: AsyncSession):
    assert await take(session, 60) == (60, 40)
    assert await take(session, 41) == (0, 40)
    assert await lease(session, b"another", SLOW, need=100) == Lease(100, 0)
    assert await take(session, 40) == (40, 0)
    assert await take(session, 1) == (0, 0)


async def test_a_part_of_what_is_left_is_leased_ahead(session: AsyncSession):
    assert await take(session, 1) == (5, 95)
    assert await take(session, 75) == (75, 20)
    assert await take(session, 1) == (1, 19)


async def test_it_fills_up_with_time_and_never_over(session: AsyncSession):
    bucket = Bucket(100.0, 10.0)
    assert await take(session, 100, bucket) == (100, 0)
    await put_back(session, 3)
    assert await take(session, 20, bucket) == (20, 10)
    await put_back(session, 3600)
    assert await take(session, 20, bucket) == (20, 80)


async def test_a_clock_that_was_put_back_fills_nothing_and_stops_nothing(session: AsyncSession):
    bucket = Bucket(100.0, 10.0)
    await take(session, 100, bucket)
    await put_back(session, -3600)
    assert await take(session, 1, bucket) == (0, 0)
    await put_back(session, 2)
    assert await take(session, 20, bucket) == (20, 0)


async def test_rows_of_full_buckets_are_forgotten(session: AsyncSession):
    await take(session, 1)
    await forget_rates(session)
    rows = select(func.count()).select_from(models.RateBucket)
    assert await session.scalar(rows) == 1
    await put_back(session, 4000)
    await forget_rates(session)
    assert await session.scalar(rows) == 0


@pytest.mark.real
@pytest.mark.timeout(120)
async def test_many_at_once_take_no_more_than_there_is(real_db: PooledDatabase):
    async def one() -> float:
        async with real_db.write() as session, session.begin():
            return (await lease(session, KEY, SLOW, need=7)).granted

    granted = await asyncio.gather(*(one() for _ in range(40)))
    assert sorted(granted) == [0] * 26 + [7] * 14
