"""Which signed tokens are believed: form, algorithm, signature, issuer, audience and times, checked in that order."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import jwt

from api.errors import NotSignedIn

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Asymmetric signatures only: with a shared secret, whoever can check a token could also make one."""
MAX_LENGTH = 16_384
"""Characters of a token. Anything longer is refused unread."""
MAX_SUBJECT = 255
"""OpenID Connect's own limit for `sub`."""
TYPES = {"JWT", "AT+JWT", "APPLICATION/JWT", "APPLICATION/AT+JWT"}
"""What a token may say that it is: an ID token or an access token. Logout and other tokens of one issuer are not
for signing in, though signed with the same keys."""

Clock = Callable[[], float]
"""Seconds since the epoch."""
system_clock: Clock = time.time


@dataclass(frozen=True)
class Unverified:
    """What a token says about itself, before anything of it is believed."""

    text: str = field(repr=False)
    issuer: str
    algorithm: str
    key_id: str | None


@dataclass(frozen=True)
class Verified:
    """What a good token vouches for."""

    issuer: str
    subject: str
    email: str | None
    """Lower case, and only if the issuer says that it is verified."""
    expires_at: float
    """Seconds since the epoch, from the token."""
    methods: frozenset[str] | None = None
    """How the subject proved who it is (`amr`, RFC 8176); None where the issuer does not say."""
    context: str | None = None
    """What the issuer calls the way of signing in (`acr`); None where it does not say."""


def bearer_token(authorization: str) -> str:
    """The token of an Authorization header."""
    scheme, _, token = authorization.strip(" ").partition(" ")
    token = token.lstrip(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn("The Authorization header must read 'Bearer <token>'.")
    if len(token) > MAX_LENGTH:
        raise NotSignedIn(
            f"The token has more than {MAX_LENGTH} characters. Ask the identity provider for a shorter one."
        )
    return token


def read_unverified(text: str) -> Unverified:
    """Take a token apart to learn which issuer and key to check it against."""
    # PyJWT encodes the text as UTF-8 first, which fails on lone surrogates; a token is ASCII anyway.
    if not text.isascii():
        raise _malformed()
    try:
        parts = jwt.decode_complete(text, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise _malformed() from None
    header: dict[str, Any] = parts["header"]
    algorithm, kind, issuer = header.get("alg"), header.get("typ", "JWT"), parts["payload"].get("iss")
    if algorithm not in ALGORITHMS:
        raise NotSignedIn(f"The token is not signed with an accepted algorithm: {', '.join(ALGORITHMS)}.")
    if not isinstance(kind, str) or kind.upper() not in TYPES:
        raise NotSignedIn("The token is of another type. Send an ID token or an access token (typ JWT or at+jwt).")
    if not isinstance(issuer, str):
        raise NotSignedIn("The token does not name its issuer (iss). Sign in again.")
    return Unverified(text, issuer, str(algorithm), header.get("kid"))


def verify(token: Unverified, key: jwt.PyJWK, audience: str, now: float, skew: int) -> Verified:
    """Check the token against the key of its issuer; the caller has decided that this issuer is trusted."""
    claims = _signed_claims(token, key, audience)
    expires_at = _check_times(claims, now, skew)
    subject = claims["sub"]
    # What is stored and compared is plain text: no NUL, no lone surrogates, no control characters.
    if not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise NotSignedIn("The token's subject (sub) is empty, too long or not plain text. Sign in again.")
    return Verified(token.issuer, subject, _verified_email(claims), expires_at, _methods(claims), _context(claims))


def _signed_claims(token: Unverified, key: jwt.PyJWK, audience: str) -> dict[str, Any]:
    try:
        return jwt.decode(
            token.text,
            key,
            algorithms=[token.algorithm],
            audience=audience,
            issuer=token.issuer,
            options={
                "require": ["exp", "sub"],
                "enforce_minimum_key_length": True,
                # Times are checked below: PyJWT takes numbers in strings.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.MissingRequiredClaimError as error:
        raise NotSignedIn(f"The token lacks the claim '{error.claim}'. Sign in again.") from None
    except jwt.InvalidAudienceError:
        raise NotSignedIn(
            f"The token is meant for another application. Ask its issuer for one with the audience {audience}."
        ) from None
    except (jwt.InvalidSignatureError, jwt.InvalidKeyError):
        raise NotSignedIn("The token's signature does not match its issuer's keys. Sign in again.") from None
    except jwt.PyJWTError:
        raise _malformed() from None


def _check_times(claims: dict[str, Any], now: float, skew: int) -> float:
    expires_at = _moment(claims, "exp")
    if expires_at <= now - skew:
        raise NotSignedIn("The token has expired. Sign in again.")
    for name in ("nbf", "iat"):
        if name in claims and _moment(claims, name) > now + skew:
            raise NotSignedIn(f"The token is not valid yet ({name}). Check the clocks of client and identity provider.")
    # A signed absurdity such as 1e300 or an integer of a hundred digits must not overflow later arithmetic.
    return float(min(expires_at, now + 10**9))


def _moment(claims: dict[str, Any], name: str) -> float:
    value = claims[name]
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not math.isfinite(value))
    ):
        raise NotSignedIn(f"The token's claim '{name}' is not a number of seconds. Sign in again.")
    return value


def _verified_email(claims: dict[str, Any]) -> str | None:
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str) or not email.isprintable():
        return None
    lower = email.lower()
    # Some letters outside ASCII have an ASCII letter as their lower case (the Kelvin sign gives k): whoever owns such
    # an address would own somebody else's.
    return lower if email.isascii() or lower == email else None


def _methods(claims: dict[str, Any]) -> frozenset[str] | None:
    """The methods of `amr`: a list, or one text. Anything else names none."""
    said = claims.get("amr")
    if said is None:
        return None
    named = said.split() if isinstance(said, str) else said
    if not isinstance(named, list):
        return frozenset()
    return frozenset(one for one in cast(list[object], named) if isinstance(one, str))


def _context(claims: dict[str, Any]) -> str | None:
    said = claims.get("acr")
    return None if said is None else str(said)


def _malformed() -> NotSignedIn:
    return NotSignedIn("The token cannot be read as a signed JSON Web Token. Sign in again.")
