"""Which issuers are trusted, and for how long a checked token need not be checked again."""

from collections import OrderedDict
from hashlib import sha256
from uuid import UUID

from api.access import ANONYMOUS, Viewer
from api.auth.development import DevelopmentIssuer
from api.auth.factors import SecondFactor
from api.auth.impersonations import impersonate
from api.auth.issuers import Issuer, OpenIdIssuer
from api.auth.tokens import Clock, Verified, bearer_token, read_unverified, system_clock, verify
from api.auth.viewers import resolve
from api.db import Database
from api.errors import NotSignedIn
from api.settings import Settings

MAX_KEPT = 4096
"""Checked tokens that are remembered, a few hundred bytes each."""


class Authenticator:
    """Turns Authorization headers into viewers. One per process; safe for concurrent requests of one event loop."""

    def __init__(self, settings: Settings, now: Clock = system_clock) -> None:
        self._now = now
        self._skew = settings.clock_skew_seconds
        self._second_factor = SecondFactor(settings)
        self._issuers: dict[str, Issuer] = {}
        self._kept: OrderedDict[bytes, tuple[Verified, float]] = OrderedDict()
        if settings.oidc_issuer and settings.oidc_audience:
            self._issuers[settings.oidc_issuer] = OpenIdIssuer(settings.oidc_issuer, settings.oidc_audience, now)
        if settings.development_issuer:
            development = DevelopmentIssuer(settings.data_dir, now)
            # Read, or made, before the first request: a data folder that cannot be used stops the start.
            development.public_key  # noqa: B018
            self._issuers[development.url] = development

    async def viewer(self, authorization: str | None, db: Database) -> Viewer:
        """Who sends this header: ANONYMOUS without one, NotSignedIn for a token that is not acceptable, and
        SecondFactorNeeded for one that is not enough for an officer.

        Tokens are remembered, database rows never: a role or account taken away counts from the next request on.
        """
        if authorization is None:
            return ANONYMOUS
        return await resolve(await self._verified(bearer_token(authorization)), db, self._second_factor)

    async def impersonating(self, authorization: str | None, impersonation_id: UUID | None, db: Database) -> Viewer:
        """As whom the sender sees the network by this impersonation; None stands for an id that is none."""
        if authorization is None:
            raise NotSignedIn("Sign in first.")
        return await impersonate(await self.viewer(authorization, db), impersonation_id, db)

    async def _verified(self, text: str) -> Verified:
        digest = sha256(text.encode("utf-8", "surrogatepass")).digest()
        if kept := self._kept.get(digest):
            verified, until = kept
            if self._now() < until:
                self._kept.move_to_end(digest)
                return verified
            del self._kept[digest]
        token = read_unverified(text)
        issuer = self._issuers.get(token.issuer)
        if issuer is None:
            raise NotSignedIn("The token is from an issuer that this server does not accept. Sign in again.")
        key = await issuer.key(token)
        verified = verify(token, key, issuer.audience, self._now(), self._skew)
        self._kept[digest] = verified, min(verified.expires_at + self._skew, issuer.trusted_until())
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return verified
