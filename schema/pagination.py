"""What every connection has: its arguments, pageInfo, and the direction of an order."""

from enum import Enum

import strawberry


@strawberry.enum(description="Which end of an order comes first.")
class Direction(Enum):
    """Ascending or descending."""

    ASC = "ASC"
    DESC = "DESC"


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """As Relay defines it."""

    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list goes on before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first row, to pass as `before`.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last row, to pass as `after`.")
