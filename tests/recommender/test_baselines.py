"""The baselines on networks small enough to work out by hand."""

from math import log
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from recommender.baselines import Network, best_places, by_chance, by_text, by_ties, by_years

EAST, NORTH = [1.0, 0.0], [0.0, 1.0]


def network(
    people: int,
    ties: list[tuple[int, int]] | None = None,
    years: Any = None,
    texts: list[tuple[int, Any]] | None = None,
) -> Network:
    contacts: list[set[int]] = [set() for _ in range(people)]
    for one, other in ties or []:
        contacts[one].add(other)
        contacts[other].add(one)
    rows = texts or []
    return Network(
        tuple(UUID(int=place + 1) for place in range(people)),
        contacts=tuple(frozenset(some) for some in contacts),
        years=np.array(years if years is not None else np.full((people, 2), np.nan), dtype=np.float64),
        owners=np.array([owner for owner, _ in rows], dtype=np.int64),
        vectors=np.array([vector for _, vector in rows], dtype=np.float32).reshape(len(rows), 2),
    )


def test_friends_of_friends_count_rare_contacts_more():
    # 0 knows 1 and 2; 1 knows only 0 and 3; 2 knows 0, 3, 4 and 5.
    score = by_ties(network(6, [(0, 1), (0, 2), (1, 3), (2, 3), (2, 4), (2, 5)]))(0)

    assert score[3] == pytest.approx(1 / log(2) + 1 / log(4))
    assert score[4] == score[5] == pytest.approx(1 / log(4))
    assert score[1] == score[2] == 0.0


def test_a_contact_who_knows_nobody_else_leads_nowhere():
    assert by_ties(network(3, [(0, 1)]))(0).tolist() == [0.0, 0.0, 0.0]


def test_years_are_compared_by_what_is_common_of_what_is_theirs():
    years = [(2000, 2004), (2003, 2006), (2010, 2011), (np.nan, np.nan), (2000, 2004)]
    assert by_years(network(5, years=years))(0).tolist() == pytest.approx([1.0, 2 / 7, 0.0, 0.0, 1.0])


def test_who_names_no_year_is_near_nobody():
    assert by_years(network(2, years=[(np.nan, np.nan), (2000, 2001)]))(0).tolist() == [0.0, 0.0]


def test_text_counts_the_mean_of_the_best_three_pairs():
    texts = [(0, EAST), (1, EAST), (1, NORTH), (2, EAST), (2, EAST), (2, EAST), (2, NORTH)]
    score = by_text(network(4, texts=texts))(0)
    assert score.tolist() == pytest.approx([1.0, 0.5, 1.0, 0.0])


def test_text_of_somebody_without_vectors_is_like_nobodys():
    assert by_text(network(2, texts=[(1, EAST)]))(0).tolist() == [0.0, 0.0]


def test_chance_is_another_order_for_each_person_and_always_the_same():
    score = by_chance(network(50), seed=1)
    assert score(0).tolist() == score(0).tolist()
    assert score(0).tolist() != score(1).tolist()


def test_the_best_places_are_allowed_ones_best_first():
    assert best_places(np.array([0.1, 0.9, 0.5, 0.7]), [0, 2, 3], 2, seed=0) == [3, 2]


def test_equal_scores_stand_in_a_seeded_order_that_does_not_depend_on_how_they_came():
    scores = np.zeros(40)
    first = best_places(scores, list(range(40)), 40, seed=5)
    assert first == best_places(scores, list(reversed(range(40))), 40, seed=5)
    assert sorted(first) == list(range(40))
    assert first != list(range(40))
