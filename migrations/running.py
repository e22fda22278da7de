"""How revisions are run from code: up, down, compare, and write a new one."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, NullPool, create_engine

from api.db import Base, driver_url
from migrations.env_filter import include

FOLDER = Path(__file__).parent


def configure(connection: Connection | None = None) -> Config:
    """Alembic's configuration, with the connection that the environment uses."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up to `revision`."""
    with _engine(url).begin() as connection:
        command.upgrade(configure(connection), revision)


def downgrade(url: str, revision: str = "base") -> None:
    """Take the database at `url` back to `revision`."""
    with _engine(url).begin() as connection:
        command.downgrade(configure(connection), revision)


def write_revision(url: str, message: str) -> None:
    """Write a revision from the difference between the models and the database at `url`; a human reads it after."""
    with _engine(url).begin() as connection:
        command.revision(configure(connection), message=message, autogenerate=True)


def drift(url: str) -> list[object]:
    """What differs between the models and the database at `url`: nothing, when the revisions are complete."""
    with _engine(url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": include})
        return list(compare_metadata(context, Base.metadata))


def _engine(url: str) -> Engine:
    return create_engine(driver_url(url), poolclass=NullPool)
