"""Who might be worth meeting: named sources, each one statement grown from `access.suggestable_people`, with a quota.

Every source takes `as_of` and reads nothing later. Only facts that every member may see take part, on both sides, so
the score of a pair is the same in both directions and no hidden fact moves anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Integer,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.db import AnySelect
from api.models import FacetKind, Person
from recommender.asking import Asking, ask
from recommender.nearest import active_model, nearest_people, vector_table

LIKENESS = frozenset({FacetKind.EXPERIENCE, FacetKind.EDUCATION, FacetKind.BIO})
MAX_QUERIES = 8
"""Of a person's own facts, the latest so many look for neighbours."""
COMMON = 1000
"""What so many people share brings only so many of them, and sets nobody apart."""
YEAR = 365.25 * 24 * 3600


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


async def find_candidates(session: AsyncSession, asking: Asking, beyond: int = 0) -> list[UUID]:
    """The union of all sources, in the order of their first mention; at most the quotas' sum.

    `beyond` is how many of them have been shown already: when the sources run dry, others of the time follow.
    """
    quotas = asking.config.quotas
    own = await own_vectors(session, asking)
    found: dict[UUID, None] = {}
    for source in (
        await contacts_of_contacts(session, asking, quotas["contacts"]),
        await sharing_something(session, asking, quotas["shared"]),
        await _near(session, asking, own.of(LIKENESS), LIKENESS, quotas["similar"]),
        await _near(session, asking, own.of({FacetKind.SEEKS}), {FacetKind.OFFERS}, quotas["receives"]),
        await _near(session, asking, own.of({FacetKind.OFFERS}), {FacetKind.SEEKS}, quotas["gives"]),
    ):
        found.update(dict.fromkeys(source))
    if len(found) < beyond + quotas["shared"]:
        found.update(dict.fromkeys(await of_the_time(session, asking, beyond + quotas["shared"])))
    return list(found)


# ---------------------------------------------------------------- vectors


async def own_vectors(session: AsyncSession, asking: Asking) -> OwnVectors:
    """The viewer's own vectors, latest facts first."""
    rows = await ask(session, asking, _own_vectors)
    vectors = [np.array(row.spelled[1:-1].split(","), dtype=np.float32) for row in rows]
    stacked = np.stack(vectors) if vectors else np.zeros((0, models.DIMENSION), dtype=np.float32)
    return OwnVectors(tuple(FacetKind(row.facet) for row in rows), stacked)


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


async def _near(
    session: AsyncSession, asking: Asking, queries: NDArray[np.float32], facets: Iterable[FacetKind], quota: int
) -> list[UUID]:
    """The people with the nearest facts: the best match over all queries counts."""
    found = await nearest_people(
        session,
        asking.viewer,
        queries,
        people=asking.people,
        limit=quota,
        facets=frozenset(facets),
        as_of=asking.as_of,
        exact=asking.exact,
        shape="suggestable",
    )
    return list(dict.fromkeys(near.person_id for near in found))[:quota]


# ---------------------------------------------------------------- ties


def tie_ends(asking: Asking, person_id: ColumnElement[Any]) -> Any:
    """The ties of a person that the viewer may know of, as (other, weight): newer ones weigh more, the oldest half."""
    low, high = models.Connection.__table__.alias(), models.Connection.__table__.alias()
    parts = [
        select(other.label("other"), recency(asking, tie).label("weight"))
        .where(mine == person_id, access.sees_tie(asking.viewer, tie), tie.c.connected_at <= asking.moment)
        .correlate_except(tie)
        for tie, mine, other in ((low, low.c.low_id, low.c.high_id), (high, high.c.high_id, high.c.low_id))
    ]
    return union_all(*parts)


def recency(asking: Asking, tie: FromClause) -> ColumnElement[float]:
    """From 1 for a tie of today down to a half, by the configured half-life."""
    years = func.extract("epoch", asking.moment - tie.c.connected_at) / YEAR
    return 0.5 + 0.5 * func.power(0.5, years / asking.config.half_life_years)


def paths(asking: Asking) -> tuple[FromClause, FromClause]:
    """Two steps over ties: (contact, their weight, their number of ties), and (contact, other, weight)."""
    mine = tie_ends(asking, access.me(asking.viewer)).subquery("mine")
    theirs = tie_ends(asking, mine.c.other).lateral("theirs")
    steps = (
        select(
            mine.c.other.label("contact"),
            theirs.c.other.label("other"),
            (mine.c.weight * theirs.c.weight).label("weight"),
        )
        .select_from(mine.join(theirs, true()))
        .cte("steps")
    )
    degrees = select(steps.c.contact, func.count().label("degree")).group_by(steps.c.contact).cte("degrees")
    return steps, degrees


def adamic_adar(steps: FromClause, degrees: FromClause) -> ColumnElement[float]:
    """What one path contributes: rare contacts say more (Adamic and Adar, 2003)."""
    return steps.c.weight / func.ln(1.0 + degrees.c.degree)


async def contacts_of_contacts(session: AsyncSession, asking: Asking, quota: int) -> list[UUID]:
    """People two steps away, by Adamic-Adar with recency over the ties that the viewer may know of."""
    return [row.id for row in await ask(session, asking, _two_steps_away, quota)]


def _two_steps_away(asking: Asking, quota: int) -> AnySelect:
    steps, degrees = paths(asking)
    score = func.sum(adamic_adar(steps, degrees))
    return (
        asking.people.join(steps, steps.c.other == Person.id)
        .join(degrees, degrees.c.contact == steps.c.contact)
        .group_by(Person.id)
        .order_by(score.desc(), Person.id)
        .limit(quota)
    )


# ---------------------------------------------------------------- shared facts


@dataclass(frozen=True)
class Shared:
    """A kind of fact that two people can share: its table, what must be equal, and how much it tells."""

    table: type[models.Fact]
    equal: Sequence[str]
    strength: float


SHARED: Mapping[str, Shared] = {
    "employer": Shared(models.Experience, ("organization_id",), 3.0),
    "programme": Shared(models.Education, ("programme", "school"), 2.0),
    "city": Shared(models.Place, ("city_folded", "country"), 2.0),
    "skill": Shared(models.Skill, ("name_folded",), 1.0),
    "interest": Shared(models.Interest, ("name_folded",), 1.0),
}


def own_values(asking: Asking, table: type[models.Fact], *columns: str) -> FromClause:
    """Each value once that the viewer's facts of a kind have in `columns`."""
    mine = table.__table__.alias()
    return (
        select(*(mine.c[name] for name in columns))
        .where(
            mine.c.person_id == access.me(asking.viewer),
            access.any_member_sees(mine),
            mine.c.created_at <= asking.moment,
        )
        .distinct()
        .subquery()
    )


def may_count(asking: Asking, theirs: FromClause) -> list[ColumnElement[bool]]:
    """The conditions under which another's fact may count for the viewer."""
    return [
        access.any_member_sees(theirs),
        theirs.c.created_at <= asking.moment,
        theirs.c.person_id != access.me(asking.viewer),
    ]


async def sharing_something(session: AsyncSession, asking: Asking, quota: int) -> list[UUID]:
    """People with the same employer, programme, year, city, skills or interests; who shares most and rarest first."""
    return [row.id for row in await ask(session, asking, _sharing_most, quota)]


def _sharing_most(asking: Asking, quota: int) -> AnySelect:
    parts = [_sharing(asking, shared) for shared in SHARED.values()]
    shared = union_all(*parts, _same_year(asking)).subquery("shared")
    strength = func.sum(shared.c.strength)
    return (
        asking.people.join(shared, shared.c.person_id == Person.id)
        .group_by(Person.id)
        .order_by(strength.desc(), Person.id)
        .limit(quota)
    )


async def of_the_time(session: AsyncSession, asking: Asking, quota: int) -> list[UUID]:
    """Anybody, nearest class year first and then who joined last: for newcomers of whom little is known."""
    return [row.id for row in await ask(session, asking, _nearest_in_time, most=quota)]


def _nearest_in_time(asking: Asking) -> AnySelect:
    years, mine = _class_years(asking), _own_year(asking)
    order = func.abs(years - mine).asc().nulls_last(), Person.created_at.desc(), Person.id
    return asking.people.order_by(*order).limit(bindparam("most", type_=Integer()))


def _sharing(asking: Asking, shared: Shared) -> AnySelect:
    """Each shared fact with its strength, less the more people have it."""
    mine, theirs = own_values(asking, shared.table, *shared.equal), shared.table.__table__.alias()
    same = [mine.c[name] == theirs.c[name] for name in shared.equal]
    some = select(theirs.c.person_id).where(*may_count(asking, theirs), *same).limit(literal_column(str(COMMON)))
    holder = some.correlate(mine).lateral()
    holders = func.count().over(partition_by=[mine.c[name] for name in shared.equal])
    most: ColumnElement[float] = literal_column(str(shared.strength), Float())
    strength: ColumnElement[float] = most / func.ln(2.0 + holders, type_=Float())
    return select(holder.c.person_id, strength.label("strength")).select_from(mine.join(holder, true()))


def _same_year(asking: Asking) -> AnySelect:
    mine, theirs = own_values(asking, models.Education, "end_year", "home"), models.Education.__table__.alias()
    some = (
        select(theirs.c.person_id)
        .where(*may_count(asking, theirs), mine.c.home, theirs.c.home, mine.c.end_year == theirs.c.end_year)
        .limit(literal_column(str(COMMON)))
    )
    holder = some.correlate(mine).lateral()
    strength: ColumnElement[float] = literal_column("0.3")
    return select(holder.c.person_id, strength.label("strength")).select_from(mine.join(holder, true()))


def _class_years(asking: Asking) -> ColumnElement[Any]:
    fact = models.Education.__table__.alias()
    return _last_year(asking, fact, fact.c.person_id == Person.id)


def _own_year(asking: Asking) -> ColumnElement[Any]:
    fact = models.Education.__table__.alias()
    return _last_year(asking, fact, fact.c.person_id == access.me(asking.viewer))


def _last_year(asking: Asking, fact: FromClause, of_whom: ColumnElement[bool]) -> ColumnElement[Any]:
    return (
        select(func.max(fact.c.end_year))
        .where(of_whom, fact.c.home, access.any_member_sees(fact), fact.c.created_at <= asking.moment)
        .correlate_except(fact)
        .scalar_subquery()
    )
