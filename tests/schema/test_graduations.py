"""Graduations over HTTP: who becomes an alumnus, from which day, and what stays as it was."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.services import graduations, institutions
from api.services.institutions import InstitutionChanges
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import make_account, make_fact, make_mentor, make_person, make_staff

Kind = models.PersonRoleKind
DAY = date(2026, 7, 1)
GRADUATE = """mutation($input: GraduateCohortInput!) { graduateCohort(input: $input) { __typename
    ... on GraduateCohortPayload { dryRun graduations { status person { id } } }
    ... on Error { code path } ... on Invalid { problems { path } } } }"""


async def student(session: AsyncSession, name: str, year: int = 2026, **columns: Any) -> models.Person:
    person = await make_person(session, name, alumnus=False, **columns)
    session.add(models.PersonRole(person_id=person.id, kind=Kind.STUDENT, starts_on=date(2022, 9, 1)))
    await make_fact(
        session, models.Education, person, end_date=f"{year}-06", programme="Marine Biology", cip_code="26.1302"
    )
    return person


async def roles_of(session: AsyncSession, person: models.Person) -> set[tuple[str, date | None, date | None]]:
    role = models.PersonRole
    rows = await session.execute(select(role.kind, role.starts_on, role.ends_on).where(role.person_id == person.id))
    return {(row.kind.value, row.starts_on, row.ends_on) for row in rows}


def by_status(answer: Any) -> dict[str, str]:
    """What was done, by the person's id."""
    return {one["person"]["id"]: one["status"] for one in answer.data["graduateCohort"]["graduations"]}


async def test_a_class_graduates_once_and_the_dry_run_only_tells(session: AsyncSession, api: Api):
    staff, ana = await make_staff(session), await student(session, "Ana")
    other_class, other_field = await student(session, "Bo", 2027), await student(session, "Cy")
    await make_fact(session, models.Education, other_field, end_date="2026", cip_code="11.0701", programme="Computing")
    given: dict[str, Any] = {"date": "2026-07-01", "cohort": {"endYear": 2026, "cipCode": "26"}}
    private = await make_person(session, "Private")
    await make_fact(session, models.Education, private, models.Visibility.ME, end_date="2026", cip_code="26.1302")
    before = await roles_of(session, ana)
    dry = await api(GRADUATE, as_=staff, input={**given, "dryRun": True})
    assert await roles_of(session, ana) == before
    done = await api(GRADUATE, as_=staff, input=given)
    ids = {encode_id("Person", ana.id), encode_id("Person", other_field.id)}
    assert by_status(dry) == by_status(done) == dict.fromkeys(ids, "GRADUATED")
    assert dry.data["graduateCohort"]["dryRun"]
    after = {("STUDENT", date(2022, 9, 1), DAY), ("ALUMNUS", DAY, None)}
    assert await roles_of(session, ana) == await roles_of(session, other_field) == after
    assert await roles_of(session, other_class) == {("STUDENT", date(2022, 9, 1), None)}
    given["cohort"]["programme"] = "MARINE biology"
    again = await api(GRADUATE, as_=staff, input=given)
    assert by_status(again) == dict.fromkeys(ids, "UNCHANGED")
    assert await roles_of(session, ana) == after


async def test_a_class_is_found_by_what_only_the_office_knows_of_it(session: AsyncSession, api: Api):
    staff, ana = await make_staff(session), await student(session, "Ana")
    await session.execute(update(models.Education).values(registrar_sourced=True))
    name = "Northbridge University"
    await institutions.set_institution(session, InstitutionChanges(name, directory_information=["SCHOOL"]))
    given: dict[str, Any] = {"date": "2026-07-01", "cohort": {"endYear": 2026, "programme": "marine BIOLOGY"}}
    done = by_status(await api(GRADUATE, as_=staff, input=given))
    assert done == {encode_id("Person", ana.id): "GRADUATED"}


async def test_hold_choices_id_and_mentorships_stay_and_the_person_sees_who_did_it(session: AsyncSession, api: Api):
    staff = await make_staff(session)
    held = await student(session, "Held", listed=False, ferpa_hold=True)
    mentor = await make_mentor(session, await make_person(session), active_mentees=1)
    ship = models.Mentorship(mentor_id=mentor.person_id, mentee_id=held.id, state=models.MentorshipState.ACCEPTED)
    session.add(ship)
    account = await make_account(session, held)
    done = await api(GRADUATE, as_=staff, input={"date": "2026-07-01", "personIds": [encode_id("Person", held.id)]})
    assert by_status(done) == {encode_id("Person", held.id): "GRADUATED"}
    await session.refresh(held)
    await session.refresh(ship)
    assert (held.ferpa_hold, held.listed, ship.state) == (True, False, models.MentorshipState.ACCEPTED)
    log = await api("{ viewer { accessLog(first: 5) { nodes { action facts actor } } } }", as_=account)
    expected = {"action": "EDITED", "facts": ["roles"], "actor": staff.email}
    assert expected in log.data["viewer"]["accessLog"]["nodes"]


async def test_what_does_not_fit_is_left_alone(session: AsyncSession, api: Api):
    staff, double = await make_staff(session), await student(session, "Double")
    session.add(models.PersonRole(person_id=double.id, kind=Kind.ALUMNUS, starts_on=date(2015, 7, 1)))
    dead, later = await student(session, "Dead", deceased=True), await student(session, "Later")
    session.add(models.PersonRole(person_id=later.id, kind=Kind.ALUMNUS, starts_on=date(2026, 9, 1)))
    friend = await make_person(session, "Friend", alumnus=False)
    starting = await make_person(session, "Starting", alumnus=False)
    session.add(models.PersonRole(person_id=starting.id, kind=Kind.STUDENT, starts_on=DAY))
    await session.flush()
    people = [double, dead, later, friend, starting]
    ids = [encode_id("Person", one.id) for one in people]
    done = await api(GRADUATE, as_=staff, input={"date": "2026-07-01", "personIds": ids})
    expected = ["GRADUATED", "DECEASED", "GRADUATED", "NOT_A_STUDENT", "NOT_A_STUDENT"]
    assert [by_status(done)[one] for one in ids] == expected
    studied = ("STUDENT", date(2022, 9, 1), DAY)
    assert await roles_of(session, double) == {studied, ("ALUMNUS", date(2015, 7, 1), None)}
    assert await roles_of(session, later) == {studied, ("ALUMNUS", DAY, None)}
    assert await roles_of(session, starting) == {("STUDENT", DAY, None)}


async def test_wrong_input_is_named_and_changes_nothing(
    session: AsyncSession, api: Api, monkeypatch: pytest.MonkeyPatch
):
    staff, ana = await make_staff(session), await student(session, "Ana")
    await student(session, "Bo")
    officer = await make_person(session, "Officer")
    wrong: list[tuple[dict[str, Any], list[str]]] = [
        ({"date": "1026-07-01", "cohort": {"endYear": 2026}}, ["input", "date"]),
        ({"date": "2026-07-01", "cohort": {"endYear": 26}}, ["input", "cohort", "endYear"]),
        ({"date": "2026-07-01", "cohort": {"endYear": 2026, "cipCode": "2x"}}, ["input", "cohort", "cipCode"]),
        ({"date": "2026-07-01", "cohort": {"endYear": 2026}}, ["input", "cohort"]),
    ]
    monkeypatch.setattr(graduations, "MOST_GRADUATES", 1)
    for given, path in wrong:
        answer = await api(GRADUATE, as_=staff, input=given)
        assert [problem["path"] for problem in answer.data["graduateCohort"]["problems"]] == [path]
    monkeypatch.undo()
    blocker = models.Block(blocker_id=ana.id, blocked_id=officer.id)
    session.add(blocker)
    account = await make_account(session, officer, models.AccountRole.STAFF)
    hidden = {"date": "2026-07-01", "personIds": [encode_id("Person", ana.id)]}
    absent = {"date": "2026-07-01", "personIds": [encode_id("Person", blocker.id)]}
    for given in (hidden, absent):
        answer = (await api(GRADUATE, as_=account, input=given)).data["graduateCohort"]
        assert answer == {"__typename": "NotFound", "code": "NOT_FOUND", "path": ["input", "personIds", "0"]}
    for given in ({"date": "2026-07-01"}, {**hidden, "cohort": {"endYear": 2026}}):
        assert (await api(GRADUATE, as_=staff, input=given)).codes == ["BAD_USER_INPUT"]
    assert await roles_of(session, ana) == {("STUDENT", date(2022, 9, 1), None)}


ROLES = "{ viewer { roles } people(first: 1) { totalCount } }"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
async def test_the_day_begins_at_midnight_where_the_institution_is(session: AsyncSession, api: Api, zone: str):
    """The two zones are 26 hours apart: at any moment, the date of at least one of them is not that of UTC."""
    session.add(models.Institution(name="Northbridge University", time_zone=zone))
    today = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    staff = await make_staff(session)
    for on, roles in ((today, ["ALUMNUS"]), (today + timedelta(days=1), ["STUDENT"])):
        person = await student(session, f"From {on}")
        account = await make_account(session, person)
        ids = [encode_id("Person", person.id)]
        await api(GRADUATE, as_=staff, input={"date": on.isoformat(), "personIds": ids})
        assert (await api(ROLES, as_=account)).data["viewer"]["roles"] == roles
    for starts, members in ((today, True), (today + timedelta(days=1), False)):
        person = await make_person(session, f"Alumnus from {starts}", alumnus=False)
        session.add(models.PersonRole(person_id=person.id, kind=Kind.ALUMNUS, starts_on=starts))
        answer = await api(ROLES, as_=await make_account(session, person))
        assert (answer.data["people"]["totalCount"] > 1) == members  # a guest sees but the own person
