"""`alumni evaluate`: how good the suggestions are, on public data that goes through the product's own import."""

import asyncio
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from api.access import Viewer, ViewerKind
from api.cli.failures import CommandFailed
from api.db import PooledDatabase
from api.postgres import EmbeddedPostgres
from api.settings import Settings

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
        asyncio.run(_evaluate(settings, server.url(name), data, queries))
    finally:
        server.drop_database(name)
        server.stop()


async def _evaluate(settings: Settings, url: str, data: Path, queries: int | None) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from api.services.imports import import_people
    from api.services.imports.researchers import SOURCE, researcher_rows
    from recommender.embeddings.torch_model import SentenceTransformerEmbedder
    from recommender.evaluation.people import evaluate_people as run
    from recommender.vectors import embed_missing, missing_count

    db = PooledDatabase(url)
    embedder = SentenceTransformerEmbedder(settings.embedding_model)
    try:
        async with db.write() as session, session.begin():
            await import_people(session, Viewer(ViewerKind.STAFF), list(researcher_rows(data)), source=SOURCE)
        async with db.write() as session:
            missing = await missing_count(session)
        with Progress(console=Console(stderr=True)) as progress:
            embedding = progress.add_task("Embedding", total=missing)
            await embed_missing(db, embedder, progress=lambda count: progress.advance(embedding, count))
            asking = progress.add_task("Ranking", total=None)
            report = await run(
                db,
                data,
                embedder,
                queries=queries,
                progress=lambda done, most: progress.update(asking, completed=done, total=most),
            )
        typer.echo(report.table())
    finally:
        await db.close()
