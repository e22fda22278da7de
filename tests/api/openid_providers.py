"""An OpenID provider on loopback for tests: real HTTP, real signatures, and a clock that a test moves."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from api.auth import Authenticator
from api.db import Database
from api.errors import NotSignedIn
from api.settings import Settings

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
START = 1_800_000_000


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Key:
    """A signing key of the provider."""

    kid: str | None
    algorithm: str = "ES256"
    private: PrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def published(self, **more: object) -> dict[str, Any]:
        """The public half, as a key set holds it."""
        return {**public_jwk(self.private), "kid": self.kid, "use": "sig", **more}


def public_jwk(private: PrivateKey) -> dict[str, Any]:
    """The public half as a JWK."""
    match private:
        case rsa.RSAPrivateKey():
            return RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        case ec.EllipticCurvePrivateKey():
            return ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
        case ed25519.Ed25519PrivateKey():
            return OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)


RSA_KEY = rsa.generate_private_key(65537, 2048)


class Provider:
    """An OpenID provider on loopback: discovery and keys, as the test sets them, and how often it was asked."""

    def __init__(self) -> None:
        self.key = Key("one")
        self.keys: list[dict[str, Any]] = [self.key.published()]
        self.about: dict[str, Any] = {}
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/realm"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        self.asked.append(path)
        about = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.about}
        body = json.dumps({"keys": self.keys} if path.endswith("/keys") else about).encode()
        plain = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (len(body), body)
        writer.write(self.answers.get(path.rpartition("/")[2], plain))
        await writer.drain()
        writer.close()

    def token(self, key: Key | None = None, headers: dict[str, Any] | None = None, **claims: object) -> str:
        """A token that is good unless the arguments spoil it. A claim of None is left out."""
        key = key or self.key
        whole = {"iss": self.url, "aud": "alumni-app", "sub": "subject-1", "iat": START, "exp": START + 300, **claims}
        given = {name: value for name, value in whole.items() if value is not None}
        named = {} if key.kid is None else {"kid": key.kid}
        return jwt.encode(given, key.private, algorithm=key.algorithm, headers={**named, **(headers or {})})


def settings_for(issuer: str, data_dir: Path, **more: Any) -> Settings:
    known = {"oidc_issuer": issuer, "oidc_audience": "alumni-app", "clock_skew_seconds": 60, "data_dir": data_dir}
    return Settings.model_validate({**known, **more})


async def refusal(authenticator: Authenticator, db: Database, token: str) -> str:
    """The message with which a token is refused."""
    with pytest.raises(NotSignedIn) as caught:
        await authenticator.viewer(f"Bearer {token}", db)
    assert caught.value.code == "UNAUTHENTICATED"
    return caught.value.message


async def accepts(authenticator: Authenticator, db: Database, token: str) -> bool:
    """Whether the token signs somebody in."""
    return (await authenticator.viewer(f"Bearer {token}", db)).signed_in
