"""How the demo network draws: short functions over one seeded random source, cheap enough for millions of draws."""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")
ID_RANDOM_BITS, ID_VARIANT, ID_MASK = 76, 0b10 << 62, ~(0b11 << 62)


def pick(random: Random, options: Sequence[T]) -> T:
    """One of the options, all alike."""
    return options[int(random.random() * len(options))]


def chance(random: Random, probability: float) -> bool:
    """True with this probability."""
    return random.random() < probability


def draw_some(random: Random, options: Sequence[T], count: int) -> list[T]:
    """`count` different options, or all of them when there are fewer, in random order."""
    return random.sample(options, min(count, len(options)))


def draw_id(random: Random, milliseconds: int) -> str:
    """A UUID of version 7 as 32 hexadecimal digits; `milliseconds` since 1970 come first, the rest is random."""
    return f"{milliseconds:012x}7{random.getrandbits(ID_RANDOM_BITS) & ID_MASK | ID_VARIANT:019x}"


class Weighted(Generic[T]):
    """Options with weights: `draw` gives each as often as its weight says."""

    def __init__(self, options: Sequence[T], weights: Sequence[float]) -> None:
        self.options = tuple(options)
        self._bounds = list(accumulate(weights))

    def draw(self, random: Random) -> T:
        """One of the options."""
        bounds = self._bounds
        return self.options[bisect(bounds, random.random() * bounds[-1], 0, len(bounds) - 1)]
