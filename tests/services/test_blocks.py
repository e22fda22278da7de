"""Blocks (row 29): both sides vanish from each other, what was between them ends, and nobody learns who blocked."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import ANONYMOUS, Viewer, ViewerKind, visible_people
from api.db import PooledDatabase
from api.errors import DomainError, Invalid, NotFound, Problem
from api.models import Block, Connection, ConnectionState
from api.services.blocks import block_person, unblock_person
from api.services.connections import answer_request, request_connection
from tests.services.network import add_member, add_officer, counted, stored


async def pair(session: AsyncSession) -> tuple[Viewer, Viewer]:
    """Two listed people."""
    return await add_member(session, "Ada"), await add_member(session, "Bob")


async def seen(session: AsyncSession, viewer: Viewer) -> set[Any]:
    """Whom somebody sees."""
    return set(await session.scalars(visible_people(viewer)))


async def test_a_block_hides_each_from_the_other_and_can_be_taken_back(session: AsyncSession) -> None:
    ada, bob = await pair(session)

    made = await block_person(session, ada, bob.key)

    assert await seen(session, ada) == {ada.key}
    assert await seen(session, bob) == {bob.key}
    [row] = await stored(session, Block)
    assert (row["id"], row["blocker_id"], row["blocked_id"]) == (made, ada.key, bob.key)
    await unblock_person(session, ada, bob.key)
    assert await seen(session, ada) == await seen(session, bob) == {ada.key, bob.key}


async def test_blocking_and_unblocking_again_change_nothing(session: AsyncSession) -> None:
    ada, bob = await pair(session)

    first = await block_person(session, ada, bob.key)
    assert await block_person(session, ada, bob.key) == first
    assert len(await stored(session, Block)) == 1
    await unblock_person(session, ada, bob.key)
    await unblock_person(session, ada, bob.key)
    assert await stored(session, Block) == []


@pytest.mark.parametrize("turned", [False, True])
async def test_a_block_ends_the_connection(session: AsyncSession, turned: bool) -> None:
    ada, bob = await pair(session)
    made = await request_connection(session, ada, bob.key, None)
    await answer_request(session, bob, made, accept=True)

    blocker, blocked = (bob, ada) if turned else (ada, bob)
    await block_person(session, blocker, blocked.key)
    await unblock_person(session, blocker, blocked.key)

    [row] = await stored(session, Connection)
    assert (row["state"], row["connected_at"]) == (ConnectionState.ENDED, None)


@pytest.mark.parametrize(("turned", "state"), [(False, ConnectionState.WITHDRAWN), (True, ConnectionState.DECLINED)])
async def test_a_block_closes_an_open_request_of_either(
    session: AsyncSession, turned: bool, state: ConnectionState
) -> None:
    ada, bob = await pair(session)
    await request_connection(session, ada, bob.key, None)

    blocker, blocked = (bob, ada) if turned else (ada, bob)
    await block_person(session, blocker, blocked.key)

    [row] = await stored(session, Connection)
    assert row["state"] is state


@pytest.mark.parametrize("state", [ConnectionState.DECLINED, ConnectionState.WITHDRAWN, ConnectionState.ENDED])
async def test_a_block_leaves_what_is_over_as_it_is(session: AsyncSession, state: ConnectionState) -> None:
    ada, bob = await pair(session)
    await request_connection(session, ada, bob.key, None)
    [row] = await stored(session, Connection)
    tie = await session.get_one(Connection, row["id"])
    tie.state = state
    await session.flush()

    await block_person(session, ada, bob.key)

    assert (await stored(session, Connection))[0]["state"] is state


async def test_who_was_blocked_is_told_like_of_nobody(session: AsyncSession) -> None:
    ada, bob = await pair(session)
    hidden = await add_member(session, "Hidden", listed=False)
    await block_person(session, ada, bob.key)

    for act in (block_person, unblock_person):
        answers: set[tuple[str, str, int]] = set()
        for person_id in (ada.key, hidden.key, uuid7()):
            async with counted(session) as statements:
                with pytest.raises(DomainError) as raised:
                    await act(session, bob, person_id)
            answers.add((raised.value.code, raised.value.message, len(statements)))
        assert answers == {("NOT_FOUND", "There is no such person.", 3)}
    assert len(await stored(session, Block)) == 1


async def test_each_takes_back_only_the_own_block(session: AsyncSession) -> None:
    ada, bob = await pair(session)
    session.add_all(
        [
            Block(id=uuid7(), blocker_id=ada.key, blocked_id=bob.key),
            Block(id=uuid7(), blocker_id=bob.key, blocked_id=ada.key),
        ]
    )
    await session.flush()

    await unblock_person(session, bob, ada.key)

    assert [row["blocker_id"] for row in await stored(session, Block)] == [ada.key]
    with pytest.raises(NotFound):
        await unblock_person(session, bob, ada.key)
    assert await seen(session, bob) == {bob.key}


async def test_an_officer_can_be_blocked_and_then_does_not_see_the_blocker(session: AsyncSession) -> None:
    ada, officer = await add_member(session), await add_officer(session)

    await block_person(session, ada, officer.key)

    assert await seen(session, officer) == {officer.key}


async def test_nobody_blocks_themselves_and_only_people_block(session: AsyncSession) -> None:
    ada = await add_member(session)

    with pytest.raises(Invalid) as raised:
        await block_person(session, ada, ada.key)

    assert raised.value.problems == [Problem(("input", "personId"), "is your own: choose somebody else")]
    for viewer in (ANONYMOUS, Viewer(ViewerKind.STAFF), Viewer(ViewerKind.GUEST)):
        with pytest.raises(NotFound):
            await block_person(session, viewer, ada.key)
    assert await stored(session, Block) == []


@pytest.mark.real
async def test_a_block_and_a_request_at_once_leave_no_open_request(real_db: PooledDatabase) -> None:
    for _ in range(10):
        async with real_db.write() as session, session.begin():
            ada, bob = await pair(session)

        async def ask(asker: Viewer, asked: Viewer) -> None:
            async with real_db.write() as session, session.begin():
                await request_connection(session, asker, asked.key, None)

        async def block(blocker: Viewer, blocked: Viewer) -> None:
            async with real_db.write() as session, session.begin():
                await block_person(session, blocker, blocked.key)

        asked, blocked = await asyncio.gather(ask(ada, bob), block(bob, ada), return_exceptions=True)

        assert blocked is None
        assert asked is None or isinstance(asked, NotFound)
        async with real_db.write() as session:
            ties = await stored(session, Connection, low_id=min(ada.key, bob.key))
        assert [row["state"] for row in ties] == ([ConnectionState.DECLINED] if asked is None else [])


@pytest.mark.real
@pytest.mark.parametrize("block_first", [False, True])
async def test_a_block_and_an_accept_at_once_leave_no_connection(real_db: PooledDatabase, block_first: bool) -> None:
    async with real_db.write() as session, session.begin():
        ada, bob = await pair(session)
        made = await request_connection(session, ada, bob.key, None)

    async def accept(session: AsyncSession) -> None:
        await answer_request(session, bob, made, accept=True)

    async def block(session: AsyncSession) -> None:
        await block_person(session, ada, bob.key)

    async def afterwards(act: Callable[[AsyncSession], Awaitable[None]]) -> str:
        try:
            async with real_db.write() as session, session.begin():
                await act(session)
        except DomainError as error:
            return error.code
        return "done"

    async with real_db.write() as session, session.begin():
        await (block if block_first else accept)(session)
        waiting = asyncio.create_task(afterwards(accept if block_first else block))
        await asyncio.sleep(0.2)
        assert not waiting.done()

    assert await waiting == ("NOT_FOUND" if block_first else "done")
    async with real_db.write() as session:
        [row] = await stored(session, Connection)
    assert row["state"] is (ConnectionState.WITHDRAWN if block_first else ConnectionState.ENDED)


@pytest.mark.real
async def test_two_mutual_blocks_at_once_do_not_wait_for_each_other_for_ever(real_db: PooledDatabase) -> None:
    async with real_db.write() as session, session.begin():
        ada, bob = await pair(session)

    async def block(blocker: Viewer, blocked: Viewer) -> str:
        try:
            async with real_db.write() as session, session.begin():
                await block_person(session, blocker, blocked.key)
        except NotFound:
            return "hidden"
        return "blocked"

    assert sorted(await asyncio.gather(block(ada, bob), block(bob, ada))) == ["blocked", "hidden"]
