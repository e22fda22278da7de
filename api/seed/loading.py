"""Writing the demo network into an empty database, by COPY."""

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
from psycopg import sql

from api.errors import Conflict
from api.seed.network import COLUMNS, generate

Progress = Callable[[int, int], None]


def has_people(connection: psycopg.Connection) -> bool:
    """Whether the database holds anybody yet."""
    return connection.execute("select exists (select from people)").fetchone() == (True,)


def load_network(
    connection: psycopg.Connection, people: int, seed: int = 1, progress: Progress | None = None
) -> dict[str, int]:
    """Fill an empty database with so many people, in the connection's transaction. The caller commits.

    What is due soon is so as of today. Gives the number of rows by table. `progress` is told how many people are written, of how many. Raises Conflict if there are people already.
    """
    if has_people(connection):
        raise Conflict("There are people in this database already: seed an empty one (another ALUMNI_DATA_DIR).")
    done, made = 0, dict.fromkeys(COLUMNS, 0)
    for rows in generate(people, seed, datetime.now(UTC)):
        for table, columns in COLUMNS.items():
            if table in rows.tables:
                into = sql.SQL("copy {} ({}) from stdin").format(
                    sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
                )
                made[table] += len(rows.tables[table])
                with connection.cursor().copy(into) as copy:
                    for row in rows.tables[table]:
                        copy.write_row(row)
        done += len(rows.tables.get("people", ()))
        if progress is not None:
            progress(done, people)
    connection.execute("analyze")
    return made
