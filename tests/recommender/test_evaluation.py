"""What the evaluation reads, whom it asks about, what it refuses; and one run on a network small enough to foresee."""

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.errors import Conflict, Invalid
from recommender.embeddings import HashEmbedder
from recommender.evaluation.people import (
    AS_OF,
    MEETINGS,
    Meeting,
    chosen_queries,
    evaluate_people,
    read_meetings,
)
from recommender.evaluation.reports import Part, part_of
from tests.databases import LockedDatabase
from tests.factories import connect, make_fact, make_person

KNOWN_THEN = datetime(2014, 6, 1, tzinfo=UTC)


def written(folder: Path, rows: Sequence[Any]) -> Path:
    """The folder with these meetings."""
    with gzip.open(folder / MEETINGS, "wt", encoding="utf-8") as lines:
        lines.writelines(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)
    return folder


# ---------------------------------------------------------------- reading


def test_meetings_are_read_by_external_id(tmp_path: Path):
    folder = written(tmp_path, [{"q": 7, "rel": {"3": 1, "4": 0}}, {"q": "x", "rel": {"7": 2}}])
    assert read_meetings(folder) == [Meeting("7", {"3": 1.0}), Meeting("x", {"7": 2.0})]


@pytest.mark.parametrize(
    "line", ["no json", "[]", "3", '{"q": 1}', '{"q": 1, "rel": [2]}', '{"q": 1, "rel": {"2": "often"}}', '{"rel": {}}']
)
def test_a_line_that_is_no_meeting_is_named(tmp_path: Path, line: str):
    folder = written(tmp_path, [{"q": 7, "rel": {"3": 1}}, line])
    with pytest.raises(Invalid, match=r"data\.later_meetings\.jsonl\.gz\.2: Wanted"):
        read_meetings(folder)


def test_a_person_who_met_nobody_is_no_query(tmp_path: Path):
    with pytest.raises(Invalid, match="Names nobody"):
        read_meetings(written(tmp_path, [{"q": 7, "rel": {"3": 0}}]))


def test_a_missing_or_broken_file_is_named(tmp_path: Path):
    with pytest.raises(Invalid, match=r"later_meetings\.jsonl\.gz: Cannot be read"):
        read_meetings(tmp_path)
    (tmp_path / MEETINGS).write_bytes(b"plain")
    with pytest.raises(Invalid, match="Cannot be read"):
        read_meetings(tmp_path)


# ---------------------------------------------------------------- queries

MEETINGS_OF_MANY = [Meeting(str(number), {"0": 1.0}) for number in range(1, 201)]
KNOWN = {str(number): UUID(int=number + 1) for number in range(201)}


def test_the_halves_share_no_query_and_are_all_of_them():
    halves = [chosen_queries(MEETINGS_OF_MANY, KNOWN, part, None) for part in (Part.CHOOSING, Part.REPORTING)]
    asked = [[query.person_id for query in half] for half in halves]

    assert not set(asked[0]) & set(asked[1])
    assert len(asked[0]) + len(asked[1]) == 200 == len(chosen_queries(MEETINGS_OF_MANY, KNOWN, Part.ALL, None))
    assert min(len(half) for half in asked) > 70


def test_a_query_stays_in_its_half():
    assert [part_of(str(number)) for number in range(4)] == [part_of(str(number)) for number in range(4)]


def test_a_sample_is_always_the_same():
    first = chosen_queries(MEETINGS_OF_MANY, KNOWN, Part.ALL, 20)
    assert len(first) == 20
    assert first == chosen_queries(MEETINGS_OF_MANY, KNOWN, Part.ALL, 20)
    assert len(chosen_queries(MEETINGS_OF_MANY, KNOWN, Part.ALL, 999)) == 200


def test_people_who_were_not_imported_and_parts_without_queries_are_told():
    with pytest.raises(Invalid, match="Person 201 is not among"):
        chosen_queries([Meeting("1", {"201": 1.0})], KNOWN, Part.ALL, None)
    with pytest.raises(Invalid, match="no query in the part 'all'"):
        chosen_queries([], KNOWN, Part.ALL, None)


# ---------------------------------------------------------------- a run


async def imported(session: AsyncSession) -> list[models.Person]:
    """Twelve people: 0 knows 1 and 2, who both know 3; 4 and 5 write like 0; the rest have nothing to do with 0."""
    people = [
        await make_person(session, f"Researcher {number}", source="researchers", external_id=str(number))
        for number in range(12)
    ]
    for one, other in ((0, 1), (0, 2), (1, 3), (2, 3), (6, 7), (7, 8)):
        await connect(session, people[one], people[other], at=KNOWN_THEN)
    for number, person in enumerate(people):
        about = "parsing trees of Basque" if number in {0, 4, 5} else f"speech corpora volume {number}"
        await make_fact(session, models.PersonText, person, kind=models.TextKind.BIO, text=about)
        await make_fact(session, models.Education, person, start_date="2005", end_date="2010")
    await session.commit()
    return people


async def test_a_run_tells_what_each_scorer_finds(session: AsyncSession, db: LockedDatabase, tmp_path: Path):
    await imported(session)
    told: list[tuple[int, int]] = []

    report = await evaluate_people(
        db,
        written(tmp_path, [{"q": 0, "rel": {"3": 1}}, {"q": 6, "rel": {"8": 1}}]),
        HashEmbedder(),
        part=Part.ALL,
        progress=lambda done, total: told.append((done, total)),
    )

    rows = {row.scorer: row for row in report.rows}
    assert list(rows) == ["random", "cohort", "text alone", "friends of friends alone", "ours"]
    assert rows["friends of friends alone"].ndcg == rows["friends of friends alone"].mrr == 1.0
    assert report.ours.ndcg == report.ours.recall == 1.0
    assert rows["text alone"].mrr < 1.0
    assert (report.queries, report.model) == (2, "hash 1")
    assert report.title == "Whom people met next, of 12 people as of 2016-12-31"
    assert report.candidate_recall == 1.0
    assert report.ahead.mean == 0.0
    assert report.best_baseline == "friends of friends alone"
    assert told == [(1, 2), (2, 2)]


async def test_the_table_names_the_primary_metric_the_model_and_every_scorer(
    session: AsyncSession, db: LockedDatabase, tmp_path: Path
):
    await imported(session)
    report = await evaluate_people(db, written(tmp_path, [{"q": 0, "rel": {"3": 1}}]), HashEmbedder(), part=Part.ALL)

    table = report.table()

    assert "Primary metric: nDCG@10." in table
    assert "of 12 people as of 2016-12-31: 1 queries (all)." in table
    assert f"model hash 1, ranking {report.ranking_digest}" in table
    assert all(f"\n{row.scorer} " in table for row in report.rows)


async def test_ties_that_came_later_help_nobody(session: AsyncSession, db: LockedDatabase, tmp_path: Path):
    people = await imported(session)
    folder = written(tmp_path, [{"q": 0, "rel": {"9": 1}}])
    before = await evaluate_people(db, folder, HashEmbedder(), part=Part.ALL)
    for number in (1, 2, 3, 4):
        await connect(session, people[number], people[9], at=AS_OF.replace(year=2017))
    await session.commit()

    after = await evaluate_people(db, folder, HashEmbedder(), part=Part.ALL)

    assert after.rows == before.rows


async def test_a_database_with_other_people_is_refused(session: AsyncSession, db: LockedDatabase, tmp_path: Path):
    await imported(session)
    other = await make_person(session)
    await session.commit()

    with pytest.raises(Conflict, match="1 people here do not come from 'researchers'"):
        await evaluate_people(db, written(tmp_path, [{"q": 0, "rel": {"3": 1}}]), HashEmbedder(), part=Part.ALL)

    await session.refresh(other)
    assert other.created_at > AS_OF
