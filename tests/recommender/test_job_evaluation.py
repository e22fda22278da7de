"""What the evaluation of openings reads, what it refuses, and one run on a set small enough to foresee; BM25 too."""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer, ViewerKind
from api.errors import Conflict, Invalid
from api.services.imports import import_jobs, import_people, job_views
from api.services.imports.job_views import SOURCE, job_rows, people_rows
from recommender.bm25 import Bm25
from recommender.embeddings import HashEmbedder
from recommender.evaluation import jobs as evaluation
from recommender.evaluation.jobs import evaluate_jobs
from recommender.evaluation.reports import Part, Report
from tests.databases import LockedDatabase
from tests.factories import make_person

OFFICE = Viewer(ViewerKind.STAFF)
TITLES = ("Barista", "Nurse", "Baristas wanted", "Driver", "Welder", "Cook", "Clerk", "Guard")


def postings() -> list[dict[str, Any]]:
    """The third of them is for whoever makes coffee in Reno; the first is far away."""
    return [
        {
            "id": place,
            "title": title,
            "company": f"Company\u0092 {place}",
            "city": "RENO" if place == 2 else "Elko",
            "state": "ME" if place == 0 else "NV",
            "industry": "Work",
            "text": f"{title}, Company {place}",
        }
        for place, title in enumerate(TITLES)
    ]


def applicant(number: int) -> dict[str, Any]:
    text = "Looking for: Barista. Experience: Barista, Waiter. Reno NV. Made coffee."
    return {
        "id": number, "t": 5.5, "roles": ["Barista", "Waiter"], "wants": ["Barista", "barista"], "city": "Reno",
        "state": "NV", "text": text,
    }  # fmt: skip


VIEWS = [{"u": visitor, "d": 3, "t": float(visitor)} for visitor in range(4)]


def written(folder: Path, **files: Sequence[Any]) -> Path:
    """The folder with the small set, or what is given instead of a file."""
    whole: Mapping[str, Sequence[Any]] = {
        "postings": postings(),
        "applicants": [applicant(1), applicant(2)],
        "views": [*VIEWS, {"u": 1, "d": 2, "t": 6.0}],
        "opened_later": [{"q": 1, "rel": {"2": 1}}, {"q": 2, "rel": {"2": 1, "0": 0}}],
        **files,
    }
    for name, rows in whole.items():
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.writelines(f"{json.dumps(row)}\n" for row in rows)
    return folder


async def imported(session: AsyncSession, folder: Path) -> None:
    await import_people(session, OFFICE, list(people_rows(folder)), source=SOURCE)
    report = await import_jobs(session, OFFICE, list(job_rows(folder)), source=SOURCE)
    assert {message for row in report.rows for message in row.messages} == set()
    await session.commit()


async def run(db: LockedDatabase, folder: Path, part: Part = Part.ALL) -> Report:
    return await evaluate_jobs(db, folder, HashEmbedder(), part=part)


async def test_a_run_tells_what_each_scorer_finds(session: AsyncSession, db: LockedDatabase, tmp_path: Path):
    folder = written(tmp_path)
    await imported(session, folder)
    report = await run(db, folder)
    rows = {row.scorer: row for row in report.rows}
    assert list(rows) == ["random", "popularity", "same place", "BM25", "embeddings alone", "ours"]
    assert report.ours.ndcg == report.ours.mrr == rows["same place"].ndcg == 1.0
    assert rows["popularity"].ndcg < 1.0
    assert (report.queries, report.model, report.candidate_recall) == (2, "hash 1", 1.0)
    assert "Which of 8 openings applicants looked at next: 2 queries (all)" in report.table()


async def test_views_that_came_later_help_nothing(session: AsyncSession, db: LockedDatabase, tmp_path: Path):
    folder = written(tmp_path)
    await imported(session, folder)
    before = await run(db, folder)
    later = [{"u": visitor, "d": 7, "t": 5.6} for visitor in range(10, 30)]
    await imported(session, written(tmp_path, views=[*VIEWS, *later]))
    after = await run(db, folder)
    assert [row.ndcg for row in after.rows if row.scorer in {"popularity", "ours"}] == [
        row.ndcg for row in before.rows if row.scorer in {"popularity", "ours"}
    ]


async def test_a_database_with_others_is_refused(session: AsyncSession, db: LockedDatabase, tmp_path: Path):
    folder = written(tmp_path)
    await imported(session, folder)
    await make_person(session)
    await session.commit()
    with pytest.raises(Conflict, match="1 people here do not come from 'job-views'"):
        await run(db, folder)


@pytest.mark.parametrize(
    ("name", "rows", "place"),
    [
        ("opened_later", [{"q": 1, "rel": {"99": 1}}], r"opened_later\.jsonl\.gz\.1"),
        ("opened_later", [{"q": 3, "rel": {"2": 1}}], r"opened_later\.jsonl\.gz\.1"),
        ("opened_later", [{"q": 1, "rel": {"2": 0}}], "no query in the part 'all'"),
        ("applicants", [applicant(1), {"id": 2}], r"applicants\.jsonl\.gz\.2"),
        ("views", [{"u": 1}], r"views\.jsonl\.gz\.1"),
        ("views", [{"u": 1, "d": 99, "t": 1.0}], r"views\.jsonl\.gz\.1"),
        ("postings", [3], r"postings\.jsonl\.gz\.1"),
    ],
)
async def test_what_cannot_be_used_is_named(
    session: AsyncSession, db: LockedDatabase, tmp_path: Path, name: str, rows: list[Any], place: str
):
    await imported(session, written(tmp_path))
    with pytest.raises(Invalid, match=place):
        await run(db, written(tmp_path, **{name: rows}))


async def test_an_import_of_the_set_says_what_it_says(session: AsyncSession, tmp_path: Path):
    people = {row["externalId"]: row for row in people_rows(written(tmp_path))}
    assert set(people) == {"1", "2", "visitor-0", "visitor-1", "visitor-2", "visitor-3"}
    assert people["1"]["seeks"] == "Barista, barista"
    assert [one["name"] for one in people["1"]["interests"]] == ["barista"]
    assert [one.get("description") for one in people["1"]["experiences"]] == ["Made coffee.", None]
    jobs = list(job_rows(tmp_path))
    assert jobs[3]["interests"][1] == {"externalId": "visitor-1", "at": "2025-01-02T00:00:00+00:00"}
    assert jobs[0]["organization"] == "Company  0"
    await imported(session, tmp_path)
    assert len((await session.scalars(models.JobInterest.__table__.select())).all()) == 5


def test_the_import_and_the_evaluation_agree_on_names_and_times():
    assert (job_views.SOURCE, job_views.START) == (evaluation.SOURCE, evaluation.START)


def test_bm25_finds_rare_words_and_prefers_short_texts():
    index = Bm25(["a cook and a clerk and a guard", "a cook", "a welder", "a driver"])
    scores = index.scores("COOK or wélder?")
    assert scores[2] > scores[1] > scores[0] > scores[3] == 0.0
    assert list(Bm25([]).scores("cook")) == []
    assert list(index.scores("nothing known")) == [0.0] * 4
