"""What callers may still ask for, across all processes: taken from their bucket some at a time."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import RateBucket

_TABLE = cast(Table, RateBucket.__table__)
_NOW = func.clock_timestamp()
SHARE = 20
"""One part in so many of what is left is leased at once: many processes that give up a lease leave most of it there."""
FORGOTTEN_SECONDS = 3600
"""A bucket that nobody took from for so long is full, and its row says no more than none would."""


@dataclass(frozen=True)
class Bucket:
    """How large a bucket is, and how fast it fills up."""

    most: float
    per_second: float


@dataclass(frozen=True)
class Lease:
    """What was taken, and what is left in the bucket after."""

    granted: float
    left: float


async def lease(session: AsyncSession, key: bytes, bucket: Bucket, *, need: float) -> Lease:
    """Take a part of what is in the bucket of this key, at least `need`; nothing if there is less.

    The row is held until the transaction ends: what several processes take is never more than there is. A clock that
    was put back fills nothing, and counts from there on.
    """
    held = insert(_TABLE).values(key=key, left=bucket.most, filled_at=_NOW)
    held = held.on_conflict_do_update(index_elements=[_TABLE.c.key], set_={"key": key})  # locks the row that is there
    since = func.extract("epoch", _NOW - _TABLE.c.filled_at)
    row = (await session.execute(held.returning(_TABLE.c.left, since))).one()
    left = min(bucket.most, row[0] + bucket.per_second * max(0.0, float(row[1])))
    granted = max(need, left / SHARE) if left >= need else 0.0
    await session.execute(update(_TABLE).where(_TABLE.c.key == key).values(left=left - granted, filled_at=_NOW))
    return Lease(granted, left - granted)


async def forget_rates(session: AsyncSession) -> None:
    """Delete the rows of buckets that are full by now."""
    old = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, FORGOTTEN_SECONDS)
    await session.execute(delete(_TABLE).where(_TABLE.c.filled_at < old))
