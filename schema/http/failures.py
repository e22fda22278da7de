"""The bodies of responses to requests that were not run to their end, each error with a code."""

from asyncio import CancelledError

import orjson
from graphql import GraphQLError

from api.errors import DomainError
from schema.engine.documents import InvalidDocument
from schema.engine.variables import InvalidVariables
from schema.errors import OVERLOADED, RETRY_SECONDS, TOO_MANY, of_database

UNAVAILABLE = 503


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
    return BadRequest(TOO_MANY, OVERLOADED, UNAVAILABLE, {"retry-after": str(RETRY_SECONDS)})


def errors_only(message: str, code: str) -> bytes:
    """A body for a request that was not run."""
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})


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
        case _:
            told = of_database(error)
            return "INTERNAL_SERVER_ERROR" if told is None else told[1]


def code_in(error: GraphQLError) -> str:
    """The code of an error that clients may see as it is."""
    return str((error.extensions or {}).get("code", "BAD_USER_INPUT"))


def refused(error: DomainError) -> bytes:
    """A body for a request that may not be answered."""
    return orjson.dumps({"errors": [{"message": error.message, "extensions": error.details}]})
