"""The bodies of responses to requests that were not run to their end, each error with a code."""

import logging
from asyncio import CancelledError

import orjson
from graphql import GraphQLError
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as SqlTimeout

from api.db import lacks_resources, lost_a_race, took_too_long
from api.errors import DomainError
from api.lines import NoneFree
from schema.engine.documents import InvalidDocument
from schema.engine.variables import InvalidVariables
from schema.errors import RACE_LOST, TIMED_OUT, TOOK_TOO_LONG, TRY_AGAIN

log = logging.getLogger(__name__)

AWAY = "SERVICE_UNAVAILABLE"
UNAVAILABLE = 503
RETRY_SECONDS = 1


class BadRequest(Exception):
    """The request is not one of GraphQL, or not one that is taken here. `headers` go with the response."""

    def __init__(
        self, message: str, code: str = "BAD_REQUEST", status: int = 400, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.headers = headers or {}


def overloaded() -> BadRequest:
    """For a request that finds no place."""
    message = f"Too many requests are at work. Try again in {RETRY_SECONDS} s."
    return BadRequest(message, "OVERLOADED", UNAVAILABLE, {"retry-after": str(RETRY_SECONDS)})


def errors_only(message: str, code: str) -> bytes:
    """A body for a request that was not run."""
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})


def unavailable(error: Exception) -> bytes | None:
    """A body for a request that may succeed later; None if the error says nothing of the kind."""
    if lost_a_race(error):
        log.warning("A transaction was broken off for the sake of another")
        return errors_only(RACE_LOST, TRY_AGAIN)
    if took_too_long(error):
        log.warning("A statement took too long")
        return errors_only(TOOK_TOO_LONG, TIMED_OUT)
    if lacks_resources(error):
        log.error("The database lacks resources: %s", error.orig if isinstance(error, DBAPIError) else error)
        return errors_only("The database has no room for this now. Try again later.", AWAY)
    if not database_is_away(error):
        return None
    log.warning("The database cannot be reached: %s", type(error).__name__)
    return errors_only("The database cannot be reached. Try again in a moment.", AWAY)


def code_of(error: BaseException) -> str:
    """The code that a client gets for an error that ended its operation."""
    match error:
        case BadRequest() | DomainError():
            return error.code
        case InvalidDocument() | InvalidVariables():
            return code_in(error.errors[0])
        case GraphQLError():
            return code_in(error)
        case CancelledError():
            return "CANCELLED"
        case _ if lost_a_race(error):
            return TRY_AGAIN
        case _ if took_too_long(error):
            return TIMED_OUT
        case _ if found_no_connection(error):
            return overloaded().code
        case _:
            return AWAY if lacks_resources(error) or database_is_away(error) else "INTERNAL_SERVER_ERROR"


def code_in(error: GraphQLError) -> str:
    """The code of an error that clients may see as it is."""
    return str((error.extensions or {}).get("code", "BAD_USER_INPUT"))


def refused(error: DomainError) -> bytes:
    """A body for a request that may not be answered."""
    return orjson.dumps({"errors": [{"message": error.message, "extensions": error.details}]})


def found_no_connection(error: BaseException) -> bool:
    """Whether a request waited in vain for a connection to the database: others use them all."""
    return isinstance(error, NoneFree | SqlTimeout)


def database_is_away(error: BaseException) -> bool:
    """Whether the error says that there is no database to talk to now."""
    if lost_a_race(error) or took_too_long(error):
        return False
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error.orig, OperationalError)
    return isinstance(error, OperationalError | PoolTimeout | SqlTimeout)
