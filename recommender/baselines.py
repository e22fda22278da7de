"""What the recommender must beat: whole-network rankings by chance, by time, by text alone and by ties alone. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

BEST_PAIRS = 3
Scores = NDArray[np.float64]
Scorer = Callable[[int], Scores]
"""From a person's place in the network to a score for everybody, shape (people,); higher is better."""


@dataclass(frozen=True)
class Network:
    """All people as places 0, 1, ... with what the baselines look at, as known at one time."""

    ids: tuple[UUID, ...]
    contacts: tuple[frozenset[int], ...]
    """The places each person has a tie with."""
    years: NDArray[np.float64]
    """Shape (people, 2): the first and the last year of what they did; NaN where unknown."""
    owners: NDArray[np.int64]
    """Shape (vectors,): whose vector it is, ascending."""
    vectors: NDArray[np.float32]
    """Shape (vectors, 384), unit length."""

    def vectors_of(self, place: int) -> NDArray[np.float32]:
        """One person's vectors."""
        start, stop = np.searchsorted(self.owners, [place, place + 1])
        return self.vectors[start:stop]


def by_best_pairs(own: NDArray[np.float32], vectors: NDArray[np.float32]) -> Scores:
    """The mean similarity to the nearest three of one's own vectors, for each of the `vectors`, shape (vectors,)."""
    if not len(own):
        return np.zeros(len(vectors))
    return np.sort(own @ vectors.T, axis=0)[::-1][:BEST_PAIRS].mean(axis=0).astype(np.float64)


def by_chance(network: Network, seed: int) -> Scorer:
    """Everybody alike; the order is that of a seeded shuffle, another one for each person."""

    def score(place: int) -> Scores:
        return np.random.default_rng([seed, place]).random(len(network.ids))

    return score


def by_years(network: Network) -> Scorer:
    """Who was active in the same years: the share of the years of either that both have in common."""
    first, last = network.years[:, 0], network.years[:, 1]

    def score(place: int) -> Scores:
        common = np.minimum(last, last[place]) - np.maximum(first, first[place]) + 1
        either = np.maximum(last, last[place]) - np.minimum(first, first[place]) + 1
        return np.nan_to_num(np.maximum(common, 0.0) / either)

    return score


def by_text(network: Network) -> Scorer:
    """Who writes of the same things: the mean cosine of the best three pairs of vectors."""
    people = len(network.ids)

    def score(place: int) -> Scores:
        own = network.vectors_of(place)
        if not len(own):
            return np.zeros(people)
        similarities = np.sort(own @ network.vectors.T, axis=0)[::-1][:BEST_PAIRS]
        owners = np.tile(network.owners, len(similarities))
        return _best_mean(similarities.reshape(-1), owners, people)

    return score


def _best_mean(values: NDArray[np.float32], owners: NDArray[np.int64], people: int) -> Scores:
    """The mean of each owner's best three values; 0 for who has none."""
    order = np.lexsort((-values, owners))
    values, owners = values[order], owners[order]
    rank = np.arange(len(owners)) - np.searchsorted(owners, owners)
    best = rank < BEST_PAIRS
    sums = np.bincount(owners[best], values[best], people)
    counts = np.bincount(owners[best], minlength=people)
    return sums / np.maximum(counts, 1)


def by_ties(network: Network) -> Scorer:
    """Friends of friends by Adamic-Adar (2003): each common contact counts 1 / ln(number of their contacts)."""
    worth = [1 / np.log(len(contacts)) if len(contacts) > 1 else 0.0 for contacts in network.contacts]

    def score(place: int) -> Scores:
        scores = np.zeros(len(network.ids))
        for contact in network.contacts[place]:
            scores[list(network.contacts[contact])] += worth[contact]
        return scores

    return score


def best_places(scores: Scores, allowed: Sequence[int] | NDArray[np.int64], depth: int, seed: int) -> list[int]:
    """The best `depth` of the allowed places. Equal scores stand in a seeded random order: nobody profits from ids."""
    places = np.random.default_rng(seed).permutation(np.sort(np.asarray(allowed, dtype=np.int64)))
    order = np.argsort(-scores[places], kind="stable")[:depth]
    return [int(place) for place in places[order]]
