"""Vector search inside SQL: the nearest facts of the people in question, never fewer than asked when there are more.

The index scan carries on until its filter is satisfied (pgvector's iterative scan: `api.lines.OPTIONS`). It still gives
up early when few people pass the filter; then the same question is answered exactly, which is cheap for just those
filters.
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Float,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.access import Viewer
from api.db import AnySelect
from api.measuring.figures import COMPARED_EXACTLY
from api.models import DIMENSION, EmbeddingModel, FacetKind, FactVector
from api.statements import Statements
from recommender.vectors.texts import spell

PER_PERSON = 3
"""An index scan fetches so many vectors for each person wanted: people have several."""
LEAST = 30
"""Of very few the index misses the nearest too easily."""
AS_OF, QUERIES = "as_of", "queries"
_STATEMENTS = Statements(most=100)
Conditions: TypeAlias = Callable[[FromClause], list[ColumnElement[bool]]]
"""What vectors of a table must meet."""


@dataclass(frozen=True)
class Near:
    """One fact near a query."""

    person_id: UUID
    fact_id: UUID
    facet: FacetKind
    query: int
    """Which of the queries it is near to."""
    similarity: float
    """Cosine, from -1 to 1."""


def vector_table() -> FromClause:
    """A fresh alias of the vectors."""
    return FactVector.__table__.alias()


def active_model() -> ColumnElement[Any]:
    """The model whose vectors are compared."""
    return select(EmbeddingModel.id).where(EmbeddingModel.active).scalar_subquery()


async def nearest_people(
    session: AsyncSession,
    viewer: Viewer,
    queries: NDArray[np.float32],
    *,
    people: Callable[[], AnySelect],
    limit: int,
    facets: Collection[FacetKind] | None = None,
    as_of: datetime | None = None,
    exact: bool = False,
    shape: Hashable,
) -> list[Near]:
    """For each query (rows of shape (n, 384)) the nearest facts of at least `limit` of the `people`, nearest first.

    `people` makes a SELECT of ids grown from `api.access`, whose text `shape` stands for: its only parameters are the
    viewer and the moment. Only vectors that every member may see take part.
    """
    if not len(queries):
        return []

    def conditions(table: FromClause) -> list[ColumnElement[bool]]:
        moment = bindparam(AS_OF, as_of, type_=DateTime(timezone=True))
        return [
            access.sees_vector(viewer, table),
            table.c.model_id == active_model(),
            *(() if facets is None else [_has_facet(table, facets)]),
            *(() if as_of is None else [table.c.created_at <= moment]),
        ]

    key = (viewer.shape, shape, None if facets is None else frozenset(facets), as_of is None, limit)
    given = {"viewer": viewer.key, AS_OF: as_of, QUERIES: [spell(query) for query in queries]}
    given_up = 0
    if not exact:
        rows = await _STATEMENTS.rows(session, ("index", *key), lambda: _by_index(conditions, people(), limit), given)
        by_index = _read(rows)
        given_up = _missing(by_index, len(queries), limit)
        if not given_up:
            return by_index
    rows = await _STATEMENTS.rows(session, ("exact", *key), lambda: _exactly(conditions, people(), limit), given)
    found = _read(rows)
    if given_up:
        COMPARED_EXACTLY.add("more" if _missing(found, len(queries), limit) < given_up else "no_more")
    return found


def is_one_of(people: AnySelect, table: FromClause) -> ColumnElement[bool]:
    """Whether the row's person is one of the `people`: correlated, so that it is checked while the index is scanned."""
    (person_id,) = people.selected_columns
    return people.where(person_id == table.c.person_id).correlate_except(*people.get_final_froms()).exists()


def nearest_to_person(
    viewer: Viewer, person: FromClause, *, people: AnySelect, facets: Collection[FacetKind], queries: int, first: int
) -> AnySelect:
    """A part of a larger statement: SELECT (id, distance) of the `first` of the `people` who are nearest to the row
    `person`, which is not among them, nearest first.

    The person's latest facts of these `facets`, so many as `queries`, look for the nearest such facts of others; the
    best match counts. Only vectors that every member may see take part, on both sides. Where the index gives fewer
    facts than asked for, or those of too few people, all are compared.
    """
    most = max(first * PER_PERSON, LEAST)
    own = _own_vectors(viewer, person, facets, queries).cte(nesting=True).prefix_with("MATERIALIZED")
    table = vector_table()
    distance = distance_to(table, own.c.embedding).label("distance")
    others = select(table.c.person_id, distance).where(
        access.sees_vector(viewer, table),
        table.c.model_id == active_model(),
        _has_facet(table, facets),
        table.c.person_id != person.c.id,
        is_one_of(people, table),
    )
    by_index = (
        others.order_by(literal_column("distance")).limit(_number(most)).correlate(own, person).lateral("nearest")
    )
    near = select(by_index).select_from(own.join(by_index, true())).cte(nesting=True).prefix_with("MATERIALIZED")
    found = _best(near, first).cte(nesting=True).prefix_with("MATERIALIZED")
    enough = and_(_count(near) >= _count(own) * _number(most), _count(found) >= _number(first))
    asked = select(_number(1)).select_from(own).exists()
    exactly = _best(others.select_from(own.join(table, true())).correlate(person).subquery(), first)
    both = union_all(
        select(found.c.id, found.c.distance).where(enough),
        exactly.where(~enough, asked),
    ).subquery()
    return select(both.c.id, both.c.distance).add_cte(own, near, found, nest_here=True)


def _count(rows: FromClause) -> ColumnElement[int]:
    return select(func.count()).select_from(rows).scalar_subquery()


def _own_vectors(viewer: Viewer, person: FromClause, facets: Collection[FacetKind], most: int) -> AnySelect:
    table = vector_table()
    return (
        select(table.c.embedding)
        .where(
            table.c.person_id == person.c.id,
            access.sees_vector(viewer, table),
            table.c.model_id == active_model(),
            _has_facet(table, facets),
        )
        .order_by(table.c.fact_id.desc())
        .limit(_number(most))
        .correlate(person)
    )


def _best(facts: FromClause, first: int) -> AnySelect:
    """Of rows (person_id, distance) the `first` people with the smallest distance."""
    smallest = func.min(facts.c.distance, type_=Float()).label("distance")
    by_person = select(facts.c.person_id.label("id"), smallest).group_by(facts.c.person_id)
    return by_person.order_by(literal_column("distance"), facts.c.person_id).limit(_number(first))


def _number(value: int) -> ColumnElement[int]:
    """A number in the text: PostgreSQL plans poorly for a limit that it does not know."""
    return literal_column(str(value), Integer())


def _has_facet(table: FromClause, facets: Collection[FacetKind]) -> ColumnElement[bool]:
    return table.c.facet.in_([literal_column(f"'{facet.value}'") for facet in sorted(facets)])


def _queries() -> FromClause:
    """The queries as rows (number, vector). Materialised: else each comparison would read its vector from text anew."""
    texts = bindparam(QUERIES, type_=ARRAY(Text()))
    numbered = func.unnest(texts).table_valued("vector", with_ordinality="number").render_derived()
    rows = select((numbered.c.number - 1).label("number"), as_vector(numbered.c.vector).label("vector"))
    return rows.cte("queries").prefix_with("MATERIALIZED")


def as_vector(spelled: ColumnElement[Any]) -> ColumnElement[Any]:
    """A vector from its text."""
    return cast(spelled, HALFVEC(DIMENSION))


def distance_to(table: FromClause, vector: ColumnElement[Any]) -> ColumnElement[float]:
    """The cosine distance of a row's embedding to a vector, from 0 to 2."""
    return table.c.embedding.op("<=>", return_type=Float())(vector)


def _columns(table: FromClause, query: FromClause) -> list[Any]:
    distance = distance_to(table, query.c.vector)
    return [table.c.person_id, table.c.fact_id, table.c.facet, distance.label("distance")]


def _by_index(conditions: Conditions, people: AnySelect, limit: int) -> AnySelect:
    query, table = _queries(), vector_table()
    nearest = (
        select(*_columns(table, query))
        .where(*conditions(table), is_one_of(people, table))
        .order_by(literal_column("distance"))
        .limit(literal_column(str(limit * PER_PERSON)))
        .correlate(query)
        .lateral("nearest")
    )
    return select(query.c.number, nearest).select_from(query.join(nearest, true()))


def _exactly(conditions: Conditions, people: AnySelect, limit: int) -> AnySelect:
    """The best fact of each person, then the best people: person by person, as PostgreSQL may take few for many."""
    query, table = _queries(), vector_table()
    allowed = people.subquery("allowed")
    (allowed_id,) = allowed.c
    theirs = (
        select(table)
        .where(table.c.person_id == allowed_id, *conditions(table))
        .offset(literal_column("0"))  # stays a subselect of its own for each person
        .correlate(allowed)
        .lateral("theirs")
    )
    best = (
        select(query.c.number, *_columns(theirs, query))
        .ext(distinct_on(query.c.number, theirs.c.person_id))
        .select_from(allowed.join(theirs, true()).join(query, true()))
        .order_by(query.c.number, theirs.c.person_id, literal_column("distance"))
        .subquery("best")
    )
    ranked = select(
        best,
        func.row_number().over(partition_by=best.c.number, order_by=[best.c.distance, best.c.person_id]).label("rank"),
    ).subquery("ranked")
    return (
        select(ranked.c.number, ranked.c.person_id, ranked.c.fact_id, ranked.c.facet, ranked.c.distance)
        .where(ranked.c.rank <= limit)
        .order_by(ranked.c.number, ranked.c.rank)
    )


def _read(rows: Sequence[Any]) -> list[Near]:
    found = [
        Near(row.person_id, row.fact_id, FacetKind(row.facet), int(row.number), 1.0 - float(row.distance))
        for row in rows
    ]
    return sorted(found, key=lambda near: (-near.similarity, near.query, near.person_id, near.fact_id))


def _missing(found: Sequence[Near], queries: int, limit: int) -> int:
    """How many people fewer than asked were found, for all queries together."""
    people: list[set[UUID]] = [set() for _ in range(queries)]
    for near in found:
        people[near.query].add(near.person_id)
    return sum(max(0, limit - len(one)) for one in people)
