"""The issuer for development: whoever holds its key file can sign in as anybody, so it is off unless asked for."""

import json
import math
import os
import tempfile
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from uuid_utils.compat import uuid7

from api.auth.factors import SEVERAL
from api.auth.tokens import Clock, Unverified, system_clock
from api.errors import NotSignedIn

ISSUER = "alumni-development"
AUDIENCE = "alumni"
FILE_NAME = "development-issuer.json"
ALGORITHM = "EdDSA"


class DevelopmentIssuer:
    """Signs tokens with an Ed25519 key under `data_dir`, made on first use. A token's subject is the account's id."""

    url = ISSUER
    audience = AUDIENCE

    def __init__(self, data_dir: Path, now: Clock = system_clock) -> None:
        self.path = data_dir / FILE_NAME
        self._now = now

    def token(self, account_id: UUID, lifetime: timedelta) -> str:
        """A bearer token for the account, good from now on for `lifetime`."""
        now = int(self._now())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(account_id),
            "amr": [SEVERAL],
            "iat": now,
            "exp": now + int(lifetime.total_seconds()),
        }
        return jwt.encode(claims, self._pair, algorithm=ALGORITHM, headers={"kid": self._pair.key_id})

    async def key(self, token: Unverified) -> jwt.PyJWK:
        """See `Issuer.key`."""
        if token.algorithm != ALGORITHM or token.key_id != self.public_key.key_id:
            raise NotSignedIn("The token is signed with another development key. Make a new one: alumni token.")
        return self.public_key

    def trusted_until(self) -> float:
        """See `Issuer.trusted_until`: the key does not change."""
        return math.inf

    @cached_property
    def public_key(self) -> jwt.PyJWK:
        """The half that checks tokens."""
        return jwt.PyJWK({name: value for name, value in self._document.items() if name != "d"}, ALGORITHM)

    @cached_property
    def _pair(self) -> jwt.PyJWK:
        return jwt.PyJWK(self._document, ALGORITHM)

    @cached_property
    def _document(self) -> dict[str, Any]:
        if not self.path.exists():
            make_key(self.path)
        document = _key_in(self.path.read_bytes())
        if document is None:
            raise ValueError(f"{self.path} holds no development key. Delete it: a new one is made.")
        return document


def make_key(path: Path) -> None:
    """Write a whole file aside and give it its name only if nobody did so first: racing processes then agree."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pair = OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate(), as_dict=True)
    descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=FILE_NAME)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump({**pair, "kid": str(uuid7()), "alg": ALGORITHM, "use": "sig"}, file)
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(aside)


def _key_in(content: bytes) -> dict[str, Any] | None:
    try:
        document = cast(object, json.loads(content))
        if not isinstance(document, dict) or not {"kty", "crv", "kid", "x", "d"} <= document.keys():
            return None
        jwt.PyJWK(cast(dict[str, Any], document), ALGORITHM)
    except (ValueError, jwt.PyJWTError):
        return None
    return cast(dict[str, Any], document)
