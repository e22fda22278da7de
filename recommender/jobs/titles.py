"""How much titles of work have in common, rare words counting more. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import log, sqrt

from api.folding import words

ALIKE = 0.4
"""Titles that have a smaller share of their words in common are not alike."""


@lru_cache(maxsize=10_000)
def stems(title: str) -> frozenset[str]:
    """The words of a title, plurals as their singular."""
    return frozenset(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words(title))  # noqa: PLR2004


def alike(one: str, other: str) -> bool:
    """Whether two titles have much in common, whatever else is in the list."""
    mine, theirs = stems(one), stems(other)
    return len(mine & theirs) > ALIKE * sqrt(len(mine) * len(theirs))


def covers(wish: str, title: str) -> bool:
    """Whether a title has most words of a wish."""
    return len(stems(wish) & stems(title)) > ALIKE * len(stems(wish))


class Titles:
    """The titles of a list of openings, which say which words are rare."""

    def __init__(self, titles: Sequence[str]) -> None:
        self._size = len(titles)
        self._holders = Counter(word for title in titles for word in stems(title))

    def likeness(self, one: str, other: str) -> float:
        """From 0 to 1: the words that two titles have in common, of those that either has."""
        mine, theirs = stems(one), stems(other)
        both = sqrt(self._weight(mine) * self._weight(theirs))
        return self._weight(mine & theirs) / both if both else 0.0

    def covered(self, wish: str, title: str) -> float:
        """From 0 to 1: the share of a wish's words that the title has."""
        mine = stems(wish)
        return self._weight(mine & stems(title)) / self._weight(mine) if mine else 0.0

    def rare(self, one: str, other: str, share: float) -> bool:
        """Whether they have a word in common that fewer than a share of the openings has."""
        return any(self._holders[word] < share * self._size for word in stems(one) & stems(other))

    def _weight(self, some: Iterable[str]) -> float:
        return sum(log(1.0 + self._size / (1.0 + self._holders[word])) for word in sorted(some))
