"""What every embedder promises."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

DIMENSION = 384
Vectors: TypeAlias = NDArray[np.float32]


class ModelUnavailable(Exception):
    """There is no usable model; the message says what was looked for and where."""


class Embedder(Protocol):
    """Turns texts into vectors that are near each other when the texts are about the same."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    @property
    def version(self) -> str:
        """A digest of the model: vectors of different versions are not compared."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), 384) and unit length, in the order of the texts."""
        ...


def input_hash(text: str) -> bytes:
    """The digest of a text as it goes into the model: nothing is embedded twice. 16 bytes."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def unit(vectors: Vectors) -> Vectors:
    """The vectors at unit length; a zero vector stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
