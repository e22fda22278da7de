"""What every connection has: its arguments, pageInfo, and the direction of an order."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

import strawberry

from schema.engine.cursors import decode_cursor, encode_cursor
from schema.engine.pages import MAX_PAGE
from schema.engine.refusals import Refused
from schema.limits.directives import costs

MAX_POSITION = 10_000
COUNT_COSTS = 50
"""What it costs to count over a whole list, whatever the page: as much as some rows of it."""


@strawberry.enum(description="Which end of an order comes first.")
class Direction(Enum):
    """Ascending or descending."""

    ASC = strawberry.enum_value("ASC", description="Smallest, earliest, or first in the alphabet.")
    DESC = strawberry.enum_value("DESC", description="Largest, latest, or last in the alphabet.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """As Relay defines it."""

    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list goes on before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first row, to pass as `before`.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last row, to pass as `after`.")


def total_count(description: str) -> Any:
    """The field of a connection that tells how many there are in all."""
    return strawberry.field(description=description, directives=[costs(COUNT_COSTS)])


T = TypeVar("T")


@dataclass(frozen=True)
class Slice(Generic[T]):
    """A page of a list that Python has whole, with the cursor of each item."""

    items: list[tuple[str, T]]
    page_info: PageInfo


def check_size(first: int | None) -> int:
    """The page size of a connection that only goes forward. Raises Refused."""
    if first is None or first is strawberry.UNSET:
        raise Refused("Give first.", ("first",))
    if not 1 <= first <= MAX_PAGE:
        raise Refused(f"first must be from 1 to {MAX_PAGE}, not {first}.", ("first",))
    return first


def slice_list(found: Sequence[T], first: int, after: str | None, signature: str) -> Slice[T]:
    """The page after the cursor `after`. A cursor of another list, as `signature` tells them apart, is refused."""
    start = 0 if after is None else _position(after, signature) + 1
    chosen = found[start : start + first]
    items = [(encode_cursor(signature, start + place), item) for place, item in enumerate(chosen)]
    page_info = PageInfo(
        has_next_page=start + first < len(found),
        has_previous_page=start > 0,
        start_cursor=items[0][0] if items else None,
        end_cursor=items[-1][0] if items else None,
    )
    return Slice(items, page_info)


def _position(cursor: str, signature: str) -> int:
    try:
        (position,) = decode_cursor(cursor, signature)
        if isinstance(position, int) and 0 <= position < MAX_POSITION:
            return position
    except (ValueError, TypeError, RecursionError):
        pass
    raise Refused("This is not a cursor of this list: pass one from pageInfo or an edge.", ("after",)) from None
