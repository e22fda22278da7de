"""`alumni seed`, `alumni import`, `import-events`, `import-jobs` and `alumni embed`: how the database is filled."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer

from api.access import Viewer, ViewerKind
from api.cli.failures import CommandFailed
from api.db import PooledDatabase
from api.errors import Invalid
from api.serving.databases import running_database, url_of
from api.settings import Settings

MOST_LINES = 20
"""So many rows of a report are shown in full."""
OFFICE = Viewer(ViewerKind.STAFF)
"""Whoever may run commands on this machine acts as the office."""


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command("seed")(seed)
    app.command("import")(import_file)
    app.command("import-events")(import_events_file)
    app.command("import-jobs")(import_jobs_file)
    app.command("embed")(embed)


TOLD = ("people", "connections", "events", "registrations", "jobs", "mentor_profiles", "mentorships")
"""The tables of which a seed says how many rows it wrote."""


def seed(
    people: Annotated[int, typer.Option(min=1, max=2_000_000, help="How many people.")] = 1_000,
    number: Annotated[int, typer.Option("--seed", help="The same number gives the same network.")] = 1,
) -> None:
    """Fill an empty database with an invented network, for demonstrations and benchmarks."""
    from rich.console import Console
    from rich.progress import Progress

    from api.seed.loading import load_network

    with (
        running_database(Settings(), migrated=True) as running,
        Progress(console=Console(stderr=True)) as progress,
        psycopg.connect(url_of(running)) as connection,
    ):
        task = progress.add_task("Writing the demo network", total=people)
        made = load_network(connection, people, number, lambda done, _all: progress.update(task, completed=done))
    typer.echo(", ".join(f"{made[table]:,} {table.replace('_', ' ')}" for table in TOLD))


def import_file(
    file: Annotated[Path | None, typer.Argument(help="A .csv or .jsonl file (also .gz); docs/importing.md.")] = None,
    source: Annotated[str, typer.Option(help="The system that the rows come from.")] = "file",
    researchers: Annotated[Path | None, typer.Option(help="The folder of the public set of researchers.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would happen, and change nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite also what members edited.")] = False,
) -> None:
    """Import people. The same file again changes nothing; all rows are imported, or none if one is wrong."""
    from api.services.imports import import_people, read_file
    from api.services.imports.researchers import SOURCE, researcher_rows

    if (file is None) == (researchers is None):
        raise CommandFailed("Name a file, or --researchers with the folder of that set.")
    with running_database(Settings(), migrated=True) as running:
        try:
            rows: Sequence[object]
            if researchers is not None:
                rows, source = list(researcher_rows(researchers)), SOURCE
            else:
                rows = read_file(file or Path(), asyncio.run(_institution(running)))
            options = {"source": source, "dry_run": dry_run, "force": force}
            asyncio.run(_import(running, import_people, rows, options))
        except Invalid as refused:
            raise CommandFailed(_problems(refused)) from None


def import_events_file(
    file: Annotated[Path, typer.Argument(help="A .csv or .jsonl file (also .gz); docs/importing.md.")],
    source: Annotated[str, typer.Option(help="The system that the rows come from.")] = "file",
    people_source: Annotated[
        str | None, typer.Option(help="The system whose ids of people the registrations name; --source if left out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would happen, and change nothing.")] = False,
) -> None:
    """Import events, also past ones, with who came. All rows are imported, or none; again they change nothing."""
    from api.services.imports import import_events, read_events_file

    with running_database(Settings(), migrated=True) as running:
        try:
            options = {"source": source, "people_source": people_source, "dry_run": dry_run}
            asyncio.run(_import(running, import_events, read_events_file(file), options))
        except Invalid as refused:
            raise CommandFailed(_problems(refused)) from None


def import_jobs_file(
    file: Annotated[Path, typer.Argument(help="A .csv or .jsonl file (also .gz); docs/importing.md.")],
    source: Annotated[str, typer.Option(help="The system that the rows come from.")] = "file",
    people_source: Annotated[
        str | None, typer.Option(help="The system whose ids of people the interests name; --source if left out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would happen, and change nothing.")] = False,
) -> None:
    """Import openings, posted by the office. The same file again changes nothing; all rows are imported, or none."""
    from api.services.imports import import_jobs, read_jobs_file

    with running_database(Settings(), migrated=True) as running:
        try:
            options = {"source": source, "people_source": people_source, "dry_run": dry_run}
            asyncio.run(_import(running, import_jobs, read_jobs_file(file), options))
        except Invalid as refused:
            raise CommandFailed(_problems(refused)) from None


def _problems(refused: Invalid) -> str:
    lines = [f"  {' '.join(problem.path)}: {problem.message}" for problem in refused.problems]
    if any(problem.path[-1] == "school" for problem in refused.problems):
        lines.append(
            "Degrees without a school are your own once you have said whose network this is: alumni institution"
        )
    return "\n".join(["Nothing was imported:", *lines])


async def _institution(settings: Settings) -> str | None:
    async with await psycopg.AsyncConnection.connect(url_of(settings)) as connection:
        cursor = await connection.execute("select name from institutions")
        found = await cursor.fetchone()
    return found[0] if found else None


async def _import(
    settings: Settings, importer: Callable[..., Any], rows: Sequence[object], options: Mapping[str, Any]
) -> None:
    from rich.console import Console
    from rich.table import Table

    from api.services.imports import ImportReport

    database = PooledDatabase(url_of(settings))
    try:
        async with database.write() as session, session.begin():
            report: ImportReport = await importer(session, OFFICE, rows, **options)
    finally:
        await database.close()
    console = Console()
    table = Table("row", "externalId", "status", "what to know")
    telling = [
        (place, row) for place, row in enumerate(report.rows, start=1) if row.messages or len(rows) <= MOST_LINES
    ]
    for place, row in telling[:MOST_LINES]:
        table.add_row(str(place), row.external_id, row.status.value, "; ".join(row.messages))
    if telling:
        console.print(table)
    counts = Counter(row.status.value for row in report.rows)
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no rows"
    console.print(f"{told}{' (a dry run: nothing was written)' if report.dry_run else ''}")


def embed() -> None:
    """Embed now whatever lacks a vector, without waiting for the worker."""
    with running_database(Settings(), migrated=True) as running, suppress(KeyboardInterrupt):
        asyncio.run(_embed(running))


async def _embed(settings: Settings) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from recommender.embeddings import load_embedder
    from recommender.vectors import embed_missing, missing_count

    database = PooledDatabase(url_of(settings))
    try:
        embedder = load_embedder(settings.embedding_model, settings.models_dir, settings.embedding_backend)
        async with database.write() as session:
            missing = await missing_count(session)
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("Embedding profiles", total=missing)
            await embed_missing(database, embedder, progress=lambda count: progress.advance(task, count))
    finally:
        await database.close()
