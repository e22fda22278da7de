"""The public set of researchers, in small: through the import, into the vectors, and out of the API as suggestions."""

import gzip
import json
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer, ViewerKind
from api.services.imports import ImportStatus, import_people
from api.services.imports.researchers import SOURCE, researcher_rows
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from tests.conftest import Api
from tests.databases import LockedDatabase

MEET = "{ peopleYouShouldMeet(first: 10) { nodes { person { displayName } evidence { kind text } } } }"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight people: 0 and 1 wrote with 2, and 0 writes about what 3 writes about."""
    papers = ["Parsing Basque", "Parsing Trees", "Speech of Swans", "Parsing Basque Trees"]
    people = [
        {"id": n, "n": 2, "first": 2001 + n, "last": 2010, "text": f"{papers[n % 4]}. Volume {n} of Something."}
        for n in range(8)
    ]
    edges = [{"a": 0, "b": 2, "n": 3, "last": 2014}, {"a": 1, "b": 2, "n": 1, "last": 2015}]
    for name, rows in (("people", people), ("edges", edges)):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt") as lines:
            lines.writelines(f"{json.dumps(row)}\n" for row in rows)
    return tmp_path


async def test_researchers_get_suggestions_from_the_api(
    session: AsyncSession, db: LockedDatabase, api: Api, folder: Path
):
    rows = list(researcher_rows(folder))
    office = Viewer(ViewerKind.STAFF)
    report = await import_people(session, office, rows, source=SOURCE)
    assert {row.status for row in report.rows} == {ImportStatus.CREATED}
    again = await import_people(session, office, rows, source=SOURCE)
    assert {row.status for row in again.rows} == {ImportStatus.SKIPPED}
    await session.commit()
    assert await embed_missing(db, HashEmbedder()) == 16
    address = models.Account.email == "0@researchers.example"
    account = (await session.scalars(select(models.Account).where(address))).one()

    suggested = (await api(MEET, as_=account)).data["peopleYouShouldMeet"]["nodes"]

    evidence = {
        one["person"]["displayName"]: [(why["kind"], why["text"]) for why in one["evidence"]] for one in suggested
    }
    assert set(evidence) == {f"Researcher {number}" for number in (1, 3, 4, 5, 6, 7)}  # 2 is a contact already
    assert ("MUTUAL_CONNECTION", "Researcher 2 knows you both") in evidence["Researcher 1"]
    assert any("Parsing Basque Trees" in text for _kind, text in evidence["Researcher 3"])
