"""Counts by value over a whole list: what every noun's facets are made of."""

from typing import Any

import strawberry

from schema.limits.directives import as_many_as, costs
from schema.pagination import COUNT_COSTS


@strawberry.type(description="How often a value occurs in a list.")
class FacetCount:
    """One value of a facet."""

    value: str = strawberry.field(description="The value.")
    count: int = strawberry.field(description="How many of the list have it, as far as you may see.")


def _first(first: int | None = 20):
    """The most frequent values, at most 100."""


def facet_field(description: str) -> Any:
    """A field of a type of facets."""
    directives = [costs(COUNT_COSTS), as_many_as("first")]
    return strawberry.field(
        resolver=_first, graphql_type=list[FacetCount], description=description, directives=directives
    )
