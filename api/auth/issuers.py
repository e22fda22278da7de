"""Which keys an OpenID provider signs with: found by discovery, kept for a while, asked for again when they rotate."""

import asyncio
import json
import logging
import math
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlsplit

import jwt

from api.auth.tokens import ALGORITHMS, Clock, Unverified, system_clock
from api.errors import NotSignedIn

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger(__name__)

REFRESH_AFTER = 600
"""Seconds after which the keys are asked for again, so that a withdrawn key stops counting."""
MAX_AGE = 3600
"""Seconds for which keys are used while the issuer cannot be reached."""
COOLDOWN = 30
"""Seconds between two askings while there are keys: tokens with invented key ids must not turn into a flood."""
RETRY_AFTER = 5
"""Seconds between two askings while there are no keys, when nobody can sign in."""
TIME_OUT = 5
"""Seconds for discovery and keys together."""
MAX_BYTES = 1_000_000
MAX_KEYS = 100


class IssuerUnreachable(NotSignedIn):
    """The token may be good, but its issuer's keys are not to be had now."""

    def __init__(self) -> None:
        super().__init__("The identity provider cannot be reached; try again later.")


class BadAnswer(Exception):
    """The issuer answers, but not with what OpenID Connect asks for. The text goes to the log only."""


class Issuer(Protocol):
    """Somebody whose tokens are accepted."""

    url: str
    """The value of `iss`."""
    audience: str
    """What `aud` must name."""

    async def key(self, token: Unverified) -> jwt.PyJWK:
        """The published key that the token claims to be signed with; NotSignedIn if there is none."""
        ...

    def trusted_until(self) -> float:
        """Until when a token checked now need not be checked again."""
        ...


@dataclass(frozen=True)
class KeySet:
    """The usable keys of an issuer, each for one algorithm."""

    keys: tuple[jwt.PyJWK, ...]
    fetched_at: float

    def find(self, token: Unverified) -> jwt.PyJWK | None:
        """The key for a token's key id and algorithm. Without a key id there must be a single key for the algorithm."""
        fitting = [key for key in self.keys if key.algorithm_name == token.algorithm]
        if token.key_id is None:
            return fitting[0] if len(fitting) == 1 else None
        return next((key for key in fitting if key.key_id == token.key_id), None)


class OpenIdIssuer:
    """An OpenID provider, known by its URL."""

    def __init__(self, url: str, audience: str, now: Clock = system_clock) -> None:
        if not _acceptable(url, plain=_is_loopback(url)):
            raise ValueError("ALUMNI_OIDC_ISSUER must be an https:// URL without query (http:// on loopback only).")
        self.url = url
        self.audience = audience
        self._now = now
        self._keys: KeySet | None = None
        self._asked_at = -math.inf
        self._asking: asyncio.Task[None] | None = None

    def trusted_until(self) -> float:
        """See `Issuer.trusted_until`: until the keys are due for another look."""
        return self._keys.fetched_at + REFRESH_AFTER if self._keys else 0

    async def key(self, token: Unverified) -> jwt.PyJWK:
        """See `Issuer.key`. Asks the issuer only if the keys are due or lack this one, and not too often."""
        keys = self._kept(REFRESH_AFTER)
        if keys and (key := keys.find(token)):
            return key
        await self._ask()
        keys = self._kept(MAX_AGE)
        if keys is None:
            raise IssuerUnreachable
        if key := keys.find(token):
            return key
        raise NotSignedIn("The token is signed with a key that its issuer does not publish. Sign in again.")

    def _kept(self, age: float) -> KeySet | None:
        return self._keys if self._keys and self._within(self._keys.fetched_at, age) else None

    def _within(self, moment: float, seconds: float) -> bool:
        # The lower bound is for a clock that was set back.
        return 0 <= self._now() - moment < seconds

    async def _ask(self) -> None:
        """One asking at a time serves all who wait, and goes on if the request that began it is given up."""
        pause = COOLDOWN if self._kept(MAX_AGE) else RETRY_AFTER
        if self._asking is None and not self._within(self._asked_at, pause):
            self._asked_at = self._now()
            self._asking = asyncio.create_task(self._renew())
        if self._asking is not None:
            await asyncio.shield(self._asking)

    async def _renew(self) -> None:
        import httpx  # noqa: PLC0415 - 7 MB, and only an asking for keys needs it

        try:
            self._keys = await self.fetch()
        except (BadAnswer, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RecursionError) as error:
            logger.warning("No keys from the identity provider %s: %s: %s", self.url, type(error).__name__, error)
        finally:
            self._asking = None

    async def fetch(self) -> KeySet:
        """The keys that the issuer publishes now. Raises BadAnswer, or what httpx raises."""
        import httpx  # noqa: PLC0415 - as above

        loopback = _is_loopback(self.url)
        # A proxy of the environment knows nothing of this machine's own addresses.
        async with asyncio.timeout(TIME_OUT), httpx.AsyncClient(timeout=TIME_OUT, trust_env=not loopback) as client:
            about = await _get_object(client, self.url.rstrip("/") + "/.well-known/openid-configuration")
            if about.get("issuer") != self.url:
                raise BadAnswer("its discovery document names another issuer than ALUMNI_OIDC_ISSUER")
            where = about.get("jwks_uri")
            if not isinstance(where, str) or not _acceptable(where, plain=loopback, query=True):
                raise BadAnswer("its discovery document lacks an https:// jwks_uri")
            document = await _get_object(client, where)
        keys = _usable_keys(document, about.get("id_token_signing_alg_values_supported"))
        if not keys:
            raise BadAnswer(f"it publishes no key for any of {', '.join(ALGORITHMS)}")
        return KeySet(keys, self._now())


async def _get_object(client: "httpx.AsyncClient", url: str) -> dict[str, Any]:
    body = bytearray()
    # Uncompressed, so that the limit on bytes is a limit on memory.
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    async with client.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        async for part in response.aiter_raw():
            body += part
            if len(body) > MAX_BYTES:
                raise BadAnswer(f"{url} answers with more than {MAX_BYTES} bytes")
    document = json.loads(body)
    if not isinstance(document, dict):
        raise BadAnswer(f"{url} does not answer with a JSON object")
    return cast(dict[str, Any], document)


def _usable_keys(document: dict[str, Any], stated: object) -> tuple[jwt.PyJWK, ...]:
    """Each published key with each accepted algorithm that it fits and that the issuer states (if it states any)."""
    accepted = [name for name in ALGORITHMS if not isinstance(stated, list) or name in stated]
    published = document.get("keys")
    if not isinstance(published, list):
        raise BadAnswer("its key set has no list of keys")
    found = (
        _key(cast(dict[str, Any], one), algorithm)
        for one in cast(list[object], published)[:MAX_KEYS]
        if isinstance(one, dict)
        for algorithm in accepted
    )
    return tuple(key for key in found if key is not None)


def _key(published: dict[str, Any], algorithm: str) -> jwt.PyJWK | None:
    if published.get("use", "sig") != "sig" or published.get("alg", algorithm) != algorithm:
        return None
    try:
        return jwt.PyJWK(published, algorithm)
    except jwt.PyJWTError:
        # Not of the algorithm's kind, or broken: a key we cannot use must not cost us the others.
        return None


def _acceptable(url: str, *, plain: bool, query: bool = False) -> bool:
    """Whether to ask this address: https, or plain http on loopback where that is allowed."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.fragment or (parts.query and not query):
        return False
    return parts.scheme == "https" or (plain and parts.scheme == "http" and _is_loopback(url))


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
