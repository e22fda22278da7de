"""What speaks for each candidate, read from the database: a handful of statements, however many candidates."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.db import AnySelect
from recommender.asking import Asking, ask
from recommender.features import Candidate, Signal
from recommender.signals.facts import COUNTED, RARE_SHARE, class_years, shared_facts
from recommender.signals.gatherings import same_events
from recommender.signals.texts import like_texts, quote
from recommender.signals.ties import mutual_contacts

__all__ = ["Reader", "quote", "read_signals"]


Reader: TypeAlias = Callable[[AsyncSession, Asking, Sequence[UUID], int], Awaitable[Sequence[tuple[UUID, Signal]]]]
"""Reads one kind of signal of these people; the number says how many people the viewer sees."""
READERS: tuple[Reader, ...] = (shared_facts, class_years, mutual_contacts, same_events, like_texts)


async def read_signals(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], readers: Sequence[Reader] = READERS
) -> list[Candidate]:
    """The candidates `people`, in this order, each with its signals; texts still to be quoted: see `quote`."""
    found: dict[UUID, list[Signal]] = {person_id: [] for person_id in people}
    if not people:
        return []
    total = await _number_of_people(session, asking)
    for read in readers:
        for person_id, signal in await read(session, asking, people, total):
            found[person_id].append(signal)
    return [Candidate(person_id, tuple(_ordered(signals))) for person_id, signals in found.items()]


async def _number_of_people(session: AsyncSession, asking: Asking) -> int:
    """How many people the viewer sees, counted as far as it matters to what is rare."""
    (row,) = await ask(session, asking, _some_people)
    return row.total


def _some_people(asking: Asking) -> AnySelect:
    some = access.visible_people(asking.viewer).limit(literal_column(str(int(COUNTED / RARE_SHARE))))
    return select(func.count().label("total")).select_from(some.subquery())


def _ordered(signals: Sequence[Signal]) -> list[Signal]:
    return sorted(signals, key=lambda signal: (signal.feature, signal.key, -signal.value, signal.text))
