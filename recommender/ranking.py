"""Who comes first: fixed weights in one frozen value, both directions fused, the page varied. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from recommender.features import COLUMN, FEATURES, Candidate, Feature, feature_table

DIRECTED = (Feature.RECEIVES, Feature.GIVES)


def _weights() -> Mapping[str, float]:
    return {
        Feature.CONTACTS.value: 3.0,
        Feature.EMPLOYER.value: 1.2,
        Feature.PROGRAMME.value: 0.6,
        Feature.COHORT.value: 0.5,
        Feature.PLACE.value: 0.6,
        Feature.SKILL.value: 0.5,
        Feature.INTEREST.value: 0.5,
        Feature.TEXT.value: 1.0,
        Feature.RECEIVES.value: 1.5,
        Feature.GIVES.value: 1.5,
    }


def _halves() -> Mapping[str, float]:
    return {
        Feature.CONTACTS.value: 0.6,
        Feature.EMPLOYER.value: 0.4,
        Feature.PROGRAMME.value: 0.5,
        Feature.COHORT.value: 0.5,
        Feature.PLACE.value: 0.4,
        Feature.SKILL.value: 0.6,
        Feature.INTEREST.value: 0.6,
        Feature.TEXT.value: 0.5,
        Feature.RECEIVES.value: 0.5,
        Feature.GIVES.value: 0.5,
    }


@dataclass(frozen=True)
class Quotas:
    """How many people each source of candidates may bring; together at most 400."""

    contacts: int = 150
    shared: int = 100
    similar: int = 80
    receives: int = 35
    gives: int = 35


@dataclass(frozen=True)
class RankingConfig:
    """All that decides an order. Its digest stands with each impression, so that any list can be explained."""

    weights: Mapping[str, float] = field(default_factory=_weights)
    """How much each feature counts at most, by name."""
    halves: Mapping[str, float] = field(default_factory=_halves)
    """The value at which a feature counts half."""
    floor: float = 0.05
    """Added in both directions, so that one without a need of its own does not sink to nothing."""
    repetition: float = 0.3
    """How much of its score a suggestion loses for saying the same as those before it."""
    dismissed: float = 0.25
    """How much of its score a suggestion loses for resembling dismissed ones."""
    quotas: Quotas = Quotas()
    tie_half_life_years: float = 5.0

    @cached_property
    def digest(self) -> bytes:
        """16 bytes over the whole configuration."""
        return blake2b(json.dumps(asdict(self), sort_keys=True).encode(), digest_size=16).digest()


DEFAULT = RankingConfig()


def scores_of(table: NDArray[np.float64], config: RankingConfig) -> NDArray[np.float64]:
    """Scores from 0 to 1 for rows of features: the harmonic mean of how well each side fits the other.

    Swapping the two people swaps RECEIVES and GIVES and changes nothing else, so the score is the same for both.
    """
    weights = np.array([config.weights[feature.value] for feature in FEATURES])
    halves = np.array([config.halves[feature.value] for feature in FEATURES])
    shares = weights * (table / (table + halves))
    directed = [COLUMN[feature] for feature in DIRECTED]
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
    scores = scores_of(feature_table(candidates), config)
    keys = [frozenset(signal.key for signal in candidate.signals) for candidate in candidates]
    value = {
        place: float(scores[place]) * (1 - config.dismissed * _overlap(keys[place], dismissed))
        for place in range(len(candidates))
    }
    said: dict[str, int] = {}
    chosen: list[tuple[Candidate, float]] = []
    while value and len(chosen) < most:
        best = min(
            value, key=lambda place: (-_varied(value[place], keys[place], said, config), candidates[place].person_id)
        )
        chosen.append((candidates[best], value.pop(best)))
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
