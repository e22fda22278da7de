"""Why: the facts without which a suggestion would score less, found by scoring it again without each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.evidence_kinds import EvidenceKind
from recommender.features import Candidate, Signal, features_of
from recommender.ranking import RankingConfig, scores_of

MOST = 4
"""How many reasons a suggestion gives at most."""
LEAST_DROP = 1e-6


@dataclass(frozen=True)
class Evidence:
    """One reason: in words, with what the score would lose without it."""

    kind: EvidenceKind
    text: str
    weight: float
    key: str = ""
    """What the reason is about, the same for all who share it."""


COHORT = Evidence(EvidenceKind.COHORT, "Is in your network, and new to you", 0.0)


def explain(
    candidates: Sequence[Candidate], config: RankingConfig, otherwise: Evidence = COHORT
) -> list[tuple[Evidence, ...]]:
    """The reasons of each candidate, strongest first, all scored in one batch.

    Only facts whose removal lowers the score are cited. If none of them holds for fewer than a fifth of what the viewer
    sees of the kind, nothing sets the candidate apart, and the suggestion says COHORT. Without any fact it says
    `otherwise`.
    """
    rows = [features_of(candidate.signals, config.space) for candidate in candidates]
    for candidate in candidates:
        some = candidate.signals
        rows.extend(features_of(some[:place] + some[place + 1 :], config.space) for place in range(len(some)))
    if not rows:
        return []
    scores = scores_of(np.stack(rows), config)
    found: list[tuple[Evidence, ...]] = []
    start = len(candidates)
    for number, candidate in enumerate(candidates):
        stop = start + len(candidate.signals)
        found.append(_reasons(candidate, float(scores[number]), [float(one) for one in scores[start:stop]], otherwise))
        start = stop
    return found


def _reasons(candidate: Candidate, score: float, without: Sequence[float], otherwise: Evidence) -> tuple[Evidence, ...]:
    drops = sorted(
        ((score - less, signal) for less, signal in zip(without, candidate.signals, strict=True)),
        key=lambda one: (-one[0], one[1].text),
    )
    cited = [(drop, signal) for drop, signal in drops if drop > LEAST_DROP]
    chosen = cited[:MOST]
    if not any(signal.rare for _, signal in chosen):
        rarest = next(((drop, signal) for drop, signal in cited if signal.rare), None)
        if rarest is None:
            return _as_cohort(chosen, otherwise)
        chosen = [*chosen[: MOST - 1], rarest]
    return tuple(Evidence(signal.kind, signal.text, drop, signal.key) for drop, signal in chosen)


def _as_cohort(common: Sequence[tuple[float, Signal]], otherwise: Evidence) -> tuple[Evidence, ...]:
    """What many share is told as what it is: being of one time and place."""
    told = tuple(Evidence(EvidenceKind.COHORT, signal.text, drop, signal.key) for drop, signal in common)
    return told or (otherwise,)
