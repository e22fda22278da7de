"""By time: people of the viewer's years here, and by chance: anybody at all."""

from hashlib import blake2b
from typing import Any
from uuid import UUID

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
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.db import AnySelect
from api.models import Person
from recommender.asking import Asking, ask
from recommender.candidates.facts import may_count, own_values
from recommender.candidates.ties import tie_ends

COHORT = 300
"""Of so many of a class at most the ties are counted."""
LOT = func.md5(cast(Person.id, Text))
"""A person's place on the circle: spelled exactly as its index."""


async def of_the_time(session: AsyncSession, asking: Asking, quota: int) -> list[UUID]:
    """Anybody, nearest class year first and then who joined last: for newcomers of whom little is known."""
    return [row.id for row in await ask(session, asking, _nearest_in_time, most=quota)]


def _nearest_in_time(asking: Asking) -> AnySelect:
    years, mine = _class_years(asking), own_year(asking)
    order = func.abs(years - mine).asc().nulls_last(), Person.created_at.desc(), Person.id
    return asking.people.order_by(*order).limit(bindparam("most", type_=Integer()))


async def popular_in_cohort(session: AsyncSession, asking: Asking, quota: int) -> list[UUID]:
    """People of the viewer's class year with the most ties that the viewer may know of: its own programme first."""
    return [row.id for row in await ask(session, asking, _most_ties, quota)]


def _most_ties(asking: Asking, quota: int) -> AnySelect:
    columns = ("end_year", "home", "programme")
    mine, theirs = own_values(asking, models.Education, *columns), models.Education.__table__.alias()
    near = case((mine.c.programme == theirs.c.programme, 1.0), else_=0.5)
    cohort = (
        select(theirs.c.person_id, func.max(near).label("near"))
        .join_from(theirs, mine, mine.c.end_year == theirs.c.end_year)
        .where(*may_count(asking, theirs), mine.c.home, theirs.c.home)
        .group_by(theirs.c.person_id)
        .order_by(func.max(near).desc(), theirs.c.person_id)
        .limit(literal_column(str(COHORT)))
        .cte("cohort")
    )
    ties = tie_ends(asking, cohort.c.person_id).lateral("ties")
    popularity = func.sum(ties.c.weight * cohort.c.near)
    return (
        asking.people.join(cohort, cohort.c.person_id == Person.id)
        .join(ties, true())
        .group_by(Person.id)
        .order_by(popularity.desc(), Person.id)
        .limit(quota)
    )


async def anybody(session: AsyncSession, asking: Asking, quota: int) -> list[UUID]:
    """Anybody at all, by chance: else who shares nothing with anyone would never be found.

    The same throughout a list, and others in the next. Everybody has one place on a circle; a list begins somewhere.
    """
    begin = blake2b(asking.viewer.key.bytes + asking.as_of.isoformat().encode(), digest_size=16).hexdigest()
    return [row.id for row in await ask(session, asking, _from_there_on, quota, begin=begin)]


def _from_there_on(asking: Asking, quota: int) -> AnySelect:
    begin = bindparam("begin", type_=Text())
    rest, start = (
        asking.people.add_columns(literal_column(turn, Integer()).label("turn"), LOT.label("lot"))
        .where(condition)
        .order_by(LOT)
        .limit(quota)
        .subquery()
        for turn, condition in (("0", begin <= LOT), ("1", begin > LOT))
    )
    both = union_all(select(rest), select(start)).subquery("both")
    return select(both.c.id).order_by(both.c.turn, both.c.lot).limit(quota)


def _class_years(asking: Asking) -> ColumnElement[Any]:
    fact = models.Education.__table__.alias()
    return last_year(asking, fact, fact.c.person_id == Person.id)


def own_year(asking: Asking) -> ColumnElement[Any]:
    """The viewer's class year."""
    fact = models.Education.__table__.alias()
    return last_year(asking, fact, fact.c.person_id == access.me(asking.viewer))


def last_year(asking: Asking, fact: FromClause, of_whom: ColumnElement[bool]) -> ColumnElement[Any]:
    """The latest year in which somebody finished here, as far as every member may know."""
    return (
        select(func.max(fact.c.end_year))
        .where(of_whom, fact.c.home, access.any_member_sees(fact), fact.c.created_at <= asking.moment)
        .correlate_except(fact)
        .scalar_subquery()
    )
