"""What the database says: whether it is new enough, has our tables and clock, and whether its queue moves."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from psycopg.errors import QueryCanceled

from api.app.backlog import QUEUE, Kind, kinds
from api.diagnosis.findings import Finding, look, mend, ok
from api.settings import Settings
from api.statements import prepare
from api.worker import STALLED_SECONDS
from migrations.heads import needed
from recommender.vectors import count_missing

CONNECT_SECONDS = 5
OLDEST_SERVER, OLDEST_VECTOR = 15, (0, 8)
CLOCK_SECONDS, CLOCK_MOST_SECONDS = 1.0, 5.0
"""From what difference on it is told, and from what on it must be mended: moments of both are compared."""
WAITING_SECONDS = 300
COUNTING_SECONDS = 60
Connection = psycopg.Connection[tuple[Any, ...]]


def look_at_database(settings: Settings, connection: Connection) -> Iterator[Finding]:
    """All of it, as far as each step allows the next."""
    version = connection.info.server_version // 10_000
    if version < OLDEST_SERVER:
        yield mend("database", f"PostgreSQL {version} is too old.", f"Upgrade it to {OLDEST_SERVER} or newer.")
        return
    yield ok("database", f"PostgreSQL {version} answers.")
    yield _look_at_vector(connection)
    yield look_at_clock(connection)
    tables = _look_at_tables(connection)
    yield tables
    if not tables.remedy:
        alive = _workers(connection)
        yield from _look_at_worker(connection, alive)
        yield _look_at_vectors(settings, connection)


def _look_at_vector(connection: Connection) -> Finding:
    row = connection.execute("select extversion from pg_extension where extname = 'vector'").fetchone()
    if row is None:
        row = connection.execute("select default_version from pg_available_extensions where name = 'vector'").fetchone()
    if row is None:
        return mend("pgvector", "The server does not have it.", "Install pgvector 0.8 or newer beside PostgreSQL.")
    if tuple(int(part) for part in row[0].split(".")[:2]) < OLDEST_VECTOR:
        remedy = "Install 0.8 or newer, then run in the database: ALTER EXTENSION vector UPDATE"
        return mend("pgvector", f"{row[0]} is too old.", remedy)
    return ok("pgvector", f"{row[0]}.")


def look_at_clock(connection: Connection, now: Callable[[], float] = time.time) -> Finding:
    """Whether the database and this machine agree what time it is."""
    before = now()
    row = connection.execute("select extract(epoch from clock_timestamp())::float8").fetchone()
    after = now()
    theirs = row[0] if row else before
    apart = max(0.0, before - theirs, theirs - after)
    said = f"The database's clock and this machine's are {apart:.1f} s apart."
    remedy = "Let NTP set both."
    if apart > CLOCK_MOST_SECONDS:
        return mend("clock", said, remedy)
    return look("clock", said, remedy) if apart > CLOCK_SECONDS else ok("clock", said)


def _look_at_tables(connection: Connection) -> Finding:
    migrate = "Run: alumni migrate"
    if connection.execute("select to_regclass('alembic_version')").fetchone() == (None,):
        return mend("tables", "The database has none yet.", migrate)
    found = [row[0] for row in connection.execute("select version_num from alembic_version order by 1")]
    if found == [needed()]:
        return ok("tables", f"They are at revision {needed()}, as this code needs them.")
    said = f"They are at revision {', '.join(found) or 'none'}, this code needs {needed()}."
    return mend("tables", said, f"{migrate} (after an update of the code; if the tables are newer, update the code)")


def _workers(connection: Connection) -> int:
    row = connection.execute(
        "select count(*) from procrastinate_workers where last_heartbeat > now() - make_interval(secs => %s)",
        [STALLED_SECONDS],
    ).fetchone()
    return row[0] if row else 0


def _look_at_worker(connection: Connection, alive: int) -> Iterator[Finding]:
    queue = kinds(connection.execute(QUEUE).fetchall())
    waiting = sum(kind.waiting for kind in queue)
    oldest = max((kind.oldest_seconds or 0.0 for kind in queue), default=0.0)
    if not alive:
        yield mend(
            "worker",
            f"None is alive, and {_jobs(waiting)} wait.",
            "alumni serve starts one, unless ALUMNI_EMBED_IN_WORKER=false; alumni work is one more.",
        )
    elif oldest > WAITING_SECONDS:
        said = f"It is alive, and {_jobs(waiting)} wait, one of them for {oldest / 60:,.0f} minutes."
        yield mend("worker", said, "Its log says what it is at. More of them share the work: alumni work")
    else:
        yield ok("worker", f"It is alive; {_jobs(waiting)} wait, for {oldest:,.0f} s at the most.")
    yield from _look_at_failures(queue)


def _look_at_failures(queue: list[Kind]) -> Iterator[Finding]:
    failed = [f"{kind.failed:,} of {kind.task}" for kind in queue if kind.failed]
    if failed:
        yield look(
            "queue",
            f"Jobs were given up: {', '.join(failed)}.",
            "The worker's log says why; they stay in procrastinate_jobs as failed until you delete them.",
        )


def _jobs(count: int) -> str:
    return f"{count:,} job{'' if count == 1 else 's'}"


def _look_at_vectors(settings: Settings, connection: Connection) -> Finding:
    active = connection.execute("select name from embedding_models where active").fetchone()
    try:
        missing = _missing(connection)
    except QueryCanceled:
        said = f"They could not be counted within {COUNTING_SECONDS} s."
        return look("vectors", said, "Try again when the database has less to do.")
    if active is None:
        return look("vectors", f"There are none, and {missing:,} texts to embed.", "The worker does it: alumni work")
    if missing:
        said = f"{missing:,} texts have no vector of {active[0]} yet."
        return look("vectors", said, "A worker that is alive does it; faster, and to watch: alumni embed")
    if active[0] != settings.embedding_model:
        said = f"They are of {active[0]}, and ALUMNI_EMBEDDING_MODEL is {settings.embedding_model}."
        return look(
            "vectors", said, "The worker embeds all anew and then changes over: let it, or put the setting back."
        )
    return ok("vectors", f"Every text has one of {active[0]}.")


def _missing(connection: Connection) -> int:
    counting = prepare(count_missing())
    connection.execute("select set_config('statement_timeout', %s, false)", [f"{COUNTING_SECONDS}s"])
    with psycopg.RawCursor(connection) as cursor:
        row = cursor.execute(counting.text.encode(), counting.values({})).fetchone()
    return row[0] if row else 0
