"""What is searched for, how words match, and how several rankings become one: the same for people and for items."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Text, bindparam, case, cast, func, literal_column, null, select
from sqlalchemy.dialects.postgresql import BIT, TSQUERY

from api.db import AnySelect
from api.errors import Invalid, Problem
from api.folding import words

MAX_TEXT = 1_000
MAX_TERMS = 8
PREFIX_FROM = 3
"""Words of at least so many letters match as the beginning of a word."""
POOL = 200
"""How many each kind of search contributes at most."""
FUSION_CONSTANT = 60
"""Reciprocal rank fusion: 1 / (60 + rank), as Cormack et al. (2009) have it."""
LEAST_SIMILARITY = 0.25
"""Cosine below which a text is not about what was searched."""


@dataclass(frozen=True)
class Hit:
    """Who or what was found, with the fields that matched: only such as the viewer may read."""

    id: UUID
    score: float
    matched_fields: tuple[str, ...]
    restricted: tuple[str, ...] = ()
    """For officers: the kinds of a person's matched facts that members at large may not read, to be logged."""


@dataclass(frozen=True)
class SearchResult:
    """What was found, best first, at most 2 x POOL; `degraded` when vectors had no part in it."""

    hits: tuple[Hit, ...]
    degraded: bool


def check_text(text: str) -> list[str]:
    """The words to look for. Raises Invalid."""
    problem = None
    if len(text) > MAX_TEXT:
        problem = f"At most {MAX_TEXT} characters."
    elif "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        problem = "The text has a character that cannot be searched."
    terms = [] if problem else words(text, MAX_TERMS)
    if problem or not terms:
        raise Invalid([Problem(("text",), problem or "Give at least one word to look for.")])
    return terms


def fuse(*rankings: Sequence[Hit]) -> list[Hit]:
    """Reciprocal rank fusion; what is found in several ways is told with all matched fields."""
    scores: dict[UUID, float] = {}
    fields: dict[UUID, dict[str, None]] = {}
    restricted: dict[UUID, dict[str, None]] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking):
            scores[hit.id] = scores.get(hit.id, 0.0) + 1 / (FUSION_CONSTANT + rank)
            fields.setdefault(hit.id, {}).update(dict.fromkeys(hit.matched_fields))
            restricted.setdefault(hit.id, {}).update(dict.fromkeys(hit.restricted))
    best = sorted(scores, key=lambda key: (-scores[key], key))
    return [Hit(key, scores[key], tuple(fields[key]), tuple(restricted[key])) for key in best]


# ---------------------------------------------------------------- by words


def prefixes(terms: Sequence[str]) -> str:
    """A tsquery in text form: any of the terms, long ones as the beginning of a word."""
    return " | ".join(f"'{term}':*" if len(term) >= PREFIX_FROM else f"'{term}'" for term in terms)


def given_terms(terms: Sequence[str]) -> dict[str, str]:
    """The values of the parameters that `matches` has."""
    return {"any": prefixes(terms)} | {f"term{place}": prefixes([term]) for place, term in enumerate(terms)}


def matches(search: ColumnElement[Any], terms: int) -> tuple[ColumnElement[bool], ColumnElement[int]]:
    """Whether any of so many terms matches, and which ones, as bits."""
    nothing: ColumnElement[int] = literal_column("0", Integer())
    bits: list[ColumnElement[int]] = [
        case((search.op("@@")(tsquery(f"term{place}")), literal_column(str(1 << place), Integer())), else_=nothing)
        for place in range(terms)
    ]
    mask: ColumnElement[Any] = bits[0]
    for bit in bits[1:]:
        mask = mask.op("|")(bit)
    return search.op("@@")(tsquery("any")), mask


def tsquery(name: str) -> ColumnElement[Any]:
    """One of the parameters of `given_terms`, as a query."""
    return cast(bindparam(name, type_=Text()), TSQUERY)


def found_by(
    key: ColumnElement[Any],
    name: ColumnElement[Any],
    weight: float,
    search: ColumnElement[Any],
    terms: int,
    closed: ColumnElement[Any] | None = None,
) -> AnySelect:
    """SELECT of what has any of the terms in one full-text column: (key, field, mask of the terms, weight, closed: the
    kind of a fact that is closed to members at large, or null)."""
    any_term, mask = matches(search, terms)
    given: ColumnElement[float] = literal_column(str(weight))
    return select(
        key.label("key"),
        name.label("field"),
        mask.label("mask"),
        given.label("weight"),
        (cast(null(), Text()) if closed is None else closed).label("closed"),
    ).where(any_term)


def constant(name: str) -> ColumnElement[str]:
    """The name of a field, as hits are told by it."""
    return literal_column(f"'{name}'", Text())


def best_covered(allowed: AnySelect, rows: AnySelect | Any) -> AnySelect:
    """Of the `allowed` (SELECT of an id) those in `rows` (of `found_by`): by how many of the terms occur in what the
    viewer may read, then by the weight of the fields. Columns: id, score, fields, closed."""
    (key,) = allowed.selected_columns
    found = rows.subquery("found")
    covered = func.bit_count(cast(func.bit_or(found.c.mask), BIT(MAX_TERMS)))
    score = func.sum(found.c.weight)
    return (
        allowed.join(found, found.c.key == key)
        .add_columns(
            score.label("score"),
            func.array_agg(found.c.field.distinct()).label("fields"),
            func.array_remove(func.array_agg(found.c.closed.distinct()), null()).label("closed"),
        )
        .group_by(key)
        .order_by(covered.desc(), score.desc(), key)
        .limit(POOL)
    )


def read_hits(rows: Sequence[Any]) -> list[Hit]:
    """The rows of `best_covered`."""
    return [Hit(row.id, float(row.score), tuple(sorted(row.fields)), tuple(sorted(row.closed))) for row in rows]
