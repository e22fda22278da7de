"""The `alumni` command: which commands there are, and how each of them fails."""

import sys
from typing import NoReturn

import typer

from api.cli import backups, diagnosing, documents, evaluating, filling, office, schemas, serving, tokens

app = typer.Typer(
    name="alumni",
    help="An alumni network's backend: the server, its worker, and what an office does from the command line.",
    epilog="Settings are environment variables ALUMNI_*: ALUMNI_PORT, ALUMNI_DATA_DIR, ALUMNI_DATABASE_URL and others.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for commands in (serving, diagnosing, backups, office, filling, documents, tokens, evaluating, schemas):
    commands.add_to(app)


def main() -> NoReturn:
    """The entry point: runs one command and exits with its status; what a caller can act on is told without a trace."""
    from api.cli.failures import explain

    try:
        app(standalone_mode=True)
    except Exception as error:  # noqa: BLE001 - explain() shows what nobody expected with its trace
        explain(error)
    sys.exit(0)
