"""How the database is reached: `write()` gives a SQLAlchemy session, `read()` the reader of planned statements."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from psycopg import AsyncConnection, AsyncRawCursor, OperationalError
from psycopg.errors import (
    ConfigurationLimitExceeded,
    DeadlockDetected,
    DiskFull,
    ForeignKeyViolation,
    InsufficientResources,
    OutOfMemory,
    QueryCanceled,
    SerializationFailure,
    TooManyConnections,
)
from psycopg_pool import PoolTimeout
from sqlalchemy import MetaData, Select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as SqlTimeout
from sqlalchemy.ext.asyncio import AsyncConnection as SqlConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from api.lines import OPTIONS, Lines, NoneFree, RawJson
from api.measuring import Statement

DriverConnection = AsyncConnection[Any]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
"""A SELECT of any columns."""
T = TypeVar("T")
PATIENCE_SECONDS = 10.0
"""How long a request waits for a connection."""


class Base(DeclarativeBase):
    """The declarative base of all tables; constraint names follow one convention so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Reader(Protocol):
    """Runs the text of planned SELECTs: `$1` parameters, binary results, kept prepared statements, JSON as bytes."""

    async def rows(self, text: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement, as plain tuples."""
        ...


class SessionReader:
    """A reader on the connection of a session."""

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection

    @classmethod
    async def of(cls, session: AsyncSession) -> "SessionReader":
        """A reader inside the session's transaction: it sees what the session flushed."""
        return cls(await driver_connection(session))

    async def rows(self, text: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """See `Reader.rows`."""
        async with AsyncRawCursor(self._connection) as cursor:
            cursor.adapters.register_loader("json", RawJson)
            with Statement(text):
                await cursor.execute(text.encode(), values, prepare=True, binary=True)
                return await cursor.fetchall()


class Database(Protocol):
    """What the application needs of a database; tests give one that stays inside a transaction of theirs."""

    def write(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session for one unit of work. The caller begins and so ends the transaction."""
        ...

    def read(self) -> AbstractAsyncContextManager[Reader]:
        """A reader in autocommit: each statement sees what is committed when it starts."""
        ...


class PooledDatabase:
    """The database behind two pools: SQLAlchemy's for writes, our own for planned reads.

    Statements that take longer than `statement_seconds` are broken off.
    """

    def __init__(self, url: str, pool_size: int = 10, statement_seconds: float | None = None) -> None:
        self.url = url
        options = OPTIONS if statement_seconds is None else f"{OPTIONS} -c statement_timeout={statement_seconds:g}s"
        self.engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=True,
            pool_timeout=PATIENCE_SECONDS,
            connect_args={"options": options, "connect_timeout": int(PATIENCE_SECONDS)},
            hide_parameters=True,  # errors are logged: with what people said of themselves, and secrets, in them
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._lines = Lines(url, pool_size, PATIENCE_SECONDS, options)

    async def close(self) -> None:
        """Give all connections back to the server."""
        await self._lines.close()
        await self.engine.dispose()

    def write(self) -> AbstractAsyncContextManager[AsyncSession]:
        """See `Database.write`."""
        return self._sessions()

    def read(self) -> AbstractAsyncContextManager[Reader]:
        """See `Database.read`."""
        return self._lines.held()


class UnwrittenDatabase:
    """A database whose sessions work as usual and leave no trace: what they wrote is undone when they end."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """A session inside a transaction that is always rolled back: its commits end savepoints of that."""
        async with self._db.write() as outer:
            connection = await outer.connection()
            async with AsyncSession(
                connection, join_transaction_mode="create_savepoint", expire_on_commit=False
            ) as session:
                yield session
            await outer.rollback()

    def read(self) -> AbstractAsyncContextManager[Reader]:
        """See `Database.read`."""
        return self._db.read()


async def driver_connection(holder: SqlConnection | AsyncSession) -> DriverConnection:
    """The psycopg connection under a session or connection: work on it joins the same transaction."""
    connection = await holder.connection() if isinstance(holder, AsyncSession) else holder
    raw = await connection.get_raw_connection()
    return cast(DriverConnection, raw.driver_connection)


def driver_url(url: str) -> str:
    """The SQLAlchemy spelling of a libpq URL."""
    scheme, _, rest = url.partition("://")
    if scheme not in {"postgresql", "postgres"} or not rest:
        raise ValueError("ALUMNI_DATABASE_URL must look like postgresql://user:password@host:5432/database")
    return f"postgresql+psycopg://{rest}"


def names_what_is_gone(error: IntegrityError) -> bool:
    """Whether a row refers to what somebody deleted after it was found."""
    return isinstance(error.orig, ForeignKeyViolation)


def lost_a_race(error: BaseException) -> bool:
    """Whether PostgreSQL broke a transaction off for the sake of others at the same rows. Nothing of it was done, and
    the same may succeed at once."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, DeadlockDetected | SerializationFailure)


def took_too_long(error: BaseException) -> bool:
    """Whether PostgreSQL broke a statement off for its length. Nothing of its transaction was done."""
    return isinstance(error.orig if isinstance(error, DBAPIError) else error, QueryCanceled)


def lacks_resources(error: BaseException) -> bool:
    """Whether PostgreSQL had no room left for it: on its disk, in memory, or for one more connection."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(
        cause, InsufficientResources | DiskFull | OutOfMemory | TooManyConnections | ConfigurationLimitExceeded
    )


def found_a_full_disk(error: BaseException) -> bool:
    """Whether PostgreSQL had no room on its disk for what was to be written: reading goes on."""
    return isinstance(error, DBAPIError) and isinstance(error.orig, DiskFull)


def found_no_connection(error: BaseException) -> bool:
    """Whether a request waited in vain for a connection to the database: others use them all."""
    return isinstance(error, NoneFree | SqlTimeout)


def database_is_away(error: BaseException) -> bool:
    """Whether the error says that there is no database to talk to now."""
    if lost_a_race(error) or took_too_long(error):
        return False
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error.orig, OperationalError)
    return isinstance(error, OperationalError | PoolTimeout | SqlTimeout)


async def read_and_note(database: Database, work: Callable[[AsyncSession], Awaitable[T]], again: int = 2) -> T:
    """Read, and note what was read, in one transaction. What was deleted in between is read anew, as absent: `again`
    times at most, each time somebody else would have to be deleted in that moment."""
    try:
        async with database.write() as session, session.begin():
            return await work(session)
    except IntegrityError as error:
        if not again or not names_what_is_gone(error):
            raise
    return await read_and_note(database, work, again - 1)
