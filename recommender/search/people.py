"""Free-text search of people: full text and vectors, each over what the viewer may read, fused by rank."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, FromClause, Text, case, cast, func, null, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.access import Viewer
from api.db import AnySelect
from api.statements import Statements
from recommender.nearest import nearest_people
from recommender.search.embedding import TextEmbedder
from recommender.search.words import (
    LEAST_SIMILARITY,
    POOL,
    Hit,
    SearchResult,
    best_covered,
    check_text,
    constant,
    found_by,
    fuse,
    given_terms,
    read_hits,
)

_STATEMENTS = Statements(most=50)


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


# ---------------------------------------------------------------- by words


def _closed(viewer: Viewer, fact: FromClause, model: type[models.Fact]) -> ColumnElement[Any] | None:
    """For officers: the fact's kind, if members at large may not read it."""
    return case((access.restricted(fact), constant(model.__name__)), else_=null()) if viewer.is_staff else None


def _fact_rows(viewer: Viewer, field: Field, terms: int) -> AnySelect:
    fact = field.model.__table__.alias()
    closed = _closed(viewer, fact, field.model)
    return found_by(fact.c.person_id, constant(field.name), field.weight, fact.c.search, terms, closed).where(
        access.sees_fact(viewer, fact)
    )


def _text_rows(viewer: Viewer, terms: int) -> AnySelect:
    fact = models.PersonText.__table__.alias()
    name, closed = func.lower(cast(fact.c.kind, Text)), _closed(viewer, fact, models.PersonText)
    return found_by(fact.c.person_id, name, 1.0, fact.c.search, terms, closed).where(access.sees_fact(viewer, fact))


def _employer_rows(viewer: Viewer, terms: int) -> AnySelect:
    fact, organization = models.Experience.__table__.alias(), models.Organization.__table__.alias()
    closed = _closed(viewer, fact, models.Experience)
    return (
        found_by(fact.c.person_id, constant("experiences"), 1.0, organization.c.search, terms, closed)
        .join_from(fact, organization, organization.c.id == fact.c.organization_id)
        .where(access.sees_fact(viewer, fact))
    )


def _name_rows(terms: int) -> AnySelect:
    person: FromClause = models.Person.__table__.alias()
    return found_by(person.c.id, constant("displayName"), NAME_WEIGHT, person.c.search, terms)


async def _by_words(session: AsyncSession, viewer: Viewer, terms: Sequence[str]) -> list[Hit]:
    key = (viewer.shape, len(terms))
    given = {"viewer": viewer.key, **given_terms(terms)}
    return read_hits(await _STATEMENTS.rows(session, key, lambda: _by_coverage(viewer, len(terms)), given))


def _by_coverage(viewer: Viewer, terms: int) -> AnySelect:
    rows = union_all(
        _name_rows(terms),
        *(_fact_rows(viewer, field, terms) for field in FIELDS),
        _text_rows(viewer, terms),
        _employer_rows(viewer, terms),
    )
    return best_covered(access.visible_people(viewer), rows)


# ---------------------------------------------------------------- by meaning


async def _by_meaning(session: AsyncSession, viewer: Viewer, vector: NDArray[np.float32]) -> list[Hit]:
    """People by their nearest fact."""
    near = await nearest_people(
        session,
        viewer,
        vector[np.newaxis, :],
        people=lambda: access.visible_people(viewer),
        limit=POOL,
        shape="visible",
    )
    best: dict[UUID, Hit] = {}
    for one in near:
        if one.similarity >= LEAST_SIMILARITY and one.person_id not in best:
            best[one.person_id] = Hit(one.person_id, one.similarity, (FACET_FIELDS[one.facet],))
    return list(best.values())
