"""The viewer's habits: with whom, when and where the viewer came to events. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.folding import fold
from recommender.evidence_kinds import EvidenceKind
from recommender.features import Signal
from recommender.weights.events import Feature

OFTEN = 3
"""Who came so often comes often."""
NEAR_HOURS = 1
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PARTS = ((5, "night"), (12, "morning"), (18, "afternoon"), (23, "evening"), (24, "night"))
"""Until which hour a part of the day lasts."""


@dataclass
class Habit:
    """How often the viewer did the like, and what that weighs by now."""

    weight: float = 0.0
    times: int = 0


@dataclass(frozen=True)
class Habits:
    """What the viewer does, by organiser, time, house and city."""

    organizers: Mapping[str, Habit]
    times: Mapping[tuple[int, int], Habit]
    venues: Mapping[tuple[str, str | None], Habit]
    cities: Mapping[str, Habit]
    homes: Sequence[Any]
    """Where the viewer lives and works: rows with city_folded, country and kind."""

    @classmethod
    def of(cls, attended: Sequence[Any], homes: Sequence[Any]) -> "Habits":
        """The habits that show in these events."""
        organizers, times, venues, cities = (defaultdict[Any, Habit](Habit) for _ in range(4))
        for event in attended:
            some = [times[event.weekday, event.hour]]
            if event.organizer_folded:
                some.append(organizers[event.organizer_folded])
            if event.attendance_mode != "ONLINE" and event.venue:
                some.append(venues[_house(event)])
            if event.attendance_mode != "ONLINE" and event.city_folded:
                some.append(cities[event.city_folded])
            for habit in some:
                habit.weight += float(event.weight)
                habit.times += 1
        return cls(organizers, times, venues, cities, homes)


def signals_of_habit(habits: Habits, event: Any) -> Iterator[Signal]:
    """What of the viewer's habits speaks for an event. One behind a link has no place."""
    yield from _organizer(habits, event)
    yield from _time(habits, event)
    if event.attendance_mode != "ONLINE":
        yield from _venue(habits, event)
        yield from _city(habits, event)


def _organizer(habits: Habits, event: Any) -> Iterator[Signal]:
    habit = habits.organizers.get(event.organizer_folded)
    if habit is not None:
        often = f"You often come to {event.organizer}"
        text = often if habit.times >= OFTEN else f"You have come to {event.organizer} before"
        key = f"organizer:{event.organizer_folded}"
        yield Signal(Feature.ORGANIZER, EvidenceKind.OFTEN_ATTENDED, habit.weight, key, text)


def _time(habits: Habits, event: Any) -> Iterator[Signal]:
    near = range(event.hour - NEAR_HOURS, event.hour + NEAR_HOURS + 1)
    weight = sum(habits.times[event.weekday, hour].weight for hour in near if (event.weekday, hour) in habits.times)
    if weight:
        part = next(name for until, name in PARTS if event.hour < until)
        text = f"On a {WEEKDAYS[event.weekday - 1]} {part}, as you like it"
        yield Signal(Feature.TIME, EvidenceKind.USUAL_TIME, weight, f"time:{event.weekday}:{part}", text)


def _venue(habits: Habits, event: Any) -> Iterator[Signal]:
    habit = habits.venues.get(_house(event)) if event.venue else None
    if habit is not None:
        key = f"venue:{'|'.join(part or '' for part in _house(event))}"
        text = f"At {event.venue}, where you have been before"
        yield Signal(Feature.VENUE, EvidenceKind.USUAL_VENUE, habit.weight, key, text)


def _house(event: Any) -> tuple[str, str | None]:
    return fold(event.venue), event.city_folded


def _city(habits: Habits, event: Any) -> Iterator[Signal]:
    if not event.city_folded:
        return
    key, habit = f"city:{event.city_folded}", habits.cities.get(event.city_folded)
    home = next((one for one in habits.homes if _same_city(one, event)), None)
    if home is not None:
        text = f"In {event.city}, where you {'work' if home.kind == 'WORK' else 'live'}"
        yield Signal(Feature.PLACE, EvidenceKind.NEAR_YOU, 1.0, key, text)
    elif habit is not None:
        text = f"In {event.city}, where you have been to events"
        yield Signal(Feature.PLACE, EvidenceKind.NEAR_YOU, habit.weight / (1.0 + habit.weight), key, text)


def _same_city(home: Any, event: Any) -> bool:
    return home.city_folded == event.city_folded and (
        not home.country or not event.country or home.country == event.country
    )
