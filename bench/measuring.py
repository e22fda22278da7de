"""What processes use: CPU seconds of a server and of PostgreSQL's backends, and memory."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Used:
    """CPU seconds so far."""

    server: float
    database: dict[int, float]
    """By process: those that begin and end meanwhile must not count for each other."""


class Meter:
    """Reads the clocks of one server and of the database."""

    def __init__(self, server: int, postmaster: int) -> None:
        self._server = psutil.Process(server)
        self._postmaster = psutil.Process(postmaster)

    def read(self) -> Used:
        """CPU used until now."""
        backends: dict[int, float] = {}
        for process in self._postmaster.children(recursive=True):
            try:
                backends[process.pid] = _seconds(process)
            except psutil.NoSuchProcess:
                continue
        return Used(_seconds(self._server), backends)

    def memory(self) -> float:
        """MiB that the server holds now."""
        return self._server.memory_info().rss / 2**20


def database_seconds(before: Used, after: Used) -> float:
    """CPU seconds of all backends between two readings."""
    return sum(seconds - before.database.get(pid, 0.0) for pid, seconds in after.database.items())


def postmaster_pid(data_dir: Path) -> int:
    """The process of the embedded server."""
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def held(data_dir: Path) -> int:
    """Bytes that this process and the embedded server hold together, each shared page once."""
    found = 0
    try:
        server = psutil.Process(postmaster_pid(data_dir))
        for one in (psutil.Process(), server, *server.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                found += one.memory_full_info().pss
    except (OSError, psutil.NoSuchProcess):  # the server has not started, or has stopped
        return found
    return found


def pin(process: int | None, core: int) -> None:
    """Keep a process on one core, where there are several."""
    if (psutil.cpu_count() or 1) > 1 and psutil.LINUX:
        for one in (psutil.Process(process), *psutil.Process(process).children(recursive=True)):
            one.cpu_affinity([core])


def _seconds(process: psutil.Process) -> float:
    """By the scheduler, in nanoseconds, where the system tells: else in hundredths of a second."""
    try:
        tasks = [(task / "schedstat").read_text() for task in Path(f"/proc/{process.pid}/task").iterdir()]
    except OSError:
        tasks = []
    if tasks:
        return sum(int(task.split()[0]) for task in tasks) / 1e9
    times = process.cpu_times()
    return times.user + times.system
