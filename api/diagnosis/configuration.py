"""What the settings say: what they leave open to others, who can sign in, and where traces go."""

import asyncio
from collections.abc import Iterator
from ipaddress import ip_address

from psycopg.conninfo import conninfo_to_dict

from api.diagnosis.findings import Finding, look, mend, ok
from api.measuring.tracing import INSTALL, exporting, missing_packages
from api.settings import Settings

CHECKED = {"verify-ca", "verify-full"}


def look_at_settings(settings: Settings) -> Iterator[Finding]:
    """What is unsafe, or keeps everybody out."""
    found = [*_who_comes_in(settings), *_what_is_open(settings)]
    yield from found or [ok("settings", f"{settings.environment}, and nothing unsafe.")]


def _who_comes_in(settings: Settings) -> Iterator[Finding]:
    if settings.environment == "development":
        yield look(
            "settings",
            "ALUMNI_ENVIRONMENT=development: anybody may read the schema, and webhooks may lead to this machine.",
            "Leave it out where real people are.",
        )
    if settings.development_issuer:
        yield look(
            "settings",
            "ALUMNI_DEVELOPMENT_ISSUER=true: who can read the data folder can sign in as anybody.",
            "Name your OpenID provider instead: ALUMNI_OIDC_ISSUER and ALUMNI_OIDC_AUDIENCE.",
        )
    elif settings.oidc_issuer is None:
        yield mend("settings", "Nobody can sign in.", "Set ALUMNI_OIDC_ISSUER and ALUMNI_OIDC_AUDIENCE.")


def _what_is_open(settings: Settings) -> Iterator[Finding]:
    if not _is_loopback(settings.host):
        yield look(
            "settings",
            f"ALUMNI_HOST={settings.host}: tokens travel as they are to whoever reaches the port.",
            "Put a proxy with TLS before it, and let nobody else reach the port.",
        )
    if not settings.cost_per_second:
        yield look("settings", "ALUMNI_COST_PER_SECOND=0: one caller can take all there is.", "Leave it out.")
    if settings.database_url is not None and not _is_checked(settings.database_url):
        yield look(
            "settings",
            "The connection to the database may be read or answered by others on its way.",
            "Add sslmode=verify-full to ALUMNI_DATABASE_URL, unless the network is your own.",
        )


def _is_checked(url: str) -> bool:
    """Whether nobody can stand between: on this machine, or by the server's certificate."""
    parts = conninfo_to_dict(url)
    host = str(parts.get("host") or parts.get("hostaddr") or "")
    return not host or host.startswith("/") or _is_loopback(host) or parts.get("sslmode") in CHECKED


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def look_at_issuer(settings: Settings) -> Finding:
    """Whether the OpenID provider publishes keys that tokens can be checked with."""
    import httpx  # noqa: PLC0415 - only who has a provider needs it

    from api.auth.issuers import BadAnswer, OpenIdIssuer  # noqa: PLC0415 - as above

    url = settings.oidc_issuer or ""
    try:
        found = asyncio.run(OpenIdIssuer(url, settings.oidc_audience or "").fetch())
    except (BadAnswer, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RecursionError) as error:
        said = str(error) or type(error).__name__
        remedy = "Nobody can sign in until it answers: is ALUMNI_OIDC_ISSUER right, and does this machine reach it?"
        return mend("sign-in", f"{url}: {said}", remedy)
    keys = len({one.key_id for one in found.keys})  # one key may do for several algorithms
    return ok("sign-in", f"{url} publishes {keys} usable key{'' if keys == 1 else 's'}.")


def look_at_telemetry() -> Iterator[Finding]:
    """Whether traces that are asked for can be sent."""
    if not exporting():
        return
    missing = missing_packages()
    if missing:
        yield mend("traces", f"OTEL_EXPORTER_OTLP_ENDPOINT is set, and {missing[0]} is not installed.", INSTALL)
    else:
        yield ok("traces", "They are sent by OTLP over HTTP.")
