"""An embedder without a model: texts that share words are near each other. Deterministic, for fast tests."""

from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise

import numpy as np

from api.folding import words
from recommender.embeddings.protocol import DIMENSION, Vectors, unit

MAX_WORDS = 1_000


class HashEmbedder:
    """Signed feature hashing of folded words and pairs of words (Weinberger et al., 2009)."""

    name = "hash"
    version = "1"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            found = words(text, MAX_WORDS)
            for feature in (*found, *(f"{one} {other}" for one, other in pairwise(found))):
                digest = int.from_bytes(blake2b(feature.encode(), digest_size=8).digest(), "big")
                vectors[row, digest % DIMENSION] += 1.0 if digest >> 63 else -1.0
        return unit(vectors)
