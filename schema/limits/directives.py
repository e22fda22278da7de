"""What fields cost and how long lists are, in the SDL: the directives of the IBM GraphQL cost specification.

`schema.limits.costs` reads them, and says how they add up.
"""

from collections.abc import Sequence

import strawberry
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="cost",
    description="What the field costs beside the objects that it gives, each time it is answered.",
)
class Cost:
    """As in the specification, where it may also stand in other places. Without it a field costs nothing itself."""

    weight: str = strawberry.directive_field(name="weight")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description=(
        "How many objects a list has at most or is taken to have: what the slicing arguments say (the number, or how "
        "many are listed), else the assumed size. With sized fields it is these lists below that are so long."
    ),
)
class ListSize:
    """As in the specification."""

    assumed_size: int | None = strawberry.directive_field(name="assumedSize", default=strawberry.UNSET)
    slicing_arguments: list[str] | None = strawberry.directive_field(name="slicingArguments", default=strawberry.UNSET)
    sized_fields: list[str] | None = strawberry.directive_field(name="sizedFields", default=strawberry.UNSET)
    require_one_slicing_argument: bool | None = strawberry.directive_field(
        name="requireOneSlicingArgument", default=strawberry.UNSET
    )


ROWS = ["edges", "nodes"]
"""The lists of every connection."""
PAGE = ListSize(slicing_arguments=["first", "last"], sized_fields=ROWS, require_one_slicing_argument=True)
"""Of a connection that goes both ways."""
FORWARD_PAGE = ListSize(slicing_arguments=["first"], sized_fields=ROWS, require_one_slicing_argument=True)
"""Of a connection that only goes forward."""


def costs(weight: int) -> Cost:
    """What a field costs itself, where one object costs 1."""
    return Cost(weight=str(weight))


def about(size: int) -> ListSize:
    """A list whose length nobody asks for: so many in a rich case."""
    return ListSize(assumed_size=size)


def as_many_as(argument: str, sized: Sequence[str] | None = None) -> ListSize:
    """A list whose length an argument says that may be left out. `sized`: it is of lists below."""
    return ListSize(
        slicing_arguments=[argument],
        sized_fields=list(sized) if sized else strawberry.UNSET,
        require_one_slicing_argument=False,
    )
