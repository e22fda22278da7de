"""Whether this process can do its work now: the database answers in time, and its tables are those of this code."""

import asyncio
import logging

from psycopg import Error
from psycopg.errors import UndefinedTable

from api.db import Database
from migrations.heads import needed

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0


class Readiness:
    """Asks the database, one question at a time: probes that hang must not use up the connections."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._question: asyncio.Task[list[str]] | None = None

    async def problems(self) -> list[str]:
        """What keeps this process from working, in words; nothing when it is ready. Answers within a second or so."""
        if self._question is None or self._question.done():
            self._question = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self._question}, timeout=PATIENCE_SECONDS)
        if not done:
            return [f"The database did not answer within {PATIENCE_SECONDS:g} s."]
        return self._question.result()

    async def close(self) -> None:
        """Give up a question that is still open."""
        if self._question is not None and not self._question.done():
            self._question.cancel()
            await asyncio.wait({self._question}, timeout=PATIENCE_SECONDS)

    async def _ask(self) -> list[str]:
        try:
            async with self._db.read() as reader:
                rows = await reader.rows("select version_num from alembic_version")
        except UndefinedTable:
            return ["The database has no tables yet. Run: alumni migrate"]
        except (Error, OSError) as error:
            logger.warning("Not ready: %s", type(error).__name__)
            return ["The database cannot be reached."]
        found = sorted(row[0] for row in rows)
        if found == [needed()]:
            return []
        at = ", ".join(found) or "none"
        return [f"The database is at revision {at}, this code needs {needed()}. Run: alumni migrate"]
