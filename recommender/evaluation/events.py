"""Which events of a month people came to, against chance, popularity, the same group, words and embeddings alone."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.access import Viewer, ViewerKind
from api.db import Database
from api.errors import Invalid, Problem
from api.folding import fold
from recommender.asking import Asking
from recommender.baselines import Scores, best_places, by_best_pairs
from recommender.bm25 import Bm25
from recommender.embeddings import Embedder
from recommender.evaluation.reports import (
    DEPTH,
    OURS,
    SEED,
    Lists,
    Part,
    Progress,
    Report,
    ask_all,
    draw,
    part_of,
    read_lines,
)
from recommender.events import PIPELINE
from recommender.networks import OFFICER, date_back, external_ids, item_vectors
from recommender.ranking import RankingConfig, rank
from recommender.vectors import embed_missing
from recommender.weights.events import EVENTS

SOURCE = "meetups"
"""What the import calls the set: people and events are known by (source, external id)."""
ATTENDANCE = "monthly_attendance.jsonl.gz"


@dataclass(frozen=True)
class Query:
    """One person and one month: the events there were, and those the person came to, by the ids of the set."""

    name: str
    person: str
    start: float
    """When the month begins, in days: nothing later may be known."""
    candidates: tuple[str, ...]
    relevance: Mapping[str, float]


@dataclass(frozen=True)
class Happening:
    """An event of the set."""

    name: str
    at: float
    group: str
    text: str


@dataclass(frozen=True)
class Past:
    """All events as places 0, 1, ..., and who said when that they come."""

    places: Mapping[str, int]
    at: NDArray[np.float64]
    groups: tuple[str, ...]
    texts: tuple[str, ...]
    said: Mapping[str, Sequence[tuple[float, int]]]
    """For each person: when, and at which place."""
    joined: Mapping[str, Sequence[tuple[str, float]]]
    """For each person: which group, and when."""
    topics: Mapping[str, str]
    answers: Sequence[NDArray[np.float64]]
    """For each place when people said that they come: ascending."""

    def attended(self, query: Query) -> list[int]:
        """Where the person had been by then."""
        said = self.said.get(query.person, ())
        return [place for told, place in said if told < query.start and self.at[place] < query.start]


async def evaluate_events(
    db: Database,
    folder: Path,
    embedder: Embedder,
    *,
    progress: Progress | None = None,
    queries: int | None = None,
    part: Part = Part.REPORTING,
    config: RankingConfig = EVENTS,
) -> Report:
    """Rank each month's events with the product's signals and ranking, and with the baselines, as of its start.

    `db` holds nothing but the set, imported by the product; what lacks a vector is embedded first. `queries` draws so
    many of the part. Raises Invalid when the folder is unusable, Conflict when the database holds others.
    """
    started = time.monotonic()
    await embed_missing(db, embedder)
    async with db.write() as session, session.begin():
        asked = draw(read_queries(folder, part), queries)
        past = read_past(folder)
        people, events = await date_members_back(session, folder, past, asked), await _event_ids(session)
        vectors = await item_vectors(session, "event_id", [events[name] for name in past.places])
    run = Run(people, events, past, vectors, config)
    await ask_all(db, asked, run.ask, progress)
    title = f"Which of a month's events people came to, of {len(events):,} events in all"
    model, seconds = f"{embedder.name} {embedder.version}", time.monotonic() - started
    return run.lists.report(title, part, model=model, digest=config.digest, seconds=seconds, candidates_given=True)


# ---------------------------------------------------------------- the set


def moment(days: float) -> datetime:
    """A time of the set, which counts days since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)


def read_queries(folder: Path, part: Part) -> list[Query]:
    """The queries of a part: a person's months stay together. Raises Invalid, naming the file and the line."""
    wanted = '{"q": id, "u": person, "start": days, "cand": [event], "rel": {event: number}}'
    found = [
        query
        for query in read_lines(folder, ATTENDANCE, _query, wanted)
        if query.relevance and part in {Part.ALL, part_of(query.person)}
    ]
    if not found:
        raise Invalid([Problem(("data", ATTENDANCE), f"There is no query in the part '{part.value}'.")])
    return found


def _query(row: Any) -> Query:
    relevance = {str(key): float(value) for key, value in row["rel"].items() if value > 0}
    candidates = tuple(dict.fromkeys(str(one) for one in row["cand"]))
    return Query(str(row["q"]), str(row["u"]), float(row["start"]), candidates, relevance)


def read_past(folder: Path) -> Past:
    """What the baselines look at. Raises Invalid, naming the file and the line."""
    happenings = read_lines(folder, "events.jsonl.gz", _happening, '{"id", "t", "group", "text"}')
    places = {one.name: place for place, one in enumerate(happenings)}
    said: dict[str, list[tuple[float, int]]] = defaultdict(list)
    answers: list[list[float]] = [[] for _ in happenings]
    rsvps = read_lines(folder, "rsvps.jsonl.gz", lambda row: _answer(row, places), '{"u", "d", "yes", "t"}')
    for person, place, yes, at in rsvps:
        if yes:
            said[person].append((at, place))
            answers[place].append(at)
    members = read_lines(folder, "members.jsonl.gz", _member, '{"id", "topics", "joined"}')
    return Past(
        places,
        at=np.array([one.at for one in happenings]),
        groups=tuple(one.group for one in happenings),
        texts=tuple(one.text for one in happenings),
        said=said,
        joined={person: joined for person, _, joined in members},
        topics={person: topics for person, topics, _ in members},
        answers=[np.sort(np.array(some)) for some in answers],
    )


def _group(row: Any) -> tuple[str, str]:
    """A group and its name, with which its text begins."""
    return str(row["id"]), str(row["text"]).partition(". ")[0].strip()


def _happening(row: Any) -> Happening:
    return Happening(str(row["id"]), float(row["t"]), str(row["group"]), str(row["text"]))


def _answer(row: Any, places: Mapping[str, int]) -> tuple[str, int, bool, float]:
    return str(row["u"]), places[str(row["d"])], bool(row["yes"]), float(row["t"])


def _member(row: Any) -> tuple[str, str, list[tuple[str, float]]]:
    return str(row["id"]), ", ".join(row["topics"]), [(str(group), float(at)) for group, at in row["joined"]]


async def date_members_back(
    session: AsyncSession, folder: Path, past: Past, asked: Sequence[Query]
) -> Mapping[str, UUID]:
    """Let people, facts and vectors count as known at the first month, but a group only since it was joined."""
    await date_back(session, SOURCE, moment(min(query.start for query in asked)))
    people = await external_ids(session, SOURCE)
    names = dict(read_lines(folder, "groups.jsonl.gz", _group, '{"id", "text"}'))
    for person, joined in past.joined.items():
        for group, at in joined:
            of_group = models.Interest.name_folded == fold(names[group])
            interest = update(models.Interest).where(models.Interest.person_id == people[person], of_group)
            await session.execute(interest.values(created_at=moment(at)))
    return people


async def _event_ids(session: AsyncSession) -> Mapping[str, UUID]:
    event = models.Event.__table__
    rows = await session.execute(
        select(event.c.external_id, event.c.id).where(access.sees_event(OFFICER, event), event.c.source == SOURCE)
    )
    return {row.external_id: row.id for row in rows}


# ---------------------------------------------------------------- one run


class Run:
    """All lists of one evaluation."""

    def __init__(
        self,
        people: Mapping[str, UUID],
        events: Mapping[str, UUID],
        past: Past,
        vectors: NDArray[np.float32],
        config: RankingConfig,
    ) -> None:
        self._people = people
        self._events = events
        self._past = past
        self._vectors = vectors
        self._words = Bm25(past.texts)
        self._config = config
        self._ids = [events[name] for name in past.places]
        self.lists = Lists(self._ids)

    async def ask(self, session: AsyncSession, query: Query) -> None:
        """Rank a month's events for one person in all ways."""
        given = [self._past.places[name] for name in query.candidates]
        ranked: dict[str, list[UUID]] = {}
        for name, scores in self._baselines(query).items():
            ranked[name] = [self._ids[place] for place in best_places(scores, given, DEPTH, SEED)]
        candidates = [self._events[name] for name in query.candidates]
        asking = Asking(Viewer(ViewerKind.MEMBER, self._people[query.person]), moment(query.start), self._config)
        best = rank(await PIPELINE.read(session, asking, candidates), self._config, most=DEPTH)
        ranked[OURS] = [one.id for one, _ in best]
        self.lists.add({self._events[name]: value for name, value in query.relevance.items()}, ranked, candidates)

    def _baselines(self, query: Query) -> dict[str, Scores]:
        past, attended = self._past, self._past.attended(query)
        groups = Counter(past.groups[place] for place in attended)
        groups.update(group for group, at in past.joined.get(query.person, ()) if at < query.start)
        said = ". ".join([past.topics.get(query.person, ""), *(past.texts[place] for place in attended[::-1])])
        coming = [int(np.searchsorted(some, query.start)) for some in past.answers]
        return {
            "random": np.random.default_rng([SEED, *query.name.encode()]).random(len(self._ids)),
            "popularity": np.array(coming, dtype=np.float64),
            "same group": np.array([float(groups[group]) for group in past.groups]),
            "BM25": self._words.scores(said),
            "embeddings alone": by_best_pairs(self._vectors[attended], self._vectors),
        }
