"""What a resolver can reach: who is asking, the database, and what is being run."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import strawberry
from graphql import VariableValues

from api.access import Viewer
from api.db import Database
from api.live import Live
from recommender.search import TextEmbedder
from schema.engine.documents import Document

if TYPE_CHECKING:
    from schema.engine.execution import Engine


@dataclass(frozen=True)
class Running:
    """The operation that is being run."""

    engine: "Engine"
    document: Document
    variables: VariableValues


@dataclass
class Context:
    """One request. The endpoint says what is being run, before anything is."""

    viewer: Viewer
    db: Database
    query_embedder: TextEmbedder
    development: bool = False
    """Whether webhooks may lead to this machine itself."""
    live: Live | None = None
    """What happens now; without it nobody can listen."""
    running: Running | None = None
    renew: Callable[[], Awaitable[None]] | None = None
    """Asks anew who is asking: for each event of a subscription."""
    loaders: dict[Any, Any] = field(default_factory=dict[Any, Any])

    @property
    def operation(self) -> Running:
        """What is being run."""
        if self.running is None:
            raise RuntimeError("The endpoint has not said yet what is being run.")
        return self.running


Info: TypeAlias = strawberry.Info[Context, None]
