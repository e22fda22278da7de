"""Things by their global id, whatever their type. What is hidden is answered as what does not exist."""

from typing import Any

import strawberry

from schema.context import Info
from schema.engine.refusals import Refused
from schema.engine.resolving import ref_named
from schema.engine.sources import SOURCE, Anything
from schema.ids import find_named
from schema.limits.directives import as_many_as
from schema.node import Node
from schema.permissions import SIGNED_IN, query

MAX_IDS = 100


def _named(info: Info, text: str, path: tuple[str, ...]) -> Any:
    kind, key = find_named(info.context.operation.engine.schema, text, path)
    return ref_named(kind.name, key)


def find_node(info: Info, id: strawberry.ID) -> Node | None:
    """One thing by its id."""
    return _named(info, id, ("id",))


def find_nodes(info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
    """Several things by their ids, in the order asked."""
    if len(ids) > MAX_IDS:
        raise Refused(f"At most {MAX_IDS} ids.", ("ids",))
    return [_named(info, text, ("ids", str(index))) for index, text in enumerate(ids)]


@strawberry.type
class NodeQuery:
    """Queries by global id."""

    node: Node | None = query(
        SIGNED_IN, "Anything by its global id.", resolver=find_node, metadata={SOURCE: Anything()}
    )
    nodes: list[Node | None] | None = query(
        SIGNED_IN,
        f"Things by their global ids, at most {MAX_IDS}, in the order asked.",
        resolver=find_nodes,
        directives=[as_many_as("ids")],
    )
