"""What is made once and kept a while: as much as fits, and what was unused for longest goes first.

Only what is made of documents and the schema is kept, never data: any number of processes may serve one database.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Values by key, up to a total size in the caller's own measure."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self.size = 0
        """Of all that is known, in the caller's measure."""
        self.hits, self.misses = 0, 0
        """How often what was asked for was known, and was not."""

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: Hashable) -> T | None:
        """The value of this key, which is thereby used; None if it is not known, or no longer."""
        found = self._known.get(key)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._known.move_to_end(key)
        return found[0]

    def keep(self, key: Hashable, value: T, size: int) -> None:
        """Remember a value, and forget others until all fits."""
        if key in self._known:
            self.size -= self._known.pop(key)[1]
        self._known[key] = value, size
        self.size += size
        while self.size > self._most:
            _, (_, freed) = self._known.popitem(last=False)
            self.size -= freed
