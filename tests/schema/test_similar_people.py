"""Whose work, studies and words are most like somebody's: a ranking that is answered with everything else."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

from api import models
from api.app import create_app
from api.settings import Settings
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from schema.ids import encode_id
from tests.conftest import Api, unbounded
from tests.databases import LockedDatabase
from tests.factories import (
    block,
    connect,
    make_account,
    make_fact,
    make_member,
    make_organization,
    make_person,
    make_staff,
)

V = models.Visibility
SIMILAR = "query($id: ID!, $n: Int! = 10) { person(id: $id) { similarPeople(first: $n) { displayName } } }"
WORDS = "builds wooden boats for racing on cold northern lakes"
HIDDEN = {
    "nothing": [],
    "their own text for staff": [("Ana", V.STAFF, "counts stars")],
    "their own text for connections": [("Ana", V.CONNECTIONS, "counts stars")],
    "their own text for themselves": [("Ana", V.ME, "counts stars")],
    "a text of another for staff": [("Far", V.STAFF, WORDS)],
    "a text of another for connections": [("Far", V.CONNECTIONS, WORDS)],
    "a text of another for themselves": [("Far", V.ME, WORDS)],
}
"""What is hidden -> (whose, from whom, the text): each would change the order."""


def gid(person: models.Person) -> str:
    return encode_id("Person", person.id)


async def says(
    session: AsyncSession,
    person: models.Person,
    text: str,
    level: models.Visibility = V.MEMBERS,
    kind: models.TextKind = models.TextKind.BIO,
) -> None:
    await make_fact(session, models.PersonText, person, level, kind=kind, text=text)


async def embed(session: AsyncSession, db: LockedDatabase) -> None:
    """Vectors for all, in an index that is made anew: what earlier tests rolled back fills it with dead rows."""
    await session.flush()
    await embed_missing(db, HashEmbedder())
    await db.connection.exec_driver_sql("REINDEX TABLE fact_vectors")


async def make_scene(session: AsyncSession) -> dict[str, models.Person]:
    """Ana, and others who share fewer and fewer of her words."""
    words = WORDS.split()
    people = {"Ana": await make_person(session, "Ana")}
    for name, shared in (("Far", 2), ("Near", 7), ("Middle", 4)):
        people[name] = await make_person(session, name)
        rest = [f"{name}{place}" for place in range(len(words) - shared)]
        await says(session, people[name], " ".join([*words[:shared], *rest]))
    await says(session, people["Ana"], WORDS)
    return people


async def names(api: Api, account: models.Account, person: models.Person, first: int = 10) -> list[str]:
    answer = await api(SIMILAR, as_=account, id=gid(person), n=first)
    assert answer.errors == []
    return [one["displayName"] for one in answer.data["person"]["similarPeople"]]


async def test_the_most_alike_come_first(session: AsyncSession, api: Api, db: LockedDatabase):
    me, people = await make_member(session), await make_scene(session)
    await embed(session, db)
    assert await names(api, me, people["Ana"]) == ["Near", "Middle", "Far"]
    assert await names(api, me, people["Ana"], 2) == ["Near", "Middle"]
    assert await names(api, me, people["Near"], 1) == ["Ana"]


async def test_of_several_facts_the_best_match_counts_whatever_its_kind(
    session: AsyncSession, api: Api, db: LockedDatabase
):
    me, people = await make_member(session), await make_scene(session)
    yard = await make_organization(session, "Lake Yard")
    for name in ("Ana", "Far"):
        await make_fact(session, models.Experience, people[name], title="Boat builder", organization_id=yard.id)
    await embed(session, db)
    assert await names(api, me, people["Ana"]) == ["Far", "Near", "Middle"]


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("kind", ["member", "connection", "officer"])
async def test_what_not_every_member_sees_moves_nothing(
    session: AsyncSession, api: Api, db: LockedDatabase, hidden: str, kind: str
):
    me = await make_staff(session) if kind == "officer" else await make_member(session)
    people = await make_scene(session)
    await says(session, await make_person(session, "Stargazer"), "counts stars")
    if kind == "connection":
        for one in people.values():
            await connect(session, one, await session.get_one(models.Person, me.person_id))
    for name, level, text in HIDDEN[hidden]:
        job = {"title": text, "organization_id": (await make_organization(session, "")).id}
        await make_fact(session, models.Experience, people[name], level, **job)
    await embed(session, db)
    assert (await names(api, me, people["Ana"]))[:3] == ["Near", "Middle", "Far"]


async def test_what_they_seek_and_offer_is_not_compared(session: AsyncSession, api: Api, db: LockedDatabase):
    me, people = await make_member(session), await make_scene(session)
    await says(session, people["Far"], WORDS, kind=models.TextKind.OFFERS)
    await says(session, people["Ana"], "Far0 Far1 Far2", kind=models.TextKind.SEEKS)
    await embed(session, db)
    assert await names(api, me, people["Ana"]) == ["Near", "Middle", "Far"]


@pytest.mark.parametrize("why", ["unlisted", "deceased", "unwilling", "objected", "blocked", "blocks"])
async def test_who_may_not_be_shown_is_not_among_them_and_takes_nobodys_place(
    session: AsyncSession, api: Api, db: LockedDatabase, why: str
):
    me, people = await make_member(session), await make_scene(session)
    await embed(session, db)
    near, own = people["Near"], await session.get_one(models.Person, me.person_id)
    if why in {"blocked", "blocks"}:
        await block(session, *((own, near) if why == "blocked" else (near, own)))
    else:
        column = {"unlisted": "listed", "unwilling": "suggestable", "objected": "profiled"}.get(why, why)
        setattr(near, column, why == "deceased")
        await session.flush()
    assert await names(api, me, people["Ana"], 2) == ["Middle", "Far"]


async def test_guests_are_told_of_nobody(session: AsyncSession, api: Api, db: LockedDatabase):
    guest = await make_account(session, await make_person(session, "Guest", alumnus=False))
    people = await make_scene(session)
    for person in people.values():
        await make_fact(session, models.Skill, person, V.PUBLIC)
        await make_fact(session, models.Education, person, V.PUBLIC)
    await embed(session, db)
    assert await names(api, guest, people["Ana"]) == []
    assert await names(api, await make_member(session), people["Ana"]) != []


async def test_of_somebody_who_says_nothing_there_is_nothing_to_compare(
    session: AsyncSession, api: Api, db: LockedDatabase
):
    me, silent = await make_member(session), await make_person(session, "Silent")
    await make_scene(session)
    await embed(session, db)
    assert await names(api, me, silent) == []


@pytest.mark.parametrize("size", [-1, 0, 51])
@pytest.mark.parametrize("by_variable", [False, True])
async def test_a_length_out_of_bounds_is_refused(session: AsyncSession, api: Api, size: int, by_variable: bool):
    me = await make_member(session)
    query = "query($n: Int! = 1) { people(first: $n) { nodes { similarPeople(first: %d) { id } } } }" % size
    if by_variable:
        query = "query($n: Int!) { people(first: 1) { nodes { similarPeople(first: $n) { id } } } }"
    answer = await api(query, as_=me, **({"n": size} if by_variable else {}))
    assert answer.data == {"people": None}
    assert [error["message"] for error in answer.errors] == [f"first: first must be from 1 to 50, not {size}."]
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_a_length_of_null_is_refused(session: AsyncSession, api: Api):
    me = await make_member(session)
    query = "query($n: Int) { people(first: 1) { nodes { similarPeople(first: $n) { id } } } }"
    answer = await api(query, as_=me, n=None)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert (await api(query, as_=me)).data == {"people": {"nodes": [{"similarPeople": []}]}}


async def test_ten_are_given_unless_asked_otherwise_and_fifty_at_most(
    session: AsyncSession, api: Api, db: LockedDatabase
):
    me, ana = await make_member(session), await make_person(session, "Ana")
    await says(session, ana, WORDS)
    for place in range(52):
        await says(session, await make_person(session, f"P{place}"), f"{WORDS} p{place}")
    await embed(session, db)
    query = "query($id: ID!) { person(id: $id) { similarPeople { id } all: similarPeople(first: 50) { id } } }"
    person = (await api(query, as_=me, id=gid(ana))).data["person"]
    assert [len(person["similarPeople"]), len(person["all"])] == [10, 50]


async def test_it_is_never_short_though_the_nearest_facts_are_all_of_one(
    session: AsyncSession, api: Api, db: LockedDatabase
):
    me, people = await make_member(session), await make_scene(session)
    yard = await make_organization(session, "Yard")
    eager = await make_person(session, "Eager")
    for place in range(30):
        await make_fact(session, models.Experience, eager, title=f"{WORDS} {place}", organization_id=yard.id)
    await embed(session, db)
    for first in range(1, 5):
        assert await names(api, me, people["Ana"], first) == ["Eager", "Near", "Middle", "Far"][:first]
    assert await names(api, me, people["Ana"], 50) == ["Eager", "Near", "Middle", "Far"]


async def test_who_are_equally_alike_come_by_their_ids(session: AsyncSession, api: Api, db: LockedDatabase):
    me, people = await make_member(session), await make_scene(session)
    twins = [await make_person(session, name) for name in ("Twin 1", "Twin 2")]
    for one in reversed(twins):
        await says(session, one, WORDS)
    await embed(session, db)
    assert await names(api, me, people["Ana"]) == ["Twin 1", "Twin 2", "Near", "Middle", "Far"]


@pytest.fixture
def app(settings: Settings, db: LockedDatabase) -> Starlette:
    """An application in which rankings nest deeper than clients may have them."""
    return create_app(unbounded(settings), db)


async def test_many_at_once_and_nested_have_each_their_own(session: AsyncSession, api: Api, db: LockedDatabase):
    me, people = await make_member(session), await make_scene(session)
    await says(session, await make_person(session, "Stargazer"), "counts stars")
    await embed(session, db)
    alone = {name: await names(api, me, person) for name, person in people.items()}
    assert len({tuple(order) for order in alone.values()}) == len(alone)
    query = """{ people(first: 9) { nodes { displayName one: similarPeople(first: 1) { displayName } similarPeople {
        displayName similarPeople(first: 2) { displayName one: similarPeople(first: 1) { displayName } } } } } }"""
    answer = await api(query, as_=me)
    page = {one["displayName"]: one for one in answer.data["people"]["nodes"]}
    for name, order in alone.items():
        assert told(page[name]["similarPeople"]) == order
        assert told(page[name]["one"]) == order[:1]
        for one in page[name]["similarPeople"]:
            if one["displayName"] in alone:
                assert told(one["similarPeople"]) == alone[one["displayName"]][:2]
                first = one["similarPeople"][0]
                assert told(first["one"]) == alone[first["displayName"]][:1]
    assert len(answer.statements) == len((await api(SIMILAR, as_=me, id=gid(people["Ana"]))).statements)


def told(people: list[dict[str, Any]]) -> list[str]:
    return [one["displayName"] for one in people]


async def test_a_part_of_what_python_answers_says_the_same(session: AsyncSession, api: Api, db: LockedDatabase):
    me, people = await make_member(session), await make_scene(session)
    await embed(session, db)
    query = """query($id: ID!, $n: Int!) { searchPeople(text: "Ana", first: 1) { nodes { person { ...F } } }
        person(id: $id) { ...F } } fragment F on Person { displayName similarPeople(first: $n) { id displayName } }"""
    answer = await api(query, as_=me, id=gid(people["Ana"]), n=2)
    assert answer.errors == []
    wanted = {
        "displayName": "Ana",
        "similarPeople": [{"id": gid(people[name]), "displayName": name} for name in ("Near", "Middle")],
    }
    assert answer.data == {"searchPeople": {"nodes": [{"person": wanted}]}, "person": wanted}


async def test_profiles_shown_in_it_count_for_the_day(session: AsyncSession, api: Api, db: LockedDatabase):
    me, people = await make_member(session), await make_scene(session)
    await embed(session, db)
    query = '{ people(first: 9, filter: {name: {contains: "Ana"}}) { nodes { similarPeople(first: 2) { %s } } } }'
    for selection, seen in (("displayName headline", set[str]()), ("bio", {"Near", "Middle"})):
        assert (await api(query % selection, as_=me)).errors == []
        counted = set(await session.scalars(select(models.ProfileView.person_id)))
        assert counted == {people[name].id for name in seen}


async def test_restricted_facts_that_an_officer_reads_in_it_are_logged(
    session: AsyncSession, api: Api, db: LockedDatabase
):
    officer, people = await make_staff(session), await make_scene(session)
    await make_fact(session, models.Skill, people["Near"], V.STAFF)
    await embed(session, db)
    answer = await api(
        "query($id: ID!) { person(id: $id) { similarPeople { skills { name } } } }", as_=officer, id=gid(people["Ana"])
    )
    assert answer.errors == []
    logged = await session.execute(select(models.AuditEvent.person_id, models.AuditEvent.facts))
    assert [tuple(row) for row in logged] == [(people["Near"].id, ["Skill"])]
