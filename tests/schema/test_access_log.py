"""What officers read of restricted facts is told to the person (rule P24): on every path that tells of such a fact."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import make_account, make_fact, make_member, make_person, make_staff

V = models.Visibility
LOG = "{ viewer { accessLog(first: 20) { totalCount nodes { action facts actor reason } } } }"
PAGE = "{ people(first: 9%s) { %s } }"
PATHS: dict[str, tuple[str, list[str] | None]] = {
    "list": (PAGE % ("", "nodes { skills { name } }"), ["Skill"]),
    "edges": (PAGE % ("", "edges { node { contactPoints { value } } }"), ["ContactPoint"]),
    "computed": (PAGE % ("", "nodes { classYear bio }"), ["Education", "PersonText"]),
    "alias": (PAGE % ("", "nodes { x: skills { y: name } }"), ["Skill"]),
    "card": (PAGE % ("", "nodes { displayName }"), None),
    "person": ('{ person(id: "$person") { places { city } } }', ["Place"]),
    "nested": ('{ person(id: "$friend") { connections(first: 5) { nodes { skills { name } } } } }', ["Skill"]),
    "fact": ('{ node(id: "$skill") { id } }', ["Skill"]),
    "facts": ('{ nodes(ids: ["$skill"]) { ... on Skill { name } } }', ["Skill"]),
    "search": ('{ searchPeople(text: "knots", first: 5) { nodes { matchedFields } } }', ["Skill"]),
    "search of an address": ('{ searchPeople(text: "hid@example.org", first: 5) { nodes { score } } }',
                             ["ContactPoint"]),
    "search by name": ('{ searchPeople(text: "Ana", first: 5) { nodes { matchedFields } } }', None),
    "search below": ('{ searchPeople(text: "Ana", first: 5) { nodes { person { skills { name } } } } }', ["Skill"]),
    "filter": (PAGE % (', filter: {skill: {eq: "knots"}}', "nodes { id }"), ["Skill"]),
    "filter, by edges": (PAGE % (', filter: {city: {eq: "lisbon"}}', "edges { cursor }"), ["Place"]),
    "filter within": (PAGE % (', filter: {or: [{not: {skill: {eq: "no"}}}, {country: {eq: "PT"}}]}', "nodes { id }"),
                      ["Place", "Skill"]),
    "filter and fields": (PAGE % (', filter: {skill: {eq: "knots"}}', "nodes { bio }"), ["PersonText", "Skill"]),
    "filter by name": (PAGE % (', filter: {name: {contains: "Ana"}}', "nodes { id }"), None),
    "order": (PAGE % (", orderBy: [{classYear: ASC}]", "nodes { id }"), ["Education"]),
    "count": (PAGE % (', filter: {skill: {eq: "knots"}}', "totalCount facets { skills(first: 5) { count } }"), None),
    "payload": ('mutation { updateProfile(input: {personId: "$person"}) { '
                "... on UpdateProfilePayload { person { skills { name } } } } }", ["Skill"]),
}  # fmt: skip
"""A path -> the query, and the kinds that the log then names; None where it tells nothing of anybody's facts."""


async def make_scene(session: AsyncSession, level: models.Visibility) -> tuple[models.Account, dict[str, str]]:
    member = await make_member(session, "Ana Lima")
    mine = await session.get_one(models.Person, member.person_id)
    friend = await make_person(session, "Friend")
    low, high = sorted((mine.id, friend.id))
    session.add(
        models.Connection(
            low_id=low, high_id=high, requester_id=low, state=models.ConnectionState.ACCEPTED,
            low_visibility=V.MEMBERS, high_visibility=V.MEMBERS, requested_at=mine.created_at,
            answered_at=mine.created_at, connected_at=mine.created_at,
        )
    )  # fmt: skip
    skill = await make_fact(session, models.Skill, mine, level, name="knots")
    await make_fact(session, models.ContactPoint, mine, level, value="hid@example.org")
    await make_fact(session, models.Education, mine, level, end_date="2001")
    await make_fact(session, models.PersonText, mine, level)
    await make_fact(session, models.Place, mine, level)
    named = {
        "$person": encode_id("Person", mine.id),
        "$friend": encode_id("Person", friend.id),
        "$skill": encode_id("Skill", skill.id),
    }
    return member, named


async def told(api: Api, member: models.Account) -> list[dict[str, Any]]:
    return (await api(LOG, as_=member)).data["viewer"]["accessLog"]["nodes"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("level", [V.STAFF, V.CONNECTIONS, V.MEMBERS])
async def test_the_person_learns_which_kinds_of_restricted_facts_an_officer_was_told(
    session: AsyncSession, api: Api, path: str, level: models.Visibility
):
    member, named = await make_scene(session, level)
    officer = await make_account(session, role=models.AccountRole.STAFF, email="office@example.edu")
    query, kinds = PATHS[path]
    for word, key in named.items():
        query = query.replace(word, key)
    answer = await api(query, as_=officer)
    assert answer.errors == []
    assert "__audit" not in str(answer.data)
    events = [event for event in await told(api, member) if event["action"] == "READ_RESTRICTED"]
    if kinds is None or level is V.MEMBERS:
        assert events == []
    else:
        facts = sorted({kind for event in events for kind in event["facts"]})
        assert (facts, {event["actor"] for event in events}) == (kinds, {"office@example.edu"})


async def test_what_members_and_the_person_read_is_not_logged(session: AsyncSession, api: Api):
    member, named = await make_scene(session, V.CONNECTIONS)
    for account in (member, await make_member(session)):
        for path in ("list", "search", "filter", "order"):
            query = PATHS[path][0]
            assert (await api(query, as_=account)).errors == []
    assert named
    assert await told(api, member) == []


async def test_one_sees_the_own_log_only_staff_included(session: AsyncSession, api: Api):
    member, _ = await make_scene(session, V.STAFF)
    officer = await make_staff(session)
    await api(PATHS["list"][0], as_=officer)
    assert len(await told(api, member)) == 1
    assert await told(api, await make_member(session)) == []
    assert await told(api, officer) == []
    assert (await api(LOG)).data == {"viewer": None}
