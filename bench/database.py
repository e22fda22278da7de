"""The database that all servers work on: the embedded one with a seeded network, and who asks for what in it."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from api.auth import DevelopmentIssuer
from api.folding import fold
from api.seed.loading import Progress, load_network
from api.serving.databases import running_database, url_of
from api.settings import Settings
from schema.ids import encode_id

ASKED = 16
"""People who are asked for by id: each caller sees them all within the daily bound."""
YEARS = (1990, 2005)
COST_PER_SECOND = 1e9
"""What callers ask for is counted, and never too much."""
CITIES = 8

CALLERS = """
select a.id, a.person_id from accounts a join people p on p.id = a.person_id
join person_roles r on r.person_id = p.id and r.kind = 'ALUMNUS' and r.ends_on is null
where a.role = 'MEMBER' and p.listed and not p.deceased order by md5(a.id::text) limit %s
"""
PEOPLE = "select id from people where listed and not deceased order by md5(id::text) limit %s"
PLACES = "select city from places where city is not null group by city order by count(*) desc, city limit %s"

INDEXES = """
select index.relname, pg_get_indexdef(index.oid) from pg_class index join pg_index on indexrelid = index.oid
where index.relnamespace = 'public'::regnamespace and not exists (select from pg_constraint where conindid = index.oid)
"""
"""All that are not a constraint's."""


@dataclass(frozen=True)
class Caller:
    """Somebody who asks: a member with an account."""

    token: str
    person_id: UUID


@dataclass(frozen=True)
class Network:
    """A database that runs, and what is asked of it."""

    settings: Settings
    callers: Sequence[Caller]
    variables: Mapping[str, Sequence[Mapping[str, Any]]]
    """By name of the work, the variables of its requests, to be sent in turn."""
    people: int

    @property
    def url(self) -> str:
        """Where the database is."""
        return url_of(self.settings)

    @property
    def connection(self) -> dict[str, str]:
        """The same in parts, for drivers that read URLs in their own way."""
        return {key: str(value) for key, value in conninfo_to_dict(self.url).items()}


@contextmanager
def running_network(data_dir: Path, people: int, callers: int, progress: Progress) -> Generator[Network]:
    """Start the database under `data_dir`, filled with so many people if it is new."""
    given = Settings(
        data_dir=data_dir,
        environment="development",
        development_issuer=True,
        embed_in_worker=False,
        database_url=None,
        cost_per_second=COST_PER_SECOND,
    )
    with running_database(given, migrated=True) as settings:
        with psycopg.connect(url_of(settings)) as connection:
            if _one(connection, "select count(*) from people") == 0:
                _load(connection, people, progress)
            found = cast(int, _one(connection, "select count(*) from people"))
        with psycopg.connect(url_of(settings)) as connection:
            issuer = DevelopmentIssuer(settings.data_dir)
            yield Network(
                settings,
                [
                    Caller(issuer.token(account_id, timedelta(days=1)), person_id)
                    for account_id, person_id in connection.execute(CALLERS, [callers])
                ],
                _variables(connection),
                found,
            )


def _load(connection: psycopg.Connection, people: int, progress: Progress) -> None:
    """As `alumni seed`, but without looking up each foreign key, and with the indexes made when all is there."""
    connection.execute("set session_replication_role = replica")
    connection.execute("set maintenance_work_mem = '1GB'")
    indexes = connection.execute(INDEXES).fetchall()
    for name, _ in indexes:
        connection.execute(sql.SQL("drop index {}").format(sql.Identifier(name)))
    load_network(connection, people, progress=progress)
    for _, definition in indexes:
        connection.execute(definition.encode())
    connection.execute("analyze")


def _variables(connection: psycopg.Connection) -> dict[str, list[dict[str, Any]]]:
    ids = [row[0] for row in connection.execute(PEOPLE, [ASKED])]
    cities = [fold(row[0]) for row in connection.execute(PLACES, [CITIES])]
    connection.rollback()  # nothing is held open while others are measured
    asked = [{"id": encode_id("Person", key), "key": str(key)} for key in ids]
    return {
        "Q1": asked,
        "Q2": [{}],
        "Q3": [{}],
        "Q4": [{"city": city, "year": year} for city in cities for year in YEARS],
        "Q5": asked,
        "M1": [{"pronouns": "she/her"}, {"pronouns": "they/them"}],
    }


def _one(connection: psycopg.Connection, statement: str) -> object:
    row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else None
