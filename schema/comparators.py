"""How filters compare: one input type for each kind of value, whatever the noun."""

from datetime import datetime

import strawberry


@strawberry.input(description="Compares a whole number. All that is given must hold.")
class IntFilter:
    """Comparators of numbers."""

    eq: int | None = strawberry.field(default=strawberry.UNSET, description="Equal to.")
    in_: list[int] | None = strawberry.field(default=strawberry.UNSET, name="in", description="One of.")
    gte: int | None = strawberry.field(default=strawberry.UNSET, description="At least.")
    lte: int | None = strawberry.field(default=strawberry.UNSET, description="At most.")


@strawberry.input(description="Compares a text. Case and accents do not matter where the field says so.")
class TextFilter:
    """Comparators of texts."""

    eq: str | None = strawberry.field(default=strawberry.UNSET, description="Equal to.")
    in_: list[str] | None = strawberry.field(default=strawberry.UNSET, name="in", description="One of.")


@strawberry.input(
    description="Looks for words: each must occur, as the beginning of a word; case and accents are nothing."
)
class WordsFilter:
    """Full-text comparison."""

    contains: str = strawberry.field(description="The words.")


@strawberry.input(description="Compares a global id.")
class IdFilter:
    """Comparators of ids."""

    eq: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="This one.")
    in_: list[strawberry.ID] | None = strawberry.field(default=strawberry.UNSET, name="in", description="One of these.")


@strawberry.input(description="Compares an instant. All that is given must hold.")
class InstantFilter:
    """Comparators of instants."""

    gte: datetime | None = strawberry.field(default=strawberry.UNSET, description="Then or later.")
    lte: datetime | None = strawberry.field(default=strawberry.UNSET, description="Then or earlier.")
