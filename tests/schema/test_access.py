"""The access promise: random worlds, every path of the API, and a model in plain Python that says what may be seen.

Two properties: the answers are those of the model; and what is hidden moves nothing, so that the answers stay the same
when it is deleted.
"""

import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from api import models
from api.access import ViewerKind
from api.app import create_app
from api.auth import DevelopmentIssuer
from api.settings import Settings
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from schema.ids import encode_id
from tests.conftest import Api, asking
from tests.databases import LockedDatabase
from tests.factories import make_fact, make_member, make_person
from tests.schema.worlds import COMMON, FACTS, Asker, Fact, Pair, Someone, World, make_world

SELECTION = """id displayName headline bio seeks offers photo classYear connectedToMe tie { id }
    educations { id programme } experiences { id title organization { name } } currentExperience { title }
    skills { name } interests { name } places { city } contactPoints { value } links { url } texts { text }"""
COUNTS = "(first: 100) { value count }"
FACETS = f"""facets {{ programmes{COUNTS} skills{COUNTS} interests{COUNTS} cities{COUNTS} countries{COUNTS}
    organizations{COUNTS} classYears{COUNTS} roles{COUNTS} }}"""
LIST = (
    "{ people(first: 100, orderBy: [{classYear: DESC}, {name: ASC}]) { totalCount nodes { %s"
    " connections(first: 100) { totalCount nodes { id } %s } mutualConnections(first: 100) { nodes { id } }"
    " events(first: 100) { totalCount nodes { id } } } %s } }" % (SELECTION, FACETS, FACETS)
)
EVENTS = f"""{{ events(first: 100) {{ totalCount nodes {{ id name joinUrl attendees(first: 100) {{ totalCount
    nodes {{ id }} facets {{ classYears{COUNTS} }} }} }} facets {{ weekdays{COUNTS} }} }} }}"""
JOBS = f"""{{ jobs(first: 100) {{ totalCount nodes {{ id title poster {{ id }} interested
    interestedPeople(first: 100) {{ totalCount nodes {{ id }} }} }} facets {{ employmentTypes{COUNTS} }} }} }}"""
CHOSEN_JOBS = "query($w: String!) { jobs(first: 9, filter: {words: {contains: $w}}) { totalCount } }"
CHOSEN_EVENTS = "query($w: String!) { events(first: 9, filter: {words: {contains: $w}}) { totalCount } }"
CHOSEN = "query($f: PersonFilter!) { people(first: 9, filter: $f) { totalCount nodes { id } } }"
MEET = "{ peopleYouShouldMeet(first: 50) { nodes { score person { id } evidence { kind text weight } } } }"
FIND = "query($t: String!) { searchPeople(text: $t, first: 100) { nodes { person { id } score matchedFields } } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
PERSON = "query($id: ID!) { person(id: $id) { %s } }" % SELECTION
MINE = "{ viewer { connectionRequests(first: 100) { nodes { id } } blocks { personId } } }"
ABOUT = "about sailing and mathematics"
"""What every text of a world says: by meaning, each of them is found."""


class HashedSearches:
    """Search texts become vectors by the same hashing as the facts."""

    async def embed(self, text: str) -> NDArray[np.float32]:
        return HashEmbedder().embed([text])[0]


@dataclass
class Case:
    """A world, and the means to ask about it and to change it."""

    world: World
    api: Api
    session: AsyncSession

    async def ask(self, query: str, asker: Asker, **variables: Any) -> Any:
        answer = await self.api(query, as_=asker.account, **variables)
        assert answer.errors == []
        return answer.data


@asynccontextmanager
async def worlds(seed: int, engine: AsyncEngine, settings: Settings, issuer: DevelopmentIssuer) -> AsyncGenerator[Case]:
    """A world that is gone afterwards."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        db = LockedDatabase(connection)
        async with AsyncSession(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            world = await make_world(session, Random(seed))
            await session.commit()
            await embed_missing(db, HashEmbedder())
            async with asking(create_app(settings, db, HashedSearches()), db, issuer) as api:
                yield Case(world, api, session)
        await transaction.rollback()


def person_id(person: Someone) -> str:
    return encode_id("Person", person.id)


# ---------------------------------------------------------------- the answers are those of the model


async def check_list(case: Case, asker: Asker) -> None:
    """Nodes, counts, facets, orders and nested edges of the directory."""
    world = case.world
    page = (await case.ask(LIST, asker))["people"]
    seen = {person_id(one): one for one in world.people if world.sees_person(asker, one)}
    assert {node["id"] for node in page["nodes"]} == set(seen)
    assert page["totalCount"] == len(seen)
    said = json.dumps(page)
    told = {fact.token for fact in world.facts if world.sees_fact(asker, fact)}
    for fact in world.facts:
        assert (fact.token in said) == (fact.token in told), (fact.kind.__name__, fact.level)
    mine: set[UUID] = world.contacts(asker, asker.someone) if asker.someone else set()
    for node in page["nodes"]:
        contacts = world.contacts(asker, seen[node["id"]])
        assert ids(node["connections"]) == {encode_id("Person", one) for one in contacts}
        assert node["connections"]["totalCount"] == len(contacts)
        assert ids(node["mutualConnections"]) == {encode_id("Person", one) for one in contacts & mine}
        check_facets(world, asker, contacts, node["connections"]["facets"])
        comes = [event for event in world.events if world.sees_attendance(asker, event, seen[node["id"]])]
        assert ids(node["events"]) == {encode_id("Event", event.id) for event in comes}
        assert node["events"]["totalCount"] == len(comes)
    years = [node["classYear"] or -1 for node in page["nodes"]]
    assert years == sorted(years, reverse=True)
    check_facets(world, asker, {one.id for one in seen.values()}, page["facets"])


def ids(page: Any) -> set[str]:
    return {node["id"] for node in page["nodes"]}


def own_tokens(world: World) -> list[Fact]:
    """The facts whose tokens nobody shares."""
    return [fact for fact in world.facts if fact.token != COMMON]


def people_of(page: Any) -> dict[str, Any]:
    """The hits or suggestions of a page by the person's id: nobody is named whom the asker may not see."""
    assert all(one["person"] is not None for one in page["nodes"])
    return {one["person"]["id"]: one for one in page["nodes"]}


def check_facets(world: World, asker: Asker, people: set[Any], facets: Any) -> None:
    """Counts are of visible facts of just these people."""
    known = [fact for fact in world.facts if fact.owner.id in people and world.sees_fact(asker, fact)]
    years = {(fact.year, fact.owner.id) for fact in known if fact.kind is models.Education}
    places = Counter(str(year) for year, _ in years)
    assert {one["value"]: one["count"] for one in facets["classYears"]} == places
    work = {(fact.organization_id, fact.owner.id) for fact in known if fact.kind is models.Experience}
    counts = sorted(Counter(organization for organization, _ in work).values())
    assert sorted(one["count"] for one in facets["organizations"]) == counts
    for name, kind in (("programmes", models.Education), ("skills", models.Skill), ("interests", models.Interest)):
        tokens = Counter(fact.token for fact in known if fact.kind is kind)
        assert {one["value"]: one["count"] for one in facets[name]} == tokens


async def check_events(case: Case, asker: Asker) -> None:
    """Which events there are, who comes, and who has the link."""
    world = case.world
    page = (await case.ask(EVENTS, asker))["events"]
    seen = {encode_id("Event", event.id): event for event in world.events if world.sees_event(asker, event)}
    assert ids(page) == set(seen)
    assert page["totalCount"] == len(seen) == sum(one["count"] for one in page["facets"]["weekdays"])
    said = json.dumps(page)
    for event in world.events:
        assert (event.token in said) == world.sees_event(asker, event), event.audience
        assert (event.link in said) == world.sees_link(asker, event), event.audience
        found = (await case.ask(CHOSEN_EVENTS, asker, w=event.token))["events"]["totalCount"]
        assert found == int(world.sees_event(asker, event))
    for node in page["nodes"]:
        comes = {one.id for one in world.people if world.sees_attendance(asker, seen[node["id"]], one)}
        assert ids(node["attendees"]) == {encode_id("Person", one) for one in comes}
        assert node["attendees"]["totalCount"] == len(comes)


async def check_jobs(case: Case, asker: Asker) -> None:
    """Which openings there are, who posted them, and who would like them."""
    world = case.world
    page = (await case.ask(JOBS, asker))["jobs"]
    seen = {encode_id("Job", job.id): job for job in world.jobs if world.sees_job(asker, job)}
    assert ids(page) == set(seen)
    assert page["totalCount"] == len(seen) == sum(one["count"] for one in page["facets"]["employmentTypes"])
    for job in world.jobs:
        assert (job.token in json.dumps(page)) == world.sees_job(asker, job), (job.audience, job.open)
        found = (await case.ask(CHOSEN_JOBS, asker, w=job.token))["jobs"]["totalCount"]
        assert found == int(world.sees_job(asker, job))
    for node in page["nodes"]:
        job = seen[node["id"]]
        known = job.poster is not None and world.sees_person(asker, world.person(job.poster))
        assert (node["poster"] is not None) == known
        fans = {one.id for one in world.people if world.sees_interest(asker, job, one)}
        assert ids(node["interestedPeople"]) == {encode_id("Person", one) for one in fans}
        assert node["interestedPeople"]["totalCount"] == len(fans)
        assert node["interested"] == (asker.someone is not None and asker.someone.id in job.interested)


async def check_searches_and_filters(case: Case, asker: Asker) -> None:
    """Each fact is found by those who see it, and by nobody else."""
    for fact in own_tokens(case.world)[::3]:
        open_ = case.world.sees_fact(asker, fact)
        owner = person_id(fact.owner)
        found = people_of((await case.ask(FIND, asker, t=fact.token))["searchPeople"])
        by_it = FIELDS[fact.kind] & {*found.get(owner, {}).get("matchedFields", ())}
        assert open_ or not by_it, (fact.kind.__name__, fact.level)
        if fact.kind is not models.Link:  # the words of a path are no words to PostgreSQL's parser
            assert bool(by_it) == open_, (fact.kind.__name__, fact.level)
        chosen = FILTERS.get(fact.kind)
        if chosen is not None:
            for wanted in (chosen(fact.token), {"not": {"not": chosen(fact.token)}}):
                page = (await case.ask(CHOSEN, asker, f=wanted))["people"]
                assert page == {"totalCount": int(open_), "nodes": [{"id": owner}] if open_ else []}
    found = people_of((await case.ask(FIND, asker, t=ABOUT))["searchPeople"])
    texts = [fact for fact in case.world.facts if fact.kind is models.PersonText]
    readable = {person_id(fact.owner) for fact in texts if case.world.sees_fact(asker, fact)}
    assert set(found) == readable


async def check_names(case: Case, asker: Asker) -> None:
    """What is named by its id: anything at all, by `node`, `nodes` and `person`."""
    world = case.world
    for start in range(0, len(world.facts), 100):
        some = world.facts[start : start + 100]
        named = [encode_id(fact.kind.__name__, fact.id) for fact in some]
        nodes = (await case.ask(NODES, asker, ids=named))["nodes"]
        assert [node is not None for node in nodes] == [world.sees_fact(asker, fact) for fact in some]
    nodes = (await case.ask(NODES, asker, ids=[person_id(one) for one in world.people]))["nodes"]
    assert [node is not None for node in nodes] == [world.sees_person(asker, one) for one in world.people]
    for one in world.people[:2]:
        person = (await case.ask(PERSON, asker, id=person_id(one)))["person"]
        assert (person is not None) == world.sees_person(asker, one)
    others = [("Organization", one, world.sees_organization(asker, one)) for one in world.organizations]
    for pair, tie in world.ties.items():
        own = any(asker.owns(end) for end in pair)
        others.append(("Tie", tie.id, own and world.sees_tie(asker, pair)))
        others.append(("ConnectionRequest", tie.id, tie.id in world.requests(asker)))
    others += [("Event", event.id, world.sees_event(asker, event)) for event in world.events]
    others += [("Job", job.id, world.sees_job(asker, job)) for job in world.jobs]
    others += [("Viewer", one.account.id, one is asker) for one in world.askers]
    named = [encode_id(kind, key) for kind, key, _ in others]
    nodes = (await case.ask(NODES, asker, ids=named))["nodes"]
    assert [node is not None for node in nodes] == [visible for *_, visible in others]


async def check_own(case: Case, asker: Asker) -> None:
    """What concerns the asker alone: requests, blocks, suggestions."""
    world, someone = case.world, asker.someone
    mine = (await case.ask(MINE, asker))["viewer"]
    assert ids(mine["connectionRequests"]) == {encode_id("ConnectionRequest", one) for one in world.requests(asker)}
    blocked = {end for pair, by in world.blocks.items() if asker.owns(by) for end in pair if end != by}
    assert {one["personId"] for one in mine["blocks"]} == {encode_id("Person", one) for one in blocked}
    if someone is None or asker.kind is ViewerKind.GUEST:
        refused = await case.api(MEET, as_=asker.account)
        assert refused.codes == ["FORBIDDEN"]
        return
    meet = people_of((await case.ask(MEET, asker))["peopleYouShouldMeet"])
    assert set(meet) == {encode_id("Person", one) for one in world.may_meet(asker)}
    reasons = json.dumps(meet)
    assert [fact for fact in own_tokens(world) if fact.token in reasons and not world.sees_fact(asker, fact)] == []


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
FIELDS: dict[type[models.Fact], set[str]] = {
    models.Education: {"educations"},
    models.Experience: {"experiences"},
    models.Skill: {"skills"},
    models.Interest: {"interests"},
    models.Place: {"places"},
    models.ContactPoint: {"contactPoints"},
    models.Link: {"links"},
    models.PersonText: {"bio", "seeks", "offers"},
}
"""By what a search says that it found a fact."""
PROPERTY = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.property
@pytest.mark.timeout(120)
@PROPERTY
@given(seed=st.integers(0, 2**32))
async def test_nobody_sees_finds_counts_or_is_told_what_is_hidden(
    seed: int, engine: AsyncEngine, settings: Settings, issuer: DevelopmentIssuer
):
    async with worlds(seed, engine, settings, issuer) as case:
        for asker in case.world.askers:
            await check_list(case, asker)
            await check_events(case, asker)
            await check_jobs(case, asker)
            await check_searches_and_filters(case, asker)
            await check_names(case, asker)
            await check_own(case, asker)


# ---------------------------------------------------------------- what is hidden moves nothing


@pytest.mark.property
@pytest.mark.timeout(120)
@PROPERTY
@given(seed=st.integers(0, 2**32))
async def test_the_answers_stay_the_same_when_what_is_hidden_is_deleted(
    seed: int, engine: AsyncEngine, settings: Settings, issuer: DevelopmentIssuer
):
    async with worlds(seed, engine, settings, issuer) as case:
        for asker in case.world.askers:
            before = await everything(case, asker)
            async with case.session.begin_nested() as deletion:
                await delete_hidden(case, asker)
                assert await everything(case, asker) == before
                await deletion.rollback()


async def everything(case: Case, asker: Asker) -> dict[str, Any]:
    """What the asker is answered on every path that reads more than the asker's own."""
    found = {"list": await case.ask(LIST, asker), "found": await case.ask(FIND, asker, t=ABOUT)}
    found["events"] = await case.ask(EVENTS, asker)
    found["jobs"] = await case.ask(JOBS, asker)
    if asker.someone is not None and asker.kind is not ViewerKind.GUEST:
        found["meet"] = await case.ask(MEET, asker)
        for one in found["meet"]["peopleYouShouldMeet"]["nodes"]:  # ties fade while the test runs
            one["score"] = round(one["score"], 6)
            one["evidence"] = [why | {"weight": round(why["weight"], 6)} for why in one["evidence"]]
    return found


async def delete_hidden(case: Case, asker: Asker) -> None:
    """Delete the facts, the people, and the ties and seats of others, that the asker must not see."""
    world, session = case.world, case.session
    hidden: list[tuple[type[models.Row], UUID]] = [
        *((fact.kind, fact.id) for fact in world.facts if not world.sees_fact(asker, fact)),
        *((models.Connection, tie.id) for pair, tie in world.ties.items() if not knows_of(world, asker, pair)),
        *((models.Event, event.id) for event in world.events if not world.sees_event(asker, event)),
        *((models.Job, job.id) for job in world.jobs if not world.sees_job(asker, job)),
        *((models.Person, one.id) for one in world.people if not world.sees_person(asker, one)),
    ]
    for event in world.events:
        for one in world.people:
            if not asker.owns(one.id) and not world.sees_attendance(asker, event, one):
                seat = (models.Registration.event_id == event.id) & (models.Registration.person_id == one.id)
                await session.execute(delete(models.Registration).where(seat))
    for kind, key in hidden:
        await session.execute(delete(kind).where(kind.id == key))
    await session.flush()


def knows_of(world: World, asker: Asker, pair: Pair) -> bool:
    """Whether the asker may know of the tie, or is one of the two."""
    return world.sees_tie(asker, pair) or any(asker.owns(end) for end in pair)


async def test_hidden_and_absent_are_answered_alike_by_the_same_statements(session: AsyncSession, api: Api):
    me = await make_member(session)
    hidden = await make_person(session, "Hidden", listed=False)
    fact = await make_fact(session, models.Skill, await make_person(session), models.Visibility.ME, name="secret")
    await make_fact(session, models.Skill, hidden, name="unseen")
    asked = [
        (PERSON, {"id": encode_id("Person", hidden.id)}, {"id": encode_id("Person", uuid4())}),
        (NODES, {"ids": [encode_id("Person", hidden.id)]}, {"ids": [encode_id("Person", uuid4())]}),
        (NODES, {"ids": [encode_id("Skill", fact.id)]}, {"ids": [encode_id("Skill", uuid4())]}),
        (CHOSEN, {"f": {"skill": {"eq": "secret"}}}, {"f": {"skill": {"eq": "nobody's"}}}),
        (CHOSEN, {"f": {"skill": {"eq": "unseen"}}}, {"f": {"skill": {"eq": "nobody's"}}}),
        (FIND, {"t": "secret"}, {"t": "nothing"}),
    ]
    for query, of_hidden, of_absent in asked:
        one, other = await api(query, as_=me, **of_hidden), await api(query, as_=me, **of_absent)
        assert (one.status, one.data, one.errors) == (other.status, other.data, other.errors)
        assert one.statements == other.statements


def test_the_model_knows_every_kind_of_fact():
    assert set(FACTS) == set(models.Fact.__subclasses__())
