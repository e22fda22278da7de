"""Which viewer a good token is: account, person, dated roles; and what a first sign-in does."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Claim, Viewer, ViewerKind
from api.auth import Authenticator, DevelopmentIssuer
from api.db import Database, Reader
from api.models import Account, AccountRole, Institution, Person, PersonRole, PersonRoleKind
from api.settings import Settings
from tests.api.openid_providers import Clock, Provider, settings_for

TODAY = datetime.now(UTC).date()
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SignIn = Callable[[Database, UUID], Awaitable[Viewer]]


class CountedDatabase:
    """A database that notes what it is used for."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.used: list[str] = []

    def read(self) -> AbstractAsyncContextManager[Reader]:
        self.used.append("read")
        return self._db.read()

    def write(self) -> AbstractAsyncContextManager[AsyncSession]:
        self.used.append("write")
        return self._db.write()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(environment="development", development_issuer=True, data_dir=tmp_path)


@pytest.fixture
def issuer(tmp_path: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path)


@pytest.fixture
def authenticator(settings: Settings) -> Authenticator:
    return Authenticator(settings)


@pytest.fixture
def sign_in(authenticator: Authenticator, issuer: DevelopmentIssuer) -> SignIn:
    """Give the viewer behind a new development token."""

    async def sign_in(db: Database, account_id: UUID) -> Viewer:
        return await authenticator.viewer(f"Bearer {issuer.token(account_id, HOUR)}", db)

    return sign_in


async def enrol(
    db: Database, *roles: PersonRoleKind, account: AccountRole = AccountRole.MEMBER, **person: Any
) -> tuple[UUID, UUID]:
    """A person with open-ended roles and an account; their ids, in this order."""
    person_id, account_id = uuid7(), uuid7()
    async with db.write() as session, session.begin():
        session.add(Person(id=person_id, display_name="Ada Byron", **person))
        await session.flush()
        session.add(Account(id=account_id, person_id=person_id, email=f"{account_id}@example.edu", role=account))
        session.add_all(PersonRole(person_id=person_id, kind=kind) for kind in roles)
    return person_id, account_id


async def choices(db: Database, person_id: UUID) -> tuple[bool, bool, bool, bool, datetime | None]:
    """listed, suggestable, show_attendance, mentor_open, and when the person made them."""
    async with db.write() as session:
        person = await session.get_one(Person, person_id)
        return person.listed, person.suggestable, person.show_attendance, person.mentor_open, person.choices_made_at


async def account_of(db: Database, account_id: UUID) -> Account:
    async with db.write() as session:
        return await session.get_one(Account, account_id)


# ---------------------------------------------------------------- who somebody is


@pytest.mark.parametrize(
    ("roles", "account", "kind", "named"),
    [
        (["ALUMNUS"], "MEMBER", ViewerKind.MEMBER, {"ALUMNUS"}),
        (["STUDENT", "DONOR"], "MEMBER", ViewerKind.MEMBER, {"STUDENT", "DONOR"}),
        (["FACULTY"], "MEMBER", ViewerKind.MEMBER, {"FACULTY"}),
        (["STAFF"], "MEMBER", ViewerKind.MEMBER, {"STAFF"}),
        (
            ["DONOR", "PARENT", "FRIEND", "APPLICANT"],
            "MEMBER",
            ViewerKind.GUEST,
            {"DONOR", "PARENT", "FRIEND", "APPLICANT"},
        ),
        ([], "MEMBER", ViewerKind.GUEST, set[str]()),
        (["ALUMNUS"], "STAFF", ViewerKind.STAFF, {"ALUMNUS", "STAFF"}),
        ([], "ADMIN", ViewerKind.STAFF, {"ADMIN"}),
    ],
)
async def test_kinds_of_viewer(
    db: Database,
    sign_in: SignIn,
    roles: list[str],
    account: str,
    kind: ViewerKind,
    named: set[str],
) -> None:
    person_id, account_id = await enrol(db, *map(PersonRoleKind, roles), account=AccountRole(account))
    assert await sign_in(db, account_id) == Viewer(kind, person_id, account_id, account == "ADMIN", frozenset(named))


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "kind"),
    [
        (None, None, ViewerKind.MEMBER),
        (TODAY - DAY, TODAY + 2 * DAY, ViewerKind.MEMBER),
        (None, TODAY - DAY, ViewerKind.GUEST),
        (TODAY + 2 * DAY, None, ViewerKind.GUEST),
    ],
)
async def test_roles_count_while_they_are_held(
    db: Database, sign_in: SignIn, starts_on: Any, ends_on: Any, kind: ViewerKind
) -> None:
    person_id, account_id = await enrol(db)
    async with db.write() as session, session.begin():
        session.add(PersonRole(person_id=person_id, kind=PersonRoleKind.ALUMNUS, starts_on=starts_on, ends_on=ends_on))
    viewer = await sign_in(db, account_id)
    assert viewer.kind is kind
    assert viewer.roles == (frozenset({"ALUMNUS"}) if kind is ViewerKind.MEMBER else frozenset())


async def test_role_starts_on_its_first_day_and_ends_on_the_day_it_ends(db: Database, sign_in: SignIn) -> None:
    person_id, account_id = await enrol(db)
    async with db.write() as session, session.begin():
        today = (await session.execute(text("select (now() at time zone 'UTC')::date"))).scalar_one()
        session.add(PersonRole(person_id=person_id, kind=PersonRoleKind.STUDENT, ends_on=today))
        session.add(PersonRole(person_id=person_id, kind=PersonRoleKind.ALUMNUS, starts_on=today))
    assert (await sign_in(db, account_id)).roles == {"ALUMNUS"}


async def test_officer_without_a_person(db: Database, sign_in: SignIn) -> None:
    account_id = uuid7()
    async with db.write() as session, session.begin():
        session.add(Account(id=account_id, email="officer@example.edu", role=AccountRole.ADMIN))
    viewer = await sign_in(db, account_id)
    assert viewer == Viewer(ViewerKind.STAFF, None, account_id, admin=True, roles=frozenset({"ADMIN"}))


@pytest.mark.parametrize("account", list(AccountRole))
async def test_account_of_a_deceased_person_is_a_guest(db: Database, sign_in: SignIn, account: AccountRole) -> None:
    person_id, account_id = await enrol(db, PersonRoleKind.ALUMNUS, account=account, deceased=True)
    assert await sign_in(db, account_id) == Viewer(ViewerKind.GUEST)
    assert (await account_of(db, account_id)).first_signed_in_at is None
    assert await choices(db, person_id) == (False, False, False, False, None)


async def test_unknown_account_is_a_guest(db: Database, sign_in: SignIn) -> None:
    assert await sign_in(db, uuid7()) == Viewer(ViewerKind.GUEST)


async def test_what_is_taken_away_counts_from_the_next_request(
    db: Database, authenticator: Authenticator, issuer: DevelopmentIssuer
) -> None:
    _, account_id = await enrol(db, account=AccountRole.ADMIN)
    header = f"Bearer {issuer.token(account_id, HOUR)}"
    assert (await authenticator.viewer(header, db)).admin
    async with db.write() as session, session.begin():
        await session.execute(update(Account).where(Account.id == account_id).values(role=AccountRole.MEMBER))
    assert (await authenticator.viewer(header, db)).kind is ViewerKind.GUEST
    async with db.write() as session, session.begin():
        await session.delete(await session.get_one(Account, account_id))
    assert await authenticator.viewer(header, db) == Viewer(ViewerKind.GUEST)


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({}, None),
        ({"email": "Ada@Example.EDU", "email_verified": True}, "ada@example.edu"),
        ({"email": "ada@example.edu"}, None),
        ({"email": "ada@example.edu", "email_verified": False}, None),
        ({"email": "ada@example.edu", "email_verified": "true"}, None),
        ({"email": "ada@example.edu", "email_verified": 1}, None),
        ({"email": ["ada@example.edu"], "email_verified": True}, None),
        ({"email": "ada\0@example.edu", "email_verified": True}, None),
        ({"email": "zoë@example.edu", "email_verified": True}, "zoë@example.edu"),
        ({"email": "\u212aelvin@example.edu", "email_verified": True}, None),
    ],
)
async def test_unknown_identity_is_a_guest_with_a_claim(
    db: Database, tmp_path: Path, claims: dict[str, Any], email: str | None
) -> None:
    provider = Provider()
    await provider.start()
    authenticator = Authenticator(settings_for(provider.url, tmp_path), Clock())
    viewer = await authenticator.viewer(f"Bearer {provider.token(**claims)}", db)
    assert viewer == Viewer(ViewerKind.GUEST, claim=Claim(provider.url, "subject-1", email))
    await provider.stop()


# ---------------------------------------------------------------- the first sign-in and later ones


async def test_first_sign_in_takes_the_institutions_defaults(db: Database, sign_in: SignIn) -> None:
    async with db.write() as session, session.begin():
        session.add(Institution(name="Somewhere", default_suggestable=False, default_mentor_open=True))
    person_id, account_id = await enrol(db, PersonRoleKind.ALUMNUS)
    other_id, _ = await enrol(db, PersonRoleKind.ALUMNUS)
    await sign_in(db, account_id)
    account = await account_of(db, account_id)
    assert account.first_signed_in_at is not None
    assert account.first_signed_in_at == account.last_signed_in_at
    assert await choices(db, person_id) == (True, False, False, True, None)
    assert await choices(db, other_id) == (False, False, False, False, None)


async def test_later_sign_ins_leave_the_choices_alone(db: Database, sign_in: SignIn) -> None:
    async with db.write() as session, session.begin():
        session.add(Institution(name="Somewhere"))
    person_id, account_id = await enrol(db, PersonRoleKind.ALUMNUS)
    await sign_in(db, account_id)
    async with db.write() as session, session.begin():
        await session.execute(update(Person).where(Person.id == person_id).values(listed=False))
    await sign_in(db, account_id)
    assert await choices(db, person_id) == (False, True, False, False, None)


async def test_without_institution_the_choices_stay_off(db: Database, sign_in: SignIn) -> None:
    person_id, account_id = await enrol(db, PersonRoleKind.ALUMNUS)
    await sign_in(db, account_id)
    assert (await account_of(db, account_id)).first_signed_in_at is not None
    assert await choices(db, person_id) == (False, False, False, False, None)


@pytest.mark.parametrize("person", [{"ferpa_hold": True}, {"choices_made_at": datetime(2026, 1, 1, tzinfo=UTC)}])
async def test_defaults_override_neither_a_hold_nor_choices_made(
    db: Database, sign_in: SignIn, person: dict[str, Any]
) -> None:
    async with db.write() as session, session.begin():
        session.add(Institution(name="Somewhere"))
    person_id, account_id = await enrol(db, PersonRoleKind.ALUMNUS, **person)
    await sign_in(db, account_id)
    assert (await choices(db, person_id))[:4] == (False, False, False, False)


async def test_a_usual_request_reads_once_and_writes_nothing(db: Database, sign_in: SignIn) -> None:
    _, account_id = await enrol(db, PersonRoleKind.ALUMNUS)
    counted = CountedDatabase(db)
    for _ in range(3):
        await sign_in(counted, account_id)
    assert counted.used == ["read", "write", "read", "read"]


@pytest.mark.parametrize(("minutes", "noted"), [(59, False), (61, True)])
async def test_last_sign_in_is_noted_once_an_hour(db: Database, sign_in: SignIn, minutes: int, noted: bool) -> None:
    _, account_id = await enrol(db, PersonRoleKind.ALUMNUS)
    before = datetime.now(UTC) - timedelta(minutes=minutes)
    async with db.write() as session, session.begin():
        await session.execute(
            update(Account)
            .where(Account.id == account_id)
            .values(first_signed_in_at=before - DAY, last_signed_in_at=before)
        )
    await sign_in(db, account_id)
    account = await account_of(db, account_id)
    assert account.first_signed_in_at == before - DAY
    assert (account.last_signed_in_at != before) is noted


async def test_a_note_that_cannot_be_written_does_not_stop_the_request(
    db: Database, sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    _, account_id = await enrol(db, PersonRoleKind.ALUMNUS)
    async with db.write() as session, session.begin():
        await session.execute(update(Account).values(first_signed_in_at=datetime(2026, 1, 1, tzinfo=UTC)))
        await session.execute(text("alter table accounts add check (last_signed_in_at is null)"))
    assert (await sign_in(db, account_id)).kind is ViewerKind.MEMBER
    assert f"last_signed_in_at of account {account_id} not written: IntegrityError" in caplog.text


@pytest.mark.real
async def test_parallel_first_requests_sign_in_once(real_db: Database, sign_in: SignIn) -> None:
    async with real_db.write() as session, session.begin():
        session.add(Institution(name="Somewhere"))
        await session.execute(text("create table signed_in (choices_at timestamptz default clock_timestamp())"))
        await session.execute(
            text(
                "create function note() returns trigger language plpgsql as"
                " $$ begin insert into signed_in default values; return new; end $$"
            )
        )
        await session.execute(text("create trigger note after update on people for each row execute function note()"))
    person_id, account_id = await enrol(real_db, PersonRoleKind.ALUMNUS)
    viewers = await asyncio.gather(*(sign_in(real_db, account_id) for _ in range(8)))
    assert set(viewers) == {
        Viewer(ViewerKind.MEMBER, person_id, account_id, roles=frozenset({"ALUMNUS"})),
    }
    async with real_db.write() as session:
        assert (await session.scalar(text("select count(*) from signed_in"))) == 1
        assert (await session.scalar(select(Person.listed).where(Person.id == person_id))) is True
