"""Free-text search of people: full text and vectors, each over what the viewer may read, fused by rank."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import BIT, TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.access import Viewer
from api.db import AnySelect
from api.errors import Invalid, Problem
from api.folding import words
from api.memory import give_back
from api.statements import Statements
from recommender.embeddings import ModelUnavailable, OnnxEmbedder, find_onnx
from recommender.nearest import nearest_people

log = logging.getLogger(__name__)

MAX_TEXT = 1_000
MAX_TERMS = 8
PREFIX_FROM = 3
"""Words of at least so many letters match as the beginning of a word."""
POOL = 200
"""How many people each kind of search contributes at most."""
FUSION_CONSTANT = 60
"""Reciprocal rank fusion: 1 / (60 + rank), as Cormack et al. (2009) have it."""
LEAST_SIMILARITY = 0.25
"""Cosine below which a text is not about what was searched."""
RETRY_SECONDS = 15
_STATEMENTS = Statements(most=50)


class QueryEmbedder:
    """Embeds search texts in the API process with the int8 model that the worker exported; no torch is loaded."""

    def __init__(self, folder: Path, model: str) -> None:
        self._folder = folder
        self._model = model
        self._embedder: OnnxEmbedder | None = None
        self._lock = asyncio.Lock()
        self._tried_at = -RETRY_SECONDS

    async def embed(self, text: str) -> NDArray[np.float32] | None:
        """The text's vector, shape (384,), unit length; None while there is no usable model."""
        embedder = await self._loaded()
        if embedder is None:
            return None
        vectors = await asyncio.to_thread(embedder.embed, [text])
        return vectors[0]

    async def _loaded(self) -> OnnxEmbedder | None:
        async with self._lock:
            if self._embedder is None and time.monotonic() - self._tried_at >= RETRY_SECONDS:
                self._tried_at = time.monotonic()
                self._embedder = await asyncio.to_thread(self._load)
            return self._embedder

    def _load(self) -> OnnxEmbedder | None:
        path = find_onnx(self._folder, self._model)
        if path is None:
            return None
        try:
            embedder = OnnxEmbedder(path)
        except ModelUnavailable as error:
            log.warning("Searches go without vectors: %s", error)
            return None
        give_back()
        return embedder


class TextEmbedder(Protocol):
    """What turns a search text into a vector, or None when it cannot."""

    async def embed(self, text: str) -> NDArray[np.float32] | None:
        """The vector."""
        ...


@dataclass(frozen=True)
class Hit:
    """One person found, with the fields that matched: only such as the viewer may read."""

    person_id: UUID
    score: float
    matched_fields: tuple[str, ...]


@dataclass(frozen=True)
class SearchResult:
    """The people found, best first, at most 2 x POOL; `degraded` when vectors had no part in it."""

    hits: tuple[Hit, ...]
    degraded: bool


@dataclass(frozen=True)
class Field:
    """A full-text column and the name that hits are told by."""

    name: str
    model: type[models.Fact]
    weight: float


FIELDS = (
    Field("educations", models.Education, 1.0),
    Field("experiences", models.Experience, 1.0),
    Field("skills", models.Skill, 1.5),
    Field("interests", models.Interest, 1.0),
    Field("places", models.Place, 1.0),
    Field("contactPoints", models.ContactPoint, 2.0),
    Field("links", models.Link, 0.5),
)
NAME_WEIGHT = 4.0
FACET_FIELDS = {
    models.FacetKind.EDUCATION: "educations",
    models.FacetKind.EXPERIENCE: "experiences",
    models.FacetKind.BIO: "bio",
    models.FacetKind.SEEKS: "seeks",
    models.FacetKind.OFFERS: "offers",
}


async def search_people(
    session: AsyncSession, viewer: Viewer, text: str, embedder: TextEmbedder, vector: NDArray[np.float32] | None = None
) -> SearchResult:
    """Find people by what they are called, did, learned, can, seek and offer. Raises Invalid for no words."""
    terms = check_text(text)
    vector = await embedder.embed(text) if vector is None else vector
    by_words = await _by_words(session, viewer, terms)
    by_meaning = [] if vector is None else await _by_meaning(session, viewer, vector)
    return SearchResult(tuple(fuse(by_words, by_meaning)), degraded=vector is None)


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
    """Reciprocal rank fusion; who is found in several ways is told with all matched fields."""
    scores: dict[UUID, float] = {}
    fields: dict[UUID, dict[str, None]] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking):
            scores[hit.person_id] = scores.get(hit.person_id, 0.0) + 1 / (FUSION_CONSTANT + rank)
            fields.setdefault(hit.person_id, {}).update(dict.fromkeys(hit.matched_fields))
    best = sorted(scores, key=lambda person_id: (-scores[person_id], person_id))
    return [Hit(person_id, scores[person_id], tuple(fields[person_id])) for person_id in best]


# ---------------------------------------------------------------- by words


def _prefixes(terms: Sequence[str]) -> str:
    """A tsquery in text form: any of the terms, long ones as the beginning of a word."""
    return " | ".join(f"'{term}':*" if len(term) >= PREFIX_FROM else f"'{term}'" for term in terms)


def _given(terms: Sequence[str]) -> dict[str, str]:
    """The values of the parameters that `_matches` has."""
    return {"any": _prefixes(terms)} | {f"term{place}": _prefixes([term]) for place, term in enumerate(terms)}


def _matches(search: ColumnElement[Any], terms: int) -> tuple[ColumnElement[bool], ColumnElement[int]]:
    """Whether any of so many terms matches, and which ones, as bits."""
    nothing: ColumnElement[int] = literal_column("0", Integer())
    bits: list[ColumnElement[int]] = [
        case((search.op("@@")(_tsquery(f"term{place}")), literal_column(str(1 << place), Integer())), else_=nothing)
        for place in range(terms)
    ]
    mask: ColumnElement[Any] = bits[0]
    for bit in bits[1:]:
        mask = mask.op("|")(bit)
    return search.op("@@")(_tsquery("any")), mask


def _tsquery(name: str) -> ColumnElement[Any]:
    return cast(bindparam(name, type_=Text()), TSQUERY)


def _found(
    person_id: ColumnElement[Any],
    name: ColumnElement[Any],
    weight: float,
    search: ColumnElement[Any],
    terms: int,
) -> AnySelect:
    any_term, mask = _matches(search, terms)
    given: ColumnElement[float] = literal_column(str(weight))
    return select(
        person_id.label("person_id"),
        name.label("field"),
        mask.label("mask"),
        given.label("weight"),
    ).where(any_term)


def _constant(name: str) -> ColumnElement[str]:
    return literal_column(f"'{name}'", Text())


def _fact_rows(viewer: Viewer, field: Field, terms: int) -> AnySelect:
    fact = field.model.__table__.alias()
    return _found(fact.c.person_id, _constant(field.name), field.weight, fact.c.search, terms).where(
        access.sees_fact(viewer, fact)
    )


def _text_rows(viewer: Viewer, terms: int) -> AnySelect:
    fact = models.PersonText.__table__.alias()
    return _found(fact.c.person_id, func.lower(cast(fact.c.kind, Text)), 1.0, fact.c.search, terms).where(
        access.sees_fact(viewer, fact)
    )


def _employer_rows(viewer: Viewer, terms: int) -> AnySelect:
    fact, organization = models.Experience.__table__.alias(), models.Organization.__table__.alias()
    return (
        _found(fact.c.person_id, _constant("experiences"), 1.0, organization.c.search, terms)
        .join_from(fact, organization, organization.c.id == fact.c.organization_id)
        .where(access.sees_fact(viewer, fact))
    )


def _name_rows(terms: int) -> AnySelect:
    person: FromClause = models.Person.__table__.alias()
    return _found(person.c.id, _constant("displayName"), NAME_WEIGHT, person.c.search, terms)


async def _by_words(session: AsyncSession, viewer: Viewer, terms: Sequence[str]) -> list[Hit]:
    """People by how many of the terms occur in what the viewer may read of them, then by weight of the fields."""
    key = (viewer.kind, len(terms))
    rows = await _STATEMENTS.rows(
        session, key, lambda: _by_coverage(viewer, len(terms)), {"viewer": viewer.key, **_given(terms)}
    )
    return [Hit(row.id, float(row.score), tuple(sorted(row.fields))) for row in rows]


def _by_coverage(viewer: Viewer, terms: int) -> AnySelect:
    rows = union_all(
        _name_rows(terms),
        *(_fact_rows(viewer, field, terms) for field in FIELDS),
        _text_rows(viewer, terms),
        _employer_rows(viewer, terms),
    ).subquery("found")
    covered = func.bit_count(cast(func.bit_or(rows.c.mask), BIT(MAX_TERMS)))
    score = func.sum(rows.c.weight)
    return (
        access.visible_people(viewer)
        .join(rows, rows.c.person_id == models.Person.id)
        .add_columns(
            covered.label("covered"), score.label("score"), func.array_agg(rows.c.field.distinct()).label("fields")
        )
        .group_by(models.Person.id)
        .order_by(covered.desc(), score.desc(), models.Person.id)
        .limit(POOL)
    )


# ---------------------------------------------------------------- by meaning


async def _by_meaning(session: AsyncSession, viewer: Viewer, vector: NDArray[np.float32]) -> list[Hit]:
    """People by their nearest fact."""
    near = await nearest_people(
        session, viewer, vector[np.newaxis, :], people=access.visible_people(viewer), limit=POOL, shape="visible"
    )
    best: dict[UUID, Hit] = {}
    for one in near:
        if one.similarity >= LEAST_SIMILARITY and one.person_id not in best:
            best[one.person_id] = Hit(one.person_id, one.similarity, (FACET_FIELDS[one.facet],))
    return list(best.values())
