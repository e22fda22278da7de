"""Tokens of an OpenID provider: which are believed, and how its keys are kept, over HTTP to a provider on loopback."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from uuid_utils.compat import uuid7

from api.access import ANONYMOUS, Viewer, ViewerKind
from api.auth import Authenticator
from api.db import Database
from api.errors import NotSignedIn
from api.models import Account, Identity
from tests.api.openid_providers import RSA_KEY, START, Clock, Key, PrivateKey, Provider, accepts, refusal, settings_for


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    await provider.start()
    yield provider
    await provider.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def authenticator(provider: Provider, clock: Clock, tmp_path: Path) -> Authenticator:
    return Authenticator(settings_for(provider.url, tmp_path), clock)


def part(content: object) -> str:
    """A token's part, encoded."""
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


async def test_no_header_is_anonymous(authenticator: Authenticator, provider: Provider, db: Database) -> None:
    assert await authenticator.viewer(None, db) == ANONYMOUS
    assert provider.asked == []


async def test_linked_identity_is_its_account(authenticator: Authenticator, provider: Provider, db: Database) -> None:
    account = Account(id=uuid7(), email="officer@example.edu", role="STAFF")
    async with db.write() as session, session.begin():
        session.add(account)
        await session.flush()
        session.add(Identity(account_id=account.id, issuer=provider.url, subject="subject-1"))
    viewer = await authenticator.viewer(f"bearer  {provider.token()}", db)
    assert viewer == Viewer(ViewerKind.STAFF, account_id=account.id, roles=frozenset({"STAFF"}))


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "eyJhbGciOiJub25lIn0.e30.", "Bearer: x"])
async def test_header_that_is_no_bearer(
    authenticator: Authenticator, provider: Provider, db: Database, header: str
) -> None:
    with pytest.raises(NotSignedIn) as caught:
        await authenticator.viewer(header, db)
    assert caught.value.message == "The Authorization header must read 'Bearer <token>'."
    assert provider.asked == []


GARBAGE = {
    "no token": "hello",
    "binary": "\x00\xff\x80.\x01.\x02",
    "lone surrogate": "\ud800.\udfff.x",
    "three dots": "...",
    "two parts": f"{part({'alg': 'ES256'})}.{part({})}",
    "encrypted": ".".join([part({"alg": "RSA-OAEP", "enc": "A256GCM"}), "a", "b", "c", "d"]),
    "header list": f"{part([1])}.{part({})}.x",
    "header nested": urlsafe_b64encode(b"[" * 9000).decode() + ".e30.eA",
    "payload nested": f"{part({'alg': 'ES256'})}.{urlsafe_b64encode(b'[' * 9000).decode()}.eA",
    "payload list": f"{part({'alg': 'ES256'})}.{part([])}.eA",
    "payload number": f"{part({'alg': 'ES256'})}.{urlsafe_b64encode(b'9' * 6000).decode()}.eA",
    "huge": "a" * 20_000,
    "alg list": f"{part({'alg': ['ES256']})}.{part({'iss': 'x'})}.eA",
    "alg object": f"{part({'alg': {}})}.{part({'iss': 'x'})}.eA",
    "kid object": f"{part({'alg': 'ES256', 'kid': {}})}.{part({'iss': 'x'})}.eA",
    "typ list": f"{part({'alg': 'ES256', 'typ': []})}.{part({'iss': 'x'})}.eA",
    "crit": f"{part({'alg': 'ES256', 'crit': ['exp'], 'exp': 1})}.{part({'iss': 'x'})}.eA",
    "detached": f"{part({'alg': 'ES256', 'b64': False, 'crit': ['b64']})}..eA",
    "issuer list": f"{part({'alg': 'ES256'})}.{part({'iss': ['x']})}.eA",
    "no issuer": f"{part({'alg': 'ES256'})}.{part({})}.eA",
    "development": f"{part({'alg': 'EdDSA'})}.{part({'iss': 'alumni-development'})}.eA",
    "alg none": f"{part({'alg': 'none'})}.{part({'iss': 'x'})}.",
}


@pytest.mark.parametrize("name", GARBAGE)
async def test_garbage_is_refused_without_asking_anybody(
    authenticator: Authenticator, provider: Provider, db: Database, name: str
) -> None:
    message = await refusal(authenticator, db, GARBAGE[name])
    assert message.startswith("The token ")
    assert GARBAGE[name] not in message
    assert provider.asked == []


SPOILED: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"exp": START - 60}, "The token has expired. Sign in again."),
    "expired long ago": ({"exp": -(10**300)}, "The token has expired. Sign in again."),
    "exp string": ({"exp": str(START + 300)}, "'exp' is not a number of seconds"),
    "exp true": ({"exp": True}, "'exp' is not a number of seconds"),
    "exp infinite": ({"exp": float("inf")}, "'exp' is not a number of seconds"),
    "exp list": ({"exp": [START + 300]}, "'exp' is not a number of seconds"),
    "no exp": ({"exp": None}, "lacks the claim 'exp'"),
    "nbf": ({"nbf": START + 61}, "not valid yet (nbf)"),
    "iat": ({"iat": START + 61}, "not valid yet (iat)"),
    "iat string": ({"iat": "now"}, "'iat' is not a number of seconds"),
    "audience": ({"aud": "another-app"}, "with the audience alumni-app."),
    "audience object": ({"aud": {"alumni-app": 1}}, "with the audience alumni-app."),
    "audience numbers": ({"aud": [1, "alumni-app"]}, "with the audience alumni-app."),
    "no audience": ({"aud": None}, "lacks the claim 'aud'"),
    "no subject": ({"sub": None}, "lacks the claim 'sub'"),
    "subject empty": ({"sub": ""}, "subject (sub) is empty, too long or not plain text"),
    "subject long": ({"sub": "s" * 256}, "subject (sub) is empty, too long or not plain text"),
    "subject NUL": ({"sub": "a\0b"}, "subject (sub) is empty, too long or not plain text"),
    "subject surrogate": ({"sub": "\ud800"}, "subject (sub) is empty, too long or not plain text"),
    "subject number": ({"sub": 7}, "cannot be read as a signed JSON Web Token"),
    "another issuer": ({"iss": "https://elsewhere.example"}, "from an issuer that this server does not accept"),
}


@pytest.mark.parametrize("name", SPOILED)
async def test_claims_that_are_refused(
    authenticator: Authenticator, provider: Provider, db: Database, name: str
) -> None:
    claims, expected = SPOILED[name]
    assert expected in await refusal(authenticator, db, provider.token(**claims))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": START - 59},
        {"exp": START + 0.5},
        {"exp": 10**300},
        {"nbf": START + 60, "iat": START + 60},
        {"iat": None},
        {"aud": ["other", "alumni-app"]},
    ],
)
async def test_claims_that_are_accepted(
    authenticator: Authenticator, provider: Provider, db: Database, claims: dict[str, Any]
) -> None:
    assert await accepts(authenticator, db, provider.token(**claims))


async def test_remembered_token_expires(
    authenticator: Authenticator, provider: Provider, db: Database, clock: Clock
) -> None:
    token = provider.token(exp=START + 100)
    assert await accepts(authenticator, db, token)
    clock.now = START + 159
    assert await accepts(authenticator, db, token)
    clock.now = START + 160
    assert await refusal(authenticator, db, token) == "The token has expired. Sign in again."


@pytest.mark.parametrize(
    ("kind", "accepted"), [("at+jwt", True), ("application/at+JWT", True), ("logout+jwt", False), ("dpop+jwt", False)]
)
async def test_kinds_of_token(
    authenticator: Authenticator, provider: Provider, db: Database, kind: str, accepted: bool
) -> None:
    token = provider.token(headers={"typ": kind})
    if accepted:
        assert await accepts(authenticator, db, token)
    else:
        assert (await refusal(authenticator, db, token)).startswith("The token is of another type.")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512", "none"])
async def test_public_key_as_shared_secret(
    authenticator: Authenticator, provider: Provider, db: Database, algorithm: str
) -> None:
    key = Key("rsa", "RS256", RSA_KEY)
    provider.keys = [key.published()]
    public = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    claims = {"iss": provider.url, "aud": "alumni-app", "sub": "subject-1", "exp": START + 300}
    signed = f"{part({'alg': algorithm, 'kid': 'rsa', 'typ': 'JWT'})}.{part(claims)}"
    digest = {"HS384": "sha384", "HS512": "sha512"}.get(algorithm, "sha256")
    seal = urlsafe_b64encode(hmac.digest(public, signed.encode(), digest)).rstrip(b"=").decode()
    message = await refusal(authenticator, db, f"{signed}.{'' if algorithm == 'none' else seal}")
    assert message.startswith("The token is not signed with an accepted algorithm: RS256, ")
    assert provider.asked == []


async def test_forged_signatures(authenticator: Authenticator, provider: Provider, db: Database) -> None:
    good, other = provider.token(), provider.token(sub="subject-2")
    head, _, seal = good.split(".")
    expected = "The token's signature does not match its issuer's keys. Sign in again."
    assert await refusal(authenticator, db, ".".join([head, other.split(".")[1], seal])) == expected
    assert await refusal(authenticator, db, ".".join([head, good.split(".")[1], "eA"])) == expected
    assert await refusal(authenticator, db, provider.token(Key("one"))) == expected
    assert await accepts(authenticator, db, good)


async def test_another_algorithm_than_the_key_is_for(
    authenticator: Authenticator, provider: Provider, db: Database
) -> None:
    provider.keys = [Key("rsa", "RS256", RSA_KEY).published(alg="RS256")]
    assert await accepts(authenticator, db, provider.token(Key("rsa", "RS256", RSA_KEY)))
    for algorithm in ("PS256", "RS512"):
        message = await refusal(authenticator, db, provider.token(Key("rsa", algorithm, RSA_KEY)))
        assert message == "The token is signed with a key that its issuer does not publish. Sign in again."


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"])
@pytest.mark.parametrize("key_id", [True, False])
async def test_accepted_algorithms(
    authenticator: Authenticator, provider: Provider, db: Database, algorithm: str, key_id: bool
) -> None:
    private: PrivateKey = RSA_KEY
    if algorithm == "EdDSA":
        private = ed25519.Ed25519PrivateKey.generate()
    elif algorithm.startswith("ES"):
        private = ec.generate_private_key(ec.SECP384R1() if algorithm == "ES384" else ec.SECP256R1())
    key = Key("k", algorithm, private)
    provider.keys = [{"kty": "oct", "k": "c2VjcmV0", "kid": "k"}, {"kty": "new"}, key.published()]
    assert await accepts(authenticator, db, provider.token(Key("k" if key_id else None, algorithm, private)))


async def test_algorithm_that_the_issuer_does_not_state(
    authenticator: Authenticator, provider: Provider, db: Database
) -> None:
    provider.about["id_token_signing_alg_values_supported"] = ["RS256", "HS256"]
    provider.keys.append(Key("rsa", "RS256", RSA_KEY).published())
    assert "does not publish" in await refusal(authenticator, db, provider.token())
    assert await accepts(authenticator, db, provider.token(Key("rsa", "RS256", RSA_KEY)))
