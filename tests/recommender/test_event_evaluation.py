"""What the evaluation of events reads, what it refuses, and one run on a set small enough to foresee."""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer, ViewerKind
from api.errors import Conflict, Invalid
from api.services.imports import import_events, import_people
from api.services.imports.meetups import SOURCE, event_rows, member_rows
from recommender.embeddings import HashEmbedder
from recommender.evaluation.events import evaluate_events, read_queries
from recommender.evaluation.reports import Part, Report
from tests.databases import LockedDatabase
from tests.factories import make_person

OFFICE = Viewer(ViewerKind.STAFF)
START = 15706.0
"""2013-01-01."""
NAMES = ("Tango", "Coders")
GROUPS = [{"id": group, "text": f"{name}. We meet."} for group, name in enumerate(NAMES)]


def happening(number: int, group: int, days: float, words: str) -> dict[str, Any]:
    text = f"{words}. {NAMES[group]}. Come to {words}."
    return {"id": number, "t": START + days, "hour": 19, "dow": 2, "group": group, "venue": group, "text": text}


EVENTS = [
    *(happening(number, 0, -30.0 * number, f"milonga night {number}") for number in (1, 2, 3)),
    *(happening(number, 1, -30.0 * number, f"python talks {number}") for number in (4, 5)),
    happening(10, 0, 6.0, "milonga night 10"),
    happening(11, 1, 7.0, "python talks 11"),
    happening(12, 1, 40.0, "python talks 12"),
]
RSVPS = [
    *({"u": 1, "d": number, "yes": 1, "t": START - 30.0 * number - 1} for number in (1, 2, 3)),
    *({"u": 2, "d": number, "yes": 1, "t": START - 30.0 * number - 1} for number in (4, 5)),
    {"u": 1, "d": 10, "yes": 1, "t": START + 1},
    {"u": 2, "d": 11, "yes": 1, "t": START + 1},
    {"u": 1, "d": 11, "yes": 0, "t": START + 1},
]
MEMBERS = [
    {"id": 1, "topics": ["Dancing"], "joined": [[0, START - 99]]},
    {"id": 2, "topics": [], "joined": [[1, START - 99], [0, START + 9]]},
]
ASKED = [
    {"q": f"{u}@2013-01", "u": u, "start": START, "cand": [10, 11], "rel": {str(wanted): 1}}
    for u, wanted in ((1, 10), (2, 11))
]


def written(folder: Path, **files: Sequence[Any]) -> Path:
    """The folder with the small set, or what is given instead of a file."""
    whole: Mapping[str, Sequence[Any]] = {
        "groups": GROUPS, "events": EVENTS, "rsvps": RSVPS, "members": MEMBERS, "monthly_attendance": ASKED, **files,
    }  # fmt: skip
    for name, rows in whole.items():
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.writelines(f"{json.dumps(row)}\n" for row in rows)
    return folder


async def imported(session: AsyncSession, folder: Path) -> None:
    await import_people(session, OFFICE, list(member_rows(folder)), source=SOURCE)
    report = await import_events(session, OFFICE, list(event_rows(folder)), source=SOURCE)
    assert {message for row in report.rows for message in row.messages} == set()
    await session.commit()


async def run(db: LockedDatabase, folder: Path) -> Report:
    return await evaluate_events(db, folder, HashEmbedder(), part=Part.ALL)


async def test_the_set_comes_in_as_an_office_would_bring_it(session: AsyncSession, tmp_path: Path):
    await imported(session, written(tmp_path))
    event = (await session.scalars(select(models.Event).where(models.Event.external_id == "1"))).one()
    assert (event.name, event.organizer, event.venue) == ("milonga night 1", "Tango", "House 0")
    assert event.description == "Come to milonga night 1."
    assert (event.time_zone, event.seats_taken) == ("America/Denver", 1)
    assert len((await session.scalars(select(models.Registration))).all()) == 7


async def test_a_run_tells_what_each_scorer_finds(session: AsyncSession, db: LockedDatabase, tmp_path: Path):
    folder = written(tmp_path)
    await imported(session, folder)

    report = await run(db, folder)

    rows = {row.scorer: row for row in report.rows}
    assert list(rows) == ["random", "popularity", "same group", "BM25", "embeddings alone", "ours"]
    assert report.ours.ndcg == rows["same group"].ndcg == rows["BM25"].ndcg == 1.0
    assert (report.queries, report.model, report.candidate_recall) == (2, "hash 1", None)
    assert "of 8 events in all: 2 queries (all). Primary metric: nDCG@10." in report.table()
    assert "candidates: given by the set, 2 a query" in report.table()


async def test_what_was_not_known_when_the_month_began_helps_nobody(
    session: AsyncSession, db: LockedDatabase, tmp_path: Path
):
    folder = written(tmp_path, monthly_attendance=[{**ASKED[1], "rel": {"10": 1}}])
    await imported(session, folder)
    before = await run(db, folder)
    later = [{"u": person, "d": 10, "yes": 1, "t": START + 2} for person in (1, 2)]
    written(folder, rsvps=[*RSVPS, *later], monthly_attendance=[{**ASKED[1], "rel": {"10": 1}}])
    await imported(session, folder)

    after = await run(db, folder)

    assert after.rows == before.rows
    assert before.ours.mrr == 0.5  # what the member follows comes first, what the member came to later second


async def test_an_unusable_set_and_a_database_with_others_are_refused(
    session: AsyncSession, db: LockedDatabase, tmp_path: Path
):
    with pytest.raises(Invalid, match=r"monthly_attendance\.jsonl\.gz: Cannot be read"):
        read_queries(tmp_path, Part.ALL)
    folder = written(tmp_path, monthly_attendance=[ASKED[0], {"q": "x"}])
    with pytest.raises(Invalid, match=r"monthly_attendance\.jsonl\.gz\.2: Wanted"):
        read_queries(folder, Part.ALL)
    with pytest.raises(Invalid, match="no query in the part 'all'"):
        read_queries(written(tmp_path, monthly_attendance=[]), Part.ALL)
    written(folder)
    await imported(session, folder)
    await make_person(session)
    await session.commit()
    with pytest.raises(Conflict, match="1 people here do not come from 'meetups'"):
        await run(db, folder)


def test_a_persons_months_stay_in_one_half(tmp_path: Path):
    many = [{**ASKED[0], "q": f"{u}@{month}", "u": u} for u in range(60) for month in range(3)]
    folder = written(tmp_path, monthly_attendance=many)
    halves = [{one.person for one in read_queries(folder, part)} for part in (Part.CHOOSING, Part.REPORTING)]
    assert not halves[0] & halves[1]
    assert len(halves[0] | halves[1]) == 60
