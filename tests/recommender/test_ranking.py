"""Scores, order and reasons, without a database."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.evidence import COHORT, LEAST_DROP, MOST, explain
from recommender.evidence_kinds import EvidenceKind
from recommender.features import Candidate, Signal, feature_table, features_of
from recommender.ranking import Weight, rank, scores_of
from recommender.weights.people import PEOPLE as DEFAULT
from recommender.weights.people import SPACE, Feature

FEATURES, COLUMN = SPACE.features, SPACE.columns

values = st.floats(0, 5, allow_nan=False)
tables = st.lists(values, min_size=len(FEATURES), max_size=len(FEATURES))
signals = st.builds(
    Signal,
    feature=st.sampled_from(FEATURES),
    kind=st.just(EvidenceKind.SHARED_SKILL),
    value=values,
    key=st.text("abc", min_size=1, max_size=2),
    text=st.text("abc", max_size=3),
    rare=st.booleans(),
)


def score(table: Sequence[float]) -> float:
    return float(scores_of(np.array([table]), DEFAULT)[0])


def signal(feature: StrEnum, value: float = 1.0, key: str = "k", *, rare: bool = True) -> Signal:
    return Signal(feature, EvidenceKind.SHARED_SKILL, value, key, f"{feature} {key}", rare=rare)


def candidate(number: int, *some: Signal) -> Candidate:
    return Candidate(UUID(int=number), some)


@given(tables)
def test_scores_lie_between_0_and_1_and_are_the_same_in_both_directions(table: list[float]):
    there, back = COLUMN[Feature.RECEIVES], COLUMN[Feature.GIVES]
    swapped = list(table)
    swapped[there], swapped[back] = table[back], table[there]
    assert 0 < score(table) <= 1
    assert score(swapped) == pytest.approx(score(table))


@given(tables, st.sampled_from(FEATURES), st.floats(0.1, 5))
def test_more_of_anything_never_scores_less(table: list[float], feature: Feature, more: float):
    raised = list(table)
    raised[COLUMN[feature]] += more
    assert score(raised) > score(table)


@given(st.lists(signals, max_size=6))
def test_each_reason_is_a_fact_without_which_the_score_falls_by_its_weight(some: list[Signal]):
    one = candidate(1, *some)
    (reasons,) = explain([one], DEFAULT)
    whole = scores_of(feature_table([one], SPACE), DEFAULT)[0]
    assert 1 <= len(reasons) <= MOST
    for reason in reasons:
        if reason is COHORT:
            continue
        drops = [
            whole - scores_of(np.array([features_of(some[:place] + some[place + 1 :], SPACE)]), DEFAULT)[0]
            for place, fact in enumerate(some)
            if fact.text == reason.text
        ]
        assert any(drop == pytest.approx(reason.weight) and drop > LEAST_DROP for drop in drops)


def test_what_many_share_is_told_as_cohort_and_a_rare_fact_is_always_among_the_reasons():
    common = [signal(feature, 0.5, feature, rare=False) for feature in FEATURES]
    rare = signal(Feature.INTEREST, 0.01, "rare")
    (reasons,) = explain([candidate(1, *common)], DEFAULT)
    assert {reason.kind for reason in reasons} == {EvidenceKind.COHORT}
    (reasons,) = explain([candidate(1, *common, rare)], DEFAULT)
    assert rare.text in {reason.text for reason in reasons}
    assert explain([candidate(1)], DEFAULT) == [(COHORT,)]
    assert explain([], DEFAULT) == []


def test_text_counts_its_best_three_pairs_and_contacts_add_up():
    texts = [signal(Feature.TEXT, value) for value in (0.1, 0.9, 0.6, 0.3)]
    assert features_of(texts, SPACE)[COLUMN[Feature.TEXT]] == pytest.approx((0.9 + 0.6 + 0.3) / 3)
    contacts = [signal(Feature.CONTACTS, 0.5), signal(Feature.CONTACTS, 0.25)]
    assert features_of(contacts, SPACE)[COLUMN[Feature.CONTACTS]] == pytest.approx(0.75)
    assert features_of([signal(Feature.COHORT, 0.2), signal(Feature.COHORT, 0.7)], SPACE)[COLUMN[Feature.COHORT]] == 0.7


def test_saying_the_same_again_costs_and_ties_are_broken_by_id():
    same = [candidate(number, signal(Feature.EMPLOYER, key="acme")) for number in (3, 1, 2)]
    other = candidate(9, signal(Feature.EMPLOYER, value=0.9, key="other"))
    assert [one.id.int for one, _ in rank([*same, other], DEFAULT, most=4)] == [1, 9, 2, 3]
    plain = replace(DEFAULT, repetition=0.0)
    assert [one.id.int for one, _ in rank([*same, other], plain, most=4)] == [1, 2, 3, 9]
    assert len(rank(same, DEFAULT, most=2)) == 2


@given(st.lists(st.lists(signals, max_size=4), max_size=8))
def test_each_place_goes_to_whoever_is_worth_most_after_what_was_said_before_it(everybody: list[list[Signal]]):
    people = [candidate(number, *some) for number, some in enumerate(everybody)]
    plain = dict(rank(people, replace(DEFAULT, repetition=0.0), most=len(people)))
    left, said = set(people), Counter[str]()

    def worth(one: Candidate) -> tuple[float, int]:
        keys = {signal.key for signal in one.signals}
        repeated = sum(1 - 0.5 ** said[key] for key in sorted(keys)) / len(keys) if keys else 0.0
        return plain[one] * (1 - DEFAULT.repetition * repeated), -one.id.int

    for chosen, _ in rank(people, DEFAULT, most=len(people)):
        best = max(worth(one)[0] for one in left)
        assert worth(chosen)[0] == pytest.approx(best)
        left.remove(chosen)
        said.update({signal.key for signal in chosen.signals})
    assert not left


def test_what_resembles_a_dismissed_suggestion_loses_a_part_of_its_score():
    one, two = candidate(1, signal(Feature.SKILL, key="chess")), candidate(2, signal(Feature.SKILL, key="welding"))
    ((best, whole), (last, less)) = rank([one, two], DEFAULT, most=2, dismissed=frozenset({"chess"}))
    assert (best, last) == (two, one)
    assert less == pytest.approx(whole * (1 - DEFAULT.dismissed))


def test_the_digest_stands_for_the_whole_configuration():
    others = [
        replace(DEFAULT, floor=0.1),
        replace(DEFAULT, weights={**DEFAULT.weights, Feature.TEXT: Weight(9.0, half=0.5)}),
        replace(DEFAULT, quotas={**DEFAULT.quotas, "gives": 1}),
    ]
    assert len({DEFAULT.digest, *(one.digest for one in others)}) == 4
    assert len(DEFAULT.digest) == 16
    assert replace(DEFAULT).digest == DEFAULT.digest
