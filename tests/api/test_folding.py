"""Folding in Python and in PostgreSQL give the same, whatever the text."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.folding import fold, prefix_query, words

texts = st.text(st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\x00"), max_size=30)
"""Not the characters that this Python does not know yet: PostgreSQL may know newer ones, and what they are made of."""


@pytest.fixture(scope="module")
def connection(worker_url: str):
    with psycopg.connect(worker_url) as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Łódź Straße", "lodz strasse"),
        ("ÆØÅ æøå", "aeoa aeoa"),
        ("ﬁne ½", "fine 1⁄2"),
        ("İstanbul ıI", "istanbul ii"),
        ("ΣΟΦΟΣ σοφός", "σοφοσ σοφοσ"),
        ("", ""),
    ],
)
def test_spellings_of_one_word_fold_to_one(connection: psycopg.Connection, text: str, folded: str):
    assert fold(text) == folded
    assert connection.execute("select alumni_fold(%s)", [text]).fetchone() == (folded,)


@settings(max_examples=300, deadline=None)
@given(texts)
def test_the_twins_agree(connection: psycopg.Connection, text: str):
    assert connection.execute("select alumni_fold(%s)", [text]).fetchone() == (fold(text),)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_a_prefix_query_is_always_one_that_postgresql_reads(connection: psycopg.Connection, text: str):
    query = prefix_query(text)
    assert (query is None) == (words(text) == [])
    if query is not None:
        connection.execute("select %s::tsquery", [query])
