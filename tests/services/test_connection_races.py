"""Two who decide at the same moment: the second waits, and is told how things stand then."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer
from api.db import PooledDatabase
from api.errors import DomainError
from api.models import Connection, ConnectionState
from api.services.connections import answer_request, request_connection, withdraw_request
from tests.services.network import Record, add_member, stored

Act = Callable[[AsyncSession, Viewer, UUID], Awaitable[object]]


async def pair(session: AsyncSession) -> tuple[Viewer, Viewer]:
    """Two listed people; which of them has the smaller id is left to chance by the names, not by the test."""
    return await add_member(session, "Ada"), await add_member(session, "Bob")


async def tie(session: AsyncSession) -> Record:
    """The only connection row."""
    [row] = await stored(session, Connection)
    return row


async def state(session: AsyncSession) -> ConnectionState:
    """Where the only connection stands."""
    return (await tie(session))["state"]


async def accept(session: AsyncSession, viewer: Viewer, connection_id: UUID) -> None:
    """Answer with yes."""
    await answer_request(session, viewer, connection_id, accept=True)


async def decline(session: AsyncSession, viewer: Viewer, connection_id: UUID) -> None:
    """Answer with no."""
    await answer_request(session, viewer, connection_id, accept=False)


async def attempt(database: PooledDatabase, act: Callable[..., Awaitable[object]], *arguments: object) -> str:
    """One act in a transaction of its own: "done", or the code of what was refused."""
    try:
        async with database.write() as session, session.begin():
            await act(session, *arguments)
    except DomainError as error:
        return error.code
    return "done"


async def real_pair(database: PooledDatabase) -> tuple[Viewer, Viewer]:
    """Two people who are really there."""
    async with database.write() as session, session.begin():
        return await pair(session)


@pytest.mark.real
async def test_two_crossing_requests_at_once_make_one_connection(real_db: PooledDatabase) -> None:
    for _ in range(10):
        ada, bob = await real_pair(real_db)
        done = await asyncio.gather(
            attempt(real_db, request_connection, ada, bob.key, None),
            attempt(real_db, request_connection, bob, ada.key, None),
        )
        assert done == ["done", "done"]
        async with real_db.write() as session:
            [row] = await stored(session, Connection, low_id=min(ada.key, bob.key))
            assert row["state"] is ConnectionState.ACCEPTED


@pytest.mark.real
async def test_of_many_equal_requests_at_once_one_is_made(real_db: PooledDatabase) -> None:
    ada, bob = await real_pair(real_db)

    done = await asyncio.gather(*(attempt(real_db, request_connection, ada, bob.key, None) for _ in range(6)))

    assert sorted(done) == ["CONFLICT"] * 5 + ["done"]
    async with real_db.write() as session:
        assert await state(session) is ConnectionState.PENDING


@pytest.mark.real
@pytest.mark.parametrize(
    ("first", "second", "answer", "state"),
    [
        (accept, accept, "CONFLICT", ConnectionState.ACCEPTED),
        (accept, decline, "CONFLICT", ConnectionState.ACCEPTED),
        (decline, accept, "NOT_FOUND", ConnectionState.DECLINED),
    ],
)
async def test_of_two_answers_at_once_the_second_waits_and_is_refused(
    real_db: PooledDatabase, first: Act, second: Act, answer: str, state: ConnectionState
) -> None:
    ada, bob = await real_pair(real_db)
    async with real_db.write() as session, session.begin():
        made = await request_connection(session, ada, bob.key, None)

    async with real_db.write() as session, session.begin():
        await first(session, bob, made)
        waiting = asyncio.create_task(attempt(real_db, second, bob, made))
        await asyncio.sleep(0.2)
        assert not waiting.done()

    assert await waiting == answer
    async with real_db.write() as session:
        assert (await tie(session))["state"] is state


@pytest.mark.real
async def test_accept_against_withdraw_has_one_winner(real_db: PooledDatabase) -> None:
    for _ in range(10):
        ada, bob = await real_pair(real_db)
        async with real_db.write() as session, session.begin():
            made = await request_connection(session, ada, bob.key, None)

        accepted, withdrawn = await asyncio.gather(
            attempt(real_db, accept, bob, made),
            attempt(real_db, withdraw_request, ada, made),
        )

        async with real_db.write() as session:
            [row] = await stored(session, Connection, id=made)
        assert (accepted, withdrawn, row["state"]) in {
            ("done", "CONFLICT", ConnectionState.ACCEPTED),
            ("NOT_FOUND", "done", ConnectionState.WITHDRAWN),
        }
