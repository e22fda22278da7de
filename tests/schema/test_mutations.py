"""Mutations over HTTP: who may, what comes back, and that the refused change nothing."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import connect, make_fact, make_member, make_person, make_staff

UPDATE = """mutation($input: UpdateMyProfileInput!) { updateMyProfile(input: $input) { __typename
    ... on UpdateProfilePayload { person { displayName bio educations { school endDate visibility } } }
    ... on Invalid { code problems { path message } } } }"""


async def test_a_member_edits_the_profile_and_reads_it_back(session: AsyncSession, api: Api):
    me = await make_member(session, "Ana")
    education = {"school": "Elsewhere", "endDate": "2009-06", "visibility": "CONNECTIONS"}
    answer = await api(
        UPDATE, as_=me, input={"displayName": "Ana Lima", "bio": {"text": "Hi."}, "educations": [education]}
    )
    assert answer.errors == []
    assert answer.data["updateMyProfile"] == {
        "__typename": "UpdateProfilePayload",
        "person": {"displayName": "Ana Lima", "bio": "Hi.", "educations": [education]},
    }
    assert await session.scalar(select(func.count()).select_from(models.Education)) == 1


async def test_every_wrong_field_is_named(session: AsyncSession, api: Api):
    me = await make_member(session, "Ana")
    wrong = {
        "displayName": "",
        "links": [{"url": "javascript:alert(1)"}],
        "educations": [{"school": "S", "endDate": "2010-13"}],
    }
    result = (await api(UPDATE, as_=me, input=wrong)).data["updateMyProfile"]
    assert result["code"] == "INVALID"
    assert [problem["path"] for problem in result["problems"]] == [
        ["input", "displayName"],
        ["input", "educations", "0", "endDate"],
        ["input", "links", "0", "url"],
    ]
    assert await session.scalar(select(models.Person.display_name)) == "Ana"


SET = """mutation($id: ID!, $level: Visibility!) { setVisibility(input: {factId: $id, level: $level}) { __typename
    ... on SetVisibilityPayload { fact { id ... on ContactPoint { value visibility } } } } }"""


@pytest.mark.parametrize(
    ("who", "outcome"), [("owner", "SetVisibilityPayload"), ("member", "NotFound"), ("staff", None), ("stranger", None)]
)
async def test_only_the_owner_sets_who_sees_a_fact(session: AsyncSession, api: Api, who: str, outcome: str | None):
    owner = await make_member(session)
    fact = await make_fact(session, models.ContactPoint, owner.person_id or fact_missing(), value="a@example.org")
    callers: dict[str, Any] = {
        "owner": owner,
        "member": await make_member(session),
        "staff": await make_staff(session),
        "stranger": None,
    }
    answer = await api(SET, as_=callers[who], id=encode_id("ContactPoint", fact.id), level="ME")
    if outcome is None:
        assert answer.codes == [{"staff": "FORBIDDEN", "stranger": "UNAUTHENTICATED"}[who]]
    else:
        assert answer.data["setVisibility"]["__typename"] == outcome
    await session.refresh(fact)
    assert fact.visibility is (models.Visibility.ME if who == "owner" else models.Visibility.MEMBERS)


def fact_missing() -> Any:
    raise AssertionError


async def test_a_hidden_contact_is_neither_shown_nor_found(session: AsyncSession, api: Api):
    me, other = await make_member(session, "Me"), await make_person(session, "Other")
    await make_fact(session, models.ContactPoint, other, models.Visibility.STAFF, value="secret@example.org")
    query = """{ people(first: 5, filter: {contact: {eq: "secret@example.org"}}) { totalCount }
        all: people(first: 5) { nodes { contactPoints { value } } }
        searchPeople(text: "secret@example.org", first: 5) { nodes { person { displayName } } degraded } }"""
    data = (await api(query, as_=me)).data
    assert data["people"]["totalCount"] == 0
    assert data["all"]["nodes"] == [{"contactPoints": []}, {"contactPoints": []}]
    assert data["searchPeople"] == {"nodes": [], "degraded": True}
    staff = await make_staff(session)
    assert (await api(query, as_=staff)).data["people"]["totalCount"] == 1


async def test_what_staff_read_of_restricted_facts_is_shown_to_the_person(session: AsyncSession, api: Api):
    me, staff = await make_member(session, "Me"), await make_staff(session)
    await make_fact(session, models.ContactPoint, me.person_id or fact_missing(), models.Visibility.STAFF)
    await api("{ people(first: 5) { nodes { displayName contactPoints { value } } } }", as_=staff)
    log = await api("{ viewer { accessLog(first: 5) { totalCount nodes { action facts actor } } } }", as_=me)
    assert log.data["viewer"]["accessLog"] == {
        "totalCount": 1,
        "nodes": [{"action": "READ_RESTRICTED", "facts": ["ContactPoint"], "actor": staff.email}],
    }


async def test_two_people_connect(session: AsyncSession, api: Api):
    one, two = await make_member(session, "One"), await make_member(session, "Two")
    ask = """mutation($id: ID!) { requestConnection(input: {personId: $id, message: "Hello"}) { __typename
        ... on RequestConnectionPayload { request { id incoming } tie { id } person { displayName } } } }"""
    two_id = encode_id("Person", two.person_id or fact_missing())
    asked = (await api(ask, as_=one, id=two_id)).data["requestConnection"]
    assert asked["request"]["incoming"] is False
    assert asked["tie"] is None
    again = (await api(ask, as_=one, id=two_id)).data["requestConnection"]
    assert again["__typename"] == "Conflict"
    mine = await api(
        "{ viewer { connectionRequests(first: 5) { nodes { id incoming message person { displayName } } } } }", as_=two
    )
    (request,) = mine.data["viewer"]["connectionRequests"]["nodes"]
    assert (request["incoming"], request["message"], request["person"]["displayName"]) == (True, "Hello", "One")
    answer = """mutation($id: ID!) { answerRequest(input: {requestId: $id, accept: true}) { __typename
        ... on AnswerRequestPayload { tie { visibility } } } }"""
    done = (await api(answer, as_=two, id=request["id"])).data["answerRequest"]
    assert done == {"__typename": "AnswerRequestPayload", "tie": {"visibility": "MEMBERS"}}
    seen = await api(
        "{ viewer { person { connections(first: 5) { totalCount nodes { displayName connectedToMe } } } } }", as_=one
    )
    assert seen.data["viewer"]["person"]["connections"] == {
        "totalCount": 1,
        "nodes": [{"displayName": "Two", "connectedToMe": True}],
    }


async def test_a_block_hides_both_from_each_other(session: AsyncSession, api: Api):
    one, two = await make_member(session, "One"), await make_member(session, "Two")
    await connect(session, one.person_id or fact_missing(), two.person_id or fact_missing())
    two_id = encode_id("Person", two.person_id or fact_missing())
    blocked = await api(
        """mutation($id: ID!) { blockPerson(input: {personId: $id}) {
            ... on BlockPersonPayload { block { displayName } } } }""",
        as_=one,
        id=two_id,
    )
    assert blocked.data["blockPerson"] == {"block": {"displayName": "Two"}}
    for caller, name in ((one, "One"), (two, "Two")):
        seen = await api("{ people(first: 5) { nodes { displayName } } }", as_=caller)
        assert seen.data["people"]["nodes"] == [{"displayName": name}]
    assert (await api("query($id: ID!) { node(id: $id) { id } }", as_=one, id=two_id)).data == {"node": None}


async def test_suggestions_come_with_reasons_and_go_when_dismissed(session: AsyncSession, api: Api):
    me, other = await make_member(session, "Me"), await make_person(session, "Other")
    for person_id in (me.person_id or fact_missing(), other.id):
        await make_fact(session, models.Education, person_id, end_date="2004", programme="Physics")
    query = """{ peopleYouShouldMeet(first: 10) { nodes { id score person { displayName classYear }
        evidence { kind text weight } } pageInfo { hasNextPage endCursor } } }"""
    page = (await api(query, as_=me)).data["peopleYouShouldMeet"]
    (suggestion,) = page["nodes"]
    assert suggestion["person"] == {"displayName": "Other", "classYear": 2004}
    assert suggestion["evidence"]
    dismiss = "mutation($id: ID!) { dismissSuggestion(input: {suggestionId: $id}) { __typename } }"
    assert (await api(dismiss, as_=me, id=suggestion["id"])).data["dismissSuggestion"][
        "__typename"
    ] == "DismissSuggestionPayload"
    assert (await api(query, as_=me)).data["peopleYouShouldMeet"]["nodes"] == []


async def test_staff_import_people_and_members_may_not(session: AsyncSession, api: Api):
    query = """mutation($rows: [JSON!]!) { importPeople(input: {source: "sis", rows: $rows}) { __typename
        ... on ImportPeoplePayload { rows { externalId status person { displayName } } }
        ... on Invalid { problems { path } } } }"""
    rows = [{"externalId": "1", "displayName": "Ana"}]
    refused = await api(query, as_=await make_member(session), rows=rows)
    assert refused.codes == ["FORBIDDEN"]
    staff = await make_staff(session)
    done = (await api(query, as_=staff, rows=rows)).data["importPeople"]
    assert done["rows"] == [{"externalId": "1", "status": "CREATED", "person": {"displayName": "Ana"}}]
    wrong = (await api(query, as_=staff, rows=[{"externalId": "2"}])).data["importPeople"]
    assert wrong["problems"] == [{"path": ["rows", "0", "displayName"]}]


@pytest.mark.parametrize(
    ("query", "argument"),
    [
        ("{ people(first: 0) { totalCount } }", ["first"]),
        ("{ people(first: 101) { totalCount } }", ["first"]),
        ("{ people { totalCount } }", ["first"]),
        ("{ people(first: 1, last: 1) { totalCount } }", ["first"]),
        ('{ people(first: 1, after: "nonsense") { totalCount nodes { id } } }', ["after"]),
        ('{ node(id: "nonsense") { id } }', ["id"]),
        ('{ node(id: "") { id } }', ["id"]),
        ('{ person(id: "UGVyc29uOjE=") { id } }', ["id"]),
        ('{ nodes(ids: ["x"]) { id } }', ["ids", "0"]),
        ('{ people(first: 1, filter: {organization: {eq: "x"}}) { totalCount } }', ["filter", "organization", "eq"]),
        ("{ people(first: 1, filter: {classYear: {eq: null}}) { totalCount } }", ["filter", "classYear", "eq"]),
        ('{ searchPeople(text: "x") { degraded } }', ["first"]),
        ('{ peopleYouShouldMeet(first: 3, after: "x") { nodes { id } } }', ["after"]),
    ],
)
async def test_a_bad_argument_is_named(session: AsyncSession, api: Api, query: str, argument: list[str]):
    answer = await api(query, as_=await make_member(session))
    assert answer.errors[0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert answer.errors[0]["extensions"]["argument"] == argument


@pytest.mark.parametrize("text", ["", "   ", "!!!", "a\u0000b", "x" * 2000])
async def test_a_search_without_words_is_refused(session: AsyncSession, api: Api, text: str):
    answer = await api(
        "query($t: String!) { searchPeople(text: $t, first: 3) { degraded } }", as_=await make_member(session), t=text
    )
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_unknown_enumeration_members_are_refused_before_anything_runs(session: AsyncSession, api: Api):
    answer = await api(
        "{ people(first: 1, filter: {role: {eq: WIZARD}}) { totalCount } }", as_=await make_member(session)
    )
    assert (answer.status, answer.codes) == (400, ["GRAPHQL_VALIDATION_FAILED"])


TIES = "{ viewer { ties(first: 9) { totalCount nodes { id person { displayName } } } } }"
END = """mutation($id: ID!) { endConnection(input: {tieId: $id}) { __typename ... on Error { code }
    ... on TiesPayload { viewer { ties(first: 9) { totalCount } } } } }"""


@pytest.mark.parametrize("who_ends", ["Stayed", "Left"])
async def test_a_connection_is_ended_by_either_though_one_has_left_the_directory(
    session: AsyncSession, api: Api, who_ends: str
):
    people = {name: await make_member(session, name) for name in ("Stayed", "Left")}
    stayed, left = [await session.get_one(models.Person, one.person_id) for one in people.values()]
    key = encode_id("Tie", (await connect(session, stayed, left)).id)
    left.listed = False
    await session.flush()

    for name, named in (("Stayed", None), ("Left", {"displayName": "Stayed"})):
        told = (await api(TIES, as_=people[name])).data["viewer"]["ties"]
        assert told == {"totalCount": 1, "nodes": [{"id": key, "person": named}]}
    for stranger in (await make_member(session), await make_staff(session)):
        assert (await api(TIES, as_=stranger)).data["viewer"]["ties"]["totalCount"] == 0
    refused = (await api(END, as_=await make_member(session), id=key)).data["endConnection"]
    assert (refused["__typename"], refused["code"]) == ("NotFound", "NOT_FOUND")

    ended = (await api(END, as_=people[who_ends], id=key)).data["endConnection"]
    assert ended == {"__typename": "TiesPayload", "viewer": {"ties": {"totalCount": 0}}}
    assert [tie.state for tie in await session.scalars(select(models.Connection))] == [models.ConnectionState.ENDED]


async def test_what_stood_beside_a_mutation_that_broke_is_told(session: AsyncSession, api: Api):
    me = await make_member(session)
    await session.flush()
    mutation = """mutation($id: ID!) { setListed(input: {listed: false}) { __typename }
        erasePerson(input: {personId: $id, reason: REQUESTED}) { __typename } }"""
    answer = await api(mutation, as_=me, id=encode_id("Person", UUID(int=7)))
    assert answer.data == {"setListed": {"__typename": "SetChoicesPayload"}, "erasePerson": None}
    assert [error["path"] for error in answer.errors] == [["erasePerson"]]
