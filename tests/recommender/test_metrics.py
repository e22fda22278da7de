"""Golden values, worked out by hand, and what the metrics refuse."""

from math import log2

import numpy as np
import pytest

from recommender.metrics import Interval, coverage, gini, ndcg, paired_bootstrap, recall, reciprocal_rank


def test_ndcg_of_graded_relevance_is_the_value_worked_out_by_hand():
    relevance = {"a": 3, "b": 2, "c": 3, "e": 1, "f": 2, "g": 3}
    found = 7 + 3 / log2(3) + 7 / 2 + 0 + 1 / log2(6) + 3 / log2(7)
    ideal = 7 + 7 / log2(3) + 7 / 2 + 3 / log2(5) + 3 / log2(6) + 1 / log2(7)

    value = ndcg(["a", "b", "c", "d", "e", "f"], relevance, 6)

    assert value == pytest.approx(found / ideal)
    assert value == pytest.approx(0.781271, abs=1e-6)


def test_ndcg_is_one_for_the_ideal_order_and_zero_for_none():
    assert ndcg([1, 2, 3], {1: 2, 2: 1}, 10) == pytest.approx(1.0)
    assert ndcg([3, 4], {1: 2, 2: 1}, 10) == 0.0
    assert ndcg([], {1: 1}, 10) == 0.0


def test_ndcg_counts_what_the_list_misses_and_nothing_after_k():
    assert ndcg([9, 1], {1: 1, 2: 1}, 2) == pytest.approx((1 / log2(3)) / (1 + 1 / log2(3)))
    assert ndcg([9, 8, 1], {1: 1}, 2) == 0.0


def test_recall_is_the_share_found_among_the_first_k():
    assert recall([1, 2, 3, 4], {2, 4, 9}, 3) == pytest.approx(1 / 3)
    assert recall([1, 2, 3, 4], {2, 4}, 10) == 1.0


def test_reciprocal_rank_is_that_of_the_first_relevant_item():
    assert reciprocal_rank([5, 6, 7], {7, 6}) == 0.5
    assert reciprocal_rank([5, 6, 7], {8}) == 0.0


def test_coverage_counts_each_item_once():
    assert coverage([[1, 2], [2, 3], []], 10) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("exposures", "expected"),
    [([1, 1, 1, 1], 0.0), ([0, 0, 0, 8], 0.75), ([1, 3], 0.25), ([3, 1], 0.25), ([0, 0], 0.0), ([5], 0.0)],
)
def test_gini_of_known_distributions(exposures: list[int], expected: float):
    assert gini(exposures) == pytest.approx(expected)


def test_paired_bootstrap_of_equal_differences_is_a_point():
    interval = paired_bootstrap([0.5, 0.75, 1.0], [0.25, 0.5, 0.75])
    assert interval == Interval(0.25, 0.25, 0.25, 0.95)


def test_paired_bootstrap_is_repeatable_and_near_the_normal_interval():
    differences = np.random.default_rng(7).normal(0.02, 0.1, 900)
    half_width = 1.96 * differences.std() / 30

    interval = paired_bootstrap(differences, np.zeros(900), seed=3)

    assert interval == paired_bootstrap(differences, np.zeros(900), seed=3)
    assert interval.mean == pytest.approx(differences.mean())
    assert interval.low == pytest.approx(differences.mean() - half_width, abs=5e-4)
    assert interval.high == pytest.approx(differences.mean() + half_width, abs=5e-4)


def test_a_paired_bootstrap_uses_the_pairs():
    base = np.linspace(0, 1, 50)
    interval = paired_bootstrap(base + 0.01, base)
    assert interval.low > 0


def test_metrics_refuse_what_they_cannot_measure():
    with pytest.raises(ValueError, match="positive relevance"):
        ndcg([1], {1: 0}, 10)
    with pytest.raises(ValueError, match="counts from 1"):
        ndcg([1], {1: 1}, 0)
    with pytest.raises(ValueError, match="each item once"):
        recall([1, 1], {1}, 2)
    with pytest.raises(ValueError, match="one relevant item"):
        recall([1], [], 2)
    with pytest.raises(ValueError, match="catalogue"):
        coverage([[1]], 0)
    with pytest.raises(ValueError, match="at least one item"):
        gini([])
    with pytest.raises(ValueError, match="less than never"):
        gini([1, -1])
    for ours, theirs in (([1.0], [1.0, 2.0]), ([], [])):
        with pytest.raises(ValueError, match="every query"):
            paired_bootstrap(ours, theirs)
