"""`alumni documents`: what applications may send by its id, as their builds write it down."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, TypeAdapter, ValidationError

from api.cli.failures import CommandFailed
from api.db import PooledDatabase
from api.errors import Invalid, Problem
from api.serving.databases import running_database, url_of
from api.settings import Settings

FORMS = 'Known are {"ID": "DOCUMENT", ...} (graphql-codegen, relay-compiler) and manifests of Apollo.'


class Operation(BaseModel):
    """One document of a manifest of Apollo."""

    id: str
    body: str


class Operations(BaseModel):
    """A manifest of Apollo."""

    operations: list[Operation]


MANIFEST: TypeAdapter[dict[str, str] | Operations] = TypeAdapter(dict[str, str] | Operations)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    commands = typer.Typer(no_args_is_help=True)
    commands.command("import")(import_documents)
    commands.callback(help="Documents that applications send by their ids.")(lambda: None)
    app.add_typer(commands, name="documents")


def import_documents(
    manifest: Annotated[Path, typer.Argument(help="A JSON file that graphql-codegen, relay-compiler or Apollo wrote.")],
) -> None:
    """Load the documents of an application's build: all of them, or none if one is not valid for this API.

    With ALUMNI_TRUSTED_DOCUMENTS_ONLY=true nothing else is run.
    """
    texts = _read(manifest)
    _check(texts)
    with running_database(Settings(), migrated=True) as running:
        new = asyncio.run(_load(running, texts))
    typer.echo(f"{len(texts):,} documents, {new:,} of them new.")


def _read(manifest: Path) -> dict[str, str]:
    try:
        given = MANIFEST.validate_json(manifest.read_bytes())
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise CommandFailed(f"{manifest.name}: {error.errors()[0]['msg']}") from None
        raise CommandFailed(f"{manifest.name} is no manifest. {FORMS}") from None
    return given if isinstance(given, dict) else {one.id: one.body for one in given.operations}


def _check(texts: dict[str, str]) -> None:
    from schema.engine.documents import Documents, InvalidDocument
    from schema.root import build_schema, core_schema

    documents = Documents(core_schema(build_schema()))
    problems: list[Problem] = []
    for name, text in texts.items():
        try:
            documents.get(text)
        except InvalidDocument as invalid:
            problems.append(Problem((name,), str(invalid)))
    if problems:
        raise Invalid(problems)


async def _load(settings: Settings, texts: dict[str, str]) -> int:
    from api.services.trusted_documents import load_documents

    database = PooledDatabase(url_of(settings))
    try:
        async with database.write() as session, session.begin():
            return await load_documents(session, texts)
    finally:
        await database.close()
