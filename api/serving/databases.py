"""Which database a command works on: the configured one, or the embedded server for as long as the command runs."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from api.postgres import EmbeddedPostgres
from api.serving.signals import deaf
from api.settings import Settings
from migrations.running import pending, upgrade

DATABASE = "alumni"
"""The name of the database on the embedded server."""

logger = logging.getLogger(__name__)


@contextmanager
def running_database(settings: Settings, *, migrate: bool = False) -> Generator[Settings]:
    """The settings with the URL of a database that runs, its tables brought up to date if asked.

    The embedded server stops with its last user: a command beside a running `alumni serve` leaves it alone.
    """
    if settings.database_url is not None:
        yield _migrated(settings) if migrate else settings
        return
    server = EmbeddedPostgres(settings.data_dir)
    server.start()
    try:
        server.create_database(DATABASE)
        found = settings.model_copy(update={"database_url": server.url(DATABASE)})
        yield _migrated(found) if migrate else found
    finally:
        with deaf():
            server.stop()


def url_of(settings: Settings) -> str:
    """The URL of the database, once `running_database` has seen to it."""
    if settings.database_url is None:
        raise ValueError("These settings name no database.")
    return settings.database_url


def _migrated(settings: Settings) -> Settings:
    if pending(url_of(settings)):
        logger.info("bringing the database's tables up to date")
        upgrade(url_of(settings))
    return settings
