"""Imports: who is made, what is changed, what is left alone, and what is refused."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from api import models
from api.access import Viewer, ViewerKind
from api.errors import Invalid, NotAllowed
from api.services.imports import ImportStatus, import_people, read_file
from tests.factories import block, make_account, make_member, make_person, viewer_of

OFFICE = Viewer(ViewerKind.STAFF)


def row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "externalId": f"x{number}",
        "displayName": f"Person {number}",
        "email": f"p{number}@example.org",
        "roles": [{"kind": "ALUMNUS", "startsOn": "2010-06-30"}],
        "educations": [{"school": "Elsewhere College", "degree": "BSc", "endDate": "2010"}],
        "experiences": [{"organization": "Acme", "title": "Engineer", "startDate": "2011-02"}],
        "skills": ["welding", {"name": "chess", "kind": "OFFER", "visibility": "CONNECTIONS"}],
        "bio": "Likes bridges.",
        **more,
    }


async def statuses(session: AsyncSession, rows: list[Any], **options: Any) -> list[ImportStatus]:
    report = await import_people(session, OFFICE, rows, source="sis", **options)
    session.expunge_all()
    return [one.status for one in report.rows]


async def people(session: AsyncSession) -> dict[str | None, models.Person]:
    return {one.external_id: one for one in await session.scalars(select(models.Person))}


async def test_a_second_run_changes_nothing(session: AsyncSession):
    rows = [row(1, connections=[{"externalId": "x2", "since": "2015"}]), row(2)]
    assert await statuses(session, rows) == [ImportStatus.CREATED] * 2
    assert await statuses(session, rows) == [ImportStatus.SKIPPED] * 2
    assert await session.scalar(select(func.count()).select_from(models.Skill)) == 4
    (tie,) = await session.scalars(select(models.Connection))
    assert tie.state is models.ConnectionState.ACCEPTED
    assert tie.connected_at is not None
    assert tie.connected_at.year == 2015


async def test_what_changed_is_written_and_told(session: AsyncSession):
    await statuses(session, [row(1)])
    report = await import_people(session, OFFICE, [row(1, bio="Likes tunnels.", pronouns="she")], source="sis")
    assert (report.rows[0].status, sorted(report.rows[0].written)) == (ImportStatus.UPDATED, ["bio", "pronouns"])
    (event,) = await session.scalars(select(models.AuditEvent))
    assert (event.action, sorted(event.facts)) == (models.AuditAction.IMPORTED, ["bio", "pronouns"])


async def test_what_the_member_edited_stays_unless_forced(session: AsyncSession):
    await statuses(session, [row(1)])
    await session.execute(update(models.Person).values(member_edited=["bio", "displayName"]))
    changed = row(1, bio="Likes tunnels.", displayName="Somebody Else", pronouns="she")
    report = await import_people(session, OFFICE, [changed], source="sis")
    assert report.rows[0].status is ImportStatus.CONFLICT
    assert [message.split(":")[0] for message in report.rows[0].messages] == ["displayName", "bio"]
    session.expunge_all()
    person = (await people(session))["x1"]
    assert (person.display_name, person.pronouns) == ("Person 1", "she")
    assert await session.scalar(select(models.PersonText.text)) == "Likes bridges."
    assert await statuses(session, [changed], force=True) == [ImportStatus.UPDATED]
    assert (await people(session))["x1"].display_name == "Somebody Else"


async def test_a_dry_run_tells_all_and_changes_nothing(session: AsyncSession):
    assert await statuses(session, [row(1), row(2)], dry_run=True) == [ImportStatus.CREATED] * 2
    assert await people(session) == {}
    assert await session.scalar(select(func.count()).select_from(models.Organization)) == 0


async def test_an_address_of_another_account_gives_no_sign_in(session: AsyncSession):
    report = await import_people(session, OFFICE, [row(1), row(2, email="p1@example.org")], source="sis")
    assert report.rows[1].messages == ["email: another account has this address; imported without sign-in"]
    assert await session.scalar(select(func.count()).select_from(models.Account)) == 1


async def test_choices_are_the_persons_own_once_made(session: AsyncSession):
    await statuses(session, [row(1, listed=True)])
    await session.execute(update(models.Person).values(listed=False, choices_made_at=func.now()))
    assert await statuses(session, [row(1, listed=True)]) == [ImportStatus.SKIPPED]
    assert (await people(session))["x1"].listed is False


async def test_the_order_of_rows_does_not_matter_for_ties(session: AsyncSession):
    await statuses(session, [row(2, connections=[{"externalId": "x1"}]), row(1)])
    assert await session.scalar(select(func.count()).select_from(models.Connection)) == 1


async def test_only_staff_import(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    with pytest.raises(NotAllowed):
        await import_people(session, viewer, [row(1)], source="sis")


@pytest.mark.parametrize(
    ("bad", "path"),
    [
        ({"externalId": None}, ("rows", "1", "externalId")),
        ({"displayName": None}, ("rows", "1", "displayName")),
        ({"email": "nobody"}, ("rows", "1", "email")),
        ({"shoeSize": 43}, ("rows", "1", "shoeSize")),
        ({"roles": [{"kind": "WIZARD"}]}, ("rows", "1", "roles", "0", "kind")),
        ({"educations": [{"school": "S", "endDate": "2010-13"}]}, ("rows", "1", "educations", "0", "endDate")),
        ({"experiences": [{"title": "T"}]}, ("rows", "1", "experiences", "0", "organization")),
        ({"places": [{"kind": "HOME", "country": "Narnia"}]}, ("rows", "1", "places", "0", "country")),
        ({"bio": "a\x00b"}, ("rows", "1", "bio", "text")),
        ({"skills": "chess"}, ("rows", "1", "skills")),
        ({"externalId": "x1"}, ("rows", "1", "externalId")),
    ],
)
async def test_a_bad_row_is_named_and_nothing_is_written(
    session: AsyncSession, bad: dict[str, Any], path: tuple[str, ...]
):
    with pytest.raises(Invalid) as refused:
        await import_people(session, OFFICE, [row(1), row(2, **bad)], source="sis")
    assert [problem.path for problem in refused.value.problems] == [path]
    assert await people(session) == {}


async def test_ten_thousand_bad_rows_give_a_bounded_report(session: AsyncSession):
    with pytest.raises(Invalid) as refused:
        await import_people(session, OFFICE, [{"externalId": str(number)} for number in range(10_000)], source="sis")
    assert len(refused.value.problems) == 101
    assert refused.value.problems[-1].message == "and 9900 more problems"


async def test_a_record_that_the_officer_does_not_see_is_left_alone_and_the_others_are_written(session: AsyncSession):
    officer = await make_account(session, await make_person(session), models.AccountRole.STAFF)
    hidden = await make_person(session, "Hidden", source="sis", external_id="x1")
    own = await session.get_one(models.Person, officer.person_id)
    await block(session, hidden, own)
    rows = [row(1), row(2, connections=[{"externalId": "x1"}])]
    for dry_run, status in ((True, ImportStatus.CREATED), (False, ImportStatus.CREATED), (False, ImportStatus.SKIPPED)):
        report = await import_people(session, viewer_of(officer), rows, source="sis", dry_run=dry_run)
        assert [one.status for one in report.rows] == [ImportStatus.SKIPPED, status]
        assert (report.rows[0].item_id, report.rows[0].written) == (None, [])
        told = "this record cannot be written now; nothing was imported: try again, or ask a colleague to import it"
        assert report.rows[0].messages == [told]
        assert report.rows[1].messages == ["connections: nobody here has the id x1"]
    assert {key: one.display_name for key, one in (await people(session)).items() if key} == {
        "x1": "Hidden", "x2": "Person 2",
    }  # fmt: skip
    assert list(await session.scalars(select(models.Skill.person_id).where(models.Skill.person_id == hidden.id))) == []
    assert list(await session.scalars(select(models.Connection.id))) == []
    assert await session.scalar(select(models.Account.id).where(models.Account.email == "p1@example.org")) is None


def test_a_csv_file_becomes_rows(tmp_path: Path):
    path = tmp_path / "people.csv"
    path.write_text(
        "\ufeffexternalId,givenName,familyName,email,classYear,employer,title,skills,listed\n"
        "7,Ana,Lima,ana@example.org,2009,Acme,Engineer,chess; welding,yes\n",
        encoding="utf-8",
    )
    assert read_file(path, "Northbridge University") == [
        {
            "externalId": "7",
            "givenName": "Ana",
            "familyName": "Lima",
            "email": "ana@example.org",
            "contactPoints": [{"kind": "EMAIL", "value": "ana@example.org"}],
            "educations": [{"endDate": "2009", "school": "Northbridge University"}],
            "experiences": [{"organization": "Acme", "title": "Engineer"}],
            "skills": ["chess", "welding"],
            "listed": True,
        }
    ]


def test_json_lines_become_rows_also_packed(tmp_path: Path):
    path = tmp_path / "people.jsonl.gz"
    path.write_bytes(gzip.compress((json.dumps(row(1)) + "\n\n").encode()))
    assert read_file(path) == [row(1)]


@pytest.mark.parametrize(
    ("content", "where", "says"),
    [
        (b"", "file", "is empty"),
        ("externalId,displayName\n1,Zo\u00eb\n".encode("latin-1"), "line 2", "not UTF-8"),
        ("externalId,displayName\n1,A\n".encode("utf-16"), "file", "UTF-16"),
        (b"externalId,displayName\n1,A\x00\n", "line 2", "NUL"),
        (b"externalId,displayNam\n1,A\n", "header", "Did you mean displayName"),
        (b"displayName\nA\n", "header", "is missing"),
        (b"externalId,displayName,displayName\n1,A,B\n", "header", "more than once"),
        (b"externalId,displayName\n1,A,B\n", "line 2", "3 fields"),
        (b'externalId,displayName\n1,"A\n', "line 2", "quote"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, content: bytes, where: str, says: str):
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        read_file(path)
    problem = refused.value.problems[0]
    assert problem.path[0] == where
    assert any(says in one.message for one in refused.value.problems)


def test_a_bad_json_line_is_named(tmp_path: Path):
    path = tmp_path / "people.jsonl"
    path.write_text('{"externalId": "1"}\n{nonsense\n')
    with pytest.raises(Invalid) as refused:
        read_file(path)
    assert refused.value.problems[0].path == ("line 2",)


@pytest.mark.timeout(60)
async def test_many_rows_cost_no_more_statements_than_a_few(session: AsyncSession, engine: AsyncEngine):
    counted: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        counted.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", count)
    try:
        await statuses(session, [row(number, externalId=f"a{number}") for number in range(10)])
        few = len(counted)
        counted.clear()
        rows = [row(number, email=f"b{number}@example.org") for number in range(2_000)]
        assert await statuses(session, rows) == [ImportStatus.CREATED] * 2_000
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", count)
    assert len(counted) <= 4 * few
