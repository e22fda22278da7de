"""A database for tests: one connection for everything, one user at a time, so that all of it can be rolled back."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from api.db import DriverConnection, Reader, SessionReader, driver_connection

WAITING = """select count(distinct waiting.pid) from pg_locks waiting join pg_locks held on held.pid = waiting.pid
    where not waiting.granted
        and held.database = (select oid from pg_database where datname = current_database())"""
"""How many wait for a lock in this database: on the same server other tests wait for locks of their own."""


class RecordingReader(SessionReader):
    """A reader that notes what it runs, for tests that count statements."""

    def __init__(self, connection: DriverConnection, statements: list[str]) -> None:
        super().__init__(connection)
        self._statements = statements

    async def rows(self, text: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """As the reader it is, and noted."""
        self._statements.append(text)
        return await super().rows(text, values)


class LockedDatabase:
    """Serves `api.db.Database` from one connection that is inside a transaction of the test."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self._lock = asyncio.Lock()
        self.statements: list[str] = []
        """The text of every planned read so far."""

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """A session whose commits are savepoints of the outer transaction."""
        async with (
            self._lock,
            AsyncSession(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session,
        ):
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Reader]:
        """A reader on the same connection, so that it sees what the test wrote."""
        async with self._lock:
            yield RecordingReader(await driver_connection(self.connection), self.statements)
