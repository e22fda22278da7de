"""Mentors and mentorships over HTTP: the pool, asking, answering, places, and who knows of it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import block, make_account, make_fact, make_member, make_mentor, make_person, make_staff

LATER = (datetime.now(UTC) + timedelta(days=20)).isoformat()
SET = """mutation($input: SetMentorProfileInput!) { setMentorProfile(input: $input) { __typename
    ... on MentorProfilePayload { profile { id topics about maxMentees placesLeft available pausedUntil } }
    ... on Error { code path } ... on Invalid { problems { path } } } }"""
MENTORS = """query($f: MentorFilter) { mentors(first: 9, filter: $f) { totalCount
    nodes { person { displayName } topics } facets { topics { value count } } } }"""
ASK = """mutation($input: RequestMentorshipInput!) { requestMentorship(input: $input) { __typename
    ... on MentorshipPayload { mentorship { id state message mentor { displayName } } } ... on Error { code } } }"""
ANSWER = """mutation($input: AnswerMentorshipInput!) { answerMentorship(input: $input) { __typename
    ... on MentorshipPayload { mentorship { state } } ... on Error { code } } }"""
OTHER = """mutation($input: MentorshipInput!) { %s(input: $input) { __typename
    ... on MentorshipPayload { mentorship { state } } ... on Error { code } } }"""
NODE = "query($id: ID!) { node(id: $id) { __typename } }"
LIST = "{ mentorships(first: 9) { totalCount nodes { id state } } }"


async def person_of(session: AsyncSession, account: models.Account) -> models.Person:
    return await session.get_one(models.Person, account.person_id)


async def ask(api: Api, account: models.Account, mentor: models.MentorProfile) -> dict[str, Any]:
    asked = {"mentorId": encode_id("MentorProfile", mentor.id), "message": "Grant writing?"}
    return (await api(ASK, as_=account, input=asked)).data["requestMentorship"]


async def answer(api: Api, account: models.Account, mentorship: str, *, accept: bool) -> dict[str, Any]:
    given = {"mentorshipId": mentorship, "accept": accept}
    return (await api(ANSWER, as_=account, input=given)).data["answerMentorship"]


async def do(api: Api, account: models.Account, name: str, mentorship: str) -> dict[str, Any]:
    return (await api(OTHER % name, as_=account, input={"mentorshipId": mentorship})).data[name]


async def test_a_mentor_offers_topics_and_is_found_while_in_the_pool(session: AsyncSession, api: Api):
    mentor, other = await make_member(session, "Ana"), await make_member(session)
    given = {"topics": ["Grant writing", "grant WRITING", "Rust"], "maxMentees": 2, "about": "Ask me."}
    profile = (await api(SET, as_=mentor, input=given)).data["setMentorProfile"]["profile"]
    assert profile | {"id": ""} == {
        "id": "", "topics": ["Grant writing", "Rust"], "about": "Ask me.", "maxMentees": 2, "placesLeft": 2,
        "available": True, "pausedUntil": None,
    }  # fmt: skip
    wanted = {"topic": {"eq": "GRANT writing"}, "available": True}
    assert (await api(MENTORS, as_=other, f=wanted)).data["mentors"]["totalCount"] == 0
    (await person_of(session, mentor)).mentor_open = True
    await session.flush()
    found = (await api(MENTORS, as_=other, f=wanted)).data["mentors"]
    assert found["nodes"] == [{"person": {"displayName": "Ana"}, "topics": ["Grant writing", "Rust"]}]
    assert found["facets"]["topics"] == [{"value": "grant writing", "count": 1}, {"value": "rust", "count": 1}]
    kept = (await api(SET, as_=mentor, input={"pausedUntil": LATER})).data["setMentorProfile"]["profile"]
    assert (kept["topics"], kept["maxMentees"], kept["available"]) == (["Grant writing", "Rust"], 2, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [("maxMentees", 0), ("maxMentees", 51), ("topics", ["x"] * 31), ("topics", [" "]), ("about", "x" * 4001),
     ("pausedUntil", "2999-01-01T00:00:00Z"),
     ("pausedUntil", "0001-01-01T00:00:00+14:00")],
)  # fmt: skip
async def test_each_wrong_field_is_named(session: AsyncSession, api: Api, field: str, value: Any):
    refused = (await api(SET, as_=await make_member(session), input={field: value})).data["setMentorProfile"]
    assert [problem["path"][:2] for problem in refused["problems"]] == [["input", field]]


async def test_asking_answering_and_ending(session: AsyncSession, api: Api):
    mentor, mentee, third = [await make_member(session) for _ in range(3)]
    profile = await make_mentor(session, await person_of(session, mentor))
    first = (await ask(api, mentee, profile))["mentorship"]
    assert (first["state"], first["message"]) == ("PENDING", "Grant writing?")
    assert (await ask(api, mentee, profile))["mentorship"]["id"] == first["id"]
    assert (await ask(api, mentor, profile))["code"] == "CONFLICT"
    assert (await answer(api, mentee, first["id"], accept=True))["code"] == "FORBIDDEN"
    assert (await answer(api, third, first["id"], accept=True))["code"] == "NOT_FOUND"
    second = (await ask(api, third, profile))["mentorship"]
    assert (await answer(api, mentor, first["id"], accept=True))["mentorship"]["state"] == "ACCEPTED"
    assert (await answer(api, mentor, first["id"], accept=False))["code"] == "CONFLICT"
    assert (await answer(api, mentor, second["id"], accept=True))["code"] == "CONFLICT"
    assert (await ask(api, await make_member(session), profile))["code"] == "CONFLICT"
    fewer = (await api(SET, as_=mentor, input={"maxMentees": 1})).data["setMentorProfile"]["profile"]
    assert (fewer["placesLeft"], fewer["available"]) == (0, False)
    assert (await do(api, mentee, "endMentorship", first["id"]))["mentorship"]["state"] == "COMPLETED"
    assert (await do(api, mentor, "endMentorship", first["id"]))["code"] == "CONFLICT"
    assert (await answer(api, mentor, second["id"], accept=True))["mentorship"]["state"] == "ACCEPTED"
    assert (await do(api, third, "withdrawMentorship", second["id"]))["code"] == "CONFLICT"
    again = await ask(api, mentee, profile)
    assert again["code"] == "CONFLICT"  # full


async def test_the_two_and_the_office_know_of_it_and_a_block_ends_it(session: AsyncSession, api: Api):
    mentor, mentee, third = [await make_member(session) for _ in range(3)]
    profile = await make_mentor(session, await person_of(session, mentor))
    key = (await ask(api, mentee, profile))["mentorship"]["id"]
    await answer(api, mentor, key, accept=True)
    staff = await make_staff(session)
    counts = [(await api(LIST, as_=one)).data["mentorships"]["totalCount"] for one in (mentor, mentee, third, staff)]
    assert counts == [1, 1, 0, 1]
    refused = await api(OTHER % "endMentorship", as_=staff, input={"mentorshipId": key})
    assert refused.codes == ["FORBIDDEN"]
    blocking = "mutation($input: BlockPersonInput!) { blockPerson(input: $input) { __typename } }"
    await api(blocking, as_=mentee, input={"personId": encode_id("Person", mentor.person_id or profile.id)})
    assert (await api(LIST, as_=mentor)).data["mentorships"]["totalCount"] == 0
    assert (await api(LIST, as_=staff)).data["mentorships"]["nodes"][0]["state"] == "COMPLETED"
    assert (await api(MENTORS, as_=third)).data["mentors"]["totalCount"] == 1
    assert (await ask(api, third, profile))["mentorship"]["state"] == "PENDING"


async def test_nobody_finds_a_mentor_who_is_hidden(session: AsyncSession, api: Api):
    member = await make_member(session)
    for change in ({"listed": False}, {"mentor_open": False}, {"deceased": True}):
        person = await person_of(session, await make_member(session))
        profile = await make_mentor(session, person, ("secret",))
        for name, value in change.items():
            setattr(person, name, value)
        await session.flush()
        assert (await ask(api, member, profile))["code"] == "NOT_FOUND"
    blocker = await person_of(session, await make_member(session))
    await block(session, blocker, await person_of(session, member))
    await make_mentor(session, blocker, ("secret",))
    found = (await api(MENTORS, as_=member)).data["mentors"]
    assert found == {"totalCount": 0, "nodes": [], "facets": {"topics": []}}


async def test_who_is_no_alumnus_does_not_see_the_pool(session: AsyncSession, api: Api):
    mentor = await make_member(session, "Mentor")
    person = await person_of(session, mentor)
    key = encode_id("MentorProfile", (await make_mentor(session, person)).id)
    await make_fact(session, models.Skill, person.id, visibility=models.Visibility.PUBLIC)  # guests see the person
    guest = await make_account(session, await make_person(session, alumnus=False))
    asking = {
        "mentor": mentor,
        "member": await make_member(session),
        "staff": await make_staff(session),
        "guest": guest,
    }
    found = {who: (await api(NODE, as_=account, id=key)).data["node"] is not None for who, account in asking.items()}
    assert found == {"mentor": True, "member": True, "staff": True, "guest": False}


async def test_mentors_cost_as_many_statements_for_1_and_20(session: AsyncSession, api: Api):
    member = await make_member(session)
    for _ in range(20):
        await make_mentor(session, await person_of(session, await make_member(session)), ("a", "b"))
    query = "query($n: Int!) { mentors(first: $n) { nodes { topics person { displayName skills { name } } } } }"
    one, twenty = await api(query, as_=member, n=1), await api(query, as_=member, n=20)
    assert len(twenty.data["mentors"]["nodes"]) == 20
    assert len(one.statements) == len(twenty.statements) == 2


async def test_asking_a_mentor_who_was_suggested_is_noted_once(session: AsyncSession, api: Api):
    mentee = await make_member(session)
    profile = await make_mentor(session, await person_of(session, await make_member(session)))
    shown = models.Suggestion(
        viewer_id=mentee.person_id, mentor_id=profile.id, list_id=uuid4(), position=0, features={}, evidence=[]
    )
    session.add(shown)
    await session.flush()
    for _ in range(2):
        await ask(api, mentee, profile)
    noted = (await session.scalars(select(models.SuggestionOutcome))).one()
    assert (noted.suggestion_id, noted.mentor_id, noted.outcome) == (shown.id, profile.id, models.OutcomeKind.ASKED)


CHOOSE = """mutation($input: SetChoicesInput!) { setChoices(input: $input) { __typename } }"""
STATES = "{ mentorships(first: 9) { nodes { id state mentor { displayName } mentee { displayName } } } }"


async def states(api: Api, account: models.Account) -> list[tuple[str, Any, Any]]:
    nodes = (await api(STATES, as_=account)).data["mentorships"]["nodes"]
    return [(one["state"], *(one[end] and one[end]["displayName"] for end in ("mentor", "mentee"))) for one in nodes]


@pytest.mark.parametrize("who_leaves", ["Mentor", "Mentee"])
@pytest.mark.parametrize("who_ends", ["Mentor", "Mentee"])
async def test_a_mentorship_goes_on_for_its_two_when_one_leaves_the_directory_and_either_may_end_it(
    session: AsyncSession, api: Api, who_leaves: str, who_ends: str
):
    people = {name: await make_member(session, name) for name in ("Mentor", "Mentee")}
    profile = await make_mentor(session, await person_of(session, people["Mentor"]))
    key = (await ask(api, people["Mentee"], profile))["mentorship"]["id"]
    await answer(api, people["Mentor"], key, accept=True)
    await api(CHOOSE, as_=people[who_leaves], input={"listed": False})

    for name, account in people.items():
        (seen,) = await states(api, account)
        gone = who_leaves if name != who_leaves else ""
        assert seen == ("ACCEPTED", *(None if end == gone else end for end in ("Mentor", "Mentee")))
    assert await states(api, await make_member(session)) == []
    assert (await states(api, await make_staff(session)))[0] == ("ACCEPTED", "Mentor", "Mentee")

    assert (await do(api, people[who_ends], "endMentorship", key))["__typename"] == "MentorshipPayload"
    await session.refresh(profile)
    assert profile.active_mentees == 0
    assert (
        await states(api, people["Mentor" if who_leaves == "Mentee" else "Mentee"]) == []
    )  # over, and the other hidden


@pytest.mark.parametrize("choice", [{"mentorOpen": False}, {"listed": False}])
async def test_leaving_the_pool_says_no_to_who_waits_and_keeps_who_was_accepted(
    session: AsyncSession, api: Api, choice: dict[str, bool]
):
    mentor, accepted, waiting = [await make_member(session, name) for name in ("Mentor", "In", "Out")]
    profile = await make_mentor(session, await person_of(session, mentor), max_mentees=2)
    key = (await ask(api, accepted, profile))["mentorship"]["id"]
    await answer(api, mentor, key, accept=True)
    await ask(api, waiting, profile)
    await api(CHOOSE, as_=mentor, input={"suggestable": False, "mentorOpen": True})
    assert sorted(one[0] for one in await states(api, mentor)) == ["ACCEPTED", "PENDING"]
    await api(CHOOSE, as_=mentor, input=choice)
    assert sorted(one[0] for one in await states(api, mentor)) == ["ACCEPTED", "DECLINED"]
    assert [one[0] for one in await states(api, accepted)] == ["ACCEPTED"]


async def test_a_pause_and_a_death_leave_requests_open_to_answer_and_to_take_back(session: AsyncSession, api: Api):
    mentor, first, second = [await make_member(session) for _ in range(3)]
    person = await person_of(session, mentor)
    profile = await make_mentor(session, person, max_mentees=2)
    keys = [(await ask(api, one, profile))["mentorship"]["id"] for one in (first, second)]
    await api(SET, as_=mentor, input={"pausedUntil": LATER})
    assert (await answer(api, mentor, keys[0], accept=True))["mentorship"]["state"] == "ACCEPTED"
    person.deceased = True
    await session.flush()
    assert (await do(api, second, "withdrawMentorship", keys[1]))["mentorship"]["state"] == "WITHDRAWN"
    assert (await do(api, first, "endMentorship", keys[0]))["mentorship"]["state"] == "COMPLETED"
    assert (await ask(api, second, profile))["code"] == "NOT_FOUND"
