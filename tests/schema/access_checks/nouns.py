"""What is asked about events, jobs and mentors, and what the model says of each answer."""

import json
from typing import Any

from api.access import ViewerKind
from recommender.evidence import MOST as MOST_REASONS
from schema.ids import encode_id
from tests.schema.access_checks.cases import COUNTS, Case, ids, person_id
from tests.schema.worlds import Asker, Fact, World

EVENTS = f"""{{ events(first: 100) {{ totalCount nodes {{ id name joinUrl translations {{ name description }}
    attendees(first: 100) {{ totalCount
    nodes {{ id }} facets {{ classYears{COUNTS} }} }} }} facets {{ weekdays{COUNTS} }} }} }}"""
JOBS = f"""{{ jobs(first: 100) {{ totalCount nodes {{ id title translations {{ description }} poster {{ id }} interested
    interestedPeople(first: 100) {{ totalCount nodes {{ id }} }} }} facets {{ employmentTypes{COUNTS} }} }} }}"""
MENTORS = f"""{{ mentors(first: 100) {{ totalCount nodes {{ id topics person {{ id }} }} facets {{ topics{COUNTS} }} }}
    mentorships(first: 100) {{ totalCount nodes {{ id message mentor {{ id }} mentee {{ id }} }} }} }}"""
ADVISERS = """{ suggestedMentors(first: 50) {
    nodes { score mentor { id topics person { id } } evidence { kind text weight } } } }"""
RECOMMENDED_EVENTS = """{ recommendedEvents(first: 50) { nodes { score event { id name }
    evidence { kind text weight } } } }"""
RECOMMENDED_JOBS = """{ recommendedJobs(first: 50) { nodes { score job { id title organization { id } }
    evidence { kind text weight } } } }"""
CHOSEN_MENTORS = "query($t: String!) { mentors(first: 9, filter: {topic: {eq: $t}}) { totalCount } }"
CHOSEN_JOBS = "query($w: String!) { jobs(first: 9, filter: {words: {contains: $w}}) { totalCount } }"
FIND_EVENTS = "query($t: String!) { searchEvents(text: $t, first: 9) { nodes { event { id } matchedFields } } }"
FIND_JOBS = "query($t: String!) { searchJobs(text: $t, first: 9) { nodes { job { id } matchedFields } } }"
FIND_MENTORS = "query($t: String!) { searchMentors(text: $t, first: 9) { nodes { mentor { id } matchedFields } } }"
CHOSEN_EVENTS = "query($w: String!) { events(first: 9, filter: {words: {contains: $w}}) { totalCount } }"


def assert_found(hits: list[dict[str, Any]], name: str, wanted: str | None) -> None:
    """A token finds the one item that has it, or nothing. By meaning alone others may be near, but none that is hidden:
    tokens that nothing has in common may be hashed alike."""
    by_words = [hit[name] for hit in hits if hit["matchedFields"] != ["meaning"]]
    assert by_words == ([] if wanted is None else [{"id": wanted}])
    assert None not in [hit[name] for hit in hits]


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
        hits = (await case.ask(FIND_EVENTS, asker, t=event.token))["searchEvents"]["nodes"]
        assert_found(hits, "event", encode_id("Event", event.id) if world.sees_event(asker, event) else None)
    for node in page["nodes"]:
        comes = {one.id for one in world.people if world.sees_attendance(asker, seen[node["id"]], one)}
        assert ids(node["attendees"]) == {encode_id("Person", one) for one in comes}
        assert node["attendees"]["totalCount"] == len(comes)


async def check_recommended_events(case: Case, asker: Asker) -> None:
    """Which events are suggested, and who is named in the reasons: whoever comes, if the asker may know it."""
    world = case.world
    if asker.someone is None or asker.kind is ViewerKind.GUEST:
        assert (await case.api(RECOMMENDED_EVENTS, as_=asker.account)).codes == ["FORBIDDEN"]
        return
    nodes = (await case.ask(RECOMMENDED_EVENTS, asker))["recommendedEvents"]["nodes"]
    assert all(node["event"] is not None for node in nodes)
    wanted = {encode_id("Event", event.id): event for event in world.may_attend(asker)}
    assert {node["event"]["id"] for node in nodes} == set(wanted)
    said = json.dumps(nodes)
    assert [one for one in world.events if one.token in said and not world.sees_event(asker, one)] == []
    for node in nodes:
        told = {why["text"] for why in node["evidence"] if why["kind"] == "COMPANION_COMES"}
        known = world.companions(asker, wanted[node["event"]["id"]])
        may = {f"Person {place} comes too" for place, one in enumerate(world.people) if one.id in known}
        assert told <= may
        if len(node["evidence"]) < MOST_REASONS and node["score"] is not None:
            assert told == may or all(why["kind"] == "COHORT" for why in node["evidence"])


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
        hits = (await case.ask(FIND_JOBS, asker, t=job.token))["searchJobs"]["nodes"]
        assert_found(hits, "job", encode_id("Job", job.id) if world.sees_job(asker, job) else None)
    for node in page["nodes"]:
        job = seen[node["id"]]
        known = job.poster is not None and world.sees_person(asker, world.person(job.poster))
        assert (node["poster"] is not None) == known
        fans = {one.id for one in world.people if world.sees_interest(asker, job, one)}
        assert ids(node["interestedPeople"]) == {encode_id("Person", one) for one in fans}
        assert node["interestedPeople"]["totalCount"] == len(fans)
        assert node["interested"] == (asker.someone is not None and asker.someone.id in job.interested)


async def check_recommended_jobs(case: Case, asker: Asker) -> None:
    """Which openings are recommended; and no contact is named who may not be known to be there."""
    world = case.world
    if asker.someone is None or asker.kind is ViewerKind.GUEST:
        assert (await case.api(RECOMMENDED_JOBS, as_=asker.account)).codes == ["FORBIDDEN"]
        return
    page = (await case.ask(RECOMMENDED_JOBS, asker))["recommendedJobs"]
    assert all(node["job"] is not None for node in page["nodes"])
    told = {node["job"]["id"]: node for node in page["nodes"]}
    jobs = {encode_id("Job", job.id): job for job in world.jobs}
    assert set(told) == {encode_id("Job", one) for one in world.may_take(asker)}
    for key, node in told.items():
        known = world.colleagues(asker, jobs[key])
        named = {why["text"].split(",")[0] for why in node["evidence"] if why["kind"] == "CONTACT_WORKS_THERE"}
        assert named <= {f"Person {number}" for number, one in enumerate(world.people) if one.id in known}
        hidden = [fact.token for fact in world.facts if not world.sees_fact(asker, fact)]
        assert not any(token in why["text"] for why in node["evidence"] for token in hidden)


async def check_mentoring(case: Case, asker: Asker) -> None:
    """Which mentors there are, and who asked whom."""
    world, answer = case.world, await case.ask(MENTORS, asker)
    page, ships = answer["mentors"], answer["mentorships"]
    seen = {encode_id("MentorProfile", one.id): one for one in world.mentors if world.sees_mentor(asker, one)}
    assert ids(page) == set(seen)
    assert page["totalCount"] == len(seen)
    assert {one["value"]: one["count"] for one in page["facets"]["topics"]} == {one.token: 1 for one in seen.values()}
    for node in page["nodes"]:
        assert node["topics"] == [seen[node["id"]].token]
        assert node["person"]["id"] == person_id(seen[node["id"]].person)
    for mentor in world.mentors:
        found = (await case.ask(CHOSEN_MENTORS, asker, t=mentor.token))["mentors"]["totalCount"]
        assert found == int(world.sees_mentor(asker, mentor))
        hits = (await case.ask(FIND_MENTORS, asker, t=mentor.token))["searchMentors"]["nodes"]
        assert_found(hits, "mentor", encode_id("MentorProfile", mentor.id) if found else None)
    known = {
        encode_id("Mentorship", one.id): (mentor.person, one)
        for mentor in world.mentors
        for one in mentor.asked
        if world.sees_mentorship(asker, mentor, one)
    }
    assert {node["id"]: node["message"] for node in ships["nodes"]} == {
        key: one.token for key, (_, one) in known.items()
    }
    assert ships["totalCount"] == len(known)
    for node in ships["nodes"]:
        person, one = known[node["id"]]
        assert node["message"] == one.token
        for name, end in (("mentor", person), ("mentee", one.mentee)):
            assert node[name] == ({"id": person_id(end)} if world.sees_person(asker, end) else None)


async def check_advisers(case: Case, asker: Asker) -> None:
    """Which mentors are suggested, and that no reason tells of what is hidden."""
    world = case.world
    if asker.someone is None or asker.kind is ViewerKind.GUEST:
        assert (await case.api(ADVISERS, as_=asker.account)).codes == ["FORBIDDEN"]
        return
    nodes = (await case.ask(ADVISERS, asker))["suggestedMentors"]["nodes"]
    assert all(one["mentor"] for one in nodes)
    assert {one["mentor"]["id"] for one in nodes} == {encode_id("MentorProfile", one) for one in world.may_ask(asker)}
    said = json.dumps(nodes)
    assert [one for one in world.facts if one.token in said and not known(world, asker, one)] == []


def known(world: World, asker: Asker, fact: Fact) -> bool:
    """Whether the asker knows of such a fact of anybody."""
    return any(one.token == fact.token and world.sees_fact(asker, one) for one in world.facts)
