"""Which events might fit: named sources, each one statement grown from `access.suggestable_events`, with a quota."""

from uuid import UUID

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.db import AnySelect
from api.models import Event
from recommender.asking import Asking, ask
from recommender.events.attendance import attended, coming
from recommender.events.texts import nearness


def suggestable(asking: Asking) -> AnySelect:
    """Which events the viewer may be pointed to at all."""
    return access.suggestable_events(asking.viewer).where(Event.created_at <= asking.moment)


def soonest_first(asking: Asking) -> AnySelect:
    """The same in an order that looks at nothing about the viewer."""
    return suggestable(asking).order_by(Event.starts_at, Event.id)


async def find_events(session: AsyncSession, asking: Asking, beyond: int = 0) -> list[UUID]:
    """The union of all sources, in the order of their first mention; `beyond` of them have been shown already."""
    quotas = asking.config.quotas
    soonest = await ask(session, asking, _soonest, most=quotas["soonest"] + beyond)
    found: dict[UUID, None] = {row.id: None for row in soonest}
    for name, source in (("habit", _of_the_usual), ("companions", _with_companions), ("similar", _alike)):
        found.update((row.id, None) for row in await ask(session, asking, source, most=quotas[name]))
    return list(found)


def _at_most(statement: AnySelect) -> AnySelect:
    return statement.limit(bindparam("most", type_=Integer()))


def _soonest(asking: Asking) -> AnySelect:
    return _at_most(soonest_first(asking))


def _of_the_usual(asking: Asking) -> AnySelect:
    past = attended(asking)
    usual = select(past.c.organizer_folded).where(past.c.organizer_folded.is_not(None))
    return _at_most(soonest_first(asking).where(Event.organizer_folded.in_(usual)))


def _with_companions(asking: Asking) -> AnySelect:
    others = coming(asking)
    most = func.sum(others.c.strength).desc()
    found = suggestable(asking).join(others, others.c.event_id == Event.id).group_by(Event.id)
    return _at_most(found.order_by(most, Event.id))


def _alike(asking: Asking) -> AnySelect:
    pairs = nearness(asking)
    found = suggestable(asking).join(pairs, pairs.c.event_id == Event.id).group_by(Event.id)
    return _at_most(found.order_by(func.min(pairs.c.distance), Event.id))
