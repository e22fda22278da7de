"""BM25 over a few thousand texts, small enough to read: a baseline, and nothing that is served. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from api.folding import words

K1, B = 1.2, 0.75
MOST_WORDS = 400


class Bm25:
    """Texts that are searched (Robertson and Zaragoza, 2009). A word counts once, however often a text says it."""

    def __init__(self, texts: Sequence[str]) -> None:
        holders: dict[str, list[int]] = {}
        lengths = np.zeros(len(texts))
        for place, text in enumerate(texts):
            found = words(text, MOST_WORDS)
            lengths[place] = len(found)
            for word in found:
                holders.setdefault(word, []).append(place)
        mean = max(float(lengths.mean()), 1.0) if texts else 1.0
        self._saturation = (K1 + 1) / (1 + K1 * (1 - B + B * lengths / mean))
        self._holders = {word: np.array(places, dtype=np.int64) for word, places in holders.items()}

    def scores(self, query: str) -> NDArray[np.float64]:
        """How well each text answers the query, shape (texts,)."""
        scores = np.zeros(len(self._saturation))
        for word in words(query, MOST_WORDS):
            places = self._holders.get(word)
            if places is not None:
                rarity = np.log1p((len(scores) - len(places) + 0.5) / (len(places) + 0.5))
                scores[places] += rarity * self._saturation[places]
        return scores
