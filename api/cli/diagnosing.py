"""`alumni doctor`: a line for each thing that an installation stands on, and what to do where it does not."""

import typer
from pydantic import ValidationError

from api.cli.failures import FAILED, settings_problems
from api.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(doctor)


def doctor() -> None:
    """Look at this installation, and say what to mend. Changes nothing.

    OK: it is as it should be.

    LOOK: it works, but somebody should know.

    MEND: it does not work, or will not for long. The exit status is 1 then.

    Run it with the settings of the server, and as the user that runs it.
    """
    from api.diagnosis import Finding, Level, diagnose

    mended = True

    def show(finding: Finding) -> None:
        nonlocal mended
        mended = mended and finding.level is not Level.MEND
        typer.echo(f"{finding.level:<5} {finding.what:<9} {finding.said}")
        if finding.remedy:
            typer.echo(f"{'':<15} {finding.remedy}")

    try:
        settings = Settings()
    except ValidationError as error:
        for problem in settings_problems(error):
            show(Finding(Level.MEND, "settings", problem))
    else:
        for finding in diagnose(settings):
            show(finding)
    if not mended:
        raise typer.Exit(FAILED)
