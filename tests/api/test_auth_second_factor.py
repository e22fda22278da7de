"""Officers and their second factor (row 88): which tokens state one, who needs it, and what a client is told."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api.app import create_app
from api.auth import Authenticator, DevelopmentIssuer
from api.db import Database
from api.errors import SecondFactorNeeded
from api.models import Account, AccountRole, Identity
from api.settings import Settings
from schema.ids import encode_id
from tests.api.openid_providers import Clock, Provider, settings_for
from tests.factories import impersonate, make_account, make_person

LOA = "urn:example:loa:2"
KNOWS_LOA = {"staff_acr_values": f"gold {LOA}"}


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    await provider.start()
    yield provider
    await provider.stop()


async def linked(session: AsyncSession, provider: Provider, role: AccountRole) -> Account:
    """An account whose owner signs in by the provider."""
    account = await make_account(session, await make_person(session), role)
    session.add(Identity(account_id=account.id, issuer=provider.url, subject="subject-1"))
    await session.flush()
    return account


async def accepted(db: Database, provider: Provider, tmp_path: Path, given: dict[str, Any], **claims: Any) -> bool:
    """Whether the token is good for its owner under these settings."""
    authenticator = Authenticator(settings_for(provider.url, tmp_path, **given), Clock())
    try:
        return (await authenticator.viewer(f"Bearer {provider.token(**claims)}", db)).signed_in
    except SecondFactorNeeded:
        return False


SAID: list[tuple[dict[str, Any], bool]] = [
    ({"amr": ["mfa"]}, True),
    ({"amr": ["pwd", "otp"]}, True),
    ({"amr": ["hwk", "pin"]}, True),
    ({"amr": ["face", "swk"]}, True),
    ({"amr": "pwd mfa"}, True),
    ({"amr": ["pwd"]}, False),
    ({"amr": ["otp"]}, False),
    ({"amr": ["pwd", "pin", "kba"]}, False),
    ({"amr": ["otp", "sms"]}, False),
    ({"amr": ["rba", "geo", "user", "wia", "MFA"]}, False),
    ({"amr": []}, False),
    ({"amr": [["mfa"], 7, {"mfa": True}]}, False),
    ({"amr": {"mfa": True}}, False),
    ({"amr": True}, False),
]


@pytest.mark.parametrize(("claims", "good"), SAID)
@pytest.mark.parametrize("role", [AccountRole.STAFF, AccountRole.ADMIN])
async def test_what_the_issuer_says_of_the_methods_counts(
    session: AsyncSession, db: Database, provider: Provider, tmp_path: Path, role: AccountRole, claims: Any, good: bool
):
    await linked(session, provider, role)
    assert await accepted(db, provider, tmp_path, {}, **claims) is good
    assert await accepted(db, provider, tmp_path, {"staff_second_factor": "required"}, **claims) is good
    assert await accepted(db, provider, tmp_path, {"staff_second_factor": "off"}, **claims)


@pytest.mark.parametrize(
    ("given", "claims", "when_stated", "required"),
    [
        ({}, {}, True, False),
        ({}, {"acr": "1"}, True, False),
        (KNOWS_LOA, {}, True, False),
        (KNOWS_LOA, {"acr": "1"}, False, False),
        (KNOWS_LOA, {"acr": LOA}, True, True),
        (KNOWS_LOA, {"acr": LOA, "amr": ["pwd"]}, True, True),
        (KNOWS_LOA, {"acr": "1", "amr": ["mfa"]}, True, True),
        (KNOWS_LOA, {"acr": f"gold {LOA}"}, False, False),
        (KNOWS_LOA, {"acr": ["gold"]}, False, False),
        ({"staff_acr_values": "2"}, {"acr": 2}, True, True),
    ],
)
async def test_contexts_count_where_the_settings_know_them(
    session: AsyncSession, db: Database, provider: Provider, tmp_path: Path,
    given: Any, claims: Any, when_stated: bool, required: bool,
):  # fmt: skip
    await linked(session, provider, AccountRole.STAFF)
    assert await accepted(db, provider, tmp_path, given, **claims) is when_stated
    assert await accepted(db, provider, tmp_path, {**given, "staff_second_factor": "required"}, **claims) is required


async def test_members_and_strangers_are_not_asked(
    session: AsyncSession, db: Database, provider: Provider, tmp_path: Path
):
    strict = {"staff_second_factor": "required"}
    assert await accepted(db, provider, tmp_path, strict, amr=["pwd"])
    await linked(session, provider, AccountRole.MEMBER)
    assert await accepted(db, provider, tmp_path, strict, amr=["pwd"])


async def test_a_promotion_counts_at_the_next_request_and_a_refusal_is_no_sign_in(
    session: AsyncSession, db: Database, provider: Provider, tmp_path: Path
):
    account = await linked(session, provider, AccountRole.STAFF)
    account.first_signed_in_at = None
    await session.flush()
    authenticator = Authenticator(settings_for(provider.url, tmp_path), Clock())
    header = f"Bearer {provider.token(amr=['pwd'])}"
    with pytest.raises(SecondFactorNeeded):
        await authenticator.viewer(header, db)
    await session.refresh(account)
    assert account.first_signed_in_at is None
    account.role = AccountRole.MEMBER
    await session.flush()
    assert not (await authenticator.viewer(header, db)).is_staff


@pytest.mark.parametrize(
    ("given", "contexts", "challenge"),
    [({}, {}, ""), (KNOWS_LOA, {"acrValues": ["gold", LOA]}, f', acr_values="gold {LOA}"')],
)
async def test_a_client_is_told_what_to_sign_in_with(
    session: AsyncSession, db: Database, provider: Provider, tmp_path: Path, given: Any, contexts: Any, challenge: str
):
    admin = await linked(session, provider, AccountRole.ADMIN)
    going = await impersonate(session, admin, await make_person(session))
    app = create_app(settings_for(provider.url, tmp_path, cost_per_second=0, **given), db)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        for more in ({}, {"x-impersonate": encode_id("Impersonation", going.id)}):
            weak = {"authorization": f"Bearer {provider.token(amr=['pwd'], iat=None, exp=4_000_000_000)}", **more}
            refused = await client.post("/graphql", json={"query": "{ viewer { email } }"}, headers=weak)
            assert (refused.status_code, "data" in refused.json()) == (401, False)
            [error] = refused.json()["errors"]
            assert error["message"] == "The office signs in with a second factor. Sign in again with one."
            assert error["extensions"] == {"code": "SECOND_FACTOR_REQUIRED", **contexts}
            assert refused.headers["www-authenticate"] == (
                f'Bearer error="insufficient_user_authentication", error_description="{error["message"]}"{challenge}'
            )
            strong = weak | {"authorization": f"Bearer {provider.token(amr=['mfa'], iat=None, exp=4_000_000_000)}"}
            answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers=strong)
            assert answer.json()["data"] == {"__typename": "Query"}


async def test_a_token_that_is_wrong_is_challenged_too(db: Database, tmp_path: Path):
    app = create_app(Settings(data_dir=tmp_path, cost_per_second=0), db)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        wrong = await client.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"authorization": "Bearer nonsense"}
        )
        nobody = await client.post("/graphql", json={"query": "{ __schema { description } }"})
    assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")


async def test_development_tokens_state_a_second_factor(
    session: AsyncSession, db: Database, settings: Settings, issuer: DevelopmentIssuer
):
    account = await make_account(session, role=AccountRole.ADMIN)
    strict = settings.model_copy(update={"staff_second_factor": "required"})
    token = issuer.token(account.id, timedelta(minutes=1))
    assert (await Authenticator(strict).viewer(f"Bearer {token}", db)).admin


@pytest.mark.parametrize(
    "given", [{"staff_second_factor": "perhaps"}, {"staff_acr_values": 'a"b'}, {"staff_acr_values": "ä"}]
)
def test_settings_that_say_nothing_sensible_are_refused(given: Any):
    with pytest.raises(ValueError, match=next(iter(given))):
        Settings.model_validate(given)
