"""How removals of people, by erasure or by merging, come one after the other."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtext('removals'))")


async def remove_one_at_a_time(session: AsyncSession) -> None:
    """Hold all removals until the transaction ends, before any row is held.

    Whoever removes a person takes rows of many others, in an order that follows the tables: two at once would each
    wait for what the other has.
    """
    await session.execute(_ONE_AT_A_TIME)
