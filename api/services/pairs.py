"""How changes to what is between two people come one after the other."""

from uuid import UUID

from sqlalchemy import BigInteger, Text, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import Person


def pair_of(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """The two in the order in which their tie is stored."""
    return (one, other) if one < other else (other, one)


async def lock_pair(session: AsyncSession, one: UUID, other: UUID, *, as_they_are: bool = False) -> None:
    """Hold this pair until the transaction ends, whether or not anything is stored about it yet.

    Two crossing requests, or a request and a block, have no common row to wait for: each would be made as if the other
    did not exist. The two people are held too, smaller id first, before any row between them: so that they stay, or
    `as_they_are`, with their choices.
    """
    low, high = pair_of(one, other)
    key = func.hashtextextended(bindparam("pair", f"pair {low} {high}", type_=Text()), 0, type_=BigInteger())
    await session.execute(select(func.pg_advisory_xact_lock(key)))
    two = select(Person.id).where(Person.id.in_([low, high])).order_by(Person.id)
    await session.execute(two.with_for_update(read=True, key_share=not as_they_are))
