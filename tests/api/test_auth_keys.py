"""How the keys of an OpenID provider are found, kept, and asked for again: never too often, never for too long."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from api.auth import Authenticator, IssuerUnreachable
from api.db import Database
from tests.api.openid_providers import RSA_KEY, START, Clock, Key, Provider, accepts, refusal, settings_for

UNREACHABLE = "The identity provider cannot be reached; try again later."
UNKNOWN_KEY = "The token is signed with a key that its issuer does not publish. Sign in again."
ONE_ASKING = ["/realm/.well-known/openid-configuration", "/realm/keys"]


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


async def test_parallel_first_requests_ask_once(authenticator: Authenticator, provider: Provider, db: Database) -> None:
    tokens = [provider.token(sub=f"subject-{number}") for number in range(10)]
    assert all(await asyncio.gather(*(accepts(authenticator, db, token) for token in tokens)))
    assert provider.asked == ONE_ASKING


async def test_rotation(authenticator: Authenticator, provider: Provider, db: Database, clock: Clock) -> None:
    assert await accepts(authenticator, db, provider.token())
    new = Key("two")
    provider.keys.append(new.published())
    clock.now = START + 30
    assert await accepts(authenticator, db, provider.token(new))
    assert await accepts(authenticator, db, provider.token(sub="subject-2"))
    assert provider.asked == ONE_ASKING * 2


async def test_invented_key_ids_do_not_hammer_the_issuer(
    authenticator: Authenticator, provider: Provider, db: Database, clock: Clock
) -> None:
    assert await accepts(authenticator, db, provider.token())
    invented = [provider.token(Key(f"invented-{number}")) for number in range(20)]
    clock.now = START + 29
    for token in invented:
        assert await refusal(authenticator, db, token) == UNKNOWN_KEY
    assert provider.asked == ONE_ASKING
    clock.now = START + 30
    messages = await asyncio.gather(*(refusal(authenticator, db, token) for token in invented))
    assert set(messages) == {UNKNOWN_KEY}
    assert provider.asked == ONE_ASKING * 2
    assert await accepts(authenticator, db, provider.token())


async def test_without_key_id_the_key_must_be_the_only_one(
    authenticator: Authenticator, provider: Provider, db: Database
) -> None:
    provider.keys.append(Key("two").published())
    assert await refusal(authenticator, db, provider.token(Key(None, private=provider.key.private))) == UNKNOWN_KEY


async def test_withdrawn_key_stops_counting(
    authenticator: Authenticator, provider: Provider, db: Database, clock: Clock
) -> None:
    token = provider.token(exp=START + 10_000)
    assert await accepts(authenticator, db, token)
    provider.keys = [Key("two").published()]
    clock.now = START + 599
    assert await accepts(authenticator, db, token)
    clock.now = START + 600
    assert await refusal(authenticator, db, token) == UNKNOWN_KEY


async def test_remembered_token_is_not_checked_again(
    authenticator: Authenticator, provider: Provider, db: Database, clock: Clock
) -> None:
    token, new = provider.token(), Key("two")
    assert await accepts(authenticator, db, token)
    provider.keys = [new.published()]
    clock.now = START + 30
    assert await accepts(authenticator, db, provider.token(new))
    assert await accepts(authenticator, db, token)
    assert await refusal(authenticator, db, provider.token(sub="subject-2")) == UNKNOWN_KEY


async def test_few_tokens_are_remembered(
    authenticator: Authenticator, provider: Provider, db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.auth.authenticator.MAX_KEPT", 2)
    oldest, newer, new = provider.token(), provider.token(sub="subject-2"), Key("two")
    assert await accepts(authenticator, db, oldest)
    assert await accepts(authenticator, db, newer)
    provider.keys = [new.published()]
    clock.now = START + 30
    assert await accepts(authenticator, db, provider.token(new))
    assert await accepts(authenticator, db, newer)
    assert await refusal(authenticator, db, oldest) == UNKNOWN_KEY


@pytest.mark.parametrize(
    "keys", [[], [{"kty": "oct", "k": "c2VjcmV0", "kid": "one"}], [Key("one").published(use="enc")]]
)
async def test_issuer_without_a_usable_key(
    authenticator: Authenticator,
    provider: Provider,
    db: Database,
    caplog: pytest.LogCaptureFixture,
    keys: list[dict[str, Any]],
) -> None:
    provider.keys = keys
    assert await refusal(authenticator, db, provider.token()) == UNREACHABLE
    assert "it publishes no key for any of RS256, " in caplog.text


async def test_issuer_down_and_back(
    authenticator: Authenticator,
    provider: Provider,
    db: Database,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = provider.token(exp=START + 10_000)
    await provider.stop()
    for _ in range(3):
        with pytest.raises(IssuerUnreachable):
            await authenticator.viewer(f"Bearer {token}", db)
    assert len(caplog.records) == 1  # asked once, logged once
    assert caplog.records[0].levelno == logging.WARNING
    assert provider.url in caplog.text
    assert token not in caplog.text
    await provider.start()
    assert await refusal(authenticator, db, token) == UNREACHABLE
    clock.now = START + 5
    assert await accepts(authenticator, db, token)


async def test_keys_outlive_a_short_outage_only(
    authenticator: Authenticator, provider: Provider, db: Database, clock: Clock
) -> None:
    token = provider.token(exp=START + 10_000)
    assert await accepts(authenticator, db, token)
    await provider.stop()
    clock.now = START + 3599
    assert await accepts(authenticator, db, token)
    clock.now = START + 3600
    assert await refusal(authenticator, db, token) == UNREACHABLE
    await provider.start()


async def test_clock_set_back_does_not_prolong_keys(
    authenticator: Authenticator, provider: Provider, db: Database, clock: Clock
) -> None:
    assert await accepts(authenticator, db, provider.token())
    await provider.stop()
    clock.now = START - 59
    assert await refusal(authenticator, db, provider.token(sub="subject-2")) == UNREACHABLE
    await provider.start()


async def test_request_that_is_given_up_leaves_the_asking_to_others(
    authenticator: Authenticator, provider: Provider, db: Database
) -> None:
    first = asyncio.create_task(authenticator.viewer(f"Bearer {provider.token()}", db))
    second = asyncio.create_task(authenticator.viewer(f"Bearer {provider.token()}", db))
    await asyncio.sleep(0)
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    assert (await second).signed_in
    assert provider.asked == ONE_ASKING


@pytest.mark.slow
async def test_issuer_that_never_answers(db: Database) -> None:
    async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = Provider()
    server = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
    silent.port = server.sockets[0].getsockname()[1]
    authenticator = Authenticator(settings_for(silent.url, Path()), Clock())
    async with asyncio.timeout(7):
        assert await refusal(authenticator, db, silent.token()) == UNREACHABLE
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("issuer", ["http://127.0.0.1/realm", "https://elsewhere.example", "", None, 7])
async def test_discovery_of_another_issuer(
    authenticator: Authenticator, provider: Provider, db: Database, caplog: pytest.LogCaptureFixture, issuer: object
) -> None:
    provider.about["issuer"] = issuer
    assert await refusal(authenticator, db, provider.token()) == UNREACHABLE
    assert "names another issuer than ALUMNI_OIDC_ISSUER" in caplog.text


@pytest.mark.parametrize(
    "where",
    ["http://192.0.2.1/keys", "ftp://127.0.0.1/keys", "file:///etc/hosts", "http://[bad/keys", "/keys", "", None, [1]],
)
async def test_keys_elsewhere_are_not_fetched(
    authenticator: Authenticator, provider: Provider, db: Database, caplog: pytest.LogCaptureFixture, where: object
) -> None:
    provider.about["jwks_uri"] = where
    assert await refusal(authenticator, db, provider.token()) == UNREACHABLE
    assert "lacks an https:// jwks_uri" in caplog.text


def answer(status: str, body: bytes, *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 " + status.encode(), b"content-length: %d" % len(body), b"connection: close", *headers]
    return b"\r\n".join([*lines, b"", body])


@pytest.mark.parametrize("document", ["openid-configuration", "keys"])
@pytest.mark.parametrize(
    "content",
    [
        answer("500 Internal Server Error", b"{}"),
        answer("302 Found", b"", b"location: http://127.0.0.1:1/"),
        answer("200 OK", b"<html>"),
        answer("200 OK", b"\xff\xfe\xff"),
        answer("200 OK", b"[]"),
        answer("200 OK", b"[" * 100_000),
        answer("200 OK", b'{"keys": {}}'),
        answer("200 OK", b'{"keys": [], "x": "' + b"x" * 1_000_000 + b'"}'),
        answer("200 OK", b'{"keys": [], "x": ' + b"9" * 5000 + b"}"),
        b"nonsense\r\n\r\n",
        b"",
    ],
)
async def test_bad_answers(
    authenticator: Authenticator,
    provider: Provider,
    db: Database,
    caplog: pytest.LogCaptureFixture,
    document: str,
    content: bytes,
) -> None:
    provider.answers[document] = content
    assert await refusal(authenticator, db, provider.token()) == UNREACHABLE
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


USELESS: list[object] = [
    7,
    {},
    {"kty": "oct", "k": "c2VjcmV0", "kid": "one", "alg": "HS256"},
    {"kty": "RSA", "kid": "one"},
    {"kty": "RSA", "kid": "one", "n": 7, "e": "AQAB"},
    {"kty": "RSA", "kid": "one", "n": "AQAB", "e": "AQAB"},
    {"kty": ["EC"], "kid": "one", "alg": ["ES256"]},
    {"kty": "EC", "kid": "one", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "EC", "kid": "one", "crv": {}, "x": 1, "y": 2},
    {"kty": "OKP", "kid": "one", "crv": "Ed25519", "x": "é"},
    {"kty": "OKP", "kid": "one", "crv": "X25519", "x": "AA"},
]


@pytest.mark.parametrize("number", range(len(USELESS)))
async def test_useless_keys_do_not_cost_the_good_ones(
    authenticator: Authenticator, provider: Provider, db: Database, number: int
) -> None:
    provider.answers["keys"] = answer(
        "200 OK", json.dumps({"keys": [USELESS[number], provider.key.published()]}).encode()
    )
    assert await accepts(authenticator, db, provider.token())


async def test_keys_for_encryption_and_short_keys(
    authenticator: Authenticator, provider: Provider, db: Database
) -> None:
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505  (to be refused)
    provider.keys = [Key("a", private=RSA_KEY).published(use="enc"), Key("short", private=short).published()]
    assert await refusal(authenticator, db, provider.token(Key("a", "RS256", RSA_KEY))) == UNKNOWN_KEY
    with pytest.warns(match="below the minimum"):
        token = provider.token(Key("short", "RS256", short))
    assert (await refusal(authenticator, db, token)).startswith("The token's signature does not match")


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.edu",
        "http://192.0.2.1/realm",
        "ftp://id.example.edu",
        "id.example.edu",
        "https://",
        "https://user:password@id.example.edu",
        "https://id.example.edu?realm=1",
        "https://[bad",
        "http://localhost.example.edu",
    ],
)
def test_issuer_must_be_https(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^ALUMNI_OIDC_ISSUER must be an https:// URL"):
        Authenticator(settings_for(url, tmp_path))


@pytest.mark.parametrize("url", ["https://id.example.edu/realm/", "http://localhost:9000", "http://[::1]:9000/realm"])
def test_issuer_over_https_or_on_loopback(url: str, tmp_path: Path) -> None:
    Authenticator(settings_for(url, tmp_path))
