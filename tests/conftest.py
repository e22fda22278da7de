"""What tests stand on: one embedded PostgreSQL, a migrated template, and a transaction per test that is rolled back."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from filelock import FileLock
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from starlette.applications import Starlette

from api.app import create_app
from api.auth import DevelopmentIssuer
from api.db import PooledDatabase, driver_url
from api.lines import OPTIONS
from api.models import Account, Impersonation
from api.postgres import EmbeddedPostgres
from api.settings import Settings
from migrations import running
from schema.ids import encode_id
from tests.databases import LockedDatabase

pytest.register_assert_rewrite("tests.schema.access_checks")
PROJECT = Path(__file__).parent.parent
for _name in [name for name in os.environ if name.startswith("ALUMNI_")]:
    del os.environ[_name]  # tests say themselves what they configure


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many operations the differential test compares in its slow part."""
    parser.addoption("--operations", type=int, default=2_000, help="Operations of the differential test.")


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The embedded server, shared by all test workers of this checkout. Its data may be lost in a crash: it is fast."""
    server = EmbeddedPostgres(PROJECT / "var" / "tests", durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """A database with all migrations, made once for each state of them."""
    digest = blake2b(digest_size=6)
    for path in sorted((PROJECT / "migrations").rglob("*.py")):
        digest.update(path.read_bytes())
    name = f"template_{digest.hexdigest()}"
    with FileLock(PROJECT / "var" / "tests.lock"):
        if not postgres.database_exists(name):
            making = f"{name}_{os.getpid()}"
            postgres.create_database(making)
            running.upgrade(postgres.url(making))
            postgres.rename_database(making, name)
    return name


@pytest.fixture(scope="session")
def worker_url(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    """This test worker's own database: every test leaves it as it was."""
    name = f"test_{uuid4().hex}"
    postgres.create_database(name, template=template)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
async def engine(worker_url: str) -> AsyncGenerator[AsyncEngine]:
    """One connection to the worker's database."""
    engine = create_async_engine(driver_url(worker_url), pool_size=1, connect_args={"options": OPTIONS})
    yield engine
    await engine.dispose()


@pytest.fixture
async def db(engine: AsyncEngine) -> AsyncGenerator[LockedDatabase]:
    """A database whose writes are all gone after the test."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        yield LockedDatabase(connection)
        await transaction.rollback()


@pytest.fixture
async def session(db: LockedDatabase) -> AsyncGenerator[AsyncSession]:
    """A session on the test's own connection, to prepare and to look. Flush before others are to see its work."""
    async with AsyncSession(
        db.connection, join_transaction_mode="create_savepoint", expire_on_commit=False
    ) as prepared:
        yield prepared


@pytest.fixture
def real_url(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    """A database of this test's own, for real connections, jobs and processes."""
    name = f"real_{uuid4().hex}"
    postgres.create_database(name, template=template)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
async def real_db(real_url: str) -> AsyncGenerator[PooledDatabase]:
    """The application's own database class on a database of this test's own."""
    database = PooledDatabase(real_url)
    yield database
    await database.close()


# ---------------------------------------------------------------- the API over HTTP


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Development settings with a data folder of the test run's own."""
    folder = tmp_path_factory.mktemp("data")
    return Settings(environment="development", development_issuer=True, data_dir=folder, cost_per_second=0)


def unbounded(settings: Settings) -> Settings:
    """Settings under which an operation may cost what it likes: for tests that ask more at once than clients may."""
    return settings.model_copy(update={"max_operation_cost": 10**9})


@pytest.fixture(scope="session")
def issuer(settings: Settings) -> DevelopmentIssuer:
    """Signs tokens for test accounts."""
    return DevelopmentIssuer(settings.data_dir)


@dataclass
class Answer:
    """What the API said."""

    status: int
    data: Any
    errors: list[dict[str, Any]]
    headers: httpx.Headers
    text: str = ""
    statements: list[str] = field(default_factory=list[str])
    extensions: Any = None

    @property
    def codes(self) -> list[str]:
        """The codes of the errors."""
        return [error["extensions"]["code"] for error in self.errors]


Api = Callable[..., Awaitable[Answer]]


@pytest.fixture
def app(settings: Settings, db: LockedDatabase) -> Starlette:
    """The application on the test's own transaction."""
    return create_app(settings, db)


@asynccontextmanager
async def asking(app: Starlette, db: LockedDatabase, issuer: DevelopmentIssuer) -> AsyncGenerator[Api]:
    """What the fixture `api` gives, for tests that make an application of their own."""
    accept = {"accept": "application/graphql-response+json"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=accept) as client:

        async def ask(
            query: str,
            as_: Account | None = None,
            through: Impersonation | str | None = None,
            languages: str | None = None,
            **variables: Any,
        ) -> Answer:
            headers: dict[str, str] = {} if languages is None else {"accept-language": languages}
            if through is not None:
                headers["x-impersonate"] = (
                    through if isinstance(through, str) else encode_id("Impersonation", through.id)
                )
            if as_ is not None:
                headers["authorization"] = f"Bearer {issuer.token(as_.id, timedelta(minutes=5))}"
            before = len(db.statements)
            response = await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
            body = response.json()
            return Answer(
                response.status_code,
                body.get("data"),
                body.get("errors", []),
                response.headers,
                response.text,
                db.statements[before:],
                body.get("extensions"),
            )

        yield ask


@pytest.fixture
async def api(app: Starlette, db: LockedDatabase, issuer: DevelopmentIssuer) -> AsyncGenerator[Api]:
    """`await api(query, as_=account, **variables)`: one GraphQL request over HTTP, with the SQL statements it cost.

    `through` is the impersonation by which an administrator asks as somebody else, `languages` an Accept-Language.
    """
    async with asking(app, db, issuer) as ask:
        yield ask
