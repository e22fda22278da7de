"""`alumni evaluate`: how good the suggestions are, on public data that goes through the product's own import."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, ViewerKind
from api.cli.failures import CommandFailed
from api.db import PooledDatabase
from api.postgres import EmbeddedPostgres
from api.settings import Settings

OFFICE = Viewer(ViewerKind.STAFF)
Fill = Callable[[AsyncSession], Awaitable[None]]
"""Imports a set."""
Run = Callable[..., Awaitable[Any]]
"""Evaluates on it."""
evaluate = typer.Typer(help="Measure suggestions on public data, beside plain baselines.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.add_typer(evaluate, name="evaluate")


@evaluate.callback()
def explain() -> None:
    """Measure suggestions on public data, beside plain baselines."""


@evaluate.command("people")
def evaluate_people(
    data: Annotated[Path, typer.Option(help="The folder of the researchers set.")],
    queries: Annotated[int | None, typer.Option(min=1, help="So many people only, drawn by a fixed seed.")] = None,
) -> None:
    """Whom people met next, found by the product's own candidates and ranking, in a database made for it."""
    from api.services.imports import import_people
    from api.services.imports.researchers import SOURCE, researcher_rows
    from recommender.evaluation.people import evaluate_people as run

    async def fill(session: AsyncSession) -> None:
        await import_people(session, OFFICE, list(researcher_rows(data)), source=SOURCE)

    _evaluate_in_its_own_database(data, queries, fill, run)


@evaluate.command("events")
def evaluate_events(
    data: Annotated[Path, typer.Option(help="The folder of the set of meetups.")],
    queries: Annotated[int | None, typer.Option(min=1, help="So many months of people only, by a fixed seed.")] = None,
) -> None:
    """Which events of a month people came to, ranked as of the month's beginning."""
    from api.services.imports import import_events, import_people
    from api.services.imports.meetups import SOURCE, event_rows, member_rows
    from recommender.evaluation.events import evaluate_events as run

    async def fill(session: AsyncSession) -> None:
        await import_people(session, OFFICE, list(member_rows(data)), source=SOURCE)
        await import_events(session, OFFICE, list(event_rows(data)), source=SOURCE)

    _evaluate_in_its_own_database(data, queries, fill, run)


@evaluate.command("jobs")
def evaluate_jobs(
    data: Annotated[Path, typer.Option(help="The folder of the set of views of openings.")],
    queries: Annotated[int | None, typer.Option(min=1, help="So many applicants only, drawn by a fixed seed.")] = None,
) -> None:
    """Which openings applicants looked at next, found in the same way."""
    from api.services.imports import import_jobs, import_people
    from api.services.imports.job_views import SOURCE, job_rows, people_rows
    from recommender.evaluation.jobs import evaluate_jobs as run

    async def fill(session: AsyncSession) -> None:
        await import_people(session, OFFICE, list(people_rows(data)), source=SOURCE)
        await import_jobs(session, OFFICE, list(job_rows(data)), source=SOURCE)

    _evaluate_in_its_own_database(data, queries, fill, run)


def _evaluate_in_its_own_database(data: Path, queries: int | None, fill: Fill, run: Run) -> None:
    if not data.is_dir():
        raise CommandFailed(f"There is no folder {data}: the evaluation was skipped.")
    from migrations.running import upgrade

    settings = Settings()
    server = EmbeddedPostgres(settings.data_dir)
    server.start()
    name = f"evaluation_{uuid4().hex}"
    try:
        server.create_database(name)
        upgrade(server.url(name))
        asyncio.run(_evaluate(settings, server.url(name), data, queries, fill, run))
    finally:
        server.drop_database(name)
        server.stop()


async def _evaluate(settings: Settings, url: str, data: Path, queries: int | None, fill: Fill, run: Run) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from recommender.embeddings import load_embedder
    from recommender.vectors import embed_missing, missing_count

    db = PooledDatabase(url)
    embedder = load_embedder(settings.embedding_model, settings.models_dir, settings.embedding_backend)
    try:
        async with db.write() as session, session.begin():
            await fill(session)
        async with db.write() as session:
            missing = await missing_count(session)
        with Progress(console=Console(stderr=True)) as progress:
            embedding = progress.add_task("Embedding", total=missing)
            await embed_missing(db, embedder, progress=lambda count: progress.advance(embedding, count))
            asking = progress.add_task("Ranking", total=None)

            def tell(done: int, most: int) -> None:
                progress.update(asking, completed=done, total=most)

            report = await run(db, data, embedder, queries=queries, progress=tell)
        typer.echo(report.table())
    finally:
        await db.close()
