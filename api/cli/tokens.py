"""`alumni token`: a ready token for scripts and for trying things out, of an account that exists."""

import sys
from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import psycopg
import typer

from api.auth import DevelopmentIssuer
from api.cli.failures import CommandFailed
from api.serving.databases import running_database, url_of
from api.settings import Settings

ACCOUNT = """
select a.id from accounts a
where a.role = %(role)s and (%(email)s::text is null or a.email = %(email)s)
order by a.email = any(%(demo)s) desc, a.first_signed_in_at nulls last, a.id
limit 1
"""


class Caller(StrEnum):
    """As whom to sign in."""

    MEMBER = "member"
    STAFF = "staff"
    ADMIN = "admin"


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(token)


def token(
    caller: Annotated[Caller, typer.Option("--as", help="What the account may do.")],
    email: Annotated[str | None, typer.Option(help="The account with this address. Otherwise a demo account.")] = None,
    hours: Annotated[int, typer.Option(min=1, max=24 * 365, help="How long the token is good.")] = 24 * 7,
) -> None:
    """Print a token of the development issuer, and nothing else.

    Only a server with ALUMNI_DEVELOPMENT_ISSUER=true on the same data folder accepts it; `alumni serve --demo` is one.
    """
    settings = Settings()
    with running_database(settings) as running:
        found = sign_in(running, caller, email, timedelta(hours=hours))
    sys.stdout.write(f"{found}\n")


def sign_in(settings: Settings, caller: Caller, email: str | None, lifetime: timedelta) -> str:
    """A token for an account of that role. Raises CommandFailed when there is none: nothing is created for it."""
    account_id = _account(settings, caller, email)
    if account_id is None:
        raise CommandFailed(_nobody(caller, email))
    return DevelopmentIssuer(settings.data_dir).token(account_id, lifetime)


def _account(settings: Settings, caller: Caller, email: str | None) -> UUID | None:
    from api.seed.accounts import DEMO_MEMBER_EMAIL, DEMO_STAFF_EMAIL

    values = {
        "role": caller.name,
        "email": email.strip().lower() if email else None,
        "demo": [DEMO_MEMBER_EMAIL, DEMO_STAFF_EMAIL],
    }
    try:
        with psycopg.connect(url_of(settings)) as connection:
            row = connection.execute(ACCOUNT, values).fetchone()
    except psycopg.errors.UndefinedTable:
        raise CommandFailed("The database has no tables yet. Start the server once, or run: alumni migrate") from None
    return row[0] if row else None


def _nobody(caller: Caller, email: str | None) -> str:
    if email:
        return f"No {caller.value} account has the address {email}. Addresses are compared in lower case."
    return f"There is no {caller.value} account. Load the demo network with `alumni seed`, or name one with --email."
