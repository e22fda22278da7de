"""`alumni schema`: the API's description as a committed file, and whether it still says what the code does."""

import difflib
from pathlib import Path
from typing import Annotated

import typer

from api.cli.failures import CommandFailed

FILE = Path(__file__).resolve().parents[2] / "schema.graphql"
MAX_LINES = 40


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(schema)


def schema(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if the file is not up to date.")] = False,
) -> None:
    """Write schema.graphql from the code. Needs no database."""
    from schema.root import build_schema

    printed = f"{build_schema().as_str().rstrip()}\n"
    written = FILE.read_text() if FILE.exists() else ""
    if printed == written:
        typer.echo(f"{FILE.name} is up to date.")
    elif check:
        lines = list(difflib.unified_diff(written.splitlines(), printed.splitlines(), FILE.name, "code", lineterm=""))
        typer.echo("\n".join(lines[:MAX_LINES]))
        raise CommandFailed(f"{FILE.name} is not what the code says. Run: alumni schema")
    else:
        FILE.write_text(printed)
        typer.echo(f"{FILE.name} is written.")
