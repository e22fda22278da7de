"""How good ranked lists are: relevance, coverage and fairness of exposure as pure functions of lists and numbers."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Item = TypeVar("Item", bound=Hashable)
BOOTSTRAP_ROUNDS = 2_000


def ndcg(ranked: Sequence[Item], relevance: Mapping[Item, float], k: int) -> float:
    """Normalised discounted cumulative gain of the first `k`: gain 2^rel - 1, discount log2(rank + 1), from 0 to 1.

    The ideal list holds all relevant items, those that `ranked` misses too. Raises ValueError when nothing is relevant.
    """
    _check(ranked, k)
    ideal = _discounted(sorted(relevance.values(), reverse=True)[:k])
    if ideal <= 0:
        raise ValueError("nDCG needs at least one item with positive relevance")
    return _discounted([relevance.get(item, 0.0) for item in ranked[:k]]) / ideal


def _discounted(relevances: Sequence[float]) -> float:
    gains = np.exp2(np.asarray(relevances, dtype=np.float64)) - 1
    return float(gains @ (1 / np.log2(np.arange(2, len(gains) + 2))))


def recall(ranked: Sequence[Item], relevant: Collection[Item], k: int) -> float:
    """The share of the relevant items that stand among the first `k`. Raises ValueError when nothing is relevant."""
    _check(ranked, k)
    wanted = set(relevant)
    if not wanted:
        raise ValueError("recall needs at least one relevant item")
    return len(wanted.intersection(ranked[:k])) / len(wanted)


def reciprocal_rank(ranked: Sequence[Item], relevant: Collection[Item]) -> float:
    """1 / rank of the first relevant item, 0 when there is none; its mean over queries is the MRR."""
    wanted = set(relevant)
    return next((1 / rank for rank, item in enumerate(ranked, start=1) if item in wanted), 0.0)


def coverage(lists: Sequence[Sequence[Item]], catalogue: int) -> float:
    """The share of the `catalogue` items that stand in at least one of the lists. Cut the lists to a page first."""
    if catalogue < 1:
        raise ValueError("coverage needs a catalogue of at least one item")
    return len({item for one in lists for item in one}) / catalogue


def gini(exposures: ArrayLike) -> float:
    """The Gini index of how often each item is shown: 0 when all are shown alike, near 1 when one is shown alone.

    `exposures` counts every item of the catalogue, also those never shown; none shown at all counts as alike.
    """
    counts: NDArray[np.float64] = np.sort(np.asarray(exposures, dtype=np.float64))
    size = len(counts)
    if size == 0:
        raise ValueError("the Gini index needs at least one item")
    if counts[0] < 0:
        raise ValueError("nothing is shown less than never")
    total = float(counts.sum())
    if total == 0:
        return 0.0
    ranks = np.arange(1, size + 1)
    return float(2 * (ranks @ counts) / (size * total) - (size + 1) / size)


@dataclass(frozen=True)
class Interval:
    """A mean with the interval that holds it at the given level."""

    mean: float
    low: float
    high: float
    level: float = 0.95


def paired_bootstrap(
    ours: ArrayLike, theirs: ArrayLike, *, seed: int = 0, rounds: int = BOOTSTRAP_ROUNDS, level: float = 0.95
) -> Interval:
    """The mean difference of two scorers on the same queries, with its percentile interval.

    Queries are drawn with replacement, each with both of its values. Raises ValueError when the values are not paired.
    """
    one, other = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if one.shape != other.shape or one.ndim != 1 or len(one) == 0:
        raise ValueError("a paired bootstrap needs one value of each scorer for every query")
    differences = one - other
    generator = np.random.default_rng(seed)
    means = np.empty(rounds)
    for number in range(rounds):
        means[number] = differences[generator.integers(len(differences), size=len(differences))].mean()
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(differences.mean()), float(low), float(high), level)


def _check(ranked: Sequence[Item], k: int) -> None:
    """A list that repeats an item would be paid for it twice."""
    if k < 1:
        raise ValueError("k counts from 1")
    if len(set(ranked[:k])) != len(ranked[:k]):
        raise ValueError("a ranking names each item once")
