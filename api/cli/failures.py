"""How a command fails: one message on standard error that says what to do next, and a status other than 0."""

import logging
import subprocess
import sys
from typing import NoReturn

import psycopg
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from api import logs
from api.db import lost_a_race
from api.errors import DomainError, Invalid
from api.postgres import DatabaseUnavailable
from api.redaction import without_secrets

FAILED = 1
MISUSED = 2
"""The command line or the settings are wrong: the same status that a wrong option gives."""
MAX_PROBLEMS = 20

logger = logging.getLogger(__name__)


class CommandFailed(Exception):
    """What went wrong and what to do about it, for the person at the terminal."""

    def __init__(self, message: str, status: int = FAILED) -> None:
        super().__init__(message)
        self.status = status


def explain(error: Exception) -> NoReturn:
    """Say what went wrong and leave. What nobody expected is shown with its trace."""
    message = _message(error)
    if message is None:
        if not logging.getLogger().handlers:
            logs.configure()
        logger.error("Unexpected error", exc_info=error, extra={"whole": True})
    elif message:
        _say(message)
    sys.exit(_status(error))


def _status(error: Exception) -> int:
    if isinstance(error, CommandFailed):
        return error.status
    return MISUSED if isinstance(error, ValidationError) else FAILED


def _message(error: Exception) -> str | None:
    """What a person at the terminal can act on; None for what nobody expected."""
    match error:
        case ValidationError():
            return "The settings are wrong.\n" + "\n".join(settings_problems(error))
        case Invalid():
            problems = [f"{'.'.join(problem.path)}: {problem.message}" for problem in error.problems]
            more = [f"... and {len(problems) - MAX_PROBLEMS} more"] if len(problems) > MAX_PROBLEMS else []
            return "\n".join([*problems[:MAX_PROBLEMS], *more])
        case DomainError():
            return error.message
        case CommandFailed() | DatabaseUnavailable():
            return str(error)
        case subprocess.CalledProcessError():
            return ""  # the command that failed has said why
        case psycopg.OperationalError() | DBAPIError(orig=psycopg.OperationalError()):
            return _of_the_database(error)
        case PermissionError() | FileNotFoundError() | IsADirectoryError() | NotADirectoryError():
            return f"{error.strerror}: {error.filename}"
        case _:
            return None


def _of_the_database(error: Exception) -> str:
    """Nothing could be done, or was undone."""
    if lost_a_race(error):
        return "Others changed the same rows at this moment, and nothing was done: try again."
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = without_secrets(str(cause))
    return f"The database cannot be used: {said}\nIs ALUMNI_DATABASE_URL right, and the server running?"


def settings_problems(error: ValidationError) -> list[str]:
    """One line per problem, by the variable that a person would set."""
    lines: list[str] = []
    for problem in error.errors(include_url=False, include_context=False):
        name = "_".join(["ALUMNI", *(str(part).upper() for part in problem["loc"])]) if problem["loc"] else ""
        message = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {message}" if name else message)
    return lines


def _say(message: str) -> None:
    """To standard error; in red where that is a terminal. Messages may hold brackets, which are no markup."""
    from rich.console import Console

    Console(stderr=True, soft_wrap=True, highlight=False).print(message, style="red", markup=False)
