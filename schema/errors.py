"""Errors as clients see them: members of mutation unions, and codes on everything at the top level."""

import logging
from enum import Enum
from typing import Any
from uuid import uuid4

import strawberry
from graphql import GraphQLError
from sqlalchemy.exc import DBAPIError, IntegrityError

from api import errors
from api.db import (
    database_is_away,
    found_no_connection,
    lacks_resources,
    lost_a_race,
    names_what_is_gone,
    took_too_long,
)
from schema.engine.refusals import Refused
from schema.limits.directives import about

log = logging.getLogger(__name__)


@strawberry.enum(description="What kind of failure it is: stable, and the same in every language.")
class ErrorCode(Enum):
    """Codes of expected failures."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such thing for you.")
    FORBIDDEN = strawberry.enum_value("FORBIDDEN", description="You may not do this.")
    CONFLICT = strawberry.enum_value("CONFLICT", description="It does not go with what is there already.")
    INVALID = strawberry.enum_value("INVALID", description="Some of the input is not as it must be.")


@strawberry.interface(description="An expected failure of a mutation. It changed nothing.")
class Error:
    """What all failures tell."""

    message: str = strawberry.field(description="What went wrong, for people.")
    code: ErrorCode = strawberry.field(description="What went wrong, for programs.")
    path: list[str] | None = strawberry.field(description="The input field concerned, from the top.")


@strawberry.type(description="There is no such thing for you: absent and hidden are told alike.")
class NotFound(Error):
    """See `api.errors.NotFound`."""


@strawberry.type(description="You may see it, but not do this to it.")
class NotAllowed(Error):
    """See `api.errors.NotAllowed`."""


@strawberry.type(description="The state of things forbids it now.")
class Conflict(Error):
    """See `api.errors.Conflict`."""


@strawberry.type(description="One thing wrong with one field of the input.")
class Problem:
    """See `api.errors.Problem`."""

    path: list[str] = strawberry.field(description="The input field, from the top.")
    message: str = strawberry.field(description="What is wrong and what would be right.")


@strawberry.type(description="The input is wrong.")
class Invalid(Error):
    """See `api.errors.Invalid`."""

    problems: list[Problem] = strawberry.field(description="What is wrong, field by field.", directives=[about(10)])


class NotFoundHandler(strawberry.ExceptionHandler[errors.NotFound, NotFound]):
    """NotFound, raised by a service, as a member of the union."""

    def handle(self, exception: errors.NotFound, **_place: Any) -> NotFound:
        """The member."""
        return NotFound(message=exception.message, code=ErrorCode.NOT_FOUND, path=list(exception.path) or None)


class NotAllowedHandler(strawberry.ExceptionHandler[errors.NotAllowed, NotAllowed]):
    """NotAllowed, raised by a service, as a member of the union."""

    def handle(self, exception: errors.NotAllowed, **_place: Any) -> NotAllowed:
        """The member."""
        return NotAllowed(message=exception.message, code=ErrorCode.FORBIDDEN, path=list(exception.path) or None)


class ConflictHandler(strawberry.ExceptionHandler[errors.Conflict, Conflict]):
    """Conflict, raised by a service, as a member of the union."""

    def handle(self, exception: errors.Conflict, **_place: Any) -> Conflict:
        """The member."""
        return Conflict(message=exception.message, code=ErrorCode.CONFLICT, path=list(exception.path) or None)


class InvalidHandler(strawberry.ExceptionHandler[errors.Invalid, Invalid]):
    """Invalid, raised by a service, as a member of the union."""

    def handle(self, exception: errors.Invalid, **_place: Any) -> Invalid:
        """The member."""
        problems = [Problem(path=list(problem.path), message=problem.message) for problem in exception.problems]
        return Invalid(
            message=exception.message, code=ErrorCode.INVALID, path=list(exception.path) or None, problems=problems
        )


class GoneHandler(strawberry.ExceptionHandler[IntegrityError, NotFound]):
    """A reference to what somebody deleted after it was found, as what it is: there is no such thing any more."""

    def handle(self, exception: IntegrityError, **_place: Any) -> NotFound | None:
        """The member; None for whatever else is wrong."""
        if not names_what_is_gone(exception):
            return None
        return NotFound(message="It was deleted meanwhile.", code=ErrorCode.NOT_FOUND, path=None)


HANDLERS = [NotFoundHandler(), NotAllowedHandler(), ConflictHandler(), InvalidHandler(), GoneHandler()]
"""What turns the services' exceptions into members of the mutations' unions."""


TRY_AGAIN = "TRY_AGAIN"
TIMED_OUT = "TIMED_OUT"
OVERLOADED = "OVERLOADED"
AWAY = "SERVICE_UNAVAILABLE"
RETRY_SECONDS = 1
TOOK_TOO_LONG = "It took longer than is allowed, and nothing of it was done. Ask for less at once."
RACE_LOST = "Others changed the same things at this moment, and nothing of yours was done. Try again."
TOO_MANY = f"Too many requests are at work. Try again in {RETRY_SECONDS} s."
NO_ROOM = "The database has no room for this now. Try again later."
CANNOT_BE_REACHED = "The database cannot be reached. Try again in a moment."


def of_database(error: BaseException) -> tuple[str, str] | None:
    """Message and code of an error of the database that may be over when the client comes again; None for others."""
    if lost_a_race(error):
        return RACE_LOST, TRY_AGAIN
    if took_too_long(error):
        return TOOK_TOO_LONG, TIMED_OUT
    if found_no_connection(error):
        return TOO_MANY, OVERLOADED
    if lacks_resources(error):
        return NO_ROOM, AWAY
    return (CANNOT_BE_REACHED, AWAY) if database_is_away(error) else None


def note(error: BaseException, code: str) -> None:
    """Tell the log what the database said. The lines after the first may quote rows."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    level = logging.ERROR if lacks_resources(error) else logging.WARNING
    log.log(level, "%s: %s: %s", code, type(cause).__name__, str(cause).partition("\n")[0])


def coded(error: GraphQLError) -> GraphQLError:
    """The error as clients may see it: with a code; and masked, with an id to find it in the log, if unexpected."""
    original = error.original_error
    if error.extensions and "code" in error.extensions:
        return error
    if isinstance(original, Refused):
        extensions: dict[str, Any] = {"code": "BAD_USER_INPUT"}
        if original.path:
            extensions["argument"] = list(original.path)
        message = f"{'.'.join(original.path)}: {original.message}" if original.path else original.message
        return _like(error, message, extensions)
    if isinstance(original, errors.DomainError):
        invalid = isinstance(original, errors.Invalid)
        return _like(error, original.message, {"code": "BAD_USER_INPUT"} if invalid else original.details)
    if original is None or isinstance(original, GraphQLError):
        return _like(error, error.message, {"code": "BAD_USER_INPUT"})
    if told := of_database(original):
        message, code = told
        note(original, code)
        return _like(error, message, {"code": code})
    number = uuid4().hex
    log.error("Unexpected error %s", number, exc_info=original)
    return _like(error, "Something went wrong on our side.", {"code": "INTERNAL_SERVER_ERROR", "id": number})


def _like(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
