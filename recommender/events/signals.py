"""What speaks for each event, read from the database: a handful of statements, however many events."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.db import AnySelect
from api.models import Event, Interest, Place, Registration, Skill
from recommender.asking import Asking, among, ask
from recommender.candidates.facts import own_values
from recommender.events.attendance import COLUMNS, CONFIRMED, attended, coming
from recommender.events.habits import Habits, signals_of_habit
from recommender.events.texts import best_pairs
from recommender.evidence_kinds import EvidenceKind
from recommender.features import Candidate, Signal
from recommender.signals.facts import RARE_SHARE
from recommender.signals.texts import likeness
from recommender.weights.events import Feature

MOST_COMPANIONS = 10
"""So many of those who come count for an event, those nearest to the viewer."""
STEP = 5
"""How many come is counted in fives: nothing tells of fewer people, not even two lists compared."""


async def read_signals(session: AsyncSession, asking: Asking, events: Sequence[UUID]) -> list[Candidate]:
    """The candidates `events`, in this order, each with its signals; texts still to be quoted."""
    found: dict[UUID, list[Signal]] = {event_id: [] for event_id in events}
    if not events:
        return []
    past = await ask(session, asking, _attended)
    homes = await ask(session, asking, _homes)
    habits = Habits.of(past, homes)
    for event in await ask(session, asking, _events, ids=list(events)):
        found[event.id] += [*signals_of_habit(habits, event), *_popularity(event)]
    for row in await ask(session, asking, _companions, ids=list(events)):
        found[row.event_id].append(_companion(row))
    for row in await ask(session, asking, _named, ids=list(events)):
        found[row.event_id].append(_interest(row))
    names = {event.id: event.name for event in past}
    for row in await ask(session, asking, best_pairs, ids=list(events)):
        found[row.event_id] += _alike(row, names)
    return _marked([Candidate(event_id, tuple(_ordered(signals))) for event_id, signals in found.items()])


def _ordered(signals: Sequence[Signal]) -> list[Signal]:
    return sorted(signals, key=lambda signal: (signal.feature, signal.key, -signal.value, signal.text))


def _marked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """What holds for a fifth of the candidates or more sets none of them apart."""
    holders = Counter(key for one in candidates for key in {signal.key for signal in one.signals})
    most = max(1.0, RARE_SHARE * len(candidates))
    return [
        replace(one, signals=tuple(replace(signal, rare=holders[signal.key] <= most) for signal in one.signals))
        for one in candidates
    ]


# ---------------------------------------------------------------- habits and numbers


def _attended(asking: Asking) -> AnySelect:
    return select(attended(asking))


def _homes(asking: Asking) -> AnySelect:
    """Where the viewer lives and works."""
    own = own_values(asking, Place, "city_folded", "country", "kind")
    return select(own).where(own.c.kind != literal_column("'ORIGIN'"), own.c.city_folded.is_not(None))


def _events(asking: Asking) -> AnySelect:
    """The events, and how many seats were taken by then."""
    event, seat = Event.__table__.alias(), Registration.__table__.alias()
    later = (
        select(func.count())
        .where(seat.c.event_id == event.c.id, seat.c.state == CONFIRMED, seat.c.registered_at > asking.moment)
        .correlate_except(seat)
        .scalar_subquery()
    )
    taken = (event.c.seats_taken - later).label("taken")
    return select(*(event.c[name] for name in COLUMNS), taken).where(
        among(event.c.id), access.sees_event(asking.viewer, event)
    )


def _popularity(event: Any) -> list[Signal]:
    number = event.taken // STEP * STEP
    if number < STEP:
        return []
    text = f"{number} or more come"
    return [Signal(Feature.POPULAR, EvidenceKind.POPULAR, float(number), f"popular:{event.id}", text)]


# ---------------------------------------------------------------- companions


def _companions(asking: Asking) -> AnySelect:
    others = coming(asking)
    order = func.row_number().over(
        partition_by=others.c.event_id, order_by=[others.c.strength.desc(), others.c.person_id]
    )
    numbered = select(others, order.label("number")).where(among(others.c.event_id)).subquery("numbered")
    return select(numbered).where(numbered.c.number <= literal_column(str(MOST_COMPANIONS)))


def _companion(row: Any) -> Signal:
    text, key = f"{row.display_name} comes too", f"companion:{row.person_id}"
    return Signal(Feature.COMPANIONS, EvidenceKind.COMPANION_COMES, float(row.strength), key, text)


# ---------------------------------------------------------------- words


def _named(asking: Asking) -> AnySelect:
    """Interests and skills of the viewer that occur in an event's words."""
    tags = [own_values(asking, table, "name", "name_folded") for table in (Interest, Skill)]
    mine = union_all(*(select(tag) for tag in tags)).subquery("mine")
    event = Event.__table__.alias()
    words = func.phraseto_tsquery(literal_column("'simple'::regconfig"), mine.c.name_folded)
    return (
        select(event.c.id.label("event_id"), mine.c.name_folded, func.min(mine.c.name).label("name"))
        .join_from(event, mine, event.c.search.op("@@")(words))
        .where(among(event.c.id), access.sees_event(asking.viewer, event))
        .group_by(event.c.id, mine.c.name_folded)
    )


def _interest(row: Any) -> Signal:
    text = f"It is about {row.name}, which you name"
    return Signal(Feature.NAMED, EvidenceKind.NAMES_YOUR_INTEREST, 1.0, f"named:{row.name_folded}", text)


def _alike(row: Any, names: dict[UUID, str]) -> list[Signal]:
    value, feature = likeness(row.distance), Feature(row.feature)
    if value <= 0:
        return []
    if feature is Feature.LIKE_SAID:
        key = f"fact:{row.about}"
        return [Signal(feature, EvidenceKind.LIKE_WHAT_YOU_SAY, value, key, "", fact_id=row.about)]
    text = f"Like what you came to before: {names.get(row.about, 'an event')}"
    return [Signal(feature, EvidenceKind.LIKE_WHAT_YOU_ATTENDED, value, f"like:{row.about}", text)]
