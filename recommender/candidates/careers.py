"""By work: people who were at an organisation at the same time."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Integer, case, cast, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.db import AnySelect
from recommender.asking import Asking, ask, best_of
from recommender.candidates.facts import latest, own_values

DATED = ("organization_id", "start_date", "end_date")
LONG = 5.0
"""After so many years together, more of them tell no more."""
APART = 0.5
"""What an employer in common tells when the two were not there at the same time, or nobody knows; together it tells up
to 1 more."""


def first_together(one: FromClause, other: FromClause) -> ColumnElement[Any]:
    """The year in which two experiences began to overlap; null where one has no beginning."""
    start, later = _year(one.c.start_date), _year(other.c.start_date)
    return case((start > later, start), (start <= later, later))  # `greatest` would pass over a null


def last_together(asking: Asking, one: FromClause, other: FromClause) -> ColumnElement[Any]:
    """The year in which two experiences ceased to overlap, or that of today: without an end they go on."""
    now = cast(func.extract("year", asking.moment), Integer())
    return func.least(now, *(_year(fact.c.end_date) for fact in (one, other)))  # passes over nulls


def _year(date: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.left(date, 4), Integer())


async def colleagues(session: AsyncSession, asking: Asking, quota: int) -> list[UUID]:
    """People of the same employers: longest at the same time first, each employer telling less the larger it is."""
    return [row.id for row in await ask(session, asking, _together_longest, quota)]


def _together_longest(asking: Asking, quota: int) -> AnySelect:
    mine, theirs = own_values(asking, models.Experience, *DATED), models.Experience.__table__.alias()
    years = 1 + last_together(asking, mine, theirs) - first_together(mine, theirs)
    some = (
        latest(asking, theirs, mine.c.organization_id == theirs.c.organization_id)
        .add_columns(func.greatest(0, years).label("years"))
        .correlate(mine)
        .lateral("some")
    )
    best = (
        select(mine.c.organization_id, some.c.person_id, func.max(some.c.years).label("years"))
        .select_from(mine.join(some, true()))
        .group_by(mine.c.organization_id, some.c.person_id)
        .subquery("best")
    )
    people = func.count().over(partition_by=best.c.organization_id)
    tells = APART + func.least(1.0, best.c.years / LONG)
    each = select(best.c.person_id, (tells / func.ln(2.0 + people)).label("strength")).subquery("each")
    scored = select(each.c.person_id, func.sum(each.c.strength).label("score")).group_by(each.c.person_id)
    return best_of(asking, scored.subquery("scored"), quota)
