"""Which openings applicants looked at next, against chance, demand, place, words and embeddings alone."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.access import Viewer, ViewerKind
from api.db import Database
from api.errors import Invalid, Problem
from api.folding import fold
from api.models import Job
from recommender.asking import Asking
from recommender.baselines import Network, Scores, best_places, by_best_pairs
from recommender.bm25 import Bm25
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
from recommender.features import Candidate
from recommender.jobs import PIPELINE
from recommender.jobs.sources import suggestable
from recommender.networks import OFFICER, date_back, external_ids, item_vectors, read_network
from recommender.ranking import RankingConfig, rank
from recommender.vectors import embed_missing
from recommender.weights.jobs import JOBS

SOURCE = "job-views"
"""What the import calls the set: people and openings are known by (source, external id)."""
START = datetime(2025, 1, 1, tzinfo=UTC)
"""Where the import puts day 0 of the set, whose times are in days."""
OPENED = "opened_later.jsonl.gz"


@dataclass(frozen=True)
class Applicant:
    """Who is asked about, and when."""

    name: str
    at: datetime
    city: str
    state: str
    text: str


@dataclass(frozen=True)
class Query:
    """One applicant and the openings looked at afterwards, by id."""

    applicant: Applicant
    person_id: UUID
    relevance: Mapping[UUID, float]


@dataclass(frozen=True)
class Openings:
    """All openings as places 0, 1, ... with what the baselines look at."""

    ids: tuple[UUID, ...]
    cities: NDArray[np.str_]
    states: NDArray[np.str_]
    texts: Sequence[str]
    viewed: NDArray[np.int64]
    """Which opening each first view of somebody is of."""
    times: NDArray[np.float64]
    """When, in seconds since 1970: ascending."""
    vectors: NDArray[np.float32]
    """Shape (openings, 384), unit length; zeros without one."""

    def wanted(self, at: datetime) -> Scores:
        """How many had looked at each by then."""
        known = self.viewed[: np.searchsorted(self.times, at.timestamp())]
        return np.bincount(known, minlength=len(self.ids)).astype(np.float64)


async def evaluate_jobs(
    db: Database,
    folder: Path,
    embedder: Embedder,
    *,
    progress: Progress | None = None,
    queries: int | None = None,
    part: Part = Part.REPORTING,
    config: RankingConfig = JOBS,
) -> Report:
    """Rank for each applicant with the product's pipeline and with the baselines, knowing only what came before.

    `db` holds nothing but the set, imported by the product; what lacks a vector is embedded first. `queries` draws so
    many of the part. Raises Invalid when the folder is unusable, Conflict when the database holds others.
    """
    started = time.monotonic()
    await embed_missing(db, embedder)
    async with db.write() as session, session.begin():
        await date_back(session, SOURCE, START)
        people, jobs = await external_ids(session, SOURCE), await _job_ids(session)
        asked = draw(read_queries(folder, people, jobs, part), queries)
        network = await read_network(session, START)
        openings = read_openings(folder, jobs, await item_vectors(session, "job_id", tuple(jobs.values())))
    run = Run(network, openings, config)
    await ask_all(db, asked, run.ask, progress)
    title = f"Which of {len(openings.ids):,} openings applicants looked at next"
    model, seconds = f"{embedder.name} {embedder.version}", time.monotonic() - started
    return run.lists.report(title, part, model=model, digest=config.digest, seconds=seconds)


# ---------------------------------------------------------------- the set


def read_queries(folder: Path, people: Mapping[str, UUID], jobs: Mapping[str, UUID], part: Part) -> list[Query]:
    """The queries of a part. Raises Invalid, naming the file and the line."""
    applicants = {
        one.name: one
        for one in read_lines(folder, "applicants.jsonl.gz", _applicant, '{"id", "t", "city", "state", "text"}')
    }

    def read(row: Any) -> Query:
        applicant = applicants[str(row["q"])]
        truth = {jobs[str(key)]: float(value) for key, value in row["rel"].items() if value > 0}
        return Query(applicant, people[applicant.name], truth)

    wanted = '{"q": an applicant\'s id, "rel": {an opening\'s id: number}}, all of them imported'
    found = [
        query
        for query in read_lines(folder, OPENED, read, wanted)
        if query.relevance and part in {Part.ALL, part_of(query.applicant.name)}
    ]
    if not found:
        raise Invalid([Problem(("data", OPENED), f"There is no query in the part '{part.value}'.")])
    return found


def _applicant(row: Any) -> Applicant:
    city, state, text = (str(row[name] or "") for name in ("city", "state", "text"))
    return Applicant(str(row["id"]), _moment(row["t"]), fold(city), state, text)


def read_openings(folder: Path, jobs: Mapping[str, UUID], vectors: NDArray[np.float32]) -> Openings:
    """The openings with what the set says of them; `vectors` are in the order of `jobs`."""
    places = {name: place for place, name in enumerate(jobs)}
    rows = {
        name: (city, state, text)
        for name, city, state, text in read_lines(
            folder, "postings.jsonl.gz", _posting, '{"id", "city", "state", "text"}'
        )
    }
    views = read_lines(
        folder, "views.jsonl.gz", lambda row: _view(row, places), '{"u", "d", "t"}, with an imported opening'
    )
    first: dict[tuple[str, int], float] = {}
    for visitor, place, at in views:
        first.setdefault((visitor, place), at)
    timed = sorted((at, place) for (_, place), at in first.items())
    told = [rows[name] for name in jobs]
    return Openings(
        tuple(jobs.values()),
        cities=np.array([fold(city) for city, _, _ in told]),
        states=np.array([state for _, state, _ in told]),
        texts=[text for _, _, text in told],
        viewed=np.array([place for _, place in timed], dtype=np.int64),
        times=np.array([at for at, _ in timed], dtype=np.float64),
        vectors=vectors,
    )


def _posting(row: Any) -> tuple[str, str, str, str]:
    return str(row["id"]), str(row["city"] or ""), str(row["state"] or ""), str(row["text"])


def _view(row: Any, places: Mapping[str, int]) -> tuple[str, int, float]:
    return str(row["u"]), places[str(row["d"])], _moment(row["t"]).timestamp()


def _moment(days: Any) -> datetime:
    return START + timedelta(days=float(days))


async def _job_ids(session: AsyncSession) -> dict[str, UUID]:
    """The openings by the ids that the set knows them by."""
    job = Job.__table__
    rows = await session.execute(
        select(job.c.external_id, job.c.id)
        .where(access.sees_job(OFFICER, job), job.c.source == SOURCE)
        .order_by(job.c.id)
    )
    return {row.external_id: row.id for row in rows}


# ---------------------------------------------------------------- one run


class Run:
    """All lists of one evaluation."""

    def __init__(self, network: Network, openings: Openings, config: RankingConfig) -> None:
        self._network = network
        self._people = {person_id: place for place, person_id in enumerate(network.ids)}
        self._openings = openings
        self._places = {job_id: place for place, job_id in enumerate(openings.ids)}
        self._words = Bm25(openings.texts)
        self._config = config
        self.lists = Lists(openings.ids)

    async def ask(self, session: AsyncSession, query: Query) -> None:
        """Rank for one applicant in all ways. Nothing is ranked that the product may not suggest."""
        asking = Asking(Viewer(ViewerKind.MEMBER, query.person_id), query.applicant.at, self._config)
        allowed = [self._places[one] for one in await session.scalars(suggestable(asking))]
        ranked: dict[str, list[UUID]] = {}
        for name, scores in self._baselines(query).items():
            best = best_places(scores, allowed, DEPTH, SEED)
            ranked[name] = [self._openings.ids[place] for place in best]
        candidates = await self.candidates(session, asking)
        ranked[OURS] = [one.id for one, _ in rank(candidates, self._config, most=DEPTH)]
        self.lists.add(query.relevance, ranked, [one.id for one in candidates])

    async def candidates(self, session: AsyncSession, asking: Asking) -> list[Candidate]:
        """What the product finds, with all that speaks for each."""
        found = await PIPELINE.find(session, asking, 0)
        return await PIPELINE.read(session, asking, found[:MOST_CANDIDATES])

    def _baselines(self, query: Query) -> dict[str, Scores]:
        openings, applicant = self._openings, query.applicant
        wanted = openings.wanted(applicant.at)
        same_state = (openings.states == applicant.state) & (applicant.state != "")
        near = same_state * 1.0 + (same_state & (openings.cities == applicant.city))
        own = self._network.vectors_of(self._people[query.person_id])
        return {
            "random": np.random.default_rng([SEED, self._people[query.person_id]]).random(len(openings.ids)),
            "popularity": wanted,
            "same place": near + wanted / (wanted.sum() + 1.0),
            "BM25": self._words.scores(applicant.text),
            "embeddings alone": by_best_pairs(own, openings.vectors),
        }
