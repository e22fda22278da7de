"""Whose texts are alike, and whose offers meet whose needs; and the words of these facts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, FromClause, Text, case, func, literal_column, null, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.db import AnySelect
from api.models import FacetKind
from recommender.asking import Asking, among, ask
from recommender.candidates.texts import LIKENESS
from recommender.evidence_kinds import EvidenceKind
from recommender.features import BEST_PAIRS, Candidate, Signal
from recommender.nearest import active_model, vector_table
from recommender.vectors import fact_texts
from recommender.weights.people import Feature

NOISE, RANGE = 0.2, 0.6
"""Cosines of unrelated texts stay below about .2, of texts on one thing above .6: likeness runs from 0 to 1 between."""
OWN_FACTS = 12
"""Of a person's own facts, the latest so many are compared."""
QUOTED = 120

LIKE: Mapping[FacetKind, EvidenceKind] = {
    FacetKind.EXPERIENCE: EvidenceKind.SIMILAR_EXPERIENCE,
    FacetKind.EDUCATION: EvidenceKind.SIMILAR_STUDIES,
    FacetKind.BIO: EvidenceKind.SIMILAR_TEXT,
}


async def like_texts(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], _total: int
) -> list[tuple[UUID, Signal]]:
    """Of each of the people the facts that are most like the viewer's."""
    rows = await ask(session, asking, _like_pairs, ids=list(people))
    return [(row.person_id, _text_signal(row, like)) for row in rows if (like := likeness(row.distance)) > 0]


def likeness(distance: float) -> float:
    """How much a distance of two vectors tells: 1 for texts on one thing, 0 or less for unrelated ones."""
    return (1.0 - float(distance) - NOISE) / RANGE


def _text_signal(row: Any, likeness: float) -> Signal:
    feature = Feature(row.feature)
    if feature is Feature.RECEIVES:
        kind = EvidenceKind.THEY_OFFER_WHAT_YOU_SEEK
    elif feature is Feature.GIVES:
        kind = EvidenceKind.YOU_OFFER_WHAT_THEY_SEEK
    else:
        kind = LIKE[FacetKind(row.facet)]
    return Signal(feature, kind, likeness, f"fact:{row.fact_id}", "", fact_id=row.fact_id)


def _like_pairs(asking: Asking) -> AnySelect:
    return best_pairs(asking, _feature)


def _feature(mine: FromClause, theirs: FromClause) -> ColumnElement[Any]:
    return case(
        (both(mine, theirs, LIKENESS), named(Feature.TEXT)),
        (of_facets(mine, FacetKind.SEEKS) & of_facets(theirs, FacetKind.OFFERS), named(Feature.RECEIVES)),
        (of_facets(mine, FacetKind.OFFERS) & of_facets(theirs, FacetKind.SEEKS), named(Feature.GIVES)),
        else_=null(),
    )


def own_texts(asking: Asking) -> FromClause:
    """The vectors of the viewer's latest facts that every member may see."""
    own = vector_table()
    return (
        select(own.c.facet, own.c.embedding)
        .where(
            own.c.person_id == access.me(asking.viewer),
            access.any_member_sees(own),
            own.c.model_id == active_model(),
            own.c.created_at <= asking.moment,
        )
        .order_by(own.c.fact_id.desc())
        .limit(OWN_FACTS)
        .cte("mine")
    )


def best_pairs(asking: Asking, feature_of: Callable[[FromClause, FromClause], ColumnElement[Any]]) -> AnySelect:
    """For each person and feature the facts most like one of the viewer's: each of theirs with its best match.

    `feature_of(mine, theirs)` names the feature that a pair of vectors speaks for, or is null.
    """
    mine, theirs = own_texts(asking), vector_table()
    feature = feature_of(mine, theirs)
    distance = func.min(theirs.c.embedding.op("<=>", return_type=Float())(mine.c.embedding))
    pairs = (
        select(
            theirs.c.person_id, theirs.c.fact_id, theirs.c.facet, feature.label("feature"), distance.label("distance")
        )
        .join_from(theirs, mine, true())
        .where(
            among(theirs.c.person_id),
            access.any_member_sees(theirs),
            theirs.c.model_id == active_model(),
            theirs.c.created_at <= asking.moment,
        )
        .group_by(theirs.c.person_id, theirs.c.fact_id, theirs.c.facet, feature)
        .subquery("pairs")
    )
    order = func.row_number().over(
        partition_by=[pairs.c.person_id, pairs.c.feature], order_by=[pairs.c.distance, pairs.c.fact_id]
    )
    numbered = select(pairs, order.label("number")).where(pairs.c.feature.is_not(None)).subquery("numbered")
    return select(numbered).where(numbered.c.number <= BEST_PAIRS)


def named(feature: StrEnum) -> ColumnElement[str]:
    """The feature as a literal of the SQL text."""
    return literal_column(f"'{feature.value}'", Text())


def of_facets(table: FromClause, *facets: FacetKind) -> ColumnElement[bool]:
    """Whether the vector is of one of these facets."""
    return table.c.facet.in_([literal_column(f"'{facet.value}'") for facet in sorted(facets)])


def both(one: FromClause, other: FromClause, facets: frozenset[FacetKind]) -> ColumnElement[bool]:
    """Both are of one kind: an experience is like an experience, not like a degree."""
    return or_(*(of_facets(one, facet) & of_facets(other, facet) for facet in sorted(facets)))


WORDS: Mapping[EvidenceKind, str] = {
    EvidenceKind.THEY_OFFER_WHAT_YOU_SEEK: "Offers what you seek: “{}”",
    EvidenceKind.YOU_OFFER_WHAT_THEY_SEEK: "Seeks what you offer: “{}”",
    EvidenceKind.SIMILAR_EXPERIENCE: "Did work like yours: {}",
    EvidenceKind.SIMILAR_STUDIES: "Studied what is near to yours: {}",
    EvidenceKind.SIMILAR_TEXT: "Says of themselves, much as you do: “{}”",
    EvidenceKind.DID_WHAT_YOU_SEEK: "Did what you look for: {}",
    EvidenceKind.LIKE_WHAT_YOU_SAY: "Near to what you say of yourself: “{}”",
}


async def quote(session: AsyncSession, asking: Asking, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates of a page with the words of the facts that their signals quote: one statement for all."""
    wanted = sorted({signal.fact_id for one in candidates for signal in one.signals if signal.fact_id is not None})
    if not wanted:
        return list(candidates)
    rows = await ask(session, asking, _words_of_facts, ids=wanted)
    words: dict[UUID, str] = {row.fact_id: row.words for row in rows}
    return [
        replace(one, signals=tuple(_quoted(signal, words) for signal in one.signals if _told(signal, words)))
        for one in candidates
    ]


def _words_of_facts(_asking: Asking) -> AnySelect:
    facts = fact_texts()
    return select(facts.c.fact_id, facts.c.words).where(among(facts.c.fact_id))


def _told(signal: Signal, words: Mapping[UUID, str]) -> bool:
    """A fact that went away between the statements is not quoted."""
    return signal.fact_id is None or signal.fact_id in words


def _quoted(signal: Signal, words: Mapping[UUID, str]) -> Signal:
    if signal.fact_id is None:
        return signal
    said = " ".join(words[signal.fact_id].split())
    short = said if len(said) <= QUOTED else said[: QUOTED - 1].rstrip() + "…"
    return replace(signal, text=WORDS[signal.kind].format(short))
