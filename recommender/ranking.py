"""Who comes first: fixed weights in one frozen value, both directions fused, the page varied. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from recommender.features import Candidate, Space, feature_table


@dataclass(frozen=True)
class Weight:
    """How much a feature counts."""

    most: float
    """What it adds to the score at the most, before the score is brought to between 0 and 1."""
    half: float
    """The value at which it adds half of that."""


@dataclass(frozen=True)
class RankingConfig:
    """All that decides an order. Its digest stands with each impression, so that any list can be explained."""

    space: Space
    weights: Mapping[StrEnum, Weight]
    """One for each feature of the space."""
    quotas: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many each source of candidates may bring, by the source's name."""
    floor: float = 0.05
    """Added to every score, so that one who has only half of what counts does not sink to nothing."""
    repetition: float = 0.3
    """How much of its score a suggestion loses for saying the same as those before it."""
    dismissed: float = 0.25
    """How much of its score a suggestion loses for resembling dismissed ones."""
    half_life_years: float = 5.0
    """After so long, what happened has lost half of what it loses with time."""

    @cached_property
    def digest(self) -> bytes:
        """16 bytes over the whole configuration."""
        whole = {
            "features": [str(feature) for feature in self.space.features],
            "summed": sorted(self.space.summed),
            "averaged": sorted(self.space.averaged),
            "directed": self.space.directed,
            "weights": {str(name): asdict(weight) for name, weight in self.weights.items()},
            "quotas": dict(self.quotas),
            "rest": [self.floor, self.repetition, self.dismissed, self.half_life_years],
        }
        return blake2b(json.dumps(whole, sort_keys=True).encode(), digest_size=16).digest()


def scores_of(table: NDArray[np.float64], config: RankingConfig) -> NDArray[np.float64]:
    """Scores from 0 to 1 for rows of features, shape (rows, features).

    Where the space is directed, the harmonic mean of how well each side fits the other: swapping the two swaps what
    they gain and changes nothing else, so the score is the same for both.
    """
    weights = np.array([config.weights[feature].most for feature in config.space.features])
    halves = np.array([config.weights[feature].half for feature in config.space.features])
    shares = weights * (table / (table + halves))
    if config.space.directed is None:
        return (config.floor + shares.sum(axis=1)) / (config.floor + weights.sum())
    directed = [config.space.columns[feature] for feature in config.space.directed]
    common = config.floor + shares.sum(axis=1) - shares[:, directed].sum(axis=1)
    there, back = common + shares[:, directed[0]], common + shares[:, directed[1]]
    whole = config.floor + weights.sum() - min(weights[directed])
    return 2 * there * back / (there + back) / whole


def rank(
    candidates: Sequence[Candidate], config: RankingConfig, *, most: int, dismissed: frozenset[str] = frozenset()
) -> list[tuple[Candidate, float]]:
    """The best `most` candidates with their scores, varied: saying again what others say costs a part of the score.

    `dismissed` are keys of what dismissed suggestions were about. Ties are broken by id.
    """
    scores = scores_of(feature_table(candidates, config.space), config)
    keys = [frozenset(signal.key for signal in candidate.signals) for candidate in candidates]
    value = [
        float(scores[place]) * (1 - config.dismissed * _overlap(keys[place], dismissed))
        for place in range(len(candidates))
    ]
    left = sorted(range(len(candidates)), key=lambda place: (-value[place], candidates[place].id))
    said: dict[str, int] = {}
    chosen: list[tuple[Candidate, float]] = []
    while left and len(chosen) < most:
        best, highest = left[0], -1.0
        for place in left:
            if value[place] < highest:
                break  # what was said before only lowers: of the rest nobody comes higher
            varied = _varied(value[place], keys[place], said, config)
            if varied > highest or (varied == highest and candidates[place].id < candidates[best].id):
                best, highest = place, varied
        left.remove(best)
        chosen.append((candidates[best], value[best]))
        for key in keys[best]:
            said[key] = said.get(key, 0) + 1
    return chosen


def _overlap(keys: frozenset[str], others: frozenset[str]) -> float:
    return len(keys & others) / len(keys) if keys else 0.0


def _varied(score: float, keys: frozenset[str], said: Mapping[str, int], config: RankingConfig) -> float:
    if not keys:
        return score
    repeated = sum(1 - 0.5 ** said[key] for key in keys if key in said) / len(keys)
    return score * (1 - config.repetition * repeated)
