"""The interface of everything that has a global id."""

import strawberry

from schema.engine.sources import global_id


@strawberry.interface(description="Something with a global id.")
class Node:
    """As Relay defines it."""

    id: strawberry.ID = global_id()
