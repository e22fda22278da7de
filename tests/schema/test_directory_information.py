"""Directory information over HTTP (rules P2 and P4): of what the registrar recorded members see what the institution
names, and the rest once its person agrees; there is no place for grades."""

import json
import re
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.errors import Invalid
from api.services.institutions import InstitutionChanges, set_institution
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing, fact_texts
from schema.ids import encode_id
from schema.root import build_engine
from tests.conftest import Api
from tests.databases import LockedDatabase
from tests.factories import connect, make_account, make_fact, make_member, make_person, make_staff

HOME = "Northbridge University"
STUDIES: dict[str, Any] = {
    "degree": "Zqdegree",
    "programme": "Zqmajor",
    "end_date": "2010-06",
    "honours": "Zqhonours",
    "completed": False,
}
PERSON = """query($id: ID!) { person(id: $id) { classYear educations { id school degree programme cipCode startDate
    endDate completed honours visibility registrarSourced withheld releasedAt } } }"""
FOUND = """query($f: PersonFilter!) { people(first: 9, filter: $f) { totalCount facets {
    classYears(first: 9) { value count } programmes(first: 9) { value count } } } }"""
SEARCH = "query($t: String!) { searchPeople(text: $t, first: 9) { nodes { matchedFields person { displayName } } } }"
RELEASE = """mutation($id: ID!, $release: Boolean!) { releaseEducation(input: {educationId: $id, release: $release}) {
    __typename ... on ReleaseEducationPayload { education { withheld releasedAt } } ... on Error { code message } } }"""
SET = """mutation($id: ID!) { setVisibility(input: {factId: $id, level: PUBLIC}) { __typename
    ... on Error { code message } } }"""
UPDATE = """mutation($input: UpdateMyProfileInput!) { updateMyProfile(input: $input) { __typename } }"""
EDIT = """mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }"""
IMPORT = """mutation($rows: [JSON!]!) { importPeople(input: {source: "sis", rows: $rows}) { __typename
    ... on ImportPeoplePayload { rows { status } } ... on Invalid { problems { path message } } } }"""
LOG = "{ viewer { accessLog(first: 9) { nodes { action facts } } } }"


async def make_recorded(session: AsyncSession, **columns: Any) -> tuple[models.Account, str]:
    """A member with a degree that the registrar recorded and every member sees, and the degree's global id."""
    account = await make_member(session, "Recorded")
    given: dict[str, Any] = {"registrar_sourced": True, **STUDIES, **columns}
    fact = await make_fact(session, models.Education, key(account), **given)
    return account, encode_id("Education", fact.id)


def key(account: models.Account) -> Any:
    assert account.person_id is not None
    return account.person_id


async def name(session: AsyncSession, *fields: str) -> None:
    """Name the institution's directory information, as `alumni institution` does."""
    await set_institution(session, InstitutionChanges(HOME, directory_information=fields))


async def shown(api: Api, asker: models.Account, of: models.Account) -> dict[str, Any]:
    """The one education as the asker sees it."""
    answer = await api(PERSON, as_=asker, id=encode_id("Person", key(of)))
    (education,) = answer.data["person"]["educations"]
    return education


async def found(api: Api, asker: models.Account) -> str:
    """What searches, filters and facets tell of it."""
    said: list[Any] = [(await api(SEARCH, as_=asker, t=word)).data for word in ("Zqdegree", "Zqmajor", "Zqhonours")]
    for wanted in ({"classYear": {"eq": 2010}}, {"programme": {"eq": "Zqmajor"}}):
        page = (await api(FOUND, as_=asker, f=wanted)).data
        said.append(page if page["people"]["totalCount"] else None)
    said.append((await api(FOUND, as_=asker, f={})).data)
    return json.dumps(said)


async def test_what_is_no_directory_information_is_for_the_office_and_its_person(
    session: AsyncSession, api: Api, db: LockedDatabase
):
    owner, fact = await make_recorded(session)
    member, friend, staff = await make_member(session), await make_member(session), await make_staff(session)
    await connect(session, key(friend), key(owner))
    await embed_missing(db, HashEmbedder())
    before = await found(api, member)
    assert all(word in before for word in ("2010", "Zqmajor", "educations"))
    await name(session, "school", "PROGRAMME")
    await embed_missing(db, HashEmbedder())
    for asker in (member, friend):
        assert await shown(api, asker, owner) == {
            "id": fact, "school": HOME, "degree": None, "programme": "Zqmajor", "cipCode": None, "startDate": None,
            "endDate": None, "completed": True, "honours": None, "visibility": None, "registrarSourced": None,
            "withheld": None, "releasedAt": None,
        }  # fmt: skip
        told = await found(api, asker)
        assert [word for word in ("2010", "Zqdegree", "Zqhonours") if word in told] == []
    for asker in (owner, staff):
        seen = await shown(api, asker, owner)
        assert (seen["degree"], seen["endDate"], seen["completed"]) == ("Zqdegree", "2010-06", False)
        assert (seen["registrarSourced"], seen["withheld"]) == (True, ["DEGREE", "DATES", "HONOURS"])
        assert "2010" not in await found(api, asker)
    log = (await api(LOG, as_=owner)).data["viewer"]["accessLog"]["nodes"]
    assert log == [{"action": "READ_RESTRICTED", "facts": ["Education"]}] * 2  # by its person's id, and by a search

    await name(session, *models.DirectoryField)
    await embed_missing(db, HashEmbedder())
    assert await found(api, member) == before
    assert (await shown(api, member, owner))["honours"] == "Zqhonours"


async def test_only_its_person_releases_the_record_and_may_take_that_back(session: AsyncSession, api: Api):
    owner, fact = await make_recorded(session)
    member, staff = await make_member(session), await make_staff(session)
    await name(session, "SCHOOL")
    for asker, code in ((member, "NOT_FOUND"), (staff, None), (None, None)):
        refused = await api(RELEASE, as_=asker, id=fact, release=True)
        assert refused.data["releaseEducation"]["code"] == code if code else refused.errors
    assert (await shown(api, member, owner))["degree"] is None
    done = (await api(RELEASE, as_=owner, id=fact, release=True)).data["releaseEducation"]["education"]
    assert done["withheld"] == []
    assert done["releasedAt"] is not None
    open_ = await shown(api, member, owner)
    assert (open_["degree"], open_["programme"], open_["endDate"], open_["completed"]) == (
        *("Zqdegree", "Zqmajor", "2010-06"),
        False,
    )
    assert "2010" in await found(api, member)
    await api(RELEASE, as_=owner, id=fact, release=False)
    assert (await shown(api, member, owner))["degree"] is None
    assert "2010" not in await found(api, member)


async def test_where_even_the_school_is_none_the_whole_fact_waits_for_its_release(session: AsyncSession, api: Api):
    owner, fact = await make_recorded(session)
    member = await make_member(session)
    await name(session, "DEGREE", "DATES")
    answer = await api(PERSON, as_=member, id=encode_id("Person", key(owner)))
    assert answer.data["person"] == {"classYear": None, "educations": []}
    refused = (await api(SET, as_=owner, id=fact)).data["setVisibility"]
    assert refused["code"] == "CONFLICT"
    assert "releaseEducation" in refused["message"]
    await api(RELEASE, as_=owner, id=fact, release=True)
    assert (await shown(api, member, owner))["programme"] == "Zqmajor"


async def test_what_people_say_themselves_is_theirs(session: AsyncSession, api: Api):
    """The list is about the registrar's record. An entry that its person changes is their word from then on; one that
    the office changes stays the registrar's, and no more of it is shown."""
    owner, fact = await make_recorded(session)
    own, said = await make_recorded(session, registrar_sourced=False)
    member, staff = await make_member(session), await make_staff(session)
    await name(session, "SCHOOL", "PROGRAMME")
    assert (await shown(api, member, own))["degree"] == "Zqdegree"
    nothing = (await api(RELEASE, as_=own, id=said, release=True)).data["releaseEducation"]
    assert nothing["code"] == "CONFLICT"
    same = {"id": fact, "school": HOME, "degree": "Zqdegree", "programme": "Zqmajor", "endDate": "2010-06"}
    same |= {"honours": "Zqhonours", "completed": False}
    await api(UPDATE, as_=owner, input={"educations": [same]})
    assert (await shown(api, owner, owner))["withheld"] == ["DEGREE", "DATES", "HONOURS"]
    person = encode_id("Person", key(owner))
    await api(EDIT, as_=staff, input={"personId": person, "educations": [same | {"programme": "Physics"}]})
    seen = await shown(api, member, owner)
    assert (seen["programme"], seen["degree"], seen["endDate"]) == ("Physics", None, None)
    await api(UPDATE, as_=owner, input={"educations": [same | {"programme": "Physics", "honours": "First"}]})
    seen = await shown(api, member, owner)
    assert (seen["degree"], seen["endDate"], seen["honours"]) == ("Zqdegree", "2010-06", "First")
    assert (await shown(api, owner, owner))["registrarSourced"] is False


async def test_an_import_marks_the_registrars_record_and_changes_nothing_the_second_time(
    session: AsyncSession, api: Api
):
    member, staff = await make_member(session), await make_staff(session)
    await name(session, "SCHOOL", "DATES")
    recorded = {
        "school": HOME,
        "degree": "Zqdegree",
        "programme": "Zqmajor",
        "endDate": "2010",
        "registrarSourced": True,
    }
    later = {"school": "Elsewhere", "degree": "Zqlater"}
    row = {"externalId": "1", "displayName": "Ana", "listed": True, "educations": [recorded, later]}
    statuses = [(await api(IMPORT, as_=staff, rows=[row])).data["importPeople"]["rows"][0]["status"] for _ in range(2)]
    assert statuses == ["CREATED", "SKIPPED"]
    person = (await session.scalars(select(models.Person).where(models.Person.external_id == "1"))).one()
    owner = await make_account(session, person)

    def told(answer: Any) -> dict[str, Any]:
        rows = answer.data["person"]["educations"]
        return {one["school"]: (one["degree"], one["endDate"], one["registrarSourced"]) for one in rows}

    of_ana = {"id": encode_id("Person", person.id)}
    assert told(await api(PERSON, as_=member, **of_ana)) == {
        HOME: (None, "2010", None),
        "Elsewhere": ("Zqlater", None, None),
    }
    for asker in (owner, staff):
        whole = told(await api(PERSON, as_=asker, **of_ana))
        assert whole == {HOME: ("Zqdegree", "2010", True), "Elsewhere": ("Zqlater", None, False)}
    wrong = row | {"educations": [recorded | {"registrarSourced": "perhaps"}]}
    problems = (await api(IMPORT, as_=staff, rows=[wrong])).data["importPeople"]["problems"]
    assert [one["path"] for one in problems] == [["rows", "0", "educations", "0", "registrarSourced"]]


async def test_a_list_with_an_unknown_field_is_refused_whole(session: AsyncSession):
    await name(session, "SCHOOL")
    with pytest.raises(Invalid) as refused:
        await name(session, "DEGREE", "GRADES")
    assert [problem.path for problem in refused.value.problems] == [("directoryInformation", "1")]
    stored = select(models.Institution.directory_information)
    assert await session.scalar(stored) == ["SCHOOL"]
    await name(session)
    assert await session.scalar(stored) == []


# ---------------------------------------------------------------- grades have no place here

GRADES = {"grade", "grades", "gpa", "transcript", "transcripts", "mark", "marks", "credits", "cumulative", "percentile"}
WORD = re.compile(r"[A-Z]?[a-z0-9]+")
ROWS: list[tuple[dict[str, Any], list[str]]] = [
    ({"gpa": 3.9}, ["gpa"]),
    ({"educations": [{"school": HOME, "grade": "A"}]}, ["educations", "0", "grade"]),
    ({"educations": [{"school": HOME, "transcript": []}]}, ["educations", "0", "transcript"]),
    ({"roles": [{"kind": "STUDENT", "gpa": "3.9"}]}, ["roles", "0", "gpa"]),
    ({"connections": [{"externalId": "2", "marks": 1}]}, ["connections", "0", "marks"]),
    ({"bio": {"text": "Hi.", "grades": "A"}}, ["bio", "grades"]),
]


@pytest.mark.parametrize(("row", "path"), ROWS)
async def test_a_row_with_grades_is_refused_with_the_fields_name(
    session: AsyncSession, api: Api, row: dict[str, Any], path: list[str]
):
    staff = await make_staff(session)
    rows = [{"externalId": "1", "displayName": "Ana"} | row]
    refused = (await api(IMPORT, as_=staff, rows=rows)).data["importPeople"]
    assert [problem["path"] for problem in refused["problems"]] == [["rows", "0", *path]]
    assert (await session.scalars(select(models.Person))).all() == []


async def test_no_column_and_no_field_of_the_api_is_for_grades(session: AsyncSession):
    columns = text(
        "select table_name || '.' || column_name from information_schema.columns where table_schema = 'public'"
    )
    names = {one.partition(".")[2] for one in await session.scalars(columns) if not one.startswith("procrastinate")}
    for kind in build_engine().schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType) and not kind.name.startswith("__"):
            names |= set(kind.fields)
    assert {"honours", "registrar_sourced", "registrarSourced"} <= names
    names.remove("markNotificationsRead")  # a verb
    assert [one for one in names if GRADES & {word.lower() for word in WORD.findall(one)}] == []


async def test_honours_and_what_is_withheld_are_in_no_embedded_text(session: AsyncSession):
    """The embedded text of an education is of its degree, programme and school alone."""
    person = await make_person(session)
    every: dict[str, Any] = {
        "degree": "BSc",
        "programme": "Physics",
        "cip_code": "40.0801",
        "start_date": "2006",
        "end_date": "2010",
    }
    every |= {"honours": "summa cum laude", "registrar_sourced": True}
    await make_fact(session, models.Education, person, **every)
    words = select(fact_texts().c.words)
    assert (await session.scalars(words)).all() == [f"BSc in Physics, {HOME}"]
    await name(session, "SCHOOL", "PROGRAMME")
    assert (await session.scalars(words)).all() == [f"Physics, {HOME}"]
