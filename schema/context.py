"""What a resolver can reach: who is asking, the database, and the reads planned so far in this request."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import strawberry
from graphql import VariableValues

from api.access import Viewer
from api.db import Database
from recommender.search import QueryEmbedder
from schema.engine.documents import Document

if TYPE_CHECKING:
    from schema.engine.execution import Engine


@dataclass
class Context:
    """One request. The endpoint adds what is being run, and the engine."""

    viewer: Viewer
    db: Database
    query_embedder: QueryEmbedder
    document: Document | None = None
    variables: VariableValues | None = None
    engine: "Engine | None" = None
    loaders: dict[Any, Any] = field(default_factory=dict[Any, Any])


Info: TypeAlias = strawberry.Info[Context, None]
