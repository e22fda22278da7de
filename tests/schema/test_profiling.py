"""An objection to profiling: neither scored nor a candidate, and lists that look at nothing about oneself: P8, P21."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing, missing_count
from recommender.weights.people import PEOPLE
from tests.conftest import Api
from tests.databases import LockedDatabase
from tests.factories import make_fact, make_member, make_mentor, make_person

MEET = """query($profiled: Boolean, $first: Int = 10, $after: String) {
    peopleYouShouldMeet(first: $first, after: $after, profiled: $profiled) {
        nodes { id score person { displayName } evidence { text } } pageInfo { endCursor hasNextPage } } }"""
SET = """mutation($profiled: Boolean!) { setProfiling(input: {profiled: $profiled}) {
    ... on SetChoicesPayload { viewer { choices { profiled } } } } }"""


async def rows(
    session: AsyncSession, model: type[models.Row] | type[models.FactVector] | type[models.ItemVector]
) -> int:
    return await session.scalar(select(func.count()).select_from(model)) or 0


def names(page: dict[str, list[dict[str, dict[str, str]]]]) -> list[str]:
    return [node["person"]["displayName"] for node in page["nodes"]]


async def test_who_objects_leaves_scores_vectors_and_candidates_at_once(
    session: AsyncSession, db: LockedDatabase, api: Api
):
    me, other = await make_member(session, "Me"), await make_member(session, "Other")
    for account in (me, other):
        assert account.person_id is not None
        await make_fact(session, models.PersonText, account.person_id, text="Builds wooden boats.")
        person = await session.get_one(models.Person, account.person_id)
        await make_mentor(session, person, ("boats",))
    await embed_missing(db, HashEmbedder())
    assert [await rows(session, one) for one in (models.FactVector, models.ItemVector)] == [2, 2]
    for asker, seen in ((me, "Other"), (other, "Me")):
        assert names((await api(MEET, as_=asker)).data["peopleYouShouldMeet"]) == [seen]

    done = await api(SET, as_=me, profiled=False)

    assert done.data["setProfiling"]["viewer"]["choices"] == {"profiled": False}
    assert [await rows(session, one) for one in (models.FactVector, models.ItemVector)] == [1, 1]
    assert await rows(session, models.Suggestion) == 0
    await embed_missing(db, HashEmbedder())
    assert await missing_count(session) == 0
    assert [await rows(session, one) for one in (models.FactVector, models.ItemVector)] == [1, 1]
    assert names((await api(MEET, as_=other)).data["peopleYouShouldMeet"]) == []
    directory = await api("{ people(first: 9) { nodes { displayName } } }", as_=other)
    assert {node["displayName"] for node in directory.data["people"]["nodes"]} == {"Me", "Other"}

    await api(SET, as_=me, profiled=True)
    await embed_missing(db, HashEmbedder())
    assert [await rows(session, one) for one in (models.FactVector, models.ItemVector)] == [2, 2]
    assert names((await api(MEET, as_=other)).data["peopleYouShouldMeet"]) == ["Me"]


@pytest.mark.parametrize("objects", [True, False])
async def test_a_list_that_is_not_profiled_looks_at_nothing_about_oneself(
    session: AsyncSession, api: Api, objects: bool
):
    me = await make_member(session, "Me", profiled=not objects)
    assert me.person_id is not None
    await make_fact(session, models.Education, me.person_id, end_date="2004", programme="Physics")
    for year in (2004, 2023, 2024, 2022):
        joined = datetime(year, 1, 1, tzinfo=UTC)
        person = await make_person(session, f"Joined {year}", created_at=joined)
        if year == 2004:
            await make_fact(session, models.Education, person, end_date="2004", programme="Physics")
    wish = {} if objects else {"profiled": False}

    first = (await api(MEET, as_=me, first=3, **wish)).data["peopleYouShouldMeet"]
    after = first["pageInfo"]["endCursor"]
    last = (await api(MEET, as_=me, first=3, after=after, **wish)).data["peopleYouShouldMeet"]

    assert names(first) == ["Joined 2024", "Joined 2023", "Joined 2022"]
    assert names(last) == ["Joined 2004"]
    assert [page["pageInfo"]["hasNextPage"] for page in (first, last)] == [True, False]
    assert {(node["score"], len(node["evidence"])) for node in first["nodes"]} == {(None, 0)}
    logged = (await session.scalars(select(models.Suggestion))).all()
    assert {(row.score, len(row.features), row.ranking_digest) for row in logged} == {(None, 0, None)}
    if not objects:
        profiled = (await api(MEET, as_=me)).data["peopleYouShouldMeet"]
        assert names(profiled)[0] == "Joined 2004"
        assert profiled["nodes"][0]["score"] > 0


async def test_what_decides_each_order_is_published(session: AsyncSession, api: Api):
    query = "{ recommenders { name digest parameters { feature weight halfAt } } }"
    found = (await api(query, as_=await make_member(session))).data["recommenders"]
    people = next(one for one in found if one["name"] == "peopleYouShouldMeet")
    assert people["digest"] == PEOPLE.digest.hex()
    assert people["parameters"][0] == {"feature": "CONTACTS", "weight": 3.0, "halfAt": 0.6}
    assert {one["feature"] for one in people["parameters"]} == {str(one) for one in PEOPLE.space.features}
