"""Lost people over HTTP (rule P20): the office lists them, and nothing tells anybody else who they are."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from schema.root import build_engine
from tests.conftest import Api
from tests.factories import block, make_account, make_member, make_person, make_staff

SET = """mutation($input: SetLostInput!) { setLost(input: $input) { __typename
    ... on SetLostPayload { person { displayName } } ... on Error { code path } } }"""
LIST = "{ lostPeople(first: 9) { totalCount nodes { id note since person { displayName } } } }"
NODE = "query($id: ID!) { node(id: $id) { id } }"


def about(person: models.Person, **more: Any) -> dict[str, Any]:
    return {"personId": encode_id("Person", person.id), "lost": True, **more}


async def names(api: Api, staff: models.Account) -> list[str]:
    page = (await api(LIST, as_=staff)).data["lostPeople"]
    assert page["totalCount"] == len(page["nodes"])
    return [one["person"]["displayName"] for one in page["nodes"]]


async def test_staff_mark_list_and_unmark(session: AsyncSession, api: Api):
    staff, ana, bo = await make_staff(session), await make_person(session, "Ana"), await make_person(session, "Bo")
    for _ in range(2):
        done = await api(SET, as_=staff, input=about(ana, note="Mail came back."))
        assert done.data["setLost"]["person"] == {"displayName": "Ana"}
    await api(SET, as_=staff, input=about(bo))
    assert await names(api, staff) == ["Bo", "Ana"]
    for _ in range(2):
        await api(SET, as_=staff, input=about(bo, lost=False))
    assert await names(api, staff) == ["Ana"]
    wrong = await api(SET, as_=staff, input=about(ana, note="x" * 2001))
    assert (wrong.data["setLost"]["code"], wrong.data["setLost"]["path"]) == ("INVALID", ["input", "note"])
    officer = await make_person(session)
    account = await make_account(session, officer, models.AccountRole.STAFF)
    await block(session, ana, officer)
    hidden = await api(SET, as_=account, input=about(ana))
    assert hidden.data["setLost"] == {"__typename": "NotFound", "code": "NOT_FOUND", "path": ["input", "personId"]}
    assert await names(api, account) == []


async def test_nobody_else_learns_who_is_lost_not_even_the_person(session: AsyncSession, api: Api):
    staff, me, ana = await make_staff(session), await make_member(session), await make_person(session, "Ana")
    account = await make_account(session, ana)
    people = "{ people(first: 9) { totalCount nodes { id } facets { roles { value count } } } }"
    own = "{ viewer { roles choices { listed } accessLog(first: 9) { totalCount } } }"
    before = [(await api(query, as_=one)).data for query in (people, own) for one in (me, account)]
    await api(SET, as_=staff, input=about(ana))
    lost_id = (await api(LIST, as_=staff)).data["lostPeople"]["nodes"][0]["id"]
    assert [(await api(query, as_=one)).data for query in (people, own) for one in (me, account)] == before
    for one in (me, account):
        assert (await api(NODE, as_=one, id=lost_id)).data["node"] is None
        assert (await api(LIST, as_=one)).codes == ["FORBIDDEN"]
    assert (await api(NODE, as_=staff, id=lost_id)).data["node"] == {"id": lost_id}


def test_no_field_filter_order_or_facet_of_people_speaks_of_it():
    types = build_engine().schema.type_map
    named = {
        f"{name}.{field}"
        for name, kind in types.items()
        for field in getattr(kind, "fields", {})
        if "lost" in f"{name}.{field}".lower()
    }
    office = {"LostPerson", "LostPersonEdge", "LostPersonConnection", "SetLostInput", "SetLostPayload"}
    assert {one for one in named if one.split(".")[0] not in office} == {"Query.lostPeople", "Mutation.setLost"}
    assert "lost" not in {column.name for column in models.Person.__table__.columns}


async def test_an_own_edit_and_an_accepted_correction_find_somebody(session: AsyncSession, api: Api):
    staff, me = await make_staff(session), await make_member(session)
    ana, bo = await make_person(session, "Ana"), await make_person(session, "Bo")
    account = await make_account(session, ana)
    for person in (ana, bo):
        await api(SET, as_=staff, input=about(person))
    edit = 'mutation { updateMyProfile(input: {pronouns: "she"}) { __typename } }'
    await api(edit, as_=account)
    assert await names(api, staff) == ["Bo"]
    note = 'mutation($id: ID!) { proposeUpdate(input: {personId: $id, note: "Seen in Rome."}) { __typename } }'
    await api(note, as_=me, id=encode_id("Person", bo.id))
    key = await session.scalar(select(models.UpdateProposal.id))
    assert key is not None
    answer = "mutation($id: ID!) { answerProposal(input: {proposalId: $id, accept: true}) { __typename } }"
    await api(answer, as_=staff, id=encode_id("UpdateProposal", key))
    assert await names(api, staff) == []
