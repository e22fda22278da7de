"""Linking an identity to an account: only a verified address that fits one free account, and no oracle (row 88)."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import ANONYMOUS, Claim, Viewer, ViewerKind
from api.db import Database
from api.errors import Conflict, NotFound, NotSignedIn
from api.models import Account, Identity, Person
from api.services.accounts import confirm_identity

ISSUER = "https://id.example.edu"
NOTHING = "No account can be linked to this sign-in. Ask the alumni office to check your e-mail address."


def guest(subject: str = "subject-1", email: str | None = "ada@example.edu", issuer: str = ISSUER) -> Viewer:
    return Viewer(ViewerKind.GUEST, claim=Claim(issuer, subject, email))


async def add_account(session: AsyncSession, email: str = "ada@example.edu", *, deceased: bool = False) -> UUID:
    person = Person(id=uuid7(), display_name="Ada Byron", deceased=deceased)
    session.add(person)
    await session.flush()
    account = Account(id=uuid7(), person_id=person.id, email=email)
    session.add(account)
    await session.flush()
    return account.id


async def links(session: AsyncSession) -> list[tuple[UUID, str, str]]:
    """All identities: account, issuer, subject."""
    rows = await session.execute(select(Identity.account_id, Identity.issuer, Identity.subject).order_by(Identity.id))
    return [(account_id, issuer, subject) for account_id, issuer, subject in rows]


async def test_verified_address_links_its_account(session: AsyncSession) -> None:
    account_id = await add_account(session)
    await add_account(session, "grace@example.edu")
    account = await confirm_identity(session, guest())
    assert account.id == account_id
    assert await links(session) == [(account_id, ISSUER, "subject-1")]


async def test_officers_account_without_a_person(session: AsyncSession) -> None:
    session.add(account := Account(id=uuid7(), email="officer@example.edu", role="STAFF"))
    await session.flush()
    assert (await confirm_identity(session, guest(email="officer@example.edu"))).id == account.id


@pytest.mark.parametrize(
    "viewer",
    [
        guest(email=None),
        guest(email="stranger@example.edu"),
        guest(email="ADA@example.edu"),
        guest(email="ada@example.edu "),
        guest(email="late@example.edu"),
        guest(email="taken@example.edu"),
        Viewer(ViewerKind.GUEST),
    ],
    ids=["not verified", "unknown", "capitals", "space", "deceased", "taken", "no claim"],
)
async def test_everything_in_the_way_is_told_alike(session: AsyncSession, viewer: Viewer) -> None:
    await add_account(session)
    await add_account(session, "late@example.edu", deceased=True)
    taken_id = await add_account(session, "taken@example.edu")
    await confirm_identity(session, guest("owner", "taken@example.edu"))
    with pytest.raises(NotFound) as caught:
        await confirm_identity(session, viewer)
    assert (caught.value.message, caught.value.path) == (NOTHING, ())
    assert await links(session) == [(taken_id, ISSUER, "owner")]


async def test_second_issuer_may_vouch_for_the_same_account(session: AsyncSession) -> None:
    account_id = await add_account(session)
    await confirm_identity(session, guest())
    other = "https://other.example.edu"
    assert (await confirm_identity(session, guest(issuer=other))).id == account_id
    assert await links(session) == [(account_id, ISSUER, "subject-1"), (account_id, other, "subject-1")]


async def test_confirming_again_gives_the_same_account(session: AsyncSession) -> None:
    account_id = await add_account(session)
    await confirm_identity(session, guest())
    assert (await confirm_identity(session, guest())).id == account_id
    signed_in = Viewer(ViewerKind.MEMBER, account_id=account_id)
    assert (await confirm_identity(session, signed_in)).id == account_id
    assert await links(session) == [(account_id, ISSUER, "subject-1")]


async def test_anonymous_is_asked_to_sign_in(session: AsyncSession) -> None:
    with pytest.raises(NotSignedIn, match=r"^Sign in first\.$"):
        await confirm_identity(session, ANONYMOUS)


async def test_identity_that_was_linked_meanwhile_is_a_conflict(session: AsyncSession) -> None:
    account_id = await add_account(session)
    await confirm_identity(session, guest())
    await add_account(session, "grace@example.edu")
    with pytest.raises(Conflict):
        await confirm_identity(session, guest(email="grace@example.edu"))
    assert await links(session) == [(account_id, ISSUER, "subject-1")]


@pytest.mark.real
async def test_of_parallel_confirmations_one_subject_wins(real_db: Database) -> None:
    async with real_db.write() as session, session.begin():
        await add_account(session)

    async def confirm(subject: str) -> str:
        try:
            async with real_db.write() as session, session.begin():
                await confirm_identity(session, guest(subject))
        except NotFound:
            return "refused"
        return subject

    outcomes = await asyncio.gather(*(confirm(f"subject-{number}") for number in range(6)))
    async with real_db.write() as session:
        winners = list(await session.scalars(select(Identity.subject)))
    assert sorted(outcomes) == ["refused"] * 5 + winners
    assert len(winners) == 1


@pytest.mark.real
async def test_parallel_confirmations_of_one_person_link_once(real_db: Database) -> None:
    async with real_db.write() as session, session.begin():
        account_id = await add_account(session)

    async def confirm() -> UUID:
        async with real_db.write() as session, session.begin():
            return (await confirm_identity(session, guest())).id

    assert set(await asyncio.gather(*(confirm() for _ in range(6)))) == {account_id}
    async with real_db.write() as session:
        assert await session.scalar(select(func.count()).select_from(Identity)) == 1
