"""By what people say of themselves: whose facts have vectors near the viewer's own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import CompoundSelect, Text, cast, func, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.db import AnySelect
from api.models import FacetKind
from recommender.asking import Asking, ask
from recommender.candidates.ties import tie_ends
from recommender.nearest import active_model, nearest_people, vector_table

LIKENESS = frozenset({FacetKind.EXPERIENCE, FacetKind.EDUCATION, FacetKind.BIO})
MAX_QUERIES = 8
"""Of a person's own facts, the latest so many look for neighbours."""
CIRCLES = (5, 50)
"""Averages are taken over so many contacts, the latest first."""


@dataclass(frozen=True)
class OwnVectors:
    """The viewer's own vectors that every member may see."""

    facets: tuple[FacetKind, ...]
    vectors: NDArray[np.float32]

    def of(self, kinds: Iterable[FacetKind]) -> NDArray[np.float32]:
        """Those of some kinds, at most MAX_QUERIES."""
        wanted = frozenset(kinds)
        rows = [place for place, facet in enumerate(self.facets) if facet in wanted][:MAX_QUERIES]
        return self.vectors[rows]


async def own_vectors(session: AsyncSession, asking: Asking) -> OwnVectors:
    """The viewer's own vectors, latest facts first."""
    rows = await ask(session, asking, _own_vectors)
    return OwnVectors(tuple(FacetKind(row.facet) for row in rows), _stacked([row.spelled for row in rows]))


def _stacked(spelled: Sequence[str]) -> NDArray[np.float32]:
    vectors = [np.array(one[1:-1].split(","), dtype=np.float32) for one in spelled]
    return np.stack(vectors) if vectors else np.zeros((0, models.DIMENSION), dtype=np.float32)


def _own_vectors(asking: Asking) -> AnySelect:
    table = vector_table()
    return (
        select(table.c.facet, cast(table.c.embedding, Text).label("spelled"))
        .where(
            table.c.person_id == access.me(asking.viewer),
            access.any_member_sees(table),
            table.c.model_id == active_model(),
            table.c.created_at <= asking.moment,
        )
        .order_by(table.c.fact_id.desc())
    )


async def near(
    session: AsyncSession, asking: Asking, queries: NDArray[np.float32], facets: Iterable[FacetKind], quota: int
) -> list[UUID]:
    """The people with the nearest facts: the best match over all queries counts."""
    found = await nearest_people(
        session,
        asking.viewer,
        queries,
        people=lambda: asking.people,
        limit=quota,
        facets=frozenset(facets),
        as_of=asking.as_of,
        exact=asking.exact,
        shape=asking.config.digest,
    )
    return list(dict.fromkeys(near.person_id for near in found))[:quota]


async def contacts_vectors(session: AsyncSession, asking: Asking) -> NDArray[np.float32]:
    """The viewer's circles as vectors: the average of the latest contacts' facts, and that of all contacts'."""
    rows = await ask(session, asking, _contacts_averages)
    return _stacked([row.spelled for row in rows])


def _contacts_averages(asking: Asking) -> CompoundSelect[Any]:
    ends = tie_ends(asking, access.me(asking.viewer)).subquery("ends")
    order = func.row_number().over(order_by=[ends.c.weight.desc(), ends.c.other])
    contacts = select(ends.c.other, order.label("place")).cte("contacts")
    table = vector_table()
    averages = [
        select(cast(func.avg(table.c.embedding), Text).label("spelled"))
        .join_from(contacts, table, table.c.person_id == contacts.c.other)
        .where(
            contacts.c.place <= literal_column(str(latest)),
            access.any_member_sees(table),
            table.c.facet.in_([literal_column(f"'{facet.value}'") for facet in sorted(LIKENESS)]),
            table.c.model_id == active_model(),
            table.c.created_at <= asking.moment,
        )
        .having(func.count() > 0)
        for latest in CIRCLES
    ]
    return union_all(*averages)
