"""The demo network's mentors: who is in the pool, what they can be asked about, and who asked them when."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from api.seed.careers import Track
from api.seed.drawing import Weighted, chance, draw_some, pick

SHARE, EXPERIENCED = 0.15, 8
"""Of those who finished so many years ago, so many are mentors."""
PLACES = Weighted((1, 2, 3, 4), (4, 4, 2, 1))
ENDS = Weighted(("COMPLETED", "DECLINED", "WITHDRAWN", "PENDING"), (5, 2, 1, 3))
"""What became of requests that took no place."""
ABOUT = (
    "I like questions about {topic}, the simple ones most.", "An hour a month, on {topic} or on what comes after it.",
    "I changed fields twice and am glad to say how.", "Ask me about {topic}; I will ask you back.",
    "Somebody helped me into {topic}: now it is my turn.", "Bring one question on {topic} and a deadline.",
)  # fmt: skip
ASKED = (
    "I would like to learn how you came to {topic}.", "May I ask you about {topic}? I start in the autumn.",
    "I am thinking of moving to {topic}.", "We met at an event; I have three questions on {topic}.",
)  # fmt: skip


class Member(Protocol):
    """What is needed of a person of the network."""

    number: int
    id: str
    year: int
    track: Track
    here: bool
    mentor: bool


class Rows(Protocol):
    """Where rows go."""

    def add(self, table: str, *values: Any) -> None:
        """One row."""
        ...


def draw_advice(random: Random, rows: Rows, people: Sequence[Member], now: datetime, new_id: Callable[[], str]) -> None:
    """Mentors with topics, and mentorships in all states over the last three years."""
    seekers: dict[str, list[Member]] = defaultdict(list)
    for one in people:
        if one.here and one.number:
            seekers[one.track.key].append(one)
    younger: dict[tuple[str, int], list[Member]] = {}
    for mentor in people:
        if mentor.mentor:
            key = mentor.track.key, mentor.year
            if key not in younger:
                younger[key] = [one for one in seekers[mentor.track.key] if one.year > mentor.year]
            _draw_mentor(random, rows, mentor, younger[key], now, new_id)


def _draw_mentor(
    random: Random, rows: Rows, mentor: Member, younger: Sequence[Member], now: datetime, new_id: Callable[[], str]
) -> None:
    topics = draw_some(random, mentor.track.skills, 1 + random.randrange(3))
    places, full = PLACES.draw(random), chance(random, 0.15)
    mentees = draw_some(random, younger, places + random.randrange(3))
    taken = len(mentees) if full else random.randrange(places)
    active, others = mentees[: min(taken, places)], mentees[min(taken, places) :]
    profile_id, since = new_id(), now - timedelta(days=3 * 365 + random.randrange(2 * 365))
    paused = now + timedelta(days=20 + random.randrange(100)) if chance(random, 0.1) else None
    rows.add(
        "mentor_profiles", profile_id, mentor.id, pick(random, ABOUT).format(topic=topics[0]) if chance(random, 0.8) else None,
        places, len(active), paused, since, since,
    )  # fmt: skip
    for name in topics:
        rows.add("mentor_topics", new_id(), profile_id, name, since)
    for mentee in active:
        _draw_mentorship(random, rows, (new_id(), mentor.id, mentee.id), "ACCEPTED", topics[0], now)
    for mentee in others:
        _draw_mentorship(random, rows, (new_id(), mentor.id, mentee.id), ENDS.draw(random), topics[-1], now)


def _draw_mentorship(
    random: Random, rows: Rows, ids: tuple[str, str, str], state: str, topic: str, now: datetime
) -> None:
    """Asked, answered some days later, ended some months later; all of it before now."""
    age = {"PENDING": 20, "ACCEPTED": 300}.get(state, 900)
    asked_at = now - timedelta(days=1 + random.randrange(age), minutes=random.randrange(1440))
    answer = asked_at + (now - asked_at) * (0.05 + 0.2 * random.random())
    ended = asked_at + (now - asked_at) * (0.3 + 0.6 * random.random())
    rows.add(
        "mentorships", *ids, state, pick(random, ASKED).format(topic=topic) if chance(random, 0.8) else None,
        answer if state in {"ACCEPTED", "DECLINED", "COMPLETED"} else None,
        ended if state in {"WITHDRAWN", "COMPLETED"} else None, asked_at,
    )  # fmt: skip
