"""By where one goes: people who register for the same events."""

from uuid import UUID

from sqlalchemy import FromClause, func, literal_column, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.db import AnySelect
from api.models import Event, Registration
from recommender.asking import Asking, ask, best_of
from recommender.candidates.facts import COMMON
from recommender.candidates.ties import recency

LATEST = 30
"""Of the viewer's events, the latest so many bring candidates."""


def own_gatherings(asking: Asking) -> AnySelect:
    """The events that every member may see the viewer at: nothing that was called off."""
    event, mine = Event.__table__.alias("event"), Registration.__table__.alias()
    return (
        select(event.c.id, event.c.name, event.c.starts_at, event.c.time_zone)
        .join_from(event, mine, mine.c.event_id == event.c.id)
        .where(
            mine.c.person_id == access.me(asking.viewer),
            access.any_member_sees_registration(asking.viewer, mine),
            mine.c.registered_at <= asking.moment,
            event.c.status == literal_column("'SCHEDULED'"),
        )
    )


def attendees(asking: Asking, gathering: FromClause) -> AnySelect:
    """The others who come to an event, as far as every member may see them there."""
    theirs = Registration.__table__.alias()
    return (
        select(theirs.c.person_id)
        .where(
            theirs.c.event_id == gathering.c.id,
            theirs.c.person_id != access.me(asking.viewer),
            access.any_member_sees_registration(asking.viewer, theirs),
            theirs.c.registered_at <= asking.moment,
        )
        .correlate_except(theirs)
    )


async def going_together(session: AsyncSession, asking: Asking, quota: int) -> list[UUID]:
    """People registered for the same events: the fewer come to one, and the later it is, the more it tells."""
    return [row.id for row in await ask(session, asking, _going_together, quota)]


def _going_together(asking: Asking, quota: int) -> AnySelect:
    own = own_gatherings(asking)
    latest = own.order_by(own.selected_columns.starts_at.desc(), own.selected_columns.id).limit(LATEST).cte("latest")
    some = attendees(asking, latest).limit(literal_column(str(COMMON))).lateral("some")
    number = func.count().over(partition_by=latest.c.id)
    met = (
        select(some.c.person_id, (recency(asking, latest.c.starts_at) / func.ln(2.0 + number)).label("strength"))
        .select_from(latest.join(some, true()))
        .subquery("met")
    )
    scored = select(met.c.person_id, func.sum(met.c.strength).label("score")).group_by(met.c.person_id)
    return best_of(asking, scored.subquery("scored"), quota)
