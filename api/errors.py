"""What a caller can act on: the domain's expected failures. Anything else is a fault, masked and logged."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one field of the input."""

    path: tuple[str, ...]
    """The input field, from the top: ("input", "educations", "0", "endDate")."""
    message: str
    """What is wrong and what would be right."""


class DomainError(Exception):
    """An expected failure. `code` is stable; `message` is for people."""

    code: str = "DOMAIN_ERROR"

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    @property
    def details(self) -> dict[str, object]:
        """What a top-level error tells programs."""
        return {"code": self.code}


class NotFound(DomainError):
    """There is no such thing for this viewer: absent and hidden are told alike."""

    code = "NOT_FOUND"


class NotAllowed(DomainError):
    """The viewer sees the thing but may not do this to it."""

    code = "FORBIDDEN"


class Conflict(DomainError):
    """The state of things forbids it now: taken, already answered, asked too recently."""

    code = "CONFLICT"


class Invalid(DomainError):
    """The input is wrong, with one problem per field."""

    code = "INVALID"

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{'.'.join(problem.path)}: {problem.message}" for problem in problems))
        self.problems = problems
        self.path = problems[0].path if problems else ()


class NotSignedIn(DomainError):
    """The token is missing, expired or not acceptable."""

    code = "UNAUTHENTICATED"


class SecondFactorNeeded(DomainError):
    """The token is good, but not for an officer: `contexts` are the ways of signing in (`acr`) that would do."""

    code = "SECOND_FACTOR_REQUIRED"

    def __init__(self, contexts: tuple[str, ...] = ()) -> None:
        super().__init__("The office signs in with a second factor. Sign in again with one.")
        self.contexts = contexts

    @property
    def details(self) -> dict[str, object]:
        """With what to ask the identity provider for, where that is known."""
        return {"code": self.code, **({"acrValues": list(self.contexts)} if self.contexts else {})}


class RateLimited(DomainError):
    """The viewer has had as much of this as one may for now; `opens_at` says from when there is more."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, opens_at: datetime) -> None:
        super().__init__(message)
        self.opens_at = opens_at

    @property
    def details(self) -> dict[str, object]:
        """With the moment."""
        return {"code": self.code, "opensAt": self.opens_at.isoformat()}
