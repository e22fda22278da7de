"""By time: people of the viewer's years here."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Integer, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.db import AnySelect
from api.models import Person
from recommender.asking import Asking, ask


async def of_the_time(session: AsyncSession, asking: Asking, quota: int) -> list[UUID]:
    """Anybody, nearest class year first and then who joined last: for newcomers of whom little is known."""
    return [row.id for row in await ask(session, asking, _nearest_in_time, most=quota)]


def _nearest_in_time(asking: Asking) -> AnySelect:
    years, mine = _class_years(asking), own_year(asking)
    order = func.abs(years - mine).asc().nulls_last(), Person.created_at.desc(), Person.id
    return asking.people.order_by(*order).limit(bindparam("most", type_=Integer()))


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
