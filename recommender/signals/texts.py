"""Whose texts are alike, and whose offers meet whose needs; and the words of these facts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    rows = await ask(session, asking, _best_pairs, ids=list(people))
    found: list[tuple[UUID, Signal]] = []
    for row in rows:
        likeness = (1.0 - float(row.distance) - NOISE) / RANGE
        if likeness > 0:
            found.append((row.person_id, _text_signal(row, likeness)))
    return found


def _text_signal(row: Any, likeness: float) -> Signal:
    feature = Feature(row.feature)
    if feature is Feature.RECEIVES:
        kind = EvidenceKind.THEY_OFFER_WHAT_YOU_SEEK
    elif feature is Feature.GIVES:
        kind = EvidenceKind.YOU_OFFER_WHAT_THEY_SEEK
    else:
        kind = LIKE[FacetKind(row.facet)]
    return Signal(feature, kind, likeness, f"fact:{row.fact_id}", "", fact_id=row.fact_id)


def _best_pairs(asking: Asking) -> AnySelect:
    """For each person and feature the facts most like one of the viewer's: each of theirs with its best match."""
    own = vector_table()
    mine = (
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
    theirs = vector_table()
    feature = case(
        (_both(mine, theirs, LIKENESS), _named(Feature.TEXT)),
        (_facets(mine, {FacetKind.SEEKS}) & _facets(theirs, {FacetKind.OFFERS}), _named(Feature.RECEIVES)),
        (_facets(mine, {FacetKind.OFFERS}) & _facets(theirs, {FacetKind.SEEKS}), _named(Feature.GIVES)),
        else_=null(),
    )
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


def _named(feature: Feature) -> ColumnElement[str]:
    return literal_column(f"'{feature.value}'", Text())


def _facets(table: FromClause, facets: set[FacetKind] | frozenset[FacetKind]) -> ColumnElement[bool]:
    return table.c.facet.in_([literal_column(f"'{facet.value}'") for facet in sorted(facets)])


def _both(one: FromClause, other: FromClause, facets: frozenset[FacetKind]) -> ColumnElement[bool]:
    """Both are of one kind: an experience is like an experience, not like a degree."""
    return or_(*(_facets(one, {facet}) & _facets(other, {facet}) for facet in sorted(facets)))


WORDS: Mapping[EvidenceKind, str] = {
    EvidenceKind.THEY_OFFER_WHAT_YOU_SEEK: "Offers what you seek: “{}”",
    EvidenceKind.YOU_OFFER_WHAT_THEY_SEEK: "Seeks what you offer: “{}”",
    EvidenceKind.SIMILAR_EXPERIENCE: "Did work like yours: {}",
    EvidenceKind.SIMILAR_STUDIES: "Studied what is near to yours: {}",
    EvidenceKind.SIMILAR_TEXT: "Says of themselves, much as you do: “{}”",
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
