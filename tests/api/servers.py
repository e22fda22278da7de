"""A real `alumni serve` in a process of its own, for the tests that stop, kill and start it again."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import uvicorn
from starlette.applications import Starlette

ALUMNI = Path(sys.executable).with_name("alumni")
PATIENCE_SECONDS = 90.0
T = TypeVar("T")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def environment_for(data_dir: Path, **more: str) -> dict[str, str]:
    """The variables of this process without ALUMNI_ ones, and those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALUMNI_")}
    return kept | {"ALUMNI_DATA_DIR": str(data_dir)} | more


def run_alumni(data_dir: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [ALUMNI, *words],
        env=environment_for(data_dir, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


class Server:
    """One running `alumni serve`."""

    def __init__(self, data_dir: Path, port: int, process: "subprocess.Popen[str]") -> None:
        self.data_dir = data_dir
        self.port = port
        self.process = process
        self.address = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> httpx.Response:
        """Ask once."""
        return httpx.get(f"{self.address}{path}", timeout=15)

    def ask(self, query: str, **headers: str) -> httpx.Response:
        """Send one GraphQL query."""
        return httpx.post(f"{self.address}/graphql", json={"query": query}, headers=headers, timeout=30)

    def status(self, path: str) -> int:
        """The status of an answer; 0 when there is none."""
        try:
            return self.get(path).status_code
        except httpx.TransportError:
            return 0

    def until(self, path: str, status: int) -> None:
        """Wait for an answer with that status."""
        wait_for(lambda: self.status(path) == status, f"{path} to answer {status}")

    def workers(self) -> list[psutil.Process]:
        """The worker's process, if it runs."""
        return processes_with("work", "--parent", str(self.process.pid))

    def worker(self) -> psutil.Process:
        """The worker's process, as soon as it runs."""
        return wait_for(self.workers, "the worker")[0]

    def signal(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; gives the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def serving(data_dir: Path, *words: str, **more: str) -> Generator[Server]:
    """`alumni serve`, which answers when the block begins, and has ended after it."""
    port = free_port()
    with (data_dir.parent / f"{data_dir.name}-{port}.log").open("w+") as log:
        process = subprocess.Popen(
            [ALUMNI, "serve", *words],
            env=environment_for(data_dir, ALUMNI_PORT=str(port), **more),
            stdout=log,
            stderr=log,
            text=True,
        )
        server = Server(data_dir, port, process)
        try:
            wait_for(lambda: process.poll() is not None or server.status("/healthz") == 200, "the server to answer")
            assert process.poll() is None, log_of(server)
            yield server
        finally:
            if process.poll() is None:
                server.signal(signal.SIGTERM)


@contextmanager
def serving_here(make_app: Callable[[], Starlette], **options: Any) -> Generator[int]:
    """A server in a thread of this process; gives its port. The application is made in the thread's own loop."""
    listening, ready, servers = socket.create_server(("127.0.0.1", 0)), threading.Event(), list[uvicorn.Server]()

    async def run() -> None:
        config = uvicorn.Config(make_app(), loop="asyncio", log_config=None, **options)
        servers.append(uvicorn.Server(config))
        ready.set()
        await servers[0].serve(sockets=[listening])

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert ready.wait(PATIENCE_SECONDS)
        wait_for(lambda: servers[0].started, "the server")
        yield listening.getsockname()[1]
    finally:
        servers[0].should_exit = True
        thread.join()


def log_of(server: Server) -> str:
    """What the server has printed so far."""
    return (server.data_dir.parent / f"{server.data_dir.name}-{server.port}.log").read_text()


def processes_with(*words: str) -> list[psutil.Process]:
    """Running processes whose command line has all these words."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            if process.status() != psutil.STATUS_ZOMBIE and all(word in line for word in words):
                found.append(process)
        except psutil.Error:
            continue
    return found


def postmasters(data_dir: Path) -> list[psutil.Process]:
    """The PostgreSQL servers whose data lie below the folder."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            if line and Path(line[0]).name == "postgres" and any(word.startswith(str(data_dir)) for word in line):
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_for(holds: Callable[[], T], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """Wait until something holds, and give it; fail by its name if it does not."""
    until = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < until, f"waited {seconds:g} s in vain for {what}"
        time.sleep(0.05)
    return found


def headers_of(token: str) -> Mapping[str, str]:
    """What signs a request in."""
    return {"authorization": f"Bearer {token.strip()}"}
