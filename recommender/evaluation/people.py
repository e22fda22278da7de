"""Whom researchers wrote with next: people you should meet, against chance, time, text alone and ties alone."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, ViewerKind
from api.db import Database
from api.errors import Invalid, Problem
from recommender.asking import Asking
from recommender.baselines import Network, Scorer, best_places, by_chance, by_text, by_ties, by_years
from recommender.candidates import find_candidates
from recommender.embeddings import Embedder
from recommender.evaluation.reports import (
    DEPTH,
    MOST_CANDIDATES,
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
from recommender.networks import date_back, external_ids, read_network
from recommender.ranking import RankingConfig, rank
from recommender.signals import read_signals
from recommender.vectors import embed_missing
from recommender.weights.people import PEOPLE

SOURCE = "researchers"
"""What the import calls the set: people are known by (source, external id)."""
MEETINGS = "later_meetings.jsonl.gz"
AS_OF = datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The last moment that the set's people, texts and ties tell of; the meetings to find are later."""


@dataclass(frozen=True)
class Meeting:
    """One line of the set: a person and whom they met later, by external id."""

    person: str
    relevance: Mapping[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody it names."""
        return (self.person, *self.relevance)


@dataclass(frozen=True)
class Query:
    """One person and whom they met later, by id."""

    person_id: UUID
    relevance: Mapping[UUID, float]


async def evaluate_people(
    db: Database,
    folder: Path,
    embedder: Embedder,
    *,
    progress: Progress | None = None,
    queries: int | None = None,
    part: Part = Part.REPORTING,
    config: RankingConfig = PEOPLE,
) -> Report:
    """Rank for each query person with the product's pipeline and with the baselines, knowing only what came before.

    `db` holds nothing but the set, imported by the product; what lacks a vector is embedded first. `queries` draws so
    many of the part. Raises Invalid when the folder's meetings are unusable, Conflict when the database holds others.
    """
    started = time.monotonic()
    meetings = read_meetings(folder)
    await embed_missing(db, embedder)
    async with db.write() as session, session.begin():
        await date_back(session, SOURCE, AS_OF)
        known = await external_ids(session, SOURCE)
        network = await read_network(session, AS_OF)
    asked = chosen_queries(meetings, known, part, queries)
    run = Run(network, config)
    await ask_all(db, asked, run.ask, progress)
    title = f"Whom people met next, of {len(network.ids):,} people as of {AS_OF:%Y-%m-%d}"
    model, seconds = f"{embedder.name} {embedder.version}", time.monotonic() - started
    return run.lists.report(title, part, model=model, digest=config.digest, seconds=seconds)


# ---------------------------------------------------------------- the set


def read_meetings(folder: Path) -> list[Meeting]:
    """Whom each query person met later. Raises Invalid, naming the file and the line."""
    meetings = read_lines(folder, MEETINGS, _meeting, '{"q": id, "rel": {id: number}}')
    nobody = next((number for number, one in enumerate(meetings, start=1) if not one.relevance), None)
    if nobody is not None:
        raise Invalid([Problem(("data", MEETINGS, str(nobody)), "Names nobody who was met.")])
    return meetings


def _meeting(row: Any) -> Meeting:
    relevance = {str(key): float(value) for key, value in row["rel"].items()}
    return Meeting(str(row["q"]), {key: value for key, value in relevance.items() if value > 0})


def chosen_queries(meetings: Sequence[Meeting], known: Mapping[str, UUID], part: Part, most: int | None) -> list[Query]:
    """The queries of a part, or `most` of them drawn at random, always the same. Raises Invalid."""
    unknown = next((one for meeting in meetings for one in meeting.names if one not in known), None)
    if unknown is not None:
        raise Invalid([Problem(("data", MEETINGS), f"Person {unknown} is not among the imported people.")])
    chosen = [
        Query(known[meeting.person], {known[one]: value for one, value in meeting.relevance.items()})
        for meeting in meetings
        if part in {Part.ALL, part_of(meeting.person)}
    ]
    if not chosen:
        raise Invalid([Problem(("data", MEETINGS), f"There is no query in the part '{part.value}'.")])
    return draw(chosen, most)


# ---------------------------------------------------------------- one run


class Run:
    """All lists of one evaluation."""

    def __init__(self, network: Network, config: RankingConfig) -> None:
        self._network = network
        self._config = config
        self._places = {person_id: place for place, person_id in enumerate(network.ids)}
        self._baselines: dict[str, Scorer] = {
            "random": by_chance(network, SEED),
            "cohort": by_years(network),
            "text alone": by_text(network),
            "friends of friends alone": by_ties(network),
        }
        self.lists = Lists(network.ids)

    async def ask(self, session: AsyncSession, query: Query) -> None:
        """Rank for one person in all ways. Nobody is ranked whom the product may not suggest to them."""
        asking = Asking(Viewer(ViewerKind.MEMBER, query.person_id), AS_OF, self._config)
        allowed = [self._places[one] for one in await session.scalars(asking.people)]
        ranked: dict[str, list[UUID]] = {}
        for name, scorer in self._baselines.items():
            best = best_places(scorer(self._places[query.person_id]), allowed, DEPTH, SEED)
            ranked[name] = [self._network.ids[place] for place in best]
        found = (await find_candidates(session, asking))[:MOST_CANDIDATES]
        best = rank(await read_signals(session, asking, found), self._config, most=DEPTH)
        ranked[OURS] = [candidate.id for candidate, _ in best]
        self.lists.add(query.relevance, ranked, found)
