"""The access promise: random worlds, every path of the API, and a model in plain Python that says what may be seen.

Each hidden thing carries a token of its own, so that a leak is found wherever in an answer it shows.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from api import models
from api.app import create_app
from api.auth import DevelopmentIssuer
from api.settings import Settings
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from schema.ids import encode_id
from tests.conftest import Api, asking
from tests.databases import LockedDatabase
from tests.factories import block, connect, make_account, make_fact, make_organization, make_person, make_staff

V = models.Visibility
LEVELS = tuple(V)
FACTS: dict[type[models.Fact], str] = {
    models.Education: "programme",
    models.Experience: "title",
    models.Skill: "name",
    models.Interest: "name",
    models.Place: "city",
    models.ContactPoint: "value",
    models.Link: "url",
    models.PersonText: "text",
}
"""Each kind of fact with the column that carries its token."""
SELECTION = """id displayName headline bio seeks offers photo classYear
    educations { id programme } experiences { id title organization { name } } currentExperience { title }
    skills { name } interests { name } places { city } contactPoints { value } links { url } texts { text }"""
LIST = (
    "{ people(first: 100, orderBy: [{classYear: DESC}, {name: ASC}]) { totalCount nodes { %s"
    " connections(first: 100) { totalCount nodes { id } } mutualConnections(first: 100) { nodes { id } } }"
    " facets { programmes(first: 100) { value count } skills(first: 100) { value } cities(first: 100) { value }"
    " organizations(first: 100) { value } classYears(first: 100) { value count } } } }" % SELECTION
)
MEET = "{ peopleYouShouldMeet(first: 50) { nodes { person { id } evidence { text } } } }"
FIND = "query($t: String!) { searchPeople(text: $t, first: 100) { nodes { person { id } matchedFields } } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


@dataclass
class Someone:
    """A person of the model."""

    id: UUID
    listed: bool
    suggestable: bool
    deceased: bool
    account: models.Account | None = None


@dataclass
class Fact:
    """A fact of the model, with its token."""

    id: UUID
    kind: type[models.Fact]
    owner: Someone
    level: models.Visibility
    token: str


@dataclass
class World:
    """What there is, and who may see it: the rules of the design, in plain Python."""

    people: list[Someone] = field(default_factory=list[Someone])
    facts: list[Fact] = field(default_factory=list[Fact])
    ties: dict[frozenset[UUID], tuple[str, dict[UUID, models.Visibility]]] = field(
        default_factory=dict[frozenset[UUID], tuple[str, dict[UUID, models.Visibility]]]
    )
    blocks: set[frozenset[UUID]] = field(default_factory=set[frozenset[UUID]])
    office: models.Account | None = None

    def connected(self, one: UUID | None, other: UUID) -> bool:
        return one is not None and self.ties.get(frozenset({one, other}), ("", {}))[0] == "ACCEPTED"

    def sees_person(self, viewer: Someone | None, person: Someone) -> bool:
        if viewer is None:
            return True
        if frozenset({viewer.id, person.id}) in self.blocks:
            return False
        return person.listed or person is viewer

    def level_open(self, viewer: Someone | None, owner: UUID, level: models.Visibility) -> bool:
        if viewer is None:
            return level is not V.ME
        if level is V.CONNECTIONS:
            return self.connected(viewer.id, owner)
        return level in {V.MEMBERS, V.PUBLIC}

    def sees_fact(self, viewer: Someone | None, fact: Fact) -> bool:
        own = viewer is not None and fact.owner is viewer
        return self.sees_person(viewer, fact.owner) and (own or self.level_open(viewer, fact.owner.id, fact.level))

    def contacts(self, viewer: Someone | None, person: Someone) -> set[UUID]:
        found: set[UUID] = set()
        by_id = {one.id: one for one in self.people}
        for pair, (state, levels) in self.ties.items():
            if state != "ACCEPTED" or person.id not in pair:
                continue
            (other,) = pair - {person.id}
            mine = viewer is not None and viewer.id in pair
            open_ = all(self.level_open(viewer, end, level) for end, level in levels.items())
            if (mine or open_) and self.sees_person(viewer, by_id[other]):
                found.add(other)
        return found

    def may_meet(self, viewer: Someone) -> set[UUID]:
        return {
            one.id
            for one in self.people
            if one is not viewer and one.listed and one.suggestable and not one.deceased
            and self.sees_person(viewer, one) and frozenset({viewer.id, one.id}) not in self.ties
        }  # fmt: skip


async def make_world(session: AsyncSession, random: Random) -> World:
    """Six people with facts at all levels, ties in all states, and blocks."""
    world = World(office=await make_staff(session))
    shared = await make_organization(session, "Sharedworks")
    for number in range(6):
        listed, suggestable, deceased = random.random() < 0.75, random.random() < 0.85, random.random() < 0.1
        row = await make_person(session, f"Person {number}", listed=listed, suggestable=suggestable, deceased=deceased)
        person = Someone(row.id, listed, suggestable, deceased)
        if not deceased:
            person.account = await make_account(session, row)
        world.people.append(person)
        for kind, column in FACTS.items():
            for _ in range(random.randrange(3) if kind not in {models.Place, models.PersonText} else 1):
                world.facts.append(await _fact(session, random, person, kind, column, shared))
    for place, one in enumerate(world.people):
        for other in world.people[place + 1 :]:
            await _between(session, random, world, one, other)
    return world


async def _fact(
    session: AsyncSession, random: Random, person: Someone, kind: type[models.Fact], column: str, shared: Any
) -> Fact:
    token = f"zq{random.getrandbits(40):x}"
    value = {"url": f"https://example.org/{token}", "value": f"{token}@example.org"}.get(column, token)
    level = random.choice(LEVELS)
    more: dict[str, Any] = {column: value}
    if kind is models.Education:
        more["end_date"] = str(random.randrange(1950, 2020))
    if kind is models.Experience:
        more["organization_id"] = shared.id
    if kind is models.PersonText:
        more["kind"] = random.choice([models.TextKind.BIO, models.TextKind.SEEKS, models.TextKind.OFFERS])
    made = await make_fact(session, kind, person.id, level, **more)
    return Fact(made.id, kind, person, level, token)


async def _between(session: AsyncSession, random: Random, world: World, one: Someone, other: Someone) -> None:
    pair = frozenset({one.id, other.id})
    roll = random.random()
    if roll < 0.12:
        blocker = await session.get_one(models.Person, one.id)
        await block(session, blocker, await session.get_one(models.Person, other.id))
        world.blocks.add(pair)
    elif roll < 0.7:
        state = random.choice([*[models.ConnectionState.ACCEPTED] * 4, *models.ConnectionState])
        low, high = sorted(pair)
        levels = {low: random.choice(LEVELS), high: random.choice(LEVELS)}
        await connect(session, one.id, other.id, state, low_visibility=levels[low], high_visibility=levels[high])
        world.ties[pair] = (state.value, levels)


async def check(world: World, api: Api, viewer: Someone | None) -> None:
    """Compare every path with the model, as one viewer (None: the office)."""
    account = world.office if viewer is None else viewer.account
    seen = {encode_id("Person", one.id): one for one in world.people if world.sees_person(viewer, one)}
    tokens = {fact.token: world.sees_fact(viewer, fact) for fact in world.facts}

    answer = await api(LIST, as_=account)
    assert answer.errors == []
    page = answer.data["people"]
    assert {node["id"] for node in page["nodes"]} == set(seen)
    assert page["totalCount"] == len(seen)
    said = json.dumps(page)
    for fact in world.facts:
        shown = fact.token in said
        assert shown == tokens[fact.token], (fact.kind.__name__, fact.level, "list")
    for node in page["nodes"]:
        contacts = {encode_id("Person", one) for one in world.contacts(viewer, seen[node["id"]])}
        assert {one["id"] for one in node["connections"]["nodes"]} == contacts
        assert node["connections"]["totalCount"] == len(contacts)
    years = [node["classYear"] or -1 for node in page["nodes"]]
    assert years == sorted(years, reverse=True)
    await _check_single(world, api, viewer, account)
    if viewer is not None:
        meet = (await api(MEET, as_=account)).data["peopleYouShouldMeet"]["nodes"]
        allowed = {encode_id("Person", one) for one in world.may_meet(viewer)}
        assert {one["person"]["id"] for one in meet} == allowed
        reasons = json.dumps(meet)
        assert not [token for token, open_ in tokens.items() if token in reasons and not open_]


async def _check_single(world: World, api: Api, viewer: Someone | None, account: models.Account | None) -> None:
    """Paths that name one thing: search, filters, node."""
    for fact in world.facts[::4]:
        open_ = world.sees_fact(viewer, fact)
        owner = encode_id("Person", fact.owner.id)
        found = (await api(FIND, as_=account, t=fact.token)).data["searchPeople"]["nodes"]
        by_words = [hit for hit in found if hit["person"]["id"] == owner]
        assert open_ or not by_words, (fact.kind.__name__, fact.level, "search")
        if fact.kind is not models.Link:  # the words of a path are no words to PostgreSQL's parser
            assert bool(by_words) == open_, (fact.kind.__name__, fact.level, "search")
        chosen = FILTERS.get(fact.kind)
        if chosen is not None:
            query = "query($f: PersonFilter!) { people(first: 9, filter: $f) { totalCount nodes { id } } }"
            listed = (await api(query, as_=account, f=chosen(fact.token))).data["people"]
            assert listed == {"totalCount": int(open_), "nodes": [{"id": owner}] if open_ else []}
    ids = [encode_id(fact.kind.__name__, fact.id) for fact in world.facts][:100]
    nodes = (await api(NODES, as_=account, ids=ids)).data["nodes"]
    assert [node is not None for node in nodes] == [world.sees_fact(viewer, fact) for fact in world.facts][:100]
    ids = [encode_id("Person", one.id) for one in world.people]
    nodes = (await api(NODES, as_=account, ids=ids)).data["nodes"]
    assert [node is not None for node in nodes] == [world.sees_person(viewer, one) for one in world.people]


def _filter(name: str, comparator: str, ending: str = "") -> Callable[[str], dict[str, Any]]:
    def build(token: str) -> dict[str, Any]:
        value = f"{token}{ending}"
        return {name: {comparator: [value] if comparator == "in" else value}}

    return build


FILTERS: dict[type[models.Fact], Callable[[str], dict[str, Any]]] = {
    models.Education: _filter("programme", "eq"),
    models.Experience: _filter("title", "contains"),
    models.Skill: _filter("skill", "eq"),
    models.Interest: _filter("interest", "in"),
    models.Place: _filter("city", "eq"),
    models.ContactPoint: _filter("contact", "eq", "@example.org"),
}


@pytest.mark.property
@pytest.mark.timeout(120)
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
async def test_nobody_sees_finds_counts_or_is_told_what_is_hidden(
    seed: int, engine: AsyncEngine, settings: Settings, issuer: DevelopmentIssuer
):
    async with engine.connect() as connection:
        transaction = await connection.begin()
        db = LockedDatabase(connection)
        async with AsyncSession(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            world = await make_world(session, Random(seed))
            await session.commit()
        await embed_missing(db, HashEmbedder())
        async with asking(create_app(settings, db), db, issuer) as api:
            for viewer in (None, *(one for one in world.people if one.account)):
                await check(world, api, viewer)
        await transaction.rollback()
