"""The demo network's openings: posted by people for where they work, and by the office; and who would like them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from api.seed.careers import PLACES_BY_TRACK, TRACKS, Track
from api.seed.drawing import Weighted, chance, draw_some, pick
from api.seed.places import City

PEOPLE_PER_OPENING = 12
FEWEST = 12
KINDS = Weighted(("FULL_TIME", "PART_TIME", "CONTRACTOR", "TEMPORARY", "INTERN", "VOLUNTEER"), (70, 10, 6, 5, 7, 2))
SAID = (
    "We look for somebody who knows {skill} and likes to explain it.", "A small team; you would start with {skill}.",
    "You bring {skill}, or the wish to learn it well.", "Half of the work is {skill}, the rest is talking to people.",
    "The one before you moved on to lead a team of their own.", "Ask about it before you apply: we answer.",
)  # fmt: skip


class Colleague(Protocol):
    """What is needed of a person of the network."""

    id: str
    track: Track
    home: City
    employers: list[int]
    listed: bool
    here: bool


class Rows(Protocol):
    """Where rows go."""

    def add(self, table: str, *values: Any) -> None:
        """One row."""
        ...


@dataclass(frozen=True)
class Plan:
    """One opening before it has words: who posts it, for whom, where, and since and until when it is there."""

    id: str
    poster: Colleague | None
    organization: int
    track: Track
    city: City
    audience: str
    posted_at: datetime
    until: datetime


def draw_openings(
    random: Random,
    rows: Rows,
    people: Sequence[Colleague],
    organizations: Sequence[str],
    now: datetime,
    new_id: Callable[[], str],
) -> None:
    """Openings of the last four months: most of them are there still."""
    fitting: dict[str, list[Colleague]] = defaultdict(list)
    for one in people:
        if one.here:
            fitting[one.track.key].append(one)
    posters = [one for one in people if one.here and one.listed and one.employers]
    for _ in range(max(FEWEST, len(people) // PEOPLE_PER_OPENING) if posters else 0):
        plan = _draw_plan(random, pick(random, posters), now, new_id())
        _draw_words(random, rows, plan, organizations)
        for name in draw_some(random, plan.track.skills, 2 + random.randrange(2)):
            rows.add("job_skills", new_id(), plan.id, name)
        fans = draw_some(random, fitting[plan.track.key], random.randrange(6))
        for fan in fans if plan.audience != "STAFF" else ():
            if fan is not plan.poster:
                at = plan.posted_at + (min(plan.until, now) - plan.posted_at) * random.random()
                rows.add("job_interests", new_id(), plan.id, fan.id, at)


def _draw_plan(random: Random, somebody: Colleague, now: datetime, job_id: str) -> Plan:
    """Three of four are posted by who works there, the others by the office for whom it knows."""
    poster = None if chance(random, 0.25) else somebody
    track = poster.track if poster else pick(random, list(TRACKS.values()))
    place = poster.employers[-1] if poster else pick(random, PLACES_BY_TRACK[track.key])
    audience = "STAFF" if chance(random, 0.03) else "PUBLIC" if chance(random, 0.2) else "MEMBERS"
    posted_at = now - timedelta(minutes=1 + random.randrange(120 * 1440))
    until = posted_at + timedelta(days=30 + random.randrange(120))
    return Plan(job_id, poster, place, track, somebody.home, audience, posted_at, until)


def _draw_words(random: Random, rows: Rows, plan: Plan, organizations: Sequence[str]) -> None:
    remote, city = chance(random, 0.2), plan.city
    place = (None, None, None) if remote else (city.name, city.region or None, city.country)
    said = draw_some(random, SAID, 2)
    withdrawn = plan.posted_at + timedelta(days=3) if chance(random, 0.03) else None
    rows.add(
        "jobs", plan.id, plan.poster and plan.poster.id, organizations[plan.organization],
        pick(random, plan.track.titles), " ".join(said).format(skill=pick(random, plan.track.skills)),
        KINDS.draw(random), remote, *place, f"https://jobs.example.org/{plan.id[-12:]}", plan.audience, plan.until,
        withdrawn, plan.posted_at,
    )  # fmt: skip
