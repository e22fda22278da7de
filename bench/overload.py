"""`make bench-overload`: twice as much as one process of ours can answer, for a minute: how long those wait who are let
in, how the others are refused, and whether memory stays where it is.

Capacity is measured first, in closed loops. Then requests come at their times whether or not others were answered, as
they do from many people who know nothing of one another; each takes an idle connection, or opens one.
"""

import asyncio
import json
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, cast

import typer
import uvloop
from rich.console import Console
from rich.progress import Progress

from bench.__main__ import OTHER_CORE, SERVER_CORE
from bench.database import Network, running_network
from bench.load import FAILED, HEAD_END, LENGTH, Request, drive
from bench.measuring import Meter, pin, postmaster_pid
from bench.servers import Server, all_servers, running_servers
from bench.works import WORKS

READS = ("Q1", "Q2", "Q3", "Q4")
CALLERS = 16
"""As many connections as operations are worked on at once: more would wait, and be no more."""
MOST_LINES = 4_000
P99_SECONDS = 1.0
SETTLED = 0.25
"""After this part of the time memory is what it is: then it must not grow."""
FLAT = 1.05
PATIENCE_SECONDS = 30.0


@dataclass
class Found:
    """What became of the requests."""

    admitted: list[float] = field(default_factory=list[float])
    """Seconds from when a request was due until it was answered."""
    refused: Counter[str] = field(default_factory=Counter[str])
    """By what was said."""
    failed: Counter[str] = field(default_factory=Counter[str])
    """What is no answer of this API."""
    again: int = 0
    """Sent once more, on another connection."""
    lags: list[float] = field(default_factory=list[float])
    """Seconds that we sent too late: where they are many, the client is what is measured."""
    memory: list[float] = field(default_factory=list[float])
    """MiB of the server, each second."""

    def note(self, seconds: float, head: bytes, body: bytes) -> None:
        """Note an answer."""
        status = head[9:12].decode()
        if status == "200" and FAILED not in body:
            self.admitted.append(seconds)
            return
        try:
            code = json.loads(body)["errors"][0]["extensions"]["code"]
        except (ValueError, KeyError, IndexError, TypeError):
            self.failed[f"{status} without a code"] += 1
            return
        clean = status == "503" and code == "OVERLOADED" and b"retry-after:" in head.lower()
        (self.refused if clean else self.failed)[f"{status} {code}"] += 1


class _Line(asyncio.Protocol):
    """One connection, for one request at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None
        self._answer: asyncio.Future[tuple[bytes, bytes]] | None = None
        self.answered = False
        """Whether it was asked before."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._buffer += data
        end = self._buffer.find(HEAD_END)
        length = LENGTH.search(self._buffer, 0, end + 2) if end >= 0 else None
        if length is None:
            return
        whole = end + len(HEAD_END) + int(length[1])
        if len(self._buffer) >= whole and self._answer is not None and not self._answer.done():
            head, body, self._buffer = self._buffer[:end], self._buffer[end + len(HEAD_END) : whole], b""
            self._answer.set_result((head, body))

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("The server closed a connection."))

    @property
    def open(self) -> bool:
        """Whether it can be asked: the server closes what was idle for some seconds."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: Request) -> "asyncio.Future[tuple[bytes, bytes]]":
        """Send a request; its head and body will be there."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("The server closed a connection.")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request.raw)
        return self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


class Flood:
    """Sends requests at their times."""

    def __init__(self, port: int, requests: Sequence[Request], meter: Meter) -> None:
        self._port, self._requests, self._meter = port, requests, meter
        self._idle: deque[_Line] = deque()
        self._lines: set[_Line] = set()
        self.found = Found()

    async def run(self, per_second: float, seconds: float) -> Found:
        """So many a second, for so long; then until all are answered."""
        watching = asyncio.create_task(self._watch())
        started, asking = time.perf_counter(), set[asyncio.Task[None]]()
        for number in range(int(per_second * seconds)):
            due = started + number / per_second
            if (ahead := due - time.perf_counter()) > 0:
                await asyncio.sleep(ahead)
            elif number % 50 == 0:
                await asyncio.sleep(0)  # late: answers must be read all the same
            task = asyncio.create_task(self._ask(self._requests[number % len(self._requests)], due))
            asking.add(task)
            task.add_done_callback(asking.discard)
        if asking:
            await asyncio.wait(asking, timeout=PATIENCE_SECONDS)
        self.found.failed["not answered"] += len(asking)
        watching.cancel()
        for line in self._lines:
            line.close()
        return self.found

    async def _ask(self, request: Request, due: float) -> None:
        line: _Line | None = None
        try:
            line = await self._line()
            self.found.lags.append(time.perf_counter() - due)
            head, body = await line.ask(request)
        except OSError as error:
            if line is not None and line.answered:
                # It was idle so long that the server closed it at this moment: RFC 9112, 9.3.1 and 9.5.
                self.found.again += 1
                await self._ask(request, due)
            else:
                self.found.failed[type(error).__name__] += 1
            return
        line.answered = True
        self._idle.append(line)
        self.found.note(time.perf_counter() - due, head, body)

    async def _line(self) -> _Line:
        """One that is idle, the last used first, or a new one."""
        while self._idle:
            if (idle := self._idle.pop()).open:
                return idle
            self._lines.discard(idle)
        if len(self._lines) >= MOST_LINES:
            raise ConnectionError("Too many connections.")
        _, line = await asyncio.get_running_loop().create_connection(_Line, "127.0.0.1", self._port)
        self._lines.add(line)
        return line

    async def _watch(self) -> None:
        while True:
            self.found.memory.append(self._meter.memory())
            await asyncio.sleep(1)


async def measure(server: Server, network: Network, factor: float, seconds: float) -> tuple[float, Found]:
    """The capacity in requests a second, and what became of `factor` times as many."""
    postmaster = postmaster_pid(network.settings.data_dir)
    pin(None, OTHER_CORE)
    pin(postmaster, OTHER_CORE)
    pin(server.pid, SERVER_CORE)
    each = in_turn([server.requests(work, network) for work in WORKS if work.name in READS])
    await drive(server.port, each, 2.0, all_once=True)
    calm = await drive(server.port, each, 5.0)
    capacity = len(calm.latencies) / calm.seconds
    mixed = [request for turn in zip(*each, strict=False) for request in turn]
    flood = Flood(server.port, mixed, Meter(server.pid, postmaster))
    found = await flood.run(factor * capacity, seconds)
    await drive(server.port, each, 1.0)  # raises Failed if it does not answer as before
    return capacity, found


def in_turn(works: Sequence[Sequence[Sequence[Request]]]) -> list[list[Request]]:
    """For each caller the requests of all works in turn, each as often as that with the most."""
    most = max(len(requests) for callers in works for requests in callers)
    return [
        [requests[turn % len(requests)] for turn in range(most) for requests in of_caller]
        for of_caller in zip(*works, strict=True)
    ]


def told(capacity: float, found: Found, factor: float, seconds: float) -> list[str]:
    """The figures, and what they say."""
    waits, lags = sorted(found.admitted), sorted(found.lags)
    settled, last = found.memory[int(len(found.memory) * SETTLED)], found.memory[-1]
    sent = len(waits) + found.refused.total() + found.failed.total()
    p99 = quantile(waits, 0.99)
    verdicts = {
        f"p99 of who is let in is below {P99_SECONDS:g} s": p99 < P99_SECONDS,
        "memory is flat": last <= settled * FLAT,
        "all others are refused in words": bool(found.refused) and not found.failed.total(),
    }
    return [
        f"capacity {capacity:,.0f} requests/s of {', '.join(READS)} in turn",
        f"then {factor:g} times as many for {seconds:g} s",
        f"sent {sent:,}; let in {len(waits):,} ({len(waits) / seconds:,.0f}/s), refused {dict(found.refused)}, "
        f"failed {dict(+found.failed)}, sent once more {found.again}",
        f"who is let in waits {quantile(waits, 0.5):.3f} s (p50), {p99:.3f} s (p99), {waits[-1]:.3f} s (most)",
        f"we sent {quantile(lags, 0.99):.3f} s late (p99)",
        f"memory {found.memory[0]:.0f} MiB at the beginning, {settled:.0f} after {SETTLED * seconds:g} s, "
        f"{max(found.memory):.0f} at most, {last:.0f} at the end",
        *(f"{'held' if held else 'MISSED'}: {what}" for what, held in verdicts.items()),
    ]


def quantile(ordered: Sequence[float], part: float) -> float:
    """The value that this part of all is below."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


def main(
    people: Annotated[int, typer.Option(min=100, help="How many people the network has.")] = 20_000,
    seconds: Annotated[float, typer.Option(min=1, help="How long the load lasts.")] = 60.0,
    factor: Annotated[float, typer.Option(min=0.1, help="How many times the capacity.")] = 2.0,
    data_dir: Annotated[Path | None, typer.Option(help="Where the database is kept.")] = None,
) -> None:
    """Ask one process of ours for more than it can answer."""
    folder = data_dir or Path("var") / f"bench-{people}"
    folder.mkdir(parents=True, exist_ok=True)
    ours = next(one for one in all_servers() if one.name == "ours")
    with Progress(console=Console(stderr=True), transient=True) as progress, (folder / "servers.log").open("wb") as log:
        task = progress.add_task("Writing the network", total=people)
        with (
            running_network(folder, people, CALLERS, lambda done, _: progress.update(task, completed=done)) as network,
            running_servers([ours], network, log) as (server,),
        ):
            progress.update(task, description="Measuring", total=None)
            capacity, found = uvloop.run(measure(server, network, factor, seconds))
    lines = told(capacity, found, factor, seconds)
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(any(line.startswith("MISSED") for line in lines))


if __name__ == "__main__":
    typer.run(main)
