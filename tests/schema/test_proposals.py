"""Corrections that members propose, over HTTP: what may be proposed, what an answer does, and who learns of it."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.services import proposals
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import block, make_account, make_fact, make_member, make_organization, make_person, make_staff

V = models.Visibility
PROPOSE = """mutation($input: ProposeUpdateInput!) { proposeUpdate(input: $input) { __typename
    ... on UpdateProposalPayload { proposal { id state note person { displayName } changes { part factId content } } }
    ... on Error { code path } ... on Invalid { problems { path } } } }"""
ANSWER = """mutation($input: AnswerProposalInput!) { answerProposal(input: $input) { __typename
    ... on UpdateProposalPayload { proposal { state answeredAt } } ... on Error { code path message } } }"""
MINE = "{ viewer { updateProposals(first: 9) { totalCount nodes { id state } } } }"
LIST = """query($f: UpdateProposalFilter) { updateProposals(first: 9, filter: $f) {
    totalCount nodes { id note proposer { displayName } person { displayName } changes { part content } } } }"""


def about(person: models.Person, **more: Any) -> dict[str, Any]:
    return {"personId": encode_id("Person", person.id), **more}


async def propose(api: Api, account: models.Account, given: dict[str, Any]) -> str:
    answer = await api(PROPOSE, as_=account, input=given)
    return answer.data["proposeUpdate"]["proposal"]["id"]


async def test_a_correction_is_applied_as_an_edit_of_the_office_and_removes_nothing(session: AsyncSession, api: Api):
    staff, me = await make_staff(session), await make_member(session, "Proposer")
    ana = await make_person(session, "Ana Lima")
    account = await make_account(session, ana)
    acme = await make_organization(session, "Acme")
    kept = await make_fact(session, models.Experience, ana, V.ME, title="Secret", organization_id=acme.id)
    open_ = await make_fact(session, models.Experience, ana, V.PUBLIC, title="Enginer", organization_id=acme.id)
    home = await make_fact(session, models.Place, ana, V.CONNECTIONS, city="Lisbon", country="PT")
    given = about(
        ana,
        note="She told me.",
        displayName="Ana Lima Costa",
        experiences=[
            {"id": encode_id("Experience", open_.id), "organization": "Acme", "title": "Engineer"},
            {"organization": "Globex", "title": "Director", "startDate": "2024"},
        ],
        places=[{"kind": "HOME", "country": "DE", "city": "Berlin"}],
        contactPoints=[{"kind": "EMAIL", "value": "ana@globex.example"}],
    )
    made = (await api(PROPOSE, as_=me, input=given)).data["proposeUpdate"]["proposal"]
    assert [(one["part"], one["factId"]) for one in made["changes"]] == [
        ("displayName", None), ("experiences", encode_id("Experience", open_.id)), ("experiences", None),
        ("places", None), ("contactPoints", None),
    ]  # fmt: skip
    assert made["changes"][0]["content"] == {"displayName": "Ana Lima Costa"}
    assert made["changes"][3]["content"]["city"] == "Berlin"
    assert (made["state"], made["person"]) == ("OPEN", {"displayName": "Ana Lima"})
    answered = (await api(ANSWER, as_=staff, input={"proposalId": made["id"], "accept": True})).data["answerProposal"]
    assert answered["proposal"]["state"] == "ACCEPTED"
    await session.refresh(ana)
    assert ana.display_name == "Ana Lima Costa"
    work = models.Experience
    rows = (await session.execute(select(work.id, work.title, work.visibility).where(work.person_id == ana.id))).all()
    assert {(row.title, row.visibility) for row in rows} == {
        ("Secret", V.ME), ("Engineer", V.PUBLIC), ("Director", V.MEMBERS),
    }  # fmt: skip
    assert {kept.id, open_.id} <= {row.id for row in rows}
    await session.refresh(home)
    assert (home.city, home.country, home.visibility) == ("Berlin", "DE", V.CONNECTIONS)
    log = await api("{ viewer { accessLog(first: 9) { nodes { action facts actor } } } }", as_=account)
    edits = [one for one in log.data["viewer"]["accessLog"]["nodes"] if one["action"] == "EDITED"]
    fields = ["contactPoints", "displayName", "experiences", "places"]
    assert edits == [{"action": "EDITED", "facts": fields, "actor": staff.email}]
    assert ana.member_edited == []


async def test_declined_changes_nothing_and_the_proposer_sees_the_state(session: AsyncSession, api: Api):
    staff, me, other = await make_staff(session), await make_member(session, "Me"), await make_member(session)
    ana = await make_person(session, "Ana")
    key = await propose(api, me, about(ana, displayName="Anna"))
    for account, count in ((me, 1), (other, 0)):
        mine = (await api(MINE, as_=account)).data["viewer"]["updateProposals"]
        assert (mine["totalCount"], len(mine["nodes"])) == (count, count)
    for account in (me, staff):
        node = await api("query($id: ID!) { node(id: $id) { id } }", as_=account, id=key)
        assert node.data["node"] == {"id": key}
    assert (await api("query($id: ID!) { node(id: $id) { id } }", as_=other, id=key)).data["node"] is None
    listed = (await api(LIST, as_=staff, f={"state": {"eq": "OPEN"}})).data["updateProposals"]
    assert [one["proposer"] for one in listed["nodes"]] == [{"displayName": "Me"}]
    answered = await api(ANSWER, as_=staff, input={"proposalId": key, "accept": False})
    assert answered.data["answerProposal"]["proposal"]["state"] == "DECLINED"
    assert (await api(MINE, as_=me)).data["viewer"]["updateProposals"]["nodes"] == [{"id": key, "state": "DECLINED"}]
    await session.refresh(ana)
    assert ana.display_name == "Ana"
    again = (await api(ANSWER, as_=staff, input={"proposalId": key, "accept": True})).data["answerProposal"]
    assert (again["code"], again["path"]) == ("CONFLICT", ["input", "proposalId"])
    assert (await api(LIST, as_=staff, f={"state": {"eq": "OPEN"}})).data["updateProposals"]["totalCount"] == 0


async def test_hidden_and_absent_people_and_facts_are_answered_alike(session: AsyncSession, api: Api):
    me = await make_member(session)
    mine = await session.get_one(models.Person, me.person_id)
    unlisted = await make_person(session, listed=False)
    blocker, ana = await make_person(session), await make_person(session)
    await block(session, blocker, mine)
    for key in (unlisted.id, blocker.id, uuid4()):
        given = {"personId": encode_id("Person", key), "note": "Moved."}
        answer = (await api(PROPOSE, as_=me, input=given)).data["proposeUpdate"]
        assert answer == {"__typename": "NotFound", "code": "NOT_FOUND", "path": ["input", "personId"]}
    secret = await make_fact(session, models.Link, ana, V.STAFF, url="https://example.org/secret")
    for fact in (secret.id, uuid4()):
        link = {"id": encode_id("Link", fact), "url": "https://example.org/new"}
        answer = (await api(PROPOSE, as_=me, input=about(ana, links=[link]))).data["proposeUpdate"]
        assert [one["path"] for one in answer["problems"]] == [["input", "links", "0", "id"]]
    proposal = await propose(api, me, about(ana, note="Moved."))
    ana.listed = False
    await session.flush()
    assert (await api(MINE, as_=me)).data["viewer"]["updateProposals"]["totalCount"] == 0
    assert (await api("query($id: ID!) { node(id: $id) { id } }", as_=me, id=proposal)).data["node"] is None


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["input", "note"]),
    ({"displayName": " "}, ["input", "displayName"]),
    ({"educations": [{"school": "S", "endDate": "2010-13"}]}, ["input", "educations", "0", "endDate"]),
    ({"links": [{"url": "https://a.org", "visibility": "ME"}]}, ["input", "links", "0", "visibility"]),
    ({"note": "a\x00b"}, ["input", "note"]),
    ({"contactPoints": None}, ["input", "contactPoints"]),
]


@pytest.mark.parametrize(("given", "path"), WRONG)
async def test_each_wrong_field_is_named(session: AsyncSession, api: Api, given: dict[str, Any], path: list[str]):
    ana = await make_person(session)
    answer = await api(PROPOSE, as_=await make_member(session), input=about(ana, **given))
    assert [one["path"] for one in answer.data["proposeUpdate"]["problems"]] == [path]


async def test_proposals_are_bounded_retried_safely_and_not_about_oneself(
    session: AsyncSession, api: Api, monkeypatch: pytest.MonkeyPatch
):
    me = await make_member(session)
    ana, mine = await make_person(session), await session.get_one(models.Person, me.person_id)
    monkeypatch.setattr(proposals, "MOST_OPEN", 2)
    first = await propose(api, me, about(ana, note="One.", idempotencyKey="k"))
    assert await propose(api, me, about(ana, note="One.", idempotencyKey="k")) == first
    await propose(api, me, about(ana, note="Two."))
    third = (await api(PROPOSE, as_=me, input=about(ana, note="Three."))).data["proposeUpdate"]
    assert third["code"] == "CONFLICT"
    own = (await api(PROPOSE, as_=me, input=about(mine, note="Me."))).data["proposeUpdate"]
    assert [one["path"] for one in own["problems"]] == [["input", "personId"]]


async def test_what_no_longer_fits_is_refused_and_stays_open(session: AsyncSession, api: Api):
    staff, me, ana = await make_staff(session), await make_member(session), await make_person(session)
    link = await make_fact(session, models.Link, ana)
    key = await propose(
        api, me, about(ana, links=[{"id": encode_id("Link", link.id), "url": "https://example.org/new"}])
    )
    await session.delete(link)
    await session.flush()
    answer = (await api(ANSWER, as_=staff, input={"proposalId": key, "accept": True})).data["answerProposal"]
    assert (answer["code"], answer["path"]) == ("CONFLICT", ["input", "proposalId"])
    assert (await api(MINE, as_=me)).data["viewer"]["updateProposals"]["nodes"] == [{"id": key, "state": "OPEN"}]


async def test_proposals_cost_as_many_statements_for_1_and_20(session: AsyncSession, api: Api):
    staff, me, ana = await make_staff(session), await make_member(session), await make_person(session)
    for number in range(20):
        await propose(api, me, about(ana, note=f"Note {number}", displayName=f"Ana {number}"))
    query = """query($n: Int!) { updateProposals(first: $n) {
        nodes { note person { displayName } changes { part } } } }"""
    one, twenty = await api(query, as_=staff, n=1), await api(query, as_=staff, n=20)
    assert len(twenty.data["updateProposals"]["nodes"]) == 20
    assert len(one.statements) == len(twenty.statements) == 2
