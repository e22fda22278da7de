"""Which events are about what the viewer came to, says, seeks and did: by their vectors."""

from typing import Any

from sqlalchemy import ColumnElement, Float, FromClause, Text, func, literal_column, select, true, union_all

from api import access
from api.db import AnySelect
from api.models import FacetKind, ItemVector
from recommender.asking import Asking, among
from recommender.events.attendance import attended
from recommender.features import BEST_PAIRS
from recommender.nearest import active_model, vector_table
from recommender.weights.events import Feature

OWN_EVENTS, OWN_FACTS = 60, 12
"""Of what the viewer came to, and of the viewer's facts, the latest so many are compared."""
SAID = (FacetKind.BIO, FacetKind.EXPERIENCE, FacetKind.SEEKS)


def own_texts(asking: Asking) -> FromClause:
    """The vectors that events are compared with: (feature, about, embedding); `about` is the event or fact."""
    past, event = attended(asking), _vectors(asking)
    came = (
        select(_named(Feature.LIKE_ATTENDED), past.c.id.label("about"), event.c.embedding)
        .join_from(past, event, event.c.event_id == past.c.id)
        .order_by(past.c.starts_at.desc(), past.c.id)
        .limit(literal_column(str(OWN_EVENTS)))
    )
    fact = vector_table()
    said = (
        select(_named(Feature.LIKE_SAID), fact.c.fact_id.label("about"), fact.c.embedding)
        .where(
            fact.c.person_id == access.me(asking.viewer),
            access.any_member_sees(fact),
            fact.c.facet.in_([literal_column(f"'{facet.value}'") for facet in SAID]),
            fact.c.model_id == active_model(),
            fact.c.created_at <= asking.moment,
        )
        .order_by(fact.c.fact_id.desc())
        .limit(literal_column(str(OWN_FACTS)))
    )
    return union_all(*(select(part.subquery()) for part in (came, said))).cte("own_texts")


def nearness(asking: Asking) -> FromClause:
    """How near each event is to each of these: (event_id, feature, about, distance)."""
    mine, theirs = own_texts(asking), _vectors(asking)
    return (
        select(theirs.c.event_id, mine.c.feature, mine.c.about, distance(theirs, mine).label("distance"))
        .join_from(theirs, mine, true())
        .subquery("nearness")
    )


def best_pairs(asking: Asking) -> AnySelect:
    """Of the events asked about, and for each feature, the pairs that are most alike."""
    pairs = nearness(asking)
    order = func.row_number().over(
        partition_by=[pairs.c.event_id, pairs.c.feature], order_by=[pairs.c.distance, pairs.c.about]
    )
    numbered = select(pairs, order.label("number")).where(among(pairs.c.event_id)).subquery("numbered")
    return select(numbered).where(numbered.c.number <= BEST_PAIRS)


def distance(one: FromClause, other: FromClause) -> ColumnElement[float]:
    """The cosine distance of two vectors."""
    return one.c.embedding.op("<=>", return_type=Float())(other.c.embedding)


def _vectors(asking: Asking) -> FromClause:
    vector = ItemVector.__table__.alias()
    return (
        select(vector.c.event_id, vector.c.embedding)
        .where(
            vector.c.event_id.is_not(None),
            vector.c.model_id == active_model(),
            vector.c.created_at <= asking.moment,
        )
        .subquery()
    )


def _named(feature: Feature) -> Any:
    return literal_column(f"'{feature.value}'", Text()).label("feature")
