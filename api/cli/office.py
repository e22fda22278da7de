"""`alumni institution` and `alumni officer`: whose network this is, and who works in its office."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import PooledDatabase
from api.models import AccountRole, DirectoryField
from api.services.institutions import InstitutionChanges, make_officer, set_institution
from api.serving.databases import running_database, url_of
from api.settings import Settings


class Office(StrEnum):
    """What an officer may do."""

    STAFF = "staff"
    ADMIN = "admin"
    MEMBER = "member"
    """No longer an officer."""


Choice = Annotated[bool | None, typer.Option(help="What members' own choice starts from.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command("institution")(institution)
    app.command("officer")(officer)


def institution(
    name: Annotated[str, typer.Argument(help="Its name, as degrees spell it.")],
    time_zone: Annotated[str | None, typer.Option(help="An IANA name: Europe/Lisbon.")] = None,
    locale: Annotated[str | None, typer.Option(help="A language: pt-PT.")] = None,
    listed: Choice = None,
    suggestable: Choice = None,
    show_attendance: Choice = None,
    mentor_open: Choice = None,
    profiles_per_day: Annotated[int | None, typer.Option(help="Profiles of others that one may see in a day.")] = None,
    directory_information: Annotated[
        str | None,
        typer.Option(
            metavar="FIELDS",
            help="What of the registrar's records is shown without asking the person: any of "
            f"{', '.join(field.value.lower() for field in DirectoryField)}, with commas; or none. At first all are.",
        ),
    ] = None,
) -> None:
    """Say whose network this is. Do it before the first import: class years count only for its own degrees."""
    choices = listed, suggestable, show_attendance, mentor_open
    limits = profiles_per_day, _fields(directory_information)
    changes = InstitutionChanges(name, time_zone, locale, *choices, *limits)
    _write(lambda session: set_institution(session, changes))
    typer.echo(f"This is the network of {name.strip()}.")


def _fields(given: str | None) -> list[str] | None:
    if given is None or given.strip().lower() == "none":
        return None if given is None else []
    return [one.strip().upper() for one in given.split(",")]


def officer(
    email: Annotated[str, typer.Argument(help="The address that they sign in with.")],
    role: Annotated[Office, typer.Option("--as", help="What they may do; member takes it back.")] = Office.STAFF,
) -> None:
    """Let somebody work in the office: whoever signs in with this verified address."""
    _write(lambda session: make_officer(session, email, AccountRole[role.name]))
    typer.echo(f"{email.strip().lower()} is {role.value} now.")


def _write(work: Callable[[AsyncSession], Awaitable[object]]) -> None:
    async def run(settings: Settings) -> None:
        database = PooledDatabase(url_of(settings))
        try:
            async with database.write() as session, session.begin():
                await work(session)
        finally:
            await database.close()

    with running_database(Settings(), migrated=True) as running:
        asyncio.run(run(running))
