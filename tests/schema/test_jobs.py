"""Openings over HTTP: posting, listing, running out, interest, and who learns of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import block, make_job, make_member, make_organization, make_person, make_staff

LATER = (datetime.now(UTC) + timedelta(days=20)).isoformat()
POST = """mutation($input: PostJobInput!) { postJob(input: $input) { __typename
    ... on JobPayload { job { id title organization { name } skills remote open interested poster { displayName } } }
    ... on Error { code path } ... on Invalid { problems { path } } } }"""
UPDATE = """mutation($input: UpdateJobInput!) { updateJob(input: $input) { __typename
    ... on JobPayload { job { title skills open organization { name } } } ... on Error { code } } }"""
WITHDRAW = """mutation($input: JobInput!) { withdrawJob(input: $input) { ... on JobPayload { job { open } }
    ... on Error { code } } }"""
INTEREST = """mutation($input: JobInput!) { showInterest(input: $input) { __typename
    ... on JobPayload { job { interested interestedPeople(first: 9) { totalCount } } } ... on Error { code } } }"""
NO_INTEREST = INTEREST.replace("showInterest", "withdrawInterest")
SEEN = "query($id: ID!) { job(id: $id) { interestedPeople(first: 9) { totalCount nodes { displayName } } } }"
COUNT = "{ jobs(first: 9) { totalCount nodes { id } } }"


def given(**more: Any) -> dict[str, Any]:
    return {"title": "Bridge Engineer", "organization": "Acme", "validThrough": LATER, "country": "PT", **more}


def id_of(job: models.Job) -> dict[str, str]:
    return {"jobId": encode_id("Job", job.id)}


async def test_a_member_posts_an_opening_and_others_find_it(session: AsyncSession, api: Api):
    poster, other = await make_member(session, "Ana"), await make_member(session)
    asked = given(skills=["Welding", "wélding", "Rust"], city="Lisbon")
    posted = (await api(POST, as_=poster, input=asked)).data["postJob"]["job"]
    assert posted | {"id": ""} == {
        "id": "", "title": "Bridge Engineer", "organization": {"name": "Acme"}, "skills": ["Rust", "Welding"],
        "remote": False, "open": True, "interested": False, "poster": {"displayName": "Ana"},
    }  # fmt: skip
    query = """{ jobs(first: 9, filter: {skill: {eq: "WELDING"}, employer: {contains: "acm"},
        words: {contains: "bridg"}, city: {eq: "lisbon"}, open: true}) { totalCount nodes { title }
        facets { skills { value count } employers { value count } employmentTypes { value count } } } }"""
    found = (await api(query, as_=other)).data["jobs"]
    assert found["nodes"] == [{"title": "Bridge Engineer"}]
    assert found["facets"] == {
        "skills": [{"value": "rust", "count": 1}, {"value": "welding", "count": 1}],
        "employers": [{"value": "Acme", "count": 1}],
        "employmentTypes": [{"value": "FULL_TIME", "count": 1}],
    }


async def test_the_office_posts_in_its_own_name_and_may_draft(session: AsyncSession, api: Api):
    staff, member = await make_staff(session), await make_member(session)
    posted = (await api(POST, as_=staff, input=given(audience="STAFF"))).data["postJob"]["job"]
    assert posted["poster"] is None
    assert (await api(COUNT, as_=member)).data["jobs"]["totalCount"] == 0
    assert (await api(COUNT, as_=staff)).data["jobs"]["totalCount"] == 1
    refused = (await api(POST, as_=member, input=given(audience="STAFF"))).data["postJob"]
    assert refused["problems"] == [{"path": ["input", "audience"]}]


async def test_a_retry_with_the_same_key_makes_no_second_opening(session: AsyncSession, api: Api):
    member = await make_member(session)
    answers = [await api(POST, as_=member, input=given(idempotencyKey="k")) for _ in range(2)]
    assert answers[0].data == answers[1].data
    assert (await api(COUNT, as_=member)).data["jobs"]["totalCount"] == 1


WRONG = {
    "title": " ", "organization": "", "country": "XX", "applyUrl": "javascript:alert(1)", "city": "a\x00b",
    "validThrough": "2020-01-01T00:00:00Z", "audience": "ME", "skills": ["x"] * 31, "region": "x" * 201,
}  # fmt: skip


@pytest.mark.parametrize("field", WRONG)
async def test_each_wrong_field_is_named(session: AsyncSession, api: Api, field: str):
    answer = (await api(POST, as_=await make_member(session), input=given(**{field: WRONG[field]}))).data["postJob"]
    assert [problem["path"][:2] for problem in answer["problems"]] == [["input", field]]
    assert (await session.scalars(select(models.Organization))).all() == []


async def test_an_opening_somewhere_needs_a_country(session: AsyncSession, api: Api):
    asked = {key: value for key, value in given().items() if key != "country"}
    member = await make_member(session)
    refused = (await api(POST, as_=member, input=asked)).data["postJob"]
    assert refused["problems"] == [{"path": ["input", "country"]}]
    assert (await api(POST, as_=member, input=asked | {"remote": True})).data["postJob"]["job"]["remote"]


async def test_what_has_run_out_or_was_withdrawn_is_there_for_its_poster_and_staff_only(
    session: AsyncSession, api: Api
):
    poster, other, staff = await make_member(session), await make_member(session), await make_staff(session)
    over = await make_job(session, poster.person_id, valid_through=datetime.now(UTC) - timedelta(seconds=1))
    withdrawn = await make_job(session, poster.person_id)
    for _ in range(2):
        assert (await api(WITHDRAW, as_=poster, input=id_of(withdrawn))).data["withdrawJob"]["job"] == {"open": False}
    counts = [(await api(COUNT, as_=one)).data["jobs"]["totalCount"] for one in (poster, other, staff)]
    assert counts == [2, 0, 2]
    for job in (over, withdrawn):
        assert (await api(INTEREST, as_=other, input=id_of(job))).data["showInterest"]["code"] == "NOT_FOUND"
    again = {**id_of(over), "validThrough": LATER}
    assert (await api(UPDATE, as_=poster, input=again)).data["updateJob"]["job"]["open"]
    assert (await api(COUNT, as_=other)).data["jobs"]["totalCount"] == 1
    late = (await api(UPDATE, as_=poster, input={**id_of(withdrawn), "title": "B"})).data["updateJob"]
    assert late["code"] == "CONFLICT"


async def test_only_its_poster_and_staff_change_an_opening(session: AsyncSession, api: Api):
    poster, other, staff = await make_member(session), await make_member(session), await make_staff(session)
    job = await make_job(session, poster.person_id)
    refused = (await api(UPDATE, as_=other, input={**id_of(job), "title": "Mine"})).data["updateJob"]
    assert refused["code"] == "FORBIDDEN"
    assert (await api(WITHDRAW, as_=other, input=id_of(job))).data["withdrawJob"]["code"] == "FORBIDDEN"
    for account, title in ((poster, "By the poster"), (staff, "By the office")):
        changed = (await api(UPDATE, as_=account, input={**id_of(job), "title": title, "skills": ["a"]})).data
        assert changed["updateJob"]["job"]["title"] == title
        assert changed["updateJob"]["job"]["skills"] == ["a"]


async def test_interest_is_between_the_one_who_has_it_and_the_poster(session: AsyncSession, api: Api):
    poster, fan, other = await make_member(session), await make_member(session, "Fan"), await make_member(session)
    job = await make_job(session, poster.person_id)
    for _ in range(2):
        answer = (await api(INTEREST, as_=fan, input=id_of(job))).data["showInterest"]["job"]
        assert answer == {"interested": True, "interestedPeople": {"totalCount": 1}}
    assert (await api(INTEREST, as_=poster, input=id_of(job))).data["showInterest"]["code"] == "CONFLICT"
    for account, names in ((poster, ["Fan"]), (await make_staff(session), ["Fan"]), (fan, ["Fan"]), (other, [])):
        page = (await api(SEEN, as_=account, id=id_of(job)["jobId"])).data["job"]["interestedPeople"]
        assert [node["displayName"] for node in page["nodes"]] == names
        assert page["totalCount"] == len(names)
    for _ in range(2):
        answer = (await api(NO_INTEREST, as_=fan, input=id_of(job))).data["withdrawInterest"]["job"]
        assert answer["interested"] is False


async def test_blocked_people_do_not_see_one_anothers_openings(session: AsyncSession, api: Api):
    poster, other = await make_member(session), await make_member(session)
    one, two = [await session.get_one(models.Person, account.person_id) for account in (poster, other)]
    await make_job(session, one)
    await make_job(session)
    await block(session, one, two)
    assert (await api(COUNT, as_=other)).data["jobs"]["totalCount"] == 1


async def test_an_organisation_is_known_through_its_openings(session: AsyncSession, api: Api):
    member, employer = await make_member(session), await make_organization(session, "Hidden Works")
    query = "query($id: ID!) { node(id: $id) { id } }"
    known = encode_id("Organization", employer.id)
    assert (await api(query, as_=member, id=known)).data["node"] is None
    job = await make_job(session, organization_id=employer.id)
    assert (await api(query, as_=member, id=known)).data["node"] == {"id": known}
    job.valid_through = datetime.now(UTC) - timedelta(days=1)
    await session.flush()
    assert (await api(query, as_=member, id=known)).data["node"] is None


async def test_openings_cost_as_many_statements_for_1_and_20(session: AsyncSession, api: Api):
    member = await make_member(session)
    for _ in range(20):
        await make_job(session, await make_person(session))
    query = """query($n: Int!) { jobs(first: $n) { nodes { title skills organization { name } poster { displayName }
        interestedPeople(first: 2) { nodes { id } } } } }"""
    one, twenty = await api(query, as_=member, n=1), await api(query, as_=member, n=20)
    assert len(twenty.data["jobs"]["nodes"]) == 20
    assert len(one.statements) == len(twenty.statements) == 2


IMPORT = """mutation($rows: [JSON!]!, $dry: Boolean) { importJobs(input: {source: "board", rows: $rows, dryRun: $dry,
    peopleSource: "crm"}) { __typename ... on ImportJobsPayload { dryRun rows { externalId status messages
    job { title interested interestedPeople(first: 9) { totalCount } } } }
    ... on Invalid { problems { path message } } } }"""


async def test_the_office_imports_openings_with_those_who_are_interested(session: AsyncSession, api: Api):
    staff, member = await make_staff(session), await make_member(session, source="crm", external_id="7")
    rows = [{"externalId": "1", **given(), "interests": [{"externalId": "7", "at": "2026-01-01T00:00:00Z"}]}]
    refused = await api(IMPORT, as_=member, rows=rows)
    assert refused.codes == ["FORBIDDEN"]
    dry = (await api(IMPORT, as_=staff, rows=rows, dry=True)).data["importJobs"]
    assert dry == {
        "__typename": "ImportJobsPayload", "dryRun": True,
        "rows": [{"externalId": "1", "status": "CREATED", "messages": [], "job": None}],
    }  # fmt: skip
    for status in ("CREATED", "SKIPPED"):
        (done,) = (await api(IMPORT, as_=staff, rows=rows)).data["importJobs"]["rows"]
        assert done["status"] == status
        assert done["job"]["interestedPeople"] == {"totalCount": 1}
    mine = await api("{ jobs(first: 9) { nodes { title interested poster { id } } } }", as_=member)
    assert mine.data["jobs"]["nodes"] == [{"title": "Bridge Engineer", "interested": True, "poster": None}]
    wrong = (await api(IMPORT, as_=staff, rows=[rows[0] | {"country": "XX"}])).data["importJobs"]
    assert [problem["path"] for problem in wrong["problems"]] == [["rows", "0", "country"]]
