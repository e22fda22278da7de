"""The demo network's events, and who comes: chapters meet in their cities, interests and fields gather their own."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from api.seed.careers import Track
from api.seed.drawing import chance, draw_some, pick
from api.seed.places import City

WEEKS_AGO, WEEKS_AHEAD = 52, 26
OPEN_FOR = timedelta(days=60)
"""People have registered for what comes within so many days."""
PEOPLE_PER_EVENT = 20
FEWEST = 12
VENUES = ("Old Mill", "Harbour Hall", "Library Café", "Market House", "Garden Room", "Station Brewery", "Town Museum")
CHAPTER = (
    "{city} Mixer",
    "First Thursday in {city}",
    "Newcomers' Welcome, {city}",
    "{city} Summer Table",
    "{city} Quiz Night",
)
INTEREST = ("An Evening of {interest}", "{interest}: Beginners Welcome", "{interest} Outing from {city}")
FIELD = ("Panel: {skill} in Practice", "Workshop on {skill}", "Ask Me Anything about {skill}", "Careers in {skill}")
ABOUT = (
    "Come as you are; bring somebody who graduated in another decade.", "A short talk, then time to meet each other.",
    "Three people tell what went wrong, and what they would do again.", "Small tables, changed every half hour.",
    "For those who are new to it and for those who have done it for years.", "Nothing to prepare.",
)  # fmt: skip


class Guest(Protocol):
    """What is needed of a person of the network."""

    id: str
    year: int
    track: Track
    home: City
    interests: list[str]


@dataclass(frozen=True)
class Plan:
    """One event before it has a date: who holds it, what it is called, where, and who might come."""

    organizer: str
    name: str
    city: City
    online: bool
    pool: Sequence[Guest]


class Rows(Protocol):
    """Where rows go."""

    def add(self, table: str, *values: Any) -> None:
        """One row."""
        ...


def draw_gatherings(
    random: Random, rows: Rows, people: Sequence[Guest], now: datetime, new_id: Callable[[], str]
) -> None:
    """Events of the last year and the next half, with registrations for the past and the next of them."""
    circles: dict[tuple[str, object], list[Guest]] = defaultdict(list)
    for one in people:
        circles["city", one.home.number].append(one)
        circles["field", one.track.key].append(one)
        for interest in one.interests:
            circles["interest", (interest, one.home.country)].append(one)
    for _ in range(max(FEWEST, len(people) // PEOPLE_PER_EVENT)):
        _draw_event(random, rows, _draw_plan(random, circles, pick(random, people)), now, new_id)


def _draw_plan(random: Random, circles: dict[tuple[str, object], list[Guest]], host: Guest) -> Plan:
    roll, city = random.random(), host.home
    if roll < 0.5 or not host.interests:
        name = pick(random, CHAPTER).format(city=city.name)
        return Plan(f"{city.name} Chapter", name, city, False, circles["city", city.number])
    if roll < 0.75:
        interest = pick(random, host.interests)
        name = pick(random, INTEREST).format(interest=interest.capitalize(), city=city.name)
        near = circles["interest", (interest, city.country)]
        return Plan(f"{interest.capitalize()} Circle", name, city, False, near)
    name = pick(random, FIELD).format(skill=pick(random, host.track.skills))
    return Plan("Careers Office", name, city, True, circles["field", host.track.key])


def _draw_event(random: Random, rows: Rows, plan: Plan, now: datetime, new_id: Callable[[], str]) -> None:
    zone = "America/New_York" if plan.online else plan.city.time_zone
    starts_at = _draw_start(random, plan, zone, now)
    capacity = 12 + random.randrange(60) if chance(random, 0.4) else None
    audience = "STAFF" if chance(random, 0.03) else "PUBLIC" if chance(random, 0.2) else "MEMBERS"
    guests: list[Guest] = []
    if starts_at < now + OPEN_FOR and audience != "STAFF":
        guests = draw_some(random, plan.pool, min(3 + random.randrange(25), capacity or len(plan.pool)))
    event_id = new_id()
    place = (None, None, None, None)
    if not plan.online:
        place = (pick(random, VENUES), plan.city.name, plan.city.region or None, plan.city.country)
    rows.add(
        "events", event_id, plan.name, pick(random, ABOUT), plan.organizer,
        "CANCELLED" if chance(random, 0.02) else "SCHEDULED", "ONLINE" if plan.online else "OFFLINE", audience,
        starts_at, starts_at + timedelta(hours=2), zone, *place,
        f"https://meet.example.org/{event_id[-12:]}" if plan.online else None, capacity, len(guests),
        chance(random, 0.9),
    )  # fmt: skip
    for guest in guests:
        at = min(starts_at, now) - timedelta(days=1 + random.randrange(40), minutes=random.randrange(1440))
        rows.add("registrations", new_id(), event_id, guest.id, "CONFIRMED", at)


def _draw_start(random: Random, plan: Plan, zone: str, now: datetime) -> datetime:
    """Each organiser has a weekday and an hour of its own, and mostly keeps to them."""
    habit = sum(plan.organizer.encode())
    monday = now.date() - timedelta(days=now.weekday())
    week = monday + timedelta(weeks=random.randrange(-WEEKS_AGO, WEEKS_AHEAD))
    weekday = habit % 5 if chance(random, 0.8) else random.randrange(7)
    hour = 17 + habit % 3
    day = week + timedelta(days=weekday)
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)
