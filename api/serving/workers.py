"""The worker as a child process: started again when it dies, and never left behind."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from api.serving.databases import url_of
from api.settings import Settings

logger = logging.getLogger(__name__)

PROJECT = Path(__file__).resolve().parents[2]
LONGEST_PAUSE_SECONDS = 60.0
STEADY_SECONDS = 60.0
"""A worker that lived so long has started well: the next pause is short again."""
PATIENCE_SECONDS = 10.0
"""How long a worker may take to end its job when it is told to stop."""
PR_SET_PDEATHSIG = 1


COMMAND = (sys.executable, "-m", "api.cli")


def run_command(settings: Settings, *words: str) -> None:
    """Run another command to its end, in a process of its own: what it loads does not stay with the server.

    Raises CalledProcessError if it fails, after it has said why.
    """
    subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *words], env=_environment(settings), cwd=PROJECT, stdin=subprocess.DEVNULL, check=True
    )


def _environment(settings: Settings) -> dict[str, str]:
    return os.environ | {
        "ALUMNI_DATABASE_URL": url_of(settings),
        "ALUMNI_DATA_DIR": str(settings.data_dir.resolve()),
    }


class WorkerProcess:
    """Keeps one worker alive from `start` until `stop`."""

    def __init__(self, settings: Settings) -> None:
        self._command = [*COMMAND, "work", "--parent", str(os.getpid())]
        self._environment = _environment(settings)
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel's notice of a parent's death follows the thread that made the child: this one lives as long as we.
        self._thread = threading.Thread(target=self._keep_alive, name="worker", daemon=True)

    def start(self) -> None:
        """Start the worker, without waiting for it."""
        self._thread.start()

    def stop(self) -> None:
        """Let the worker end its job, and end it if it takes too long."""
        self._stopping.set()
        if not self._thread.is_alive():
            return
        self._thread.join(PATIENCE_SECONDS + 5)

    def _keep_alive(self) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            started = time.monotonic()
            # A session of its own: Ctrl-C in the terminal reaches the server, which then stops the worker in order.
            with subprocess.Popen(  # noqa: S603 - our own command
                self._command, env=self._environment, cwd=PROJECT, stdin=subprocess.DEVNULL, start_new_session=True
            ) as process:
                status = self._wait(process)
            if self._stopping.is_set():
                return
            pause = 1.0 if time.monotonic() - started > STEADY_SECONDS else min(pause * 2, LONGEST_PAUSE_SECONDS)
            logger.warning("The worker ended with status %s; it is started again in %.0f s.", status, pause)
            self._stopping.wait(pause)

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        while not self._stopping.is_set():
            try:
                return process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
        process.terminate()
        try:
            return process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def end_with_parent(parent: int) -> None:
    """In the child: end in good order when the process `parent` is gone, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    """Where the kernel gives no notice, or gave it before it was asked to."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os._exit(1)
