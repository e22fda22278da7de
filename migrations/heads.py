"""Which revision this code needs and which one a database is at, told without Alembic: a server asks at each start, and
loading Alembic takes time and memory that it keeps."""

import re
from functools import cache
from pathlib import Path

import psycopg

VERSIONS = Path(__file__).parent / "versions"
REVISION = re.compile(r'^revision: str = "(\w+)"', re.MULTILINE)
FOLLOWS = re.compile(r'^down_revision: [^=]+ = "(\w+)"', re.MULTILINE)


@cache
def needed() -> str:
    """The newest revision. Raises ValueError if the revisions fork."""
    texts = [path.read_text(encoding="utf-8") for path in VERSIONS.glob("*.py")]
    revisions = {found.group(1) for text in texts if (found := REVISION.search(text))}
    followed = {found.group(1) for text in texts if (found := FOLLOWS.search(text))}
    newest = sorted(revisions - followed)
    if len(newest) != 1:
        raise ValueError(f"The revisions have {len(newest)} ends: {', '.join(newest)}.")
    return newest[0]


def pending(url: str) -> bool:
    """Whether the database at `url` lacks revisions."""
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("select to_regclass('alembic_version')").fetchone() == (None,):
            return True
        return connection.execute("select version_num from alembic_version").fetchall() != [(needed(),)]
