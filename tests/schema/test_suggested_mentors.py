"""Suggested mentors over HTTP: for members, in pages, dismissed, asked, in a plain order, at a fixed cost."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from recommender.weights.mentors import MENTORS
from schema.ids import encode_id
from tests.conftest import Api
from tests.databases import LockedDatabase
from tests.factories import make_account, make_fact, make_member, make_mentor, make_person, make_staff
from tests.services.network import counted

ASK = """query($first: Int = 10, $after: String, $profiled: Boolean) {
    suggestedMentors(first: $first, after: $after, profiled: $profiled) {
        nodes { id score mentor { id topics person { displayName } } evidence { kind text weight } }
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
DISMISS = """mutation($id: ID!) { dismissSuggestion(input: {suggestionId: $id, reason: "no"}) { __typename } }"""
REQUEST = """mutation($id: ID!) { requestMentorship(input: {mentorId: $id}) { __typename } }"""


async def mentor(session: AsyncSession, name: str, *topics: str, **columns: Any) -> models.MentorProfile:
    return await make_mentor(session, await make_person(session, name), topics, **columns)


async def seeker(session: AsyncSession, *wanted: str, **columns: Any) -> models.Account:
    account = await make_member(session, "Me", **columns)
    for name in wanted:
        assert account.person_id
        await make_fact(session, models.Skill, account.person_id, name=name, kind=models.TagKind.WANT)
    return account


async def page(api: Api, account: models.Account, **given: Any) -> dict[str, Any]:
    return (await api(ASK, as_=account, **given)).data["suggestedMentors"]


def names(page: dict[str, Any]) -> list[str]:
    return [node["mentor"]["person"]["displayName"] for node in page["nodes"]]


async def test_a_member_is_shown_whom_to_ask_and_why(session: AsyncSession, api: Api):
    me = await seeker(session, "grant writing")
    for _ in range(10):
        await make_person(session)
    await mentor(session, "Ben", "welding")
    await mentor(session, "Ana", "Grant writing")
    found = await page(api, me)
    assert names(found) == ["Ana", "Ben"]
    assert found["nodes"][0]["mentor"]["topics"] == ["Grant writing"]
    first = found["nodes"][0]["evidence"][0]
    assert (first["kind"], first["text"]) == (
        "MENTORS_WHAT_YOU_SEEK",
        "Can be asked about Grant writing, which you seek",
    )
    assert first["weight"] > 0
    shown = (await session.scalars(select(models.Suggestion).order_by(models.Suggestion.position))).all()
    assert [(row.position, row.ranking_digest) for row in shown] == [(0, MENTORS.digest), (1, MENTORS.digest)]


async def test_strangers_guests_and_officers_without_a_profile_are_refused(session: AsyncSession, api: Api):
    await mentor(session, "Ana")
    guest = await make_account(session, await make_person(session, alumnus=False))
    for account, code in ((None, "UNAUTHENTICATED"), (guest, "FORBIDDEN"), (await make_staff(session), "FORBIDDEN")):
        refused = await api(ASK, as_=account)
        assert (refused.codes, refused.data) == ([code], {"suggestedMentors": None})
    assert (await session.scalars(select(models.Suggestion))).all() == []


async def test_pages_follow_one_another_and_a_page_asked_for_again_is_the_same(session: AsyncSession, api: Api):
    me = await seeker(session, "a")
    for number in range(5):
        await mentor(session, f"Mentor {number}", "a" if number == 3 else "b")
    first = await page(api, me, first=2)
    second = await page(api, me, first=2, after=first["pageInfo"]["endCursor"])
    last = await page(api, me, first=2, after=second["pageInfo"]["endCursor"])
    assert names(first)[0] == "Mentor 3"
    assert len({*names(first), *names(second), *names(last)}) == 5
    assert [one["pageInfo"]["hasNextPage"] for one in (first, second, last)] == [True, True, False]
    assert await page(api, me, first=2, after=first["pageInfo"]["endCursor"]) == second
    refused = await api(ASK, as_=await seeker(session), after=first["pageInfo"]["endCursor"])
    assert refused.codes == ["BAD_USER_INPUT"]


async def test_what_is_dismissed_or_asked_does_not_come_back(session: AsyncSession, api: Api):
    me = await seeker(session)
    for name in ("Ana", "Ben", "Cy"):
        await mentor(session, name)
    shown = {node["mentor"]["person"]["displayName"]: node for node in (await page(api, me))["nodes"]}
    done = await api(DISMISS, as_=me, id=shown["Ana"]["id"])
    assert done.data["dismissSuggestion"]["__typename"] == "DismissSuggestionPayload"
    other = await api(DISMISS, as_=await seeker(session), id=shown["Ben"]["id"])
    assert other.data["dismissSuggestion"]["__typename"] == "NotFound"
    await api(REQUEST, as_=me, id=shown["Ben"]["mentor"]["id"])
    assert names(await page(api, me)) == ["Cy"]
    noted = (await session.scalars(select(models.SuggestionOutcome).order_by(models.SuggestionOutcome.id))).all()
    told = [(encode_id("MentorProfile", row.mentor_id), row.outcome, row.reason) for row in noted if row.mentor_id]
    assert told == [
        (shown["Ana"]["mentor"]["id"], models.OutcomeKind.DISMISSED, "no"),
        (shown["Ben"]["mentor"]["id"], models.OutcomeKind.ASKED, None),
    ]


@pytest.mark.parametrize("objects", [True, False])
async def test_the_plain_order_is_by_who_is_longest_in_the_pool(session: AsyncSession, api: Api, objects: bool):
    me = await seeker(session, "grant writing", profiled=not objects)
    for year in (2012, 2010, 2011):
        topics = ("grant writing",) if year == 2012 else ()
        await mentor(session, f"Since {year}", *topics, created_at=datetime(year, 1, 1, tzinfo=UTC))
    plain = await page(api, me, **({} if objects else {"profiled": False}))
    assert names(plain) == ["Since 2010", "Since 2011", "Since 2012"]
    assert {(node["score"], len(node["evidence"])) for node in plain["nodes"]} == {(None, 0)}
    if not objects:
        assert names(await page(api, me))[0] == "Since 2012"


async def test_what_decides_the_order_is_published(session: AsyncSession, api: Api):
    query = "{ recommenders { name digest parameters { feature } } }"
    found = (await api(query, as_=await make_member(session))).data["recommenders"]
    mentors = next(one for one in found if one["name"] == "suggestedMentors")
    assert mentors["digest"] == MENTORS.digest.hex()
    assert mentors["parameters"][0] == {"feature": "SOUGHT"}


async def test_suggested_mentors_cost_as_many_statements_for_1_and_20(
    session: AsyncSession, db: LockedDatabase, api: Api
):
    me = await seeker(session, "a")
    assert me.person_id
    await make_fact(session, models.PersonText, me.person_id, kind=models.TextKind.SEEKS, text="boats")
    for _ in range(20):
        profile = await mentor(session, "Ana", "a", about="boats")
        await make_fact(session, models.PersonText, profile.person_id, kind=models.TextKind.OFFERS, text="boats")
    await embed_missing(db, HashEmbedder())
    costs: list[tuple[int, int]] = []
    for first in (1, 20):
        async with counted(session) as sent:
            answer = await api(ASK, as_=me, first=first)
        assert len(answer.data["suggestedMentors"]["nodes"]) == first
        costs.append((len(sent), len(answer.statements)))
    assert costs[0] == costs[1]
    assert sum(costs[0]) < 40
