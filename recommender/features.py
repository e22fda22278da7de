"""From signals to numbers: what speaks for a candidate, as the features that the ranking weighs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from recommender.evidence_kinds import EvidenceKind

BEST_PAIRS = 3


@dataclass(frozen=True)
class Space:
    """The features of one kind of suggestion, and how the signals of each become one number."""

    features: tuple[StrEnum, ...]
    summed: frozenset[StrEnum] = frozenset()
    """Signals of these add up."""
    averaged: frozenset[StrEnum] = frozenset()
    """Of these the mean of the best three counts. Of all others the strongest one does."""
    directed: tuple[StrEnum, StrEnum] | None = None
    """What the viewer gains and what the other gains, where a suggestion needs the yes of both."""

    @cached_property
    def columns(self) -> Mapping[StrEnum, int]:
        """Where each feature stands in a row of numbers."""
        return {feature: place for place, feature in enumerate(self.features)}


@dataclass(frozen=True)
class Signal:
    """One fact that speaks for a candidate: it adds `value` to `feature`, and can be told in words."""

    feature: StrEnum
    kind: EvidenceKind
    value: float
    """At least 0; about 1 is strong."""
    key: str
    """What it is about, the same for all who share it: "employer:<id>"."""
    text: str
    """The reason as the viewer reads it."""
    rare: bool = True
    """Whether it holds for fewer than a fifth of what the viewer sees of the kind."""
    fact_id: UUID | None = None
    """The other's fact that the reason quotes, if it quotes one."""


@dataclass(frozen=True)
class Candidate:
    """Somebody or something that may be suggested, with all that speaks for it."""

    id: UUID
    signals: tuple[Signal, ...]


def features_of(signals: Sequence[Signal], space: Space) -> NDArray[np.float64]:
    """The features of one candidate, shape (len(space.features),)."""
    found = np.zeros(len(space.features))
    values: dict[StrEnum, list[float]] = {}
    for signal in signals:
        values.setdefault(signal.feature, []).append(signal.value)
    for feature, some in values.items():
        found[space.columns[feature]] = _aggregated(feature, some, space)
    return found


def _aggregated(feature: StrEnum, values: list[float], space: Space) -> float:
    if feature in space.summed:
        return sum(values)
    if feature in space.averaged:
        return sum(sorted(values, reverse=True)[:BEST_PAIRS]) / BEST_PAIRS
    return max(values)


def feature_table(candidates: Sequence[Candidate], space: Space) -> NDArray[np.float64]:
    """The features of all candidates, shape (len(candidates), len(space.features))."""
    if not candidates:
        return np.zeros((0, len(space.features)))
    return np.stack([features_of(candidate.signals, space) for candidate in candidates])
