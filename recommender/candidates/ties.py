"""By whom one knows: the contacts of contacts, and theirs."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, func, literal_column, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.db import AnySelect
from recommender.asking import Asking, ask, best_of

YEAR = 365.25 * 24 * 3600
BRIDGES = 60
"""So many of those two steps away lead on to a third: more of them found hardly anybody else, and cost."""
THIRD = 0.1
"""How much a third step counts beside two."""


def tie_ends(asking: Asking, person_id: ColumnElement[Any]) -> Any:
    """The ties of a person that the viewer may know of, as (other, weight): newer ones weigh more, the oldest half."""
    low, high = models.Connection.__table__.alias(), models.Connection.__table__.alias()
    parts = [
        select(other.label("other"), recency(asking, tie.c.connected_at).label("weight"))
        .where(mine == person_id, access.sees_tie(asking.viewer, tie), tie.c.connected_at <= asking.moment)
        .correlate_except(tie)
        for tie, mine, other in ((low, low.c.low_id, low.c.high_id), (high, high.c.high_id, high.c.low_id))
    ]
    return union_all(*parts)


def recency(asking: Asking, at: ColumnElement[Any]) -> ColumnElement[float]:
    """From 1 for what is of today, or still to come, down to a half, by the configured half-life."""
    years = func.greatest(0.0, func.extract("epoch", asking.moment - at) / YEAR)
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
    """People two steps away, by Adamic-Adar with recency over the ties that the viewer may know of; and behind them
    those three steps away, through the best of the second step."""
    return [row.id for row in await ask(session, asking, _steps_away, quota)]


def _steps_away(asking: Asking, quota: int) -> AnySelect:
    steps, degrees = paths(asking)
    two = (
        select(steps.c.other, func.sum(adamic_adar(steps, degrees)).label("value"))
        .join_from(steps, degrees, degrees.c.contact == steps.c.contact)
        .where(steps.c.other != access.me(asking.viewer))
        .group_by(steps.c.other)
        .cte("two")
    )
    best = select(two).order_by(two.c.value.desc(), two.c.other).limit(literal_column(str(BRIDGES))).cte("best")
    ends = tie_ends(asking, best.c.other).lateral("ends")
    degree = func.count().over(partition_by=best.c.other)
    three = select(
        ends.c.other, (THIRD * best.c.value * ends.c.weight / func.ln(1.0 + degree)).label("value")
    ).select_from(best.join(ends, true()))
    reached = union_all(select(two), three).subquery("reached")
    scored = (
        select(reached.c.other.label("person_id"), func.sum(reached.c.value).label("score"))
        .group_by(reached.c.other)
        .subquery("scored")
    )
    return best_of(asking, scored, quota)
