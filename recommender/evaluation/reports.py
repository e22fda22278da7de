"""What all evaluations share: which of a set's queries are asked, the lists that were ranked, and their figures."""

import gzip
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import Database
from api.errors import Invalid, Problem
from recommender import metrics

T = TypeVar("T")
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


def part_of(name: str) -> Part:
    """Which half a query belongs to: by a digest of its id, so that it stays there whatever else is in the set."""
    return (Part.CHOOSING, Part.REPORTING)[blake2b(name.encode(), digest_size=1).digest()[0] % 2]


def draw(queries: Sequence[T], most: int | None) -> list[T]:
    """The queries, or `most` of them drawn at random: always the same."""
    if most is None or most >= len(queries):
        return list(queries)
    drawn = np.random.default_rng(SEED).choice(len(queries), size=most, replace=False)
    return [queries[int(number)] for number in sorted(drawn)]


def read_lines(folder: Path, name: str, read: Callable[[Any], T], wanted: str) -> list[T]:
    """The lines of a set's file, each as `read` makes it of the parsed JSON.

    Raises Invalid, naming the file and the line, for what cannot be read; `wanted` says what a line must be like.
    """
    try:
        with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
            return [_read_line(line, number, name, read, wanted) for number, line in enumerate(lines, start=1)]
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise Invalid([Problem(("data", name), f"Cannot be read: {error}.")]) from error


def _read_line(line: str, number: int, name: str, read: Callable[[Any], T], wanted: str) -> T:
    try:
        return read(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid([Problem(("data", name, str(number)), f"Wanted {wanted}.")]) from error


async def ask_all(
    db: Database, asked: Sequence[T], ask: Callable[[AsyncSession, T], Awaitable[None]], progress: Progress | None
) -> None:
    """Rank for each query, in a transaction of its own."""
    for done, query in enumerate(asked, start=1):
        async with db.write() as session, session.begin():
            await ask(session, query)
        if progress is not None:
            progress(done, len(asked))


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

    title: str
    """What was asked, of what, as of when."""
    rows: tuple[Row, ...]
    queries: int
    part: Part
    model: str
    ranking_digest: str
    ahead: metrics.Interval
    """nDCG@10 of ours minus that of the best baseline, on the same queries."""
    best_baseline: str
    candidate_recall: float | None
    """The share of the truth among the candidates, at most MOST_CANDIDATES a query; None where the set gives them."""
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
                f"{self.title}: {self.queries:,} queries ({self.part.value}). Primary metric: nDCG@{PAGE}.",
                "",
                *lines,
                "",
                f"ours - {self.best_baseline}: {ahead.mean:+.3f} nDCG@{PAGE}"
                f" ({ahead.level:.0%} paired bootstrap {ahead.low:+.3f} to {ahead.high:+.3f})",
                self._candidates(),
                f"model {self.model}, ranking {self.ranking_digest}, {self.seconds:.0f} s",
            )
        )

    def _candidates(self) -> str:
        if self.candidate_recall is None:
            return f"candidates: given by the set, {self.candidates:.0f} a query"
        found = f"recall {self.candidate_recall:.3f} with {self.candidates:.0f} a query"
        return f"candidates: {found} (at most {MOST_CANDIDATES})"


class Lists:
    """The lists of one evaluation: for each query what each scorer ranked, best first, and what was relevant."""

    def __init__(self, catalogue: Sequence[UUID]) -> None:
        self._places = {item: place for place, item in enumerate(catalogue)}
        self._lists: dict[str, list[Sequence[UUID]]] = {}
        self._relevance: list[Mapping[UUID, float]] = []
        self._candidates: list[Sequence[UUID]] = []

    def add(
        self, relevance: Mapping[UUID, float], ranked: Mapping[str, Sequence[UUID]], candidates: Sequence[UUID]
    ) -> None:
        """One query: every scorer's list by its name, OURS among them, and the candidates that ours ranked."""
        self._relevance.append(relevance)
        self._candidates.append(candidates)
        for name, some in ranked.items():
            self._lists.setdefault(name, []).append(some)

    def report(
        self, title: str, part: Part, *, model: str, digest: bytes, seconds: float, candidates_given: bool = False
    ) -> Report:
        """The figures of all queries so far."""
        rows = tuple(self._row(name) for name in self._lists)
        best = max((row for row in rows if row.scorer != OURS), key=lambda row: row.ndcg).scorer
        recalls = [
            metrics.recall(found, relevance, MOST_CANDIDATES)
            for relevance, found in zip(self._relevance, self._candidates, strict=True)
        ]
        return Report(
            title,
            rows,
            queries=len(self._relevance),
            part=part,
            model=model,
            ranking_digest=digest.hex(),
            ahead=metrics.paired_bootstrap(self._ndcgs(OURS), self._ndcgs(best), seed=SEED),
            best_baseline=best,
            candidate_recall=None if candidates_given else float(np.mean(recalls)),
            candidates=float(np.mean([len(found) for found in self._candidates])),
            seconds=seconds,
        )

    def _pairs(self, name: str) -> list[tuple[Mapping[UUID, float], Sequence[UUID]]]:
        return list(zip(self._relevance, self._lists[name], strict=True))

    def _ndcgs(self, name: str) -> list[float]:
        return [metrics.ndcg(ranked, relevance, PAGE) for relevance, ranked in self._pairs(name)]

    def _row(self, name: str) -> Row:
        pages = [ranked[:PAGE] for ranked in self._lists[name]]
        shown = np.bincount([self._places[one] for page in pages for one in page], minlength=len(self._places))
        pairs = self._pairs(name)
        return Row(
            name,
            ndcg=float(np.mean(self._ndcgs(name))),
            recall=float(np.mean([metrics.recall(ranked, relevance, DEPTH) for relevance, ranked in pairs])),
            coverage=metrics.coverage(pages, len(self._places)),
            mrr=float(np.mean([metrics.reciprocal_rank(ranked, relevance) for relevance, ranked in pairs])),
            gini=metrics.gini(shown),
        )
