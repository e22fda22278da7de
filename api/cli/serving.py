"""`alumni serve` and `alumni work`, and `alumni migrate`, which both do by themselves on an embedded database."""

import os
from typing import Annotated

import typer

from api import logs
from api.cli.failures import MISUSED, CommandFailed
from api.serving import databases
from api.serving.databases import running_database, url_of
from api.serving.signals import stopping_in_order
from api.settings import Settings

DEMO_PEOPLE = 1000


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(serve)
    app.command()(work)
    app.command()(migrate)


def serve(
    demo: Annotated[
        bool,
        typer.Option("--demo", help="For trying out: development mode, with 1000 invented people if there is nobody."),
    ] = False,
) -> None:
    """Start the server, its worker and, without ALUMNI_DATABASE_URL, an embedded PostgreSQL. Ctrl-C stops them all."""
    settings = demo_settings() if demo else Settings()
    logs.configure()
    with stopping_in_order():
        _serve(settings, demo)


def _serve(settings: Settings, demo: bool) -> None:
    # Before anything else is started: a taken port is the commonest failure, and must leave nothing behind.
    from api.serving.running import PortTaken, reserve
    from api.serving.workers import run_command

    try:
        listening = reserve(settings.host, settings.port)
    except PortTaken as taken:
        raise CommandFailed(str(taken)) from None
    with listening, running_database(settings) as running:
        if databases.behind(running):
            run_command(running, "migrate", "--quiet")
        if demo and databases.empty(running):
            run_command(running, "seed", "--people", str(DEMO_PEOPLE))
        from api.cli.greeting import greet
        from api.serving.running import serve as run

        run(running, listening, lambda: greet(running, demo))


def work(
    parent: Annotated[int | None, typer.Option(help="End with this process.", hidden=True)] = None,
) -> None:
    """Run background jobs, embedding above all. `alumni serve` starts one; more can run beside it, on any machine."""
    from api.serving.workers import end_with_parent

    if parent is not None:
        end_with_parent(parent)
    settings = Settings()
    logs.configure()
    with stopping_in_order(), running_database(settings) as running:
        from api.worker import run_worker

        run_worker(running)


def migrate(quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing.")] = False) -> None:
    """Bring the database's tables up to date."""
    with running_database(Settings()) as running:
        changed = databases.migrate(url_of(running))
    if not quiet:
        typer.echo("The tables have been brought up to date." if changed else "The tables were up to date.")


def demo_settings() -> Settings:
    """Settings in which `alumni token` works and GraphiQL is there. They must not slip into production."""
    if os.environ.get("ALUMNI_ENVIRONMENT", "development") != "development":
        raise CommandFailed(
            "--demo is for trying things out: it accepts tokens of the development issuer.\n"
            "Leave it out, or unset ALUMNI_ENVIRONMENT.",
            MISUSED,
        )
    return Settings(environment="development", development_issuer=True)
