"""Two thousand people who listen and hear nothing, on one process; and more connections than a process may have."""

import asyncio
import json
import resource
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress

import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from api.db import PooledDatabase
from api.models import NotificationKind
from api.services.notifications import notify
from tests.api.servers import Server, wait_for
from tests.faults.scenes import READ, READ_DATA, Scene
from tests.faults.sockets import ACKNOWLEDGED, TRANSPORT, opening, subscribing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]
MANY = 2_000
AT_ONCE = 8
"""Clients that begin at the same time: each must send its first message within three seconds, on any machine."""
MOST_BYTES = 200 * 2**20
QUIET_SECONDS = 3.0
OPEN_AS_A_SHELL_HAS_IT = 1_024
"""Files that a process may have open, on most systems, before it asks for more."""
FEW = 150
OTHERS = 20
"""Files that come and go meanwhile: connections to the database, and those of who asks."""


@contextmanager
def files_allowed(soft: int) -> Generator[None]:
    """This process, and those that it starts, may have so many files open."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft if hard < 0 else min(soft, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


@pytest.fixture(scope="module")
async def server(scene: Scene) -> AsyncGenerator[Server]:
    """Started as from a shell."""
    with ExitStack() as stack:
        with files_allowed(OPEN_AS_A_SHELL_HAS_IT):
            server = stack.enter_context(scene.serving())
        with files_allowed(3 * MANY):
            yield server


@asynccontextmanager
async def listeners(server: Server, tokens: Sequence[str]) -> AsyncGenerator[list[ClientConnection]]:
    """One socket for each token, all of which are acknowledged and listen while the block lasts."""
    sockets: list[ClientConnection] = []
    turn = asyncio.Semaphore(AT_ONCE)

    async def begin(token: str) -> None:
        async with turn:
            socket = await connect(
                f"ws://127.0.0.1:{server.port}/graphql", subprotocols=[TRANSPORT], open_timeout=60, ping_interval=None
            )
            sockets.append(socket)
            await socket.send(opening(token))
            assert json.loads(await socket.recv()) == ACKNOWLEDGED
            await socket.send(subscribing())

    try:
        for failed in await asyncio.gather(*(begin(token) for token in tokens), return_exceptions=True):
            if failed is not None:
                raise failed
        yield sockets
    finally:
        await asyncio.gather(*(socket.close() for socket in sockets))


async def tell(scene: Scene, name: str) -> None:
    """Something happens that concerns this person."""
    database = PooledDatabase(scene.url, 1)
    async with database.write() as session, session.begin():
        person_id = scene.accounts[name].person_id
        assert person_id is not None
        await notify(session, person_id, NotificationKind.NEW_SUGGESTIONS)
    await database.close()


async def until_heard(scene: Scene, name: str, socket: ClientConnection) -> None:
    """Tell of something until it is heard: nothing says when a subscription has begun."""
    for _ in range(100):
        await tell(scene, name)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                told = json.loads(await socket.recv())
            assert told["payload"]["data"] == {"notificationReceived": {"kind": "NEW_SUGGESTIONS"}}
            return
    raise AssertionError("Nothing was heard.")


async def share_of_a_core(process: psutil.Process) -> float:
    """What the process takes of one core while nothing happens."""
    before = process.cpu_times()
    await asyncio.sleep(QUIET_SECONDS)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / QUIET_SECONDS


async def test_two_thousand_may_listen_and_are_in_nobodys_way(
    scene: Scene, server: Server, record_property: Callable[[str, object], None]
):
    """All are acknowledged, though the process was given 1,024 files; requests are answered as before, whom something
    concerns is told, and when all have gone nothing of them is left."""
    process, asker = psutil.Process(server.process.pid), scene.asker(server, "Ana")
    tokens = {name: scene.token(name) for name in ("Ana", "Ben")}
    async with listeners(server, [tokens["Ben"]]) as (only,):
        await until_heard(scene, "Ben", only)
    assert asker.ask(READ).data == READ_DATA
    size, files = process.memory_info().rss, process.num_fds()
    async with listeners(server, [tokens["Ana"]] * (MANY - 1)), listeners(server, [tokens["Ben"]]) as (only,):
        said = await asyncio.to_thread(asker.ask, READ)
        assert (said.data, said.seconds < 5) == (READ_DATA, True)
        await until_heard(scene, "Ben", only)
        grown, share = process.memory_info().rss - size, await share_of_a_core(process)
        record_property("KiB a socket", round(grown / MANY / 1024, 1))
        record_property("share of a core", round(share, 3))
        assert grown < MOST_BYTES
        assert share < 0.5
        assert process.num_fds() > files + MANY - OTHERS
    await asyncio.to_thread(wait_for, lambda: process.num_fds() < files + OTHERS, "the sockets to be gone")
    assert asker.ask(READ).data == READ_DATA


async def test_a_process_that_may_open_no_more_files_goes_on_with_those_it_has(scene: Scene, server: Server):
    """Who comes then sees the connection closed. Who has one is answered, the process does not spin, and when some have
    gone others come in."""
    process, asker, token = psutil.Process(server.process.pid), scene.asker(server, "Ana"), scene.token("Ana")
    assert asker.ask(READ).data == READ_DATA
    usual = process.rlimit(psutil.RLIMIT_NOFILE)
    process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds() + FEW, usual[1]))
    try:
        async with listeners(server, [token] * (FEW - 20)):
            with pytest.raises((OSError, WebSocketException)):
                async with listeners(server, [token] * 40):
                    pass
            assert await share_of_a_core(process) < 0.5
            assert asker.ask(READ).data == READ_DATA
        async with listeners(server, [token] * 40):
            pass
    finally:
        process.rlimit(psutil.RLIMIT_NOFILE, usual)
