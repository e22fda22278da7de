"""What is asked about people on every path, and what the model says of each answer."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

from api import models
from api.access import ViewerKind
from schema.ids import encode_id
from tests.schema.access_checks.cases import COUNTS, Case, ids, person_id
from tests.schema.access_checks.records import check_records
from tests.schema.worlds import COMMON, Asker, Fact, Someone, World

SELECTION = """id displayName headline bio seeks offers photo classYear connectedToMe tie { id }
    ferpaHold roles { kind } educations { id programme registrarSourced } experiences { id title organization { name } }
    currentExperience { title } skills { name } interests { name } places { city } contactPoints { value } links { url }
    texts { text }"""
FACETS = f"""facets {{ programmes{COUNTS} skills{COUNTS} interests{COUNTS} cities{COUNTS} countries{COUNTS}
    organizations{COUNTS} classYears{COUNTS} roles{COUNTS} }}"""
LIST = (
    "{ people(first: 100, orderBy: [{classYear: DESC}, {name: ASC}]) { totalCount nodes { %s"
    " connections(first: 100) { totalCount nodes { id } %s } mutualConnections(first: 100) { nodes { id } }"
    " events(first: 100) { totalCount nodes { id } }"
    " similarPeople(first: 50) { id } few: similarPeople(first: 2) { id } } %s } }" % (SELECTION, FACETS, FACETS)
)
CHOSEN = "query($f: PersonFilter!) { people(first: 9, filter: $f) { totalCount nodes { id } } }"
MEET = "{ peopleYouShouldMeet(first: 50) { nodes { score person { id } evidence { kind text weight } } } }"
FIND = "query($t: String!) { searchPeople(text: $t, first: 100) { nodes { person { id } score matchedFields } } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
PERSON = "query($id: ID!) { person(id: $id) { %s } }" % SELECTION
MINE = """{ viewer { connectionRequests(first: 100) { nodes { id } } blocks { personId }
    ties(first: 100) { totalCount nodes { id person { id } } } } }"""
UNLIST = "mutation { setListed(input: {listed: false}) { __typename } }"
ABOUT = "about sailing and mathematics"
"""What every text of a world says: by meaning, each of them is found."""


# ---------------------------------------------------------------- the answers are those of the model


async def check_list(case: Case, asker: Asker) -> None:
    """Nodes, counts, facets, orders and nested edges of the directory."""
    world = case.world
    page = (await case.ask(LIST, asker))["people"]
    seen = {person_id(one): one for one in world.people if world.sees_person(asker, one)}
    assert {node["id"] for node in page["nodes"]} == set(seen)
    assert page["totalCount"] == len(seen)
    said = json.dumps(page)
    told = {fact.token for fact in world.facts if world.reads(asker, fact)}
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
        check_records(world, asker, seen[node["id"]], node)
        check_similar(world, asker, seen[node["id"]], node)
    years = [node["classYear"] or -1 for node in page["nodes"]]
    assert years == sorted(years, reverse=True)
    check_facets(world, asker, {one.id for one in seen.values()}, page["facets"])


def check_similar(world: World, asker: Asker, person: Someone, node: Any) -> None:
    """Of those who may be shown as being like the person all are in a long list, and a short one has no gaps."""
    wanted = {encode_id("Person", one) for one in world.resembling(asker, person)}
    for key, first in (("similarPeople", 50), ("few", 2)):
        found = [one["id"] for one in node[key]]
        assert len({*found} & wanted) == len(found) == min(len(wanted), first)


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
    roles = {"ALUMNUS": sum(one.id in people and world.knows_alumnus(asker, one) for one in world.people)}
    assert {one["value"]: one["count"] for one in facets["roles"]} == (roles if roles["ALUMNUS"] else {})
    years = {(fact.year, fact.owner.id) for fact in known if fact.year is not None}
    places = Counter(str(year) for year, _ in years)
    assert {one["value"]: one["count"] for one in facets["classYears"]} == places
    work = {(fact.organization_id, fact.owner.id) for fact in known if fact.kind is models.Experience}
    counts = sorted(Counter(organization for organization, _ in work).values())
    assert sorted(one["count"] for one in facets["organizations"]) == counts
    for name, kind in (("programmes", models.Education), ("skills", models.Skill), ("interests", models.Interest)):
        held = {(fact.token, fact.owner.id) for fact in known if fact.kind is kind and not fact.kept}
        tokens = Counter(token for token, _ in held)
        assert {one["value"]: one["count"] for one in facets[name]} == tokens


async def check_searches_and_filters(case: Case, asker: Asker) -> None:
    """Each fact is found by those who see it, and by nobody else."""
    for fact in own_tokens(case.world)[::3]:
        open_ = case.world.finds(asker, fact)
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
        others.append(("Tie", tie.id, world.has_tie(asker, pair)))
        others.append(("ConnectionRequest", tie.id, tie.id in world.requests(asker)))
    others += [("Event", event.id, world.sees_event(asker, event)) for event in world.events]
    others += [("Job", job.id, world.sees_job(asker, job)) for job in world.jobs]
    for mentor in world.mentors:
        others.append(("MentorProfile", mentor.id, world.sees_mentor(asker, mentor)))
        others += [("Mentorship", one.id, world.sees_mentorship(asker, mentor, one)) for one in mentor.asked]
    accounts = [one for one in world.askers if one.through is None]
    others += [("Viewer", one.account.id, is_account_of(asker, one)) for one in accounts]
    named = [encode_id(kind, key) for kind, key, _ in others]
    nodes = (await case.ask(NODES, asker, ids=named))["nodes"]
    assert [node is not None for node in nodes] == [visible for *_, visible in others]


def is_account_of(asker: Asker, other: Asker) -> bool:
    """Whether the asker sees the network as `other` does."""
    return other is asker or (asker.through is not None and asker.someone is other.someone)


async def check_reading_only(case: Case, asker: Asker) -> None:
    """As somebody else one changes nothing."""
    if asker.through is not None:
        answer = await case.answer(UNLIST, asker)
        assert (answer.data, answer.codes) == ({"setListed": None}, ["FORBIDDEN"])


async def check_own(case: Case, asker: Asker) -> None:
    """What concerns the asker alone: requests, blocks, suggestions."""
    world, someone = case.world, asker.someone
    mine = (await case.ask(MINE, asker))["viewer"]
    assert ids(mine["connectionRequests"]) == {encode_id("ConnectionRequest", one) for one in world.requests(asker)}
    ends = {
        encode_id("Tie", tie.id): next(end for end in pair if not asker.owns(end))
        for pair, tie in world.ties.items()
        if world.has_tie(asker, pair)
    }
    assert mine["ties"]["totalCount"] == len(ends)
    assert ids(mine["ties"]) == set(ends)
    for node in mine["ties"]["nodes"]:
        other = world.person(ends[node["id"]])
        assert node["person"] == ({"id": person_id(other)} if world.sees_person(asker, other) else None)
    blocked = {end for pair, by in world.blocks.items() if asker.owns(by) for end in pair if end != by}
    assert {one["personId"] for one in mine["blocks"]} == {encode_id("Person", one) for one in blocked}
    if someone is None or asker.kind is ViewerKind.GUEST:
        refused = await case.answer(MEET, asker)
        assert refused.codes == ["FORBIDDEN"]
        return
    meet = people_of((await case.ask(MEET, asker))["peopleYouShouldMeet"])
    assert set(meet) == {encode_id("Person", one) for one in world.may_meet(asker)}
    reasons = json.dumps(meet)
    assert [fact for fact in own_tokens(world) if fact.token in reasons and not world.finds(asker, fact)] == []


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
