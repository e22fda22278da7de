"""Nothing secret in logs, errors or the schema: requests of every kind bring secrets, and no line of log keeps them."""

import logging
import re
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from graphql import GraphQLObjectType, GraphQLSchema
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

from api.auth import DevelopmentIssuer
from api.db import Database, PooledDatabase
from api.logs import JsonFormatter
from api.models import AccountRole
from api.postgres import EmbeddedPostgres
from api.settings import Settings
from schema.root import build_engine
from tests.api.test_app import client_of, settings_in, sign_in_as_nobody
from tests.conftest import PROJECT, Api
from tests.factories import make_account, make_member, make_staff

SECRET = "Xanthippe"
EMAIL = f"{SECRET.lower()}@example.edu"
PASSWORD = "s3%cr/et"
GIVES_SECRETS = {"WebhookSecretPayload.secret"}
"""The one field that tells a secret: once, to the administrator who made it."""
SOUNDS_SECRET = re.compile(r"secret|passw|token|credential|private|salt|hash", re.IGNORECASE)
CREATE_EVENT = "mutation($i: CreateEventInput!) { createEvent(input: $i) { __typename } }"
CREATE_WEBHOOK = """mutation($i: CreateWebhookInput!) { createWebhook(input: $i) {
    ... on WebhookSecretPayload { secret } } }"""


class Lines(logging.Handler):
    """What the log would hold."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(JsonFormatter())
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """As a line of JSON."""
        self.told.append(self.format(record))


@pytest.fixture
def lines() -> Generator[Lines]:
    """The log from here on, as the server writes it."""
    root, client, handler = logging.getLogger(), logging.getLogger("httpx"), Lines()
    before = root.level, client.level
    root.setLevel(logging.INFO)
    client.setLevel(logging.WARNING)
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before[0])
    client.setLevel(before[1])


def found_in(lines: Lines, *secrets: str) -> list[str]:
    """The secrets that stand in the log, in whatever case."""
    told = "\n".join(lines.told).lower()
    return [one for one in secrets if one.lower() in told]


async def test_tokens_right_and_wrong_leave_no_trace(
    session: AsyncSession, app: Starlette, issuer: DevelopmentIssuer, lines: Lines
):
    member = await make_member(session)
    good = issuer.token(member.id, timedelta(minutes=5))
    other, forged = DevelopmentIssuer(issuer.path.parent / "other").token(member.id, timedelta(minutes=5)), f"{good}x"
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        query, said = {"query": "{ viewer { email } }"}, [""]
        for header in (f"Bearer {good}", f"Bearer {other}", f"Bearer {forged}", f"Basic {SECRET}", f"Bearer {SECRET}"):
            answer = await client.post("/graphql", json=query, headers={"authorization": header})
            said.append(answer.text)
        said.append((await client.get("/graphql", params={**query, "access_token": good})).text)
        said.append((await client.get(f"/people/{EMAIL}/{good}")).text)
    assert [answer for answer in said if SECRET in answer or good in answer or other in answer] == []
    assert len(lines.told) == 7
    assert found_in(lines, SECRET, good, other, EMAIL, member.email) == []


async def test_what_is_searched_and_given_leaves_no_trace(session: AsyncSession, api: Api, lines: Lines):
    member = await make_member(session)
    for query, given in (
        ("query($v: String!) { searchPeople(text: $v, first: 5) { nodes { score } } }", SECRET),
        ("query($v: String!) { people(first: 5, filter: {skill: {eq: $v}}) { totalCount } }", SECRET),
        ("query($v: String!) { people(first: 5, after: $v) { totalCount } }", SECRET),
        ("query($v: ID!) { node(id: $v) { id } }", SECRET),
        ("query($v: Int!) { people(first: $v) { totalCount } }", SECRET),
        ("query($v: Int!) { people(first: $v) { totalCount } }", {"deep": [EMAIL]}),
        (f"{{ {SECRET} }}", None),
        (f"{{ people(first: 1) {{ {SECRET}", None),
    ):
        await api(query, as_=member, **({} if given is None else {"v": given}))
    assert len(lines.told) == 8
    assert found_in(lines, SECRET, member.email, EMAIL) == []


async def test_faults_of_the_database_are_logged_without_the_row(session: AsyncSession, api: Api, lines: Lines):
    staff, admin = await make_staff(session), await make_account(session, role=AccountRole.ADMIN)
    await session.execute(text("alter table events add constraint odd check (name <> 'Xanthippe') not valid"))
    await session.execute(text("alter table webhooks add constraint odder check (url is null) not valid"))
    await session.flush()
    now = datetime.now(UTC)
    event = {
        "name": SECRET, "description": f"Write to {EMAIL}", "joinUrl": f"https://meet.example/{SECRET}",
        "startsAt": now.isoformat(), "endsAt": now.isoformat(), "timeZone": "UTC",
    }  # fmt: skip
    hook = {"url": f"https://receiver.example/{SECRET}", "topics": ["PERSON_UPDATED"]}
    for query, account, given in ((CREATE_EVENT, staff, event), (CREATE_WEBHOOK, admin, hook)):
        answer = await api(query, as_=account, i=given)
        assert answer.codes == ["INTERNAL_SERVER_ERROR"]
        assert answer.errors[0]["message"] == "Something went wrong on our side."
        assert [one for one in (SECRET, "odd", "whsec") if one in answer.text] == []
    told = "\n".join(lines.told)
    for said in ("23514, events, odd, new row for relation", "23514, webhooks, odder", "IntegrityError"):
        assert said in told
    assert found_in(lines, SECRET, EMAIL, "whsec_", "receiver.example", "meet.example") == []


async def test_a_read_that_fails_is_logged_without_its_parameters(session: AsyncSession, api: Api, lines: Lines):
    member = await make_member(session)
    await session.execute(text("alter table skills rename to elsewhere"))
    answer = await api(
        "query($v: String!) { people(first: 5, filter: {skill: {eq: $v}}) { totalCount } }", as_=member, v=SECRET
    )
    assert answer.codes == ["INTERNAL_SERVER_ERROR"]
    assert '42P01, relation \\"skills\\" does not exist' in "\n".join(lines.told)
    assert found_in(lines, SECRET, member.email) == []


@pytest.mark.real
async def test_the_embedded_server_writes_down_no_rows(real_db: Database):
    log = PROJECT / "var" / "tests" / "postgres" / "server.log"
    before = log.stat().st_size
    async with real_db.write() as session:
        await make_account(session, email=EMAIL)
        with pytest.raises(IntegrityError, match=EMAIL):
            await make_account(session, email=EMAIL)
    assert EMAIL not in log.read_text()[before:]


@pytest.mark.real
async def test_a_database_that_refuses_leaves_its_password_out(
    postgres: EmbeddedPostgres, lines: Lines, tmp_path: Path
):
    socket = postgres.url("absent").partition("host=")[2]
    away = PooledDatabase(f"postgresql://postgres:{SECRET}@/absent?host={socket}", 1)
    async with client_of(settings_in(tmp_path), away) as client:
        headers = {"authorization": f"Bearer {sign_in_as_nobody(tmp_path)}"}
        answer = await client.post("/graphql", json={"query": "{ viewer { id } }"}, headers=headers)
        ready = await client.get("/readyz")
    await away.close()
    assert (answer.status_code, ready.status_code) == (503, 503)
    assert SECRET not in answer.text + ready.text
    assert len(lines.told) >= 2
    assert found_in(lines, SECRET) == []


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{PASSWORD}@db.example/alumni",
        "postgresql://me:s3@cr@et@db.example/alumni",
        "postgresql://me:s3 cr:et@db.example:port/alumni",
    ],
)
def test_an_address_that_would_be_misread_is_refused_and_not_repeated(url: str):
    with pytest.raises(ValueError, match="ALUMNI_DATABASE_URL cannot be read") as caught:
        Settings(database_url=url)
    assert [one for one in ("s3", "cr", "db.example") if one in str(caught.value)] == []


def test_settings_tell_no_password_of_theirs():
    known = "postgresql://me:s3cret@db.example/alumni"
    assert "s3cret" not in repr(Settings(database_url=known))
    with pytest.raises(ValueError, match="ALUMNI_OIDC_AUDIENCE") as caught:
        Settings(database_url=known, oidc_issuer="https://issuer.example")
    assert "s3cret" not in str(caught.value)


# ---------------------------------------------------------------- the schema


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_engine().schema


def test_no_field_gives_a_secret_but_the_one_that_makes_it(schema: GraphQLSchema):
    sound = {
        f"{name}.{field}"
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLObjectType)
        for field in kind.fields
        if SOUNDS_SECRET.search(field) and not name.startswith("__")
    }
    assert {one for one in sound if not one.startswith("Mutation.")} == GIVES_SECRETS


def test_the_schema_names_nobody_and_holds_no_address_of_a_machine():
    printed = (PROJECT / "schema.graphql").read_text()
    assert (
        re.findall(r"[\w.+-]+@[\w-]+\.\w+|eyJ\w+|whsec_\w+|postgres(?:ql)?://\S+|127\.0\.0\.1|localhost", printed) == []
    )
