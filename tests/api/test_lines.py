"""Connections for planned reads on a real server: values, errors, broken connections, and waiting for a place."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest
from psycopg import AsyncConnection, OperationalError
from psycopg.errors import DivisionByZero, UndefinedTable
from psycopg_pool import PoolTimeout

from api import lines
from api.lines import Lines

pytestmark = pytest.mark.real
KEY = UUID("01a05a43-fc00-7da9-a57e-791e1a373e6d")
ME = "select pg_backend_pid()"


@pytest.fixture
async def pool(real_url: str) -> AsyncGenerator[Lines]:
    opened = Lines(real_url, 2, 0.2)
    yield opened
    await opened.close()


async def test_values_come_as_they_went_and_json_as_bytes(pool: Lines):
    text = "select $1::uuid, $2::text, $3::int, $4::uuid[], $5::text, json_build_object('a', $2::text)"
    async with pool.held() as line:
        rows = await line.rows(text, [KEY, "ä", 7, [KEY], None])
        assert rows == [(KEY, "ä", 7, [KEY], None, b'{"a" : "\xc3\xa4"}')]
        assert await line.rows("select 1 where false") == []
        assert await line.rows("select * from generate_series(1, 3)") == [(1,), (2,), (3,)]


async def test_the_same_text_takes_values_of_other_types(pool: Lines):
    async with pool.held() as line:
        found = [await line.rows("select $1::numeric::text", [given]) for given in (1, 2**40, None)]
    assert found == [[("1",)], [(str(2**40),)], [(None,)]]


async def test_an_error_is_psycopgs_and_the_connection_goes_on(pool: Lines):
    async with pool.held() as line:
        with pytest.raises(DivisionByZero):
            await line.rows("select 1 / $1::int", [0])
        with pytest.raises(UndefinedTable):
            await line.rows("select * from nothing")
        assert await line.rows("select 1 / $1::int", [1]) == [(1,)]
        first = await line.rows(ME)
    async with pool.held() as line:
        assert await line.rows(ME) == first


async def test_a_statement_larger_than_any_buffer_arrives(pool: Lines):
    large = "x" * 20_000_000
    async with pool.held() as line:
        assert await line.rows("select length($1::text)", [large]) == [(len(large),)]


async def test_statements_stay_prepared_up_to_a_bound(pool: Lines, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lines, "MOST_PREPARED", 3)
    async with pool.held() as line:
        for number in [*range(5), 0, 4]:
            assert await line.rows(f"select {number}") == [(number,)]
        kept = await line.rows("select statement from pg_prepared_statements where name like 'line%'")
    assert {text for (text,) in kept} >= {"select 0", "select 4"}
    assert len(kept) == 3


async def test_a_connection_that_the_server_closed_is_replaced(pool: Lines):
    async with pool.held() as one, pool.held() as other:
        ((first,),) = await one.rows(ME)
        await other.rows(f"select pg_terminate_backend({first})")
        with pytest.raises(OperationalError):
            await one.rows("select 1")
    for _ in range(2):
        async with pool.held() as one, pool.held() as other:
            pids = {(await line.rows(ME))[0][0] for line in (one, other)}
            assert first not in pids


async def test_a_connection_closed_while_it_is_idle_is_noticed(pool: Lines):
    async with pool.held() as one, pool.held() as other:
        ((first,),) = await one.rows(ME)
        ((second,),) = await other.rows(ME)
    async with pool.held() as line:
        ((mine,),) = await line.rows(ME)
        await line.rows(f"select pg_terminate_backend({first if mine == second else second})")
        await asyncio.sleep(0.05)
        async with pool.held() as fresh:
            assert (await fresh.rows(ME))[0][0] not in {first, second}


async def test_a_broken_connection_leaves_the_watcher_of_the_next_with_its_number(pool: Lines, real_url: str):
    loop, came = asyncio.get_running_loop(), asyncio.Event()
    async with await AsyncConnection[Any].connect(real_url, autocommit=True) as other, pool.held() as line:
        ((pid,),) = await line.rows(ME)
        number = vars(line)["_socket"]
        waiting = asyncio.create_task(line.rows("select pg_sleep(60)"))
        await asyncio.sleep(0)
        await other.execute("select pg_terminate_backend(%s)", [pid])
        while not line.broken:  # noqa: ASYNC110 - who waits runs after this: the number is taken again before
            await asyncio.sleep(0)
        given, giving = socket.socketpair()
        taken = given.fileno() == number
        watched = number if taken else os.dup2(given.fileno(), number)
        loop.add_reader(watched, came.set)
        with pytest.raises(OperationalError):
            await waiting
        giving.send(b"x")
        async with asyncio.timeout(5):
            await came.wait()
        loop.remove_reader(watched)
        for one in (given, giving):
            one.close()
        if not taken:
            os.close(watched)


async def test_one_that_was_idle_for_long_is_asked_first(pool: Lines, monkeypatch: pytest.MonkeyPatch):
    async with pool.held() as line:
        before = await line.rows(ME)
    monkeypatch.setattr(lines, "IDLE_SECONDS", -1.0)
    async with pool.held() as line:
        assert await line.rows(ME) == before


async def test_who_is_broken_off_leaves_no_answer_to_the_next(pool: Lines):
    async def ask_slowly() -> None:
        async with pool.held() as line:
            await line.rows("select pg_sleep(5)")

    task = asyncio.create_task(ask_slowly())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with pool.held() as one, pool.held() as other:
        assert [await line.rows("select 7") for line in (one, other)] == [[(7,)], [(7,)]]


@pytest.mark.timeout(60)
async def test_the_server_ends_what_was_broken_off(pool: Lines):
    async with pool.held() as line:
        ((running,),) = await line.rows(ME)
        asking = asyncio.create_task(line.rows("select pg_sleep(50)"))
        await asyncio.sleep(0.1)
        asking.cancel()
        await asyncio.wait({asking})
    async with pool.held() as line:
        for _ in range(200):
            if await line.rows("select 1 from pg_stat_activity where pid = $1", [running]) == []:
                return
            await asyncio.sleep(0.1)
    raise AssertionError("It goes on.")


async def test_who_finds_no_place_waits_so_long_and_no_longer(pool: Lines):
    async with pool.held(), pool.held():
        with pytest.raises(PoolTimeout):
            async with pool.held():
                pass
        waiting = asyncio.create_task(_ask(pool))
        await asyncio.sleep(0.01)
    assert await waiting == [(1,)]


async def _ask(pool: Lines) -> list[tuple[int]]:
    async with pool.held() as line:
        return await line.rows("select 1")


async def test_without_a_server_nobody_keeps_a_place():
    nowhere = Lines("postgresql://nobody@127.0.0.1:1/nothing", 1, 0.2)
    for _ in range(3):
        with pytest.raises(OperationalError):
            async with nowhere.held():
                pass
