"""Which database a command works on: the configured one, or the embedded server for as long as the command runs."""

import logging
from collections.abc import Generator
from contextlib import contextmanager, suppress

import psycopg

from api.postgres import EmbeddedPostgres
from api.serving.signals import deaf, unbroken
from api.settings import Settings
from migrations.heads import pending

DATABASE = "alumni"
"""The name of the database on the embedded server."""
MIGRATING = 7_413_501
"""The advisory lock under which tables are changed: of servers that start at once, one does it and the others wait."""

logger = logging.getLogger(__name__)


@contextmanager
def running_database(settings: Settings, *, migrated: bool = False) -> Generator[Settings]:
    """The settings with the URL of a database that runs, its tables brought up to date if asked.

    The embedded server stops with its last user: a command beside a running `alumni serve` leaves it alone.
    """
    if settings.database_url is not None:
        if migrated:
            migrate(settings.database_url)
        yield settings
        return
    with running_server(settings) as server:
        yield settings.model_copy(update={"database_url": _database_on(server, migrated)})


@contextmanager
def running_server(settings: Settings) -> Generator[EmbeddedPostgres]:
    """The embedded server, which runs for as long as anybody needs it."""
    server = EmbeddedPostgres(settings.data_dir)
    with unbroken():
        server.start()
    try:
        yield server
    finally:
        with deaf():
            server.stop()


def url_of(settings: Settings) -> str:
    """The URL of the database, once `running_database` has seen to it."""
    if settings.database_url is None:
        raise ValueError("These settings name no database.")
    return settings.database_url


def behind(settings: Settings) -> bool:
    """Whether the database lacks revisions."""
    return pending(url_of(settings))


def empty(settings: Settings) -> bool:
    """Whether the database, which has its tables, holds nobody."""
    with psycopg.connect(url_of(settings)) as connection:
        return connection.execute("select from people limit 1").fetchone() is None


def migrate(url: str) -> bool:
    """Bring the tables up to date; gives whether there was anything to do."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [MIGRATING])
        if not pending(url):
            return False
        from migrations.running import upgrade  # noqa: PLC0415 - Alembic is slow, and most starts need none of it

        logger.info("the tables are brought up to date")
        upgrade(url)
        return True


def _database_on(server: EmbeddedPostgres, migrated: bool) -> str:
    if not server.database_exists(DATABASE):
        with suppress(psycopg.errors.DuplicateDatabase):
            server.create_database(DATABASE)
    url = server.url(DATABASE)
    if migrated:
        migrate(url)
    return url
