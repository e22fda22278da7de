"""In which order an installation is looked at: what the rest stands on comes first."""

from collections.abc import Iterator

import psycopg

from api.diagnosis.configuration import look_at_issuer, look_at_settings, look_at_telemetry
from api.diagnosis.database import CONNECT_SECONDS, look_at_database
from api.diagnosis.findings import Finding, mend
from api.diagnosis.machine import look_at_disk, look_at_model
from api.postgres import DatabaseUnavailable
from api.serving.databases import running_database, url_of
from api.settings import Settings


def diagnose(settings: Settings) -> Iterator[Finding]:
    """Everything that can be seen from this machine. An embedded server that does not run is started meanwhile."""
    yield from look_at_settings(settings)
    yield look_at_disk(settings)
    yield from _of_the_database(settings)
    yield look_at_model(settings)
    if settings.oidc_issuer is not None:
        yield look_at_issuer(settings)
    yield from look_at_telemetry()


def _of_the_database(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is None and not (settings.data_dir / "postgres" / "PG_VERSION").exists():
        where = settings.data_dir.resolve()
        yield mend(
            "database",
            f"There is none in {where}.",
            "Is ALUMNI_DATA_DIR right? alumni serve makes one; ALUMNI_DATABASE_URL names another.",
        )
        return
    try:
        with (
            running_database(settings) as running,
            psycopg.connect(url_of(running), autocommit=True, connect_timeout=CONNECT_SECONDS) as connection,
        ):
            yield from look_at_database(running, connection)
    except DatabaseUnavailable as error:
        yield mend("database", str(error), "Its log says more.")
    except psycopg.OperationalError as error:
        said = " ".join(str(error).split())
        yield mend("database", f"It cannot be reached: {said}", "Is ALUMNI_DATABASE_URL right, and the server running?")
