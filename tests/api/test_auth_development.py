"""The development issuer: its key file, and that its tokens count only where they are asked for."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from uuid_utils.compat import uuid7

from api.auth import Authenticator, DevelopmentIssuer
from api.auth.development import make_key
from api.db import Database
from api.settings import Settings
from tests.api.openid_providers import Clock, Provider, accepts, refusal, settings_for

HOUR = timedelta(hours=1)
OWNER_ONLY = 0o600


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(environment="development", development_issuer=True, data_dir=tmp_path)


@pytest.fixture
def issuer(tmp_path: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path)


@pytest.fixture
def authenticator(settings: Settings) -> Authenticator:
    return Authenticator(settings)


async def test_development_token_is_refused_unless_asked_for(db: Database, tmp_path: Path) -> None:
    token = DevelopmentIssuer(tmp_path).token(uuid7(), HOUR)
    authenticator = Authenticator(Settings(environment="development", data_dir=tmp_path))
    assert "an issuer that this server does not accept" in await refusal(authenticator, db, token)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"environment": "production"}, "ALUMNI_DEVELOPMENT_ISSUER needs ALUMNI_ENVIRONMENT=development"),
        ({"environment": "development", "host": "0.0.0.0"}, "ALUMNI_DEVELOPMENT_ISSUER needs ALUMNI_HOST on loopback"),  # noqa: S104
        (
            {"environment": "development", "host": "192.0.2.1"},
            "ALUMNI_DEVELOPMENT_ISSUER needs ALUMNI_HOST on loopback",
        ),
    ],
)
def test_development_issuer_outside_development(given: dict[str, Any], expected: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=expected):
        Settings(development_issuer=True, data_dir=tmp_path, **given)


async def test_development_token_expires(db: Database, settings: Settings, tmp_path: Path) -> None:
    clock = Clock()
    authenticator = Authenticator(settings, clock)
    token = DevelopmentIssuer(tmp_path, clock).token(uuid7(), HOUR)
    clock.now += 3659
    assert await accepts(authenticator, db, token)
    clock.now += 1
    assert await refusal(authenticator, db, token) == "The token has expired. Sign in again."


async def test_token_of_another_development_key(authenticator: Authenticator, db: Database, tmp_path: Path) -> None:
    token = DevelopmentIssuer(tmp_path / "other").token(uuid7(), HOUR)
    assert "another development key" in await refusal(authenticator, db, token)


async def test_development_token_whose_subject_is_no_account_id(
    authenticator: Authenticator, db: Database, issuer: DevelopmentIssuer
) -> None:
    claims = jwt.decode(issuer.token(uuid7(), HOUR), options={"verify_signature": False})
    pair = jwt.PyJWK(json.loads(issuer.path.read_bytes()))
    token = jwt.encode({**claims, "sub": "ada"}, pair, headers={"kid": pair.key_id})
    assert "names no account id" in await refusal(authenticator, db, token)


async def test_development_issuer_does_not_speak_for_the_provider(
    db: Database, issuer: DevelopmentIssuer, tmp_path: Path
) -> None:
    provider = Provider()
    await provider.start()
    both = settings_for(provider.url, tmp_path).model_copy(
        update={"development_issuer": True, "environment": "development"}
    )
    authenticator = Authenticator(both)
    claims = jwt.decode(issuer.token(uuid7(), HOUR), options={"verify_signature": False})
    pair = jwt.PyJWK(json.loads(issuer.path.read_bytes()))
    token = jwt.encode({**claims, "iss": provider.url, "aud": "alumni-app"}, pair, headers={"kid": pair.key_id})
    assert "a key that its issuer does not publish" in await refusal(authenticator, db, token)
    await provider.stop()


def test_development_key_is_for_its_owner_only(issuer: DevelopmentIssuer) -> None:
    issuer.token(uuid7(), HOUR)
    assert stat.S_IMODE(issuer.path.stat().st_mode) == OWNER_ONLY
    assert [file.name for file in issuer.path.parent.iterdir()] == ["development-issuer.json"]
    with pytest.raises(AttributeError):
        jwt.encode({}, issuer.public_key)


def public_key_id(issuer: DevelopmentIssuer) -> str | None:
    return issuer.public_key.key_id


def test_racing_processes_agree_on_one_key(tmp_path: Path) -> None:
    issuers = [DevelopmentIssuer(tmp_path / "new") for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(public_key_id, issuers))
    assert len(set(keys)) == 1
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_key_that_another_process_made_meanwhile_stays(issuer: DevelopmentIssuer) -> None:
    first = issuer.public_key.key_id
    make_key(issuer.path)
    assert DevelopmentIssuer(issuer.path.parent).public_key.key_id == first
    assert len(list(issuer.path.parent.iterdir())) == 1


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"kty":"OKP","crv":"Ed25519","kid":"1","x":"","d":""}']
)
def test_broken_development_key_stops_the_start(settings: Settings, issuer: DevelopmentIssuer, content: bytes) -> None:
    issuer.path.write_bytes(content)
    with pytest.raises(ValueError, match=r"holds no development key\. Delete it: a new one is made\.$"):
        Authenticator(settings)
