"""How a server starts, what it says when it answers, and the order in which everything stops."""

import errno
import resource
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import uvicorn
from starlette.applications import Starlette

from api.app import create_app
from api.live import Live
from api.memory import keep_what_is_loaded, limit_arenas
from api.serving.progress import show_embedding
from api.serving.protocol import BoundedProtocol
from api.serving.signals import deaf
from api.serving.workers import WorkerProcess
from api.settings import Settings
from schema.http.requests import MAX_BODY

GRACE_SECONDS = 5
"""How long requests that run may go on when the server is told to stop."""

MOST_FILES = 65_536


class PortTaken(Exception):
    """Something else listens there."""


def reserve(host: str, port: int) -> socket.socket:
    """The socket to serve on, taken before anything else is started. Raises PortTaken or OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
        # Two servers could be bound to one port as long as none of them listens.
        taken.listen()
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"Port {port} on {host} is in use. Stop what uses it, or choose another: ALUMNI_PORT={port + 1}"
            ) from None
        raise
    return taken


def allow_files() -> None:
    """Let this process have as many connections as the system permits: what it is given at first is often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):  # some systems permit less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Server(uvicorn.Server):
    """uvicorn's server, which waits for requests that run when it stops: those that would never end are ended first."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        live: Live | None = cast(Starlette, self.config.app).state.live
        if live is not None:
            await live.stop()
        await super().shutdown(sockets)


def server_of(make_app: Callable[[], Starlette]) -> uvicorn.Server:
    """The application as a server, in a process that is kept small: its one heap, and a collector that spares it."""
    limit_arenas()
    config = uvicorn.Config(
        make_app(),
        loop="uvloop",
        http=BoundedProtocol,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=MAX_BODY,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    keep_what_is_loaded()
    return Server(config)


def serve(settings: Settings, listening: socket.socket, when_answering: Callable[[], None]) -> None:
    """Answer requests until a signal says stop. `when_answering` runs once, in a thread, when the first could come."""
    allow_files()
    server = server_of(lambda: create_app(settings))
    worker = WorkerProcess(settings) if settings.embed_in_worker else None
    ended = threading.Event()

    def accompany() -> None:
        while not server.started:
            if ended.wait(0.02):
                return
        when_answering()
        if worker is not None:
            worker.start()
            show_embedding(settings, ended)

    companion = threading.Thread(target=accompany, name="companion", daemon=True)
    companion.start()
    try:
        server.run(sockets=[listening])
    finally:
        ended.set()
        with deaf():
            companion.join(5)
            if worker is not None:
                worker.stop()
