"""How well the product's own pipeline finds whom people met next, beside baselines that it has to beat."""

import gzip
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, ViewerKind
from api.db import Database
from api.errors import Invalid, Problem
from recommender import metrics
from recommender.asking import Asking
from recommender.baselines import Network, Scorer, best_places, by_chance, by_text, by_ties, by_years
from recommender.candidates import find_candidates
from recommender.embeddings import Embedder
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
PAGE = 10
DEPTH = 50
MOST_CANDIDATES = 400
SEED = 20161231
OURS = "ours"
Progress = Callable[[int, int], None]
"""Told after each query: how many are done, of how many."""


class Part(StrEnum):
    """Which of the queries: weights were chosen on one half, and figures are told of the other."""

    CHOOSING = "choosing"
    REPORTING = "reporting"
    ALL = "all"


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


@dataclass(frozen=True)
class Row:
    """What one scorer reached, as means over the queries."""

    scorer: str
    ndcg: float
    recall: float
    coverage: float
    mrr: float
    gini: float


@dataclass(frozen=True)
class Report:
    """The result of one evaluation; the primary metric is nDCG@10."""

    rows: tuple[Row, ...]
    queries: int
    people: int
    part: Part
    model: str
    ranking_digest: str
    ahead: metrics.Interval
    """nDCG@10 of ours minus that of the best baseline, on the same queries."""
    best_baseline: str
    candidate_recall: float
    """The share of the truth among the candidates, at most MOST_CANDIDATES a query."""
    candidates: float
    """How many candidates a query has on average."""
    seconds: float

    @property
    def ours(self) -> Row:
        """The product's own row."""
        return next(row for row in self.rows if row.scorer == OURS)

    def table(self) -> str:
        """The figures as plain text."""
        heads = ("scorer", "nDCG@10", "recall@50", "coverage@10", "MRR", "Gini@10")
        body = [
            (row.scorer, *(f"{value:.3f}" for value in (row.ndcg, row.recall, row.coverage, row.mrr, row.gini)))
            for row in self.rows
        ]
        widths = [max(len(line[column]) for line in (heads, *body)) for column in range(len(heads))]
        lines = [
            "  ".join(
                cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(line)
            )
            for line in (tuple(zip(cells, widths, strict=True)) for cells in (heads, *body))
        ]
        ahead = self.ahead
        return "\n".join(
            (
                f"Whom people met next: {self.queries:,} queries ({self.part.value}), {self.people:,} people,"
                f" as of {AS_OF:%Y-%m-%d}. Primary metric: nDCG@{PAGE}.",
                "",
                *lines,
                "",
                f"ours - {self.best_baseline}: {ahead.mean:+.3f} nDCG@{PAGE}"
                f" ({ahead.level:.0%} paired bootstrap {ahead.low:+.3f} to {ahead.high:+.3f})",
                f"candidates: recall {self.candidate_recall:.3f} with {self.candidates:.0f} a query"
                f" (at most {MOST_CANDIDATES})",
                f"model {self.model}, ranking {self.ranking_digest}, {self.seconds:.0f} s",
            )
        )


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
    for done, query in enumerate(asked, start=1):
        async with db.write() as session, session.begin():
            await run.ask(session, query)
        if progress is not None:
            progress(done, len(asked))
    return run.report(part, f"{embedder.name} {embedder.version}", time.monotonic() - started)


# ---------------------------------------------------------------- the set


def read_meetings(folder: Path) -> list[Meeting]:
    """Whom each query person met later. Raises Invalid, naming the file and the line."""
    path = folder / MEETINGS
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [_meeting(line, number) for number, line in enumerate(lines, start=1)]
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise Invalid([Problem(("data", MEETINGS), f"Cannot be read: {error}.")]) from error


def _meeting(line: str, number: int) -> Meeting:
    try:
        row: Any = json.loads(line)
        relevance = {str(key): float(value) for key, value in row["rel"].items()}
        meeting = Meeting(str(row["q"]), {key: value for key, value in relevance.items() if value > 0})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid([Problem(("data", MEETINGS, str(number)), 'Wanted {"q": id, "rel": {id: number}}.')]) from error
    if not meeting.relevance:
        raise Invalid([Problem(("data", MEETINGS, str(number)), "Names nobody who was met.")])
    return meeting


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
    if most is None or most >= len(chosen):
        return chosen
    drawn = np.random.default_rng(SEED).choice(len(chosen), size=most, replace=False)
    return [chosen[int(number)] for number in sorted(drawn)]


def part_of(person: str) -> Part:
    """Which half a query belongs to: by a digest of its id, so that it stays there whatever else is in the set."""
    return (Part.CHOOSING, Part.REPORTING)[blake2b(person.encode(), digest_size=1).digest()[0] % 2]


# ---------------------------------------------------------------- one run


class Run:
    """All lists of one evaluation, and what they are worth."""

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
        self._lists: dict[str, list[list[UUID]]] = {name: [] for name in (*self._baselines, OURS)}
        self._candidates: list[list[UUID]] = []
        self._queries: list[Query] = []

    async def ask(self, session: AsyncSession, query: Query) -> None:
        """Rank for one person in all ways. Nobody is ranked whom the product may not suggest to them."""
        asking = Asking(Viewer(ViewerKind.MEMBER, query.person_id), AS_OF, self._config)
        allowed = [self._places[one] for one in await session.scalars(asking.people)]
        for name, scorer in self._baselines.items():
            best = best_places(scorer(self._places[query.person_id]), allowed, DEPTH, SEED)
            self._lists[name].append([self._network.ids[place] for place in best])
        found = (await find_candidates(session, asking))[:MOST_CANDIDATES]
        self._candidates.append(found)
        ranked = rank(await read_signals(session, asking, found), self._config, most=DEPTH)
        self._lists[OURS].append([candidate.id for candidate, _ in ranked])
        self._queries.append(query)

    def report(self, part: Part, model: str, seconds: float) -> Report:
        """The figures of all lists so far."""
        rows = tuple(self._row(name) for name in self._lists)
        best = max((row for row in rows if row.scorer != OURS), key=lambda row: row.ndcg).scorer
        recalls = [
            metrics.recall(found, query.relevance, MOST_CANDIDATES)
            for query, found in zip(self._queries, self._candidates, strict=True)
        ]
        return Report(
            rows,
            queries=len(self._queries),
            people=len(self._network.ids),
            part=part,
            model=model,
            ranking_digest=self._config.digest.hex(),
            ahead=metrics.paired_bootstrap(self._ndcgs(OURS), self._ndcgs(best), seed=SEED),
            best_baseline=best,
            candidate_recall=float(np.mean(recalls)),
            candidates=float(np.mean([len(found) for found in self._candidates])),
            seconds=seconds,
        )

    def _ndcgs(self, name: str) -> list[float]:
        return [metrics.ndcg(ranked, query.relevance, PAGE) for query, ranked in self._pairs(name)]

    def _pairs(self, name: str) -> list[tuple[Query, list[UUID]]]:
        return list(zip(self._queries, self._lists[name], strict=True))

    def _row(self, name: str) -> Row:
        pages = [ranked[:PAGE] for ranked in self._lists[name]]
        shown = np.bincount([self._places[one] for page in pages for one in page], minlength=len(self._network.ids))
        return Row(
            name,
            ndcg=float(np.mean(self._ndcgs(name))),
            recall=float(
                np.mean([metrics.recall(ranked, query.relevance, DEPTH) for query, ranked in self._pairs(name)])
            ),
            coverage=metrics.coverage(pages, len(self._network.ids)),
            mrr=float(
                np.mean([metrics.reciprocal_rank(ranked, query.relevance) for query, ranked in self._pairs(name)])
            ),
            gini=metrics.gini(shown),
        )
