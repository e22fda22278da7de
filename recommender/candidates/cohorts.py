"""By time: people of the viewer's years here, and by chance: anybody at all."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Integer,
    Text,
    bindparam,
    cast,
    desc,
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
from recommender.asking import Asking, ask, best_of
from recommender.candidates.facts import may_count, own_values
from recommender.candidates.ties import tie_ends

COHORT = 150
"""Of so many of a class at most the ties are counted: of the viewer's own programme first."""
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
    ways = (1.0, ("end_year", "programme")), (0.5, ("end_year",))
    parts = [_some_of_year(asking, near, same) for near, same in ways]
    every = union_all(*parts).subquery("every")
    cohort = (
        select(every.c.person_id, func.max(every.c.near).label("near"))
        .group_by(every.c.person_id)
        .order_by(desc("near"), every.c.person_id)
        .limit(literal_column(str(COHORT)))
        .cte("cohort")
    )
    ties = tie_ends(asking, cohort.c.person_id).lateral("ties")
    scored = (
        select(cohort.c.person_id, func.sum(ties.c.weight * cohort.c.near).label("score"))
        .select_from(cohort.join(ties, true()))
        .group_by(cohort.c.person_id)
        .subquery("scored")
    )
    return best_of(asking, scored, quota)


def _some_of_year(asking: Asking, near: float, same: Sequence[str]) -> AnySelect:
    """Some who finished here in a year of the viewer's, and are the `same` in what else is named."""
    mine, theirs = own_values(asking, models.Education, *same, "home"), models.Education.__table__.alias()
    some = (
        select(theirs.c.person_id)
        .where(*may_count(asking, theirs), *(mine.c[name] == theirs.c[name] for name in same))
        .where(mine.c.home, theirs.c.home)
        .order_by(theirs.c.person_id.desc())
        .limit(literal_column(str(COHORT)))
        .correlate(mine)
        .lateral("some")
    )
    how_near: ColumnElement[float] = literal_column(str(near), Float())
    return select(some.c.person_id, how_near.label("near")).select_from(mine.join(some, true()))


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
