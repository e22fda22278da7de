"""`alumni seed`, `alumni import` and `alumni embed`: how people and their vectors get into the database."""

import typer


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
