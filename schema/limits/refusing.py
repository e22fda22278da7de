"""How a request is refused that asks for too much: which limit it goes over, how far, and what is allowed."""

from dataclasses import dataclass

from graphql import GraphQLError, Node

VERY_MANY = 1_000_000_000
"""More is not told exactly: it can have hundreds of digits."""


@dataclass(frozen=True)
class Limit:
    """One measure of a document, and the most of it that is allowed."""

    name: str
    most: int
    words: str
    """What is counted, as the message says it."""

    def check(self, found: int) -> None:
        """Raise GraphQLError for more than is allowed."""
        if found > self.most:
            message = f"The document is too large: {told(found)} {self.words}. At most {self.most:,} are allowed."
            raise invalid(message, limit=self.name, allowed=self.most)


def invalid(message: str, node: Node | None = None, **more: object) -> GraphQLError:
    """An error of a document that is not run; `more` is for programs."""
    return GraphQLError(message, nodes=node, extensions={"code": "GRAPHQL_VALIDATION_FAILED", **more})


def told(number: int) -> str:
    """A number for people."""
    return f"more than {VERY_MANY:,}" if number > VERY_MANY else f"{number:,}"
