"""Who may block whom, and what a block undoes.

The list of those whom somebody has blocked is read through `access.owns_block` and `access.blocked_name`: the one place
where a blocked person's name is shown, to the blocker alone, or nobody could ever take a block back.
"""

from typing import cast
from uuid import UUID

from sqlalchemy import Table, case, delete, func, insert, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, me, visible_people
from api.errors import Invalid, NotFound, Problem
from api.models import Block, Connection, ConnectionState, Person
from api.services.callers import own_person_id
from api.services.mentoring import end_between
from api.services.pairs import lock_pair, pair_of

_PERSON = ("input", "personId")
_BLOCKS = cast(Table, Block.__table__)


async def block_person(session: AsyncSession, viewer: Viewer, person_id: UUID) -> UUID:
    """Make the viewer and this person invisible to each other; the block's id. Doing it again changes nothing.

    A connection of the two ends, and a mentorship; an open request is withdrawn or silently declined. Raises NotFound
    for people whom the viewer does not see, among them those who have blocked the viewer, and Invalid for oneself.
    """
    own = own_person_id(viewer)
    if person_id == own:
        raise Invalid([Problem(_PERSON, "is your own: choose somebody else")])
    await lock_pair(session, own, person_id)
    block_id, visible = await _standing(session, viewer, person_id)
    if block_id is not None:
        return block_id
    if not visible:
        raise NotFound("There is no such person.", _PERSON)
    made = await session.scalar(
        insert(_BLOCKS).values(id=uuid7(), blocker_id=own, blocked_id=person_id).returning(_BLOCKS.c.id)
    )
    await end_ties(session, own, person_id)
    return cast(UUID, made)


async def unblock_person(session: AsyncSession, viewer: Viewer, person_id: UUID) -> None:
    """Take the viewer's own block back. It brings no connection back, and undoes no block of the other.

    Without such a block nothing happens if the viewer sees the person; else it raises NotFound.
    """
    own = own_person_id(viewer)
    await lock_pair(session, own, person_id)
    block_id, visible = await _standing(session, viewer, person_id)
    if block_id is None and not visible:
        raise NotFound("There is no such person.", _PERSON)
    await session.execute(delete(_BLOCKS).where(_BLOCKS.c.id == block_id))


async def _standing(session: AsyncSession, viewer: Viewer, person_id: UUID) -> tuple[UUID | None, bool]:
    """The viewer's own block of this person, if any, and whether the viewer sees the person; one statement for all."""
    block = (
        select(_BLOCKS.c.id)
        .where(_BLOCKS.c.blocker_id == me(viewer), _BLOCKS.c.blocked_id == person_id)
        .scalar_subquery()
    )
    visible = visible_people(viewer).where(Person.id == person_id).exists()
    found = (await session.execute(select(block.label("block_id"), visible.label("visible")))).one()
    return found.block_id, found.visible


async def end_ties(session: AsyncSession, blocker: UUID, blocked: UUID) -> None:
    """End whatever is open between two of whom one has blocked the other."""
    await end_between(session, blocker, blocked)
    low, high = pair_of(blocker, blocked)
    tie = cast(Table, Connection.__table__)
    state = case(
        (tie.c.state == ConnectionState.ACCEPTED, ConnectionState.ENDED.value),
        (tie.c.requester_id == blocker, ConnectionState.WITHDRAWN.value),
        else_=ConnectionState.DECLINED.value,
    )
    await session.execute(
        update(tie)
        .where(
            tie.c.low_id == low,
            tie.c.high_id == high,
            tie.c.state.in_([ConnectionState.ACCEPTED, ConnectionState.PENDING]),
        )
        .values(state=state, connected_at=null(), answered_at=func.now())
    )
