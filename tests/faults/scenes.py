"""Where faults happen: a database with a few people, `alumni serve` on it, and clients that ask without a break."""

import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg

from api import models
from api.auth import DevelopmentIssuer
from api.db import PooledDatabase
from api.postgres import EmbeddedPostgres
from migrations.running import upgrade
from tests.api.servers import Server, headers_of, serving, wait_for
from tests.databases import WAITING
from tests.factories import make_member, make_staff

DEVELOPMENT = {"ALUMNI_ENVIRONMENT": "development", "ALUMNI_DEVELOPMENT_ISSUER": "true"}
ALONE = {"ALUMNI_EMBED_IN_WORKER": "false"}
"""For what does not concern the worker."""
GENEROUS = {"ALUMNI_COST_PER_SECOND": "1000000"}
"""Rates are looked at, as always, and bound nobody."""
NAMES = ("Ana", "Ben")
READ = "{ people(first: 5) { nodes { displayName } } }"
READ_DATA = {"people": {"nodes": [{"displayName": name} for name in NAMES]}}
CREATE = """mutation($name: String!, $text: String) { createEvent(input: {name: $name, description: $text,
    startsAt: "2040-05-01T18:00:00Z", endsAt: "2040-05-01T20:00:00Z", timeZone: "Europe/Lisbon", idempotencyKey: $name})
    { __typename ... on EventPayload { event { name } } } }"""
AWAY = (503, "SERVICE_UNAVAILABLE")
"""What is said while there is no database."""

EDIT = """mutation($bio: String!) { updateMyProfile(input: {bio: {text: $bio}}) { __typename } }"""
VECTORS = "select count(*) from fact_vectors v join people p on p.id = v.person_id where p.display_name = %s"
"""How many somebody of this name has: one, when what they said in EDIT is embedded."""


@dataclass(frozen=True)
class Said:
    """What came of one request: status 0 is no answer at all, and its code what the client's library says."""

    status: int
    code: str | None
    data: Any
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def outcome(self) -> tuple[int, str | None]:
        """What a client goes by."""
        return self.status, self.code


@dataclass
class Scene:
    """Ana and Ben, an officer, and what they need to ask."""

    url: str
    data_dir: Path
    accounts: Mapping[str, models.Account]
    askers: list["Asker"] = field(default_factory=list["Asker"])

    def token(self, name: str) -> str:
        """A bearer token for ten minutes."""
        return DevelopmentIssuer(self.data_dir).token(self.accounts[name].id, timedelta(minutes=10))

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database says, past the API."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def events(self) -> list[str]:
        """The names of all events there are."""
        return [name for (name,) in self.rows("select name from events order by name")]

    @contextmanager
    def serving(self, **more: str) -> Generator[Server]:
        """`alumni serve` on the scene's database, without a worker unless `more` says so."""
        settings = {"ALUMNI_DATABASE_URL": self.url} | DEVELOPMENT | ALONE | GENEROUS | more
        with serving(self.data_dir, **settings) as server:
            try:
                server.until("/readyz", 200)
                yield server
            finally:
                while self.askers:
                    self.askers.pop().close()

    def asker(self, server: Server, name: str) -> "Asker":
        """Somebody with a connection of their own to the server."""
        self.askers.append(Asker(server.address, headers_of(self.token(name))))
        return self.askers[-1]

    @contextmanager
    def held(self, statement: str) -> Generator[None]:
        """A transaction of somebody else's, which has run the statement, for as long as the block lasts."""
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.encode())
            yield
            connection.rollback()

    def until_waiting(self, many: int = 1) -> None:
        """Wait until so many statements wait for a lock."""
        wait_for(lambda: self.rows(WAITING)[0][0] >= many, f"{many} to wait for a lock")


class Asker:
    """One client; it never raises, and waits 30 seconds at most."""

    def __init__(self, address: str, headers: Mapping[str, str]) -> None:
        self._url = f"{address}/graphql"
        self._client = httpx.Client(headers=headers, timeout=30, limits=httpx.Limits(keepalive_expiry=2))

    def ask(self, query: str, **variables: Any) -> Said:
        """Ask once."""
        started = time.monotonic()
        try:
            answer = self._client.post(self._url, json={"query": query, "variables": variables})
        except httpx.TransportError as error:
            return Said(0, type(error).__name__, None, time.monotonic() - started)
        body = answer.json()
        codes = [error["extensions"]["code"] for error in body.get("errors", [])]
        seconds = time.monotonic() - started
        return Said(answer.status_code, codes[0] if codes else None, body.get("data"), seconds, answer.headers)

    def create(self, name: str, text: str | None = None) -> Said:
        """Create an event of this name, with the name as the request's key."""
        return self.ask(CREATE, name=name, text=text)

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def created(said: Said) -> bool:
    """Whether the server has acknowledged that the event is there."""
    made: Any = said.data and said.data["createEvent"]
    return bool(made) and made["__typename"] == "EventPayload"


class Load:
    """Clients that create events and read people, each one request after the other, until told to stop."""

    def __init__(self, askers: Sequence[Asker]) -> None:
        self.acknowledged: set[str] = set()
        self.unsure: set[str] = set()
        """Names of events whose creation was refused, or not answered."""
        self.writes: list[Said] = []
        self.reads: list[Said] = []
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(place, one)) for place, one in enumerate(askers)]

    def __enter__(self) -> "Load":
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop, and wait for the last answers."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _work(self, place: int, asker: Asker) -> None:
        number = 0
        while not self._stopping.is_set():
            number += 1
            name = f"Event {place}-{number}"
            said = asker.create(name)
            (self.acknowledged if created(said) else self.unsure).add(name)
            self.writes.append(said)
            self.reads.append(asker.ask(READ))
            if not created(said):
                self._stopping.wait(0.05)

    def until_acknowledged(self, more: int) -> None:
        """Wait for so many more acknowledged writes."""
        wanted = len(self.acknowledged) + more
        wait_for(lambda: len(self.acknowledged) >= wanted, f"{wanted} acknowledged writes")

    def until_refused(self) -> None:
        """Wait for another write that is not acknowledged."""
        wanted = len(self.unsure) + 1
        wait_for(lambda: len(self.unsure) >= wanted, "a write that is not acknowledged")


async def make_scene(url: str, folder: Path) -> Scene:
    """The people of a scene, in a migrated database."""
    database = PooledDatabase(url)
    try:
        async with database.write() as session, session.begin():
            accounts = {name: await make_member(session, name) for name in NAMES}
            accounts["officer"] = await make_staff(session)
    finally:
        await database.close()
    return Scene(url, folder / "var", accounts)


async def make_own_scene(postgres: EmbeddedPostgres, folder: Path) -> Scene:
    """A scene on a server of its own, which runs and is empty."""
    postgres.create_database("alumni")
    url = postgres.url("alumni")
    upgrade(url)
    return await make_scene(url, folder)
