"""From signals to numbers: what speaks for a pair of people, as the features that the ranking weighs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from recommender.evidence_kinds import EvidenceKind


class Feature(StrEnum):
    """One number about a pair."""

    CONTACTS = "CONTACTS"
    """Adamic-Adar over mutual contacts, newer ties counting more."""
    EMPLOYER = "EMPLOYER"
    PROGRAMME = "PROGRAMME"
    COHORT = "COHORT"
    PLACE = "PLACE"
    SKILL = "SKILL"
    INTEREST = "INTEREST"
    TEXT = "TEXT"
    """Likeness of what they did, studied and say: the mean of the best three pairs of facts."""
    RECEIVES = "RECEIVES"
    """The other offers what this one seeks."""
    GIVES = "GIVES"
    """The other seeks what this one offers."""


FEATURES = tuple(Feature)
COLUMN = {feature: place for place, feature in enumerate(FEATURES)}
BEST_PAIRS = 3
SUMMED = frozenset({Feature.CONTACTS, Feature.EMPLOYER, Feature.PLACE, Feature.SKILL, Feature.INTEREST})


@dataclass(frozen=True)
class Signal:
    """One fact that speaks for a pair: it adds `value` to `feature`, and can be told in words."""

    feature: Feature
    kind: EvidenceKind
    value: float
    """At least 0; about 1 is strong."""
    key: str
    """What it is about, the same for all who share it: "employer:<id>"."""
    text: str
    """The reason as the viewer reads it."""
    rare: bool = True
    """Whether it holds for fewer than a fifth of the people whom the viewer sees."""
    fact_id: UUID | None = None
    """The other's fact that the reason quotes, if it quotes one."""


@dataclass(frozen=True)
class Candidate:
    """Somebody who may be suggested, with all that speaks for it."""

    person_id: UUID
    signals: tuple[Signal, ...]


def features_of(signals: Sequence[Signal]) -> NDArray[np.float64]:
    """The features of one pair, shape (len(FEATURES),)."""
    found = np.zeros(len(FEATURES))
    values: dict[Feature, list[float]] = {}
    for signal in signals:
        values.setdefault(signal.feature, []).append(signal.value)
    for feature, some in values.items():
        found[COLUMN[feature]] = _aggregated(feature, some)
    return found


def _aggregated(feature: Feature, values: list[float]) -> float:
    if feature in SUMMED:
        return sum(values)
    if feature is Feature.TEXT:
        return sum(sorted(values, reverse=True)[:BEST_PAIRS]) / BEST_PAIRS
    return max(values)


def feature_table(candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    """The features of all candidates, shape (len(candidates), len(FEATURES))."""
    if not candidates:
        return np.zeros((0, len(FEATURES)))
    return np.stack([features_of(candidate.signals) for candidate in candidates])
