"""`alumni backup` and `alumni restore`: the whole of the embedded database as one file, and back."""

import os
from pathlib import Path
from typing import Annotated, BinaryIO

import psycopg
import typer

from api.cli.failures import MISUSED, CommandFailed
from api.postgres import EmbeddedPostgres
from api.serving.databases import DATABASE, running_server
from api.settings import Settings

RESTORING = f"{DATABASE}_restoring"
"""What the database is called until all of it is there."""
ELSEWHERE = (
    "ALUMNI_DATABASE_URL names a server of your own: use the programs of its own version.\n"
    '  pg_dump --format=custom --file=FILE "$ALUMNI_DATABASE_URL"\n'
    '  pg_restore --exit-on-error --no-owner --dbname="$ALUMNI_DATABASE_URL" FILE    (into an empty database)'
)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write. There must be none of this name.")],
) -> None:
    """Write all of the embedded database into one file, in pg_dump's custom format, while the server may go on.

    It holds everything that the network knows of people, and secrets of webhooks: only its owner may read it.
    """
    settings = _embedded()
    if file.exists():
        raise CommandFailed(f"{file} is there already: choose another name.")
    if not has_cluster(settings):
        raise CommandFailed(f"There is no database in {settings.data_dir.resolve()}. Is ALUMNI_DATA_DIR right?")
    part = file.with_name(f"{file.name}.part")
    try:
        with running_server(settings) as server, _only_ours(part) as written:
            server.dump(DATABASE, written)
            os.fsync(written.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    typer.echo(
        f"{file}: {file.stat().st_size / 1e6:,.1f} MB. To try it: ALUMNI_DATA_DIR=ELSEWHERE alumni restore {file}"
    )


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file that alumni backup wrote.")],
) -> None:
    """Make the embedded database from such a file: all of it or nothing. There must be no database yet."""
    settings = _embedded()
    with running_server(settings) as server, file.open("rb") as given:
        if server.database_exists(DATABASE) and not _bare(server):
            raise CommandFailed(
                f"There is a database in {settings.data_dir.resolve()} already, which stays as it is.\n"
                "Restore into an empty folder, ALUMNI_DATA_DIR=..., or move this one away while nothing runs."
            )
        server.drop_database(RESTORING)
        server.create_database(RESTORING)
        server.load(RESTORING, given)
        server.drop_database(DATABASE)
        server.rename_database(RESTORING, DATABASE)
    typer.echo("The database is restored. alumni serve brings its tables up to date; alumni doctor looks at the rest.")


def has_cluster(settings: Settings) -> bool:
    """Whether the data folder has a database server's files."""
    return (settings.data_dir / "postgres" / "PG_VERSION").exists()


def _embedded() -> Settings:
    settings = Settings()
    if settings.database_url is not None:
        raise CommandFailed(ELSEWHERE, MISUSED)
    return settings


def _only_ours(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _bare(server: EmbeddedPostgres) -> bool:
    with psycopg.connect(server.url(DATABASE)) as connection:
        return connection.execute("select to_regclass('alembic_version')").fetchone() == (None,)
