"""Imports of openings: what is made, changed and left alone, who is interested, and what is refused."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer, ViewerKind
from api.errors import Invalid, NotAllowed
from api.services.imports import ImportReport, ImportStatus, import_jobs, read_jobs_file
from tests.factories import make_member, make_person, viewer_of

OFFICE = Viewer(ViewerKind.STAFF)
UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)


def row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "externalId": f"j{number}",
        "title": f"Engineer {number}",
        "organization": "Acme",
        "city": "Lisbon",
        "country": "pt",
        "employmentType": "part_time",
        "skills": ["Welding", "welding", "Rust"],
        "validThrough": UNTIL.isoformat(),
        **more,
    }


async def imported(session: AsyncSession, rows: list[Any], source: str = "board", **options: Any) -> ImportReport:
    report = await import_jobs(session, OFFICE, rows, source=source, **options)
    session.expunge_all()
    return report


async def statuses(session: AsyncSession, rows: list[Any], **options: Any) -> list[ImportStatus]:
    return [one.status for one in (await imported(session, rows, **options)).rows]


async def jobs(session: AsyncSession) -> dict[str | None, models.Job]:
    return {one.external_id: one for one in await session.scalars(select(models.Job))}


async def skills(session: AsyncSession) -> list[str]:
    return sorted(await session.scalars(select(models.JobSkill.name)))


async def test_openings_are_the_offices_and_a_second_run_changes_nothing(session: AsyncSession):
    rows = [row(1, postedAt="2026-01-02T03:00:00+01:00"), row(2, organization="ácme", skills=[])]
    report = await imported(session, rows)
    assert [one.status for one in report.rows] == [ImportStatus.CREATED] * 2
    found = await jobs(session)
    one = found["j1"]
    assert (one.id, one.poster_id, one.source, one.country) == (report.rows[0].item_id, None, "board", "PT")
    assert (one.employment_type, one.audience) == (models.EmploymentType.PART_TIME, models.Visibility.MEMBERS)
    assert (one.valid_through, one.created_at) == (UNTIL, datetime(2026, 1, 2, 2, tzinfo=UTC))
    assert one.organization_id == found["j2"].organization_id
    assert await skills(session) == ["Rust", "Welding"]
    assert await statuses(session, rows) == [ImportStatus.SKIPPED] * 2
    assert await skills(session) == ["Rust", "Welding"]
    assert await statuses(session, rows, source="other") == [ImportStatus.CREATED] * 2


async def test_what_changed_is_written_and_told_and_what_is_left_out_stays(session: AsyncSession):
    await statuses(session, [row(1, description="Bridges")])
    changed = {"externalId": "j1", "title": "Chief engineer", "skills": ["Rust"], "remote": "yes"}
    report = await imported(session, [changed])
    assert report.rows[0].status is ImportStatus.UPDATED
    assert sorted(report.rows[0].written) == ["remote", "skills", "title"]
    job = (await jobs(session))["j1"]
    assert (job.title, job.description, job.city, job.remote) == ("Chief engineer", "Bridges", "Lisbon", True)
    assert await skills(session) == ["Rust"]


async def test_what_was_withdrawn_here_is_left_and_what_ran_out_may_come(session: AsyncSession):
    past = (datetime.now(UTC) - timedelta(days=400)).isoformat()
    assert await statuses(session, [row(1), row(2, validThrough=past)]) == [ImportStatus.CREATED] * 2
    (await jobs(session))["j1"].withdrawn_at = datetime.now(UTC)
    await session.flush()
    await make_person(session, source="board", external_id="1")
    report = await imported(session, [row(1, title="Another", interests=[{"externalId": "1"}])])
    assert (report.rows[0].status, report.rows[0].messages) == (
        ImportStatus.SKIPPED,
        ["is withdrawn here: left as it is"],
    )
    assert (await jobs(session))["j1"].title == "Engineer 1"
    assert (await session.scalars(select(models.JobInterest))).all() == []


async def test_interests_are_of_known_people_and_never_written_twice(session: AsyncSession):
    ana = await make_person(session, source="crm", external_id="1")
    await make_person(session, source="board", external_id="2")
    rows = [row(1, interests=[{"externalId": "1", "at": "2026-02-03T04:05:06Z"}, {"externalId": "2"}]), row(2)]
    report = await imported(session, rows, people_source="crm")
    assert report.rows[0].messages == ["interests: nobody here has the id 2"]
    (interest,) = await session.scalars(select(models.JobInterest))
    assert (interest.person_id, interest.created_at) == (ana.id, datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC))
    (told,) = await session.scalars(select(models.AuditEvent))
    assert (told.person_id, told.action, told.facts) == (ana.id, models.AuditAction.IMPORTED, ["jobInterests"])
    assert await statuses(session, rows, people_source="crm") == [ImportStatus.SKIPPED] * 2
    more = [row(2, interests=[{"externalId": "1"}])]
    assert await statuses(session, more, people_source="crm") == [ImportStatus.UPDATED]
    assert await statuses(session, [row(1, interests=[{"externalId": "2"}])]) == [ImportStatus.UPDATED]
    assert len((await session.scalars(select(models.JobInterest))).all()) == 3


async def test_a_dry_run_tells_all_and_changes_nothing(session: AsyncSession):
    await make_person(session, source="board", external_id="1")
    rows = [row(1, interests=[{"externalId": "1"}]), row(2)]
    assert await statuses(session, rows, dry_run=True) == [ImportStatus.CREATED] * 2
    assert await jobs(session) == {}
    assert (await session.scalars(select(models.Organization))).all() == []
    assert (await session.scalars(select(models.AuditEvent))).all() == []


WRONG = {
    "title": (" ", "title"),
    "organization": (None, "organization"),
    "country": ("XX", "country"),
    "applyUrl": ("javascript:alert(1)", "applyUrl"),
    "audience": ("ME", "audience"),
    "employmentType": ("SOMETIMES", "employmentType"),
    "remote": ("perhaps", "remote"),
    "skills": ("Welding", "skills"),
    "validThrough": ("2026-12-01", "validThrough"),
    "postedAt": ((datetime.now(UTC) + timedelta(days=1)).isoformat(), "postedAt"),
    "interests": ([{"externalId": "1", "at": "soon"}], "interests.0.at"),
    "salary": (1, "salary"),
    "externalId": ("", "externalId"),
}


@pytest.mark.parametrize("field", WRONG)
async def test_one_wrong_field_is_named_with_its_row_and_nothing_is_written(session: AsyncSession, field: str):
    value, path = WRONG[field]
    with pytest.raises(Invalid) as refused:
        await imported(session, [row(1), row(2, **{field: value})])
    assert [".".join(problem.path) for problem in refused.value.problems] == [f"rows.1.{path}"]
    assert await jobs(session) == {}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_moment_outside_the_calendar_is_named(session: AsyncSession, at: str):
    with pytest.raises(Invalid) as refused:
        await imported(session, [row(1, validThrough=at, postedAt=at, interests=[{"externalId": "1", "at": at}])])
    paths = [".".join(problem.path) for problem in refused.value.problems]
    assert paths == ["rows.0.validThrough", "rows.0.postedAt", "rows.0.interests.0.at"]


async def test_rows_that_are_no_objects_repeat_an_id_or_last_too_long_are_refused(session: AsyncSession):
    late = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    for rows, path in (([3], "rows.0"), ([row(1), row(1)], "rows.1.externalId")):
        with pytest.raises(Invalid) as refused:
            await imported(session, rows)
        assert [".".join(problem.path) for problem in refused.value.problems] == [path]
    with pytest.raises(Invalid, match=r"rows\.0\.validThrough: must be within 366 days"):
        await imported(session, [row(1, validThrough=late)])
    with pytest.raises(Invalid, match="source"):
        await imported(session, [row(1)], source=" ")


async def test_only_staff_import(session: AsyncSession):
    with pytest.raises(NotAllowed):
        await import_jobs(session, viewer_of(await make_member(session)), [row(1)], source="board")


def test_csv_and_json_lines_say_the_same(tmp_path: Path):
    text = (
        "externalId,title,organization,validThrough,remote,skills\nj1,Welder,Acme,2027-01-01T00:00:00Z,yes,TIG; MIG\n"
    )
    (tmp_path / "jobs.csv").write_text(text)
    wanted = {
        "externalId": "j1", "title": "Welder", "organization": "Acme", "validThrough": "2027-01-01T00:00:00Z",
        "remote": True, "skills": ["TIG", "MIG"],
    }  # fmt: skip
    (tmp_path / "jobs.jsonl").write_text(json.dumps(wanted))
    assert read_jobs_file(tmp_path / "jobs.csv") == read_jobs_file(tmp_path / "jobs.jsonl") == [wanted]
    (tmp_path / "people.csv").write_text("externalId,displayName\n1,Ana\n")
    with pytest.raises(Invalid) as refused:
        read_jobs_file(tmp_path / "people.csv")
    assert [problem.path[-1] for problem in refused.value.problems] == [
        "displayName", "title", "organization", "validThrough",
    ]  # fmt: skip
