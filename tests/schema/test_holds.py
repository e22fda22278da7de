"""FERPA holds over HTTP (rules P1 and P3): what a held person studied here reaches nobody but the office, at once,
until that person lifts the hold."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from schema.ids import encode_id
from tests.conftest import Api
from tests.databases import LockedDatabase
from tests.factories import connect, make_account, make_fact, make_member, make_person, make_staff

V, Kind = models.Visibility, models.PersonRoleKind
STUDIES = {"degree": "Zqdegree", "programme": "Zqmajor", "start_date": "2006-09", "end_date": "2010-06"}
SECRETS = ("Zqdegree", "Zqmajor", "2010", "2006", "ALUMNUS")
HOLD = """mutation($hold: Boolean!) { setFerpaHold(input: {hold: $hold}) { __typename
    ... on UpdateProfilePayload { person { ferpaHold educations { visibility } } } ... on Error { code } } }"""
PLACE = """mutation($id: ID!) { placeFerpaHold(input: {personId: $id}) { __typename
    ... on UpdateProfilePayload { person { ferpaHold } } ... on Error { code } } }"""
SET = """mutation($id: ID!, $level: Visibility!) { setVisibility(input: {factId: $id, level: $level}) { __typename
    ... on Error { code message path } } }"""
UPDATE = """mutation($input: UpdateMyProfileInput!) { updateMyProfile(input: $input) {
    ... on UpdateProfilePayload { person { educations { degree visibility } } } } }"""
PERSON = """query($id: ID!) { person(id: $id) { ferpaHold classYear roles { kind startsOn endsOn }
    educations { degree programme endDate visibility } } }"""
FOUND = """query($f: PersonFilter!) { people(first: 9, filter: $f) { totalCount facets {
    classYears(first: 9) { value count } programmes(first: 9) { value count } roles(first: 9) { value count } } } }"""
SEARCH = "query($t: String!) { searchPeople(text: $t, first: 9) { nodes { matchedFields person { displayName } } } }"
MEET = """query($after: String) { peopleYouShouldMeet(first: 1, after: $after) {
    nodes { person { displayName } evidence { text } } pageInfo { endCursor } } }"""
LOG = "{ viewer { accessLog(first: 9) { nodes { action facts } } } }"
IMPORT = """mutation($rows: [JSON!]!, $force: Boolean) {
    importPeople(input: {source: "sis", rows: $rows, force: $force}) { ... on ImportPeoplePayload { rows {
    status messages } } } }"""


async def make_graduate(session: AsyncSession, name: str = "Held") -> models.Account:
    """A member with a degree of ours that everybody sees, and dated roles."""
    account = await make_member(session, name, alumnus=False)
    person_id = key(account)
    await make_fact(session, models.Education, person_id, V.PUBLIC, **STUDIES)
    left = date(2010, 6, 30)
    session.add(models.PersonRole(person_id=person_id, kind=Kind.STUDENT, starts_on=date(2006, 9, 1), ends_on=left))
    session.add(models.PersonRole(person_id=person_id, kind=Kind.ALUMNUS, starts_on=left))
    session.add(models.PersonRole(person_id=person_id, kind=Kind.DONOR))
    await session.flush()
    return account


def key(account: models.Account) -> Any:
    assert account.person_id is not None
    return account.person_id


async def educations(session: AsyncSession, account: models.Account) -> list[models.Education]:
    of = select(models.Education).where(models.Education.person_id == key(account)).order_by(models.Education.id)
    return list(await session.scalars(of.execution_options(populate_existing=True)))


async def everything_of(api: Api, asker: models.Account, person_id: Any) -> str:
    """What the asker is told of somebody on every path that studies show on."""
    said = [(await api(PERSON, as_=asker, id=encode_id("Person", person_id))).data]
    for wanted in ({"classYear": {"eq": 2010}}, {"programme": {"eq": "Zqmajor"}}, {"role": {"eq": "STUDENT"}}):
        found = (await api(FOUND, as_=asker, f=wanted)).data
        said.append(found if found["people"]["totalCount"] else None)
    said += [(await api(SEARCH, as_=asker, t=words)).data for words in ("Zqdegree", "Zqmajor")]
    return json.dumps(said)


async def test_what_a_held_person_studied_reaches_the_office_only_until_they_lift_the_hold(
    session: AsyncSession, api: Api, db: LockedDatabase
):
    held, staff, member = await make_graduate(session), await make_staff(session), await make_member(session)
    friend = await make_member(session)
    await connect(session, key(friend), key(held))
    guest = await make_account(session, await make_person(session, alumnus=False))
    await embed_missing(db, HashEmbedder())
    open_ = await everything_of(api, member, key(held))
    assert all(word in open_ for word in SECRETS)

    done = (await api(HOLD, as_=held, hold=True)).data["setFerpaHold"]
    assert done["person"] == {"ferpaHold": True, "educations": [{"visibility": "STAFF"}]}
    await embed_missing(db, HashEmbedder())
    for asker in (member, friend, guest):
        said = await everything_of(api, asker, key(held))
        assert [word for word in SECRETS if word in said] == []
        assert '"ferpaHold": true' not in said
    assert (await api(PERSON, as_=member, id=encode_id("Person", key(held)))).data["person"] == {
        "ferpaHold": None,
        "classYear": None,
        "educations": [],
        "roles": [{"kind": "DONOR", "startsOn": None, "endsOn": None}],
    }
    for asker in (held, staff):
        said = await everything_of(api, asker, key(held))
        assert [word for word in SECRETS if word not in said] == []
        assert '"ferpaHold": true' in said

    lifted = (await api(HOLD, as_=held, hold=False)).data["setFerpaHold"]
    assert lifted["person"] == {"ferpaHold": False, "educations": [{"visibility": "PUBLIC"}]}
    await embed_missing(db, HashEmbedder())
    assert await everything_of(api, member, key(held)) == open_


async def test_somebody_who_left_long_ago_opts_out_and_it_holds_on_the_next_request(session: AsyncSession, api: Api):
    """Even a member no more: a guest with a profile (rule P3)."""
    former, member = await make_graduate(session), await make_member(session)
    of_theirs = models.PersonRole.person_id == former.person_id
    await session.execute(
        update(models.PersonRole).where(of_theirs, models.PersonRole.kind == "ALUMNUS").values(ends_on=date(2015, 1, 1))
    )
    assert "Zqmajor" in await everything_of(api, member, key(former))
    assert (await api(HOLD, as_=former, hold=True)).data["setFerpaHold"]["person"]["ferpaHold"] is True
    assert "Zqmajor" not in await everything_of(api, member, key(former))


@pytest.mark.parametrize("level", ["CONNECTIONS", "MEMBERS", "PUBLIC"])
async def test_a_held_fact_cannot_be_opened_and_the_hold_is_named(session: AsyncSession, api: Api, level: str):
    held = await make_graduate(session)
    await make_fact(session, models.Education, key(held), V.ME, school="Elsewhere", home=False)
    ours, elsewhere = [encode_id("Education", one.id) for one in await educations(session, held)]
    await api(HOLD, as_=held, hold=True)
    refused = (await api(SET, as_=held, id=ours, level=level)).data["setVisibility"]
    assert (refused["code"], refused["path"]) == ("CONFLICT", ["input", "level"])
    assert "FERPA hold" in refused["message"]
    assert [one.visibility for one in await educations(session, held)] == [V.STAFF, V.ME]
    for fact, wanted in ((elsewhere, level), (ours, "STAFF")):  # their own word; and closing is always possible
        done = (await api(SET, as_=held, id=fact, level=wanted)).data["setVisibility"]
        assert done["__typename"] == "SetVisibilityPayload"
    await api(HOLD, as_=held, hold=False)
    assert [one.visibility for one in await educations(session, held)] == [V.STAFF, V[level]]


async def test_what_is_written_meanwhile_is_held_too_and_opens_as_it_was_meant(session: AsyncSession, api: Api):
    held, member = await make_graduate(session), await make_member(session)
    await api(HOLD, as_=held, hold=True)
    given = [
        {"school": "Northbridge University", "degree": "Zqdegree", "programme": "Zqmajor", "endDate": "2010-07"},
        {"school": "Northbridge University", "degree": "Zqother", "visibility": "MEMBERS"},
    ]
    session.add(models.Institution(name="Northbridge University"))
    await session.flush()
    after = (await api(UPDATE, as_=held, input={"educations": given})).data["updateMyProfile"]["person"]["educations"]
    assert {one["degree"]: one["visibility"] for one in after} == {"Zqdegree": "STAFF", "Zqother": "STAFF"}
    assert "Zq" not in await everything_of(api, member, key(held))
    await api(HOLD, as_=held, hold=False)
    after = {one.degree: one.visibility for one in await educations(session, held)}
    assert after == {"Zqdegree": V.PUBLIC, "Zqother": V.MEMBERS}


async def test_the_office_places_a_hold_that_it_cannot_lift_and_the_person_sees_that_it_did(
    session: AsyncSession, api: Api
):
    held, member, staff = await make_graduate(session), await make_member(session), await make_staff(session)
    placed = (await api(PLACE, as_=staff, id=encode_id("Person", key(held)))).data["placeFerpaHold"]
    assert placed["person"] == {"ferpaHold": True}
    assert "Zqmajor" not in await everything_of(api, member, key(held))
    log = (await api(LOG, as_=held)).data["viewer"]["accessLog"]["nodes"]
    assert log == [{"action": "EDITED", "facts": ["ferpaHold"]}]
    assert (await api(HOLD, as_=staff, hold=False)).codes == ["FORBIDDEN"]
    unknown = await api(PLACE, as_=staff, id=encode_id("Person", staff.id))
    assert unknown.data["placeFerpaHold"]["code"] == "NOT_FOUND"


async def test_an_import_holds_keeps_holding_after_graduation_and_never_lifts(session: AsyncSession, api: Api):
    staff, member = await make_staff(session), await make_member(session)
    studies = {"school": "Northbridge University", "degree": "Zqdegree", "programme": "Zqmajor", "visibility": "PUBLIC"}

    async def bring(row: dict[str, Any], *, force: bool = False, **more: Any) -> dict[str, Any]:
        rows = [{"externalId": "1", "displayName": "Held", **row, **more}]
        return (await api(IMPORT, as_=staff, rows=rows, force=force)).data["importPeople"]["rows"][0]

    student = {"roles": [{"kind": "STUDENT", "startsOn": "2006-09-01"}], "educations": [studies], "listed": True}
    report = await bring(student, ferpaHold=True, email="held@example.edu")
    person = (await session.scalars(select(models.Person).where(models.Person.external_id == "1"))).one()
    account = (await session.scalars(select(models.Account).where(models.Account.person_id == person.id))).one()
    assert (report["status"], person.listed) == ("CREATED", False)
    person.listed = True
    graduated = {
        "roles": [{"kind": "STUDENT", "startsOn": "2006-09-01", "endsOn": "2010-06-30"}, {"kind": "ALUMNUS"}],
        "educations": [{**studies, "endDate": "2010-06"}],
    }
    await session.flush()
    assert (await bring(graduated))["status"] == "UPDATED"
    said = await everything_of(api, member, person.id)
    assert [word for word in SECRETS if word in said] == []
    assert (await bring(graduated, ferpaHold=True))["status"] == "SKIPPED"
    left = await bring(graduated, ferpaHold=False, force=True)
    assert (left["status"], left["messages"]) == ("SKIPPED", ["ferpaHold: stays, only the person lifts it"])
    assert "Zqmajor" not in await everything_of(api, member, person.id)

    await api(HOLD, as_=account, hold=False)
    assert "Zqmajor" in await everything_of(api, member, person.id)
    again = await bring(graduated, ferpaHold=True)
    assert again["status"] == "CONFLICT"
    assert "Zqmajor" in await everything_of(api, member, person.id)
    assert (await bring({}, ferpaHold=True, force=True))["status"] == "UPDATED"
    assert "Zqmajor" not in await everything_of(api, member, person.id)


async def test_reasons_told_before_are_not_told_again(session: AsyncSession, api: Api):
    """A list that is shown again repeats what was logged with it."""
    me, held = await make_graduate(session, "Me"), await make_graduate(session)
    for account in (me, held):
        await make_fact(session, models.Skill, key(account), name="weaving")
    await make_graduate(session, "Third")
    first = (await api(MEET, as_=me)).data["peopleYouShouldMeet"]
    second = (await api(MEET, as_=me, after=first["pageInfo"]["endCursor"])).data["peopleYouShouldMeet"]
    told = json.dumps([first, second])
    assert "2010" in told
    assert "Zqmajor" in told
    await api(HOLD, as_=held, hold=True)
    logged = (await session.scalars(select(models.Suggestion).where(models.Suggestion.person_id == key(held)))).all()
    assert [[one["text"] for one in row.evidence] for row in logged] == [["You share the skill weaving"]]
    assert [{"COHORT", "PROGRAMME"} & set(row.features) for row in logged] == [set()]
    again = (await api(MEET, as_=me, after=first["pageInfo"]["endCursor"])).data["peopleYouShouldMeet"]
    names = {one["person"]["displayName"]: json.dumps(one) for one in again["nodes"]}
    assert "2010" not in names.get("Held", "")
