"""Free-text search of events, openings and mentors: by words in any field, by meaning, and degraded without a model."""

from collections.abc import AsyncGenerator

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.app import create_app
from api.auth import DevelopmentIssuer
from api.settings import Settings
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from tests.conftest import Api, asking
from tests.databases import LockedDatabase
from tests.factories import make_event, make_job, make_member, make_mentor, make_organization, make_person
from tests.schema.access_checks import HashedSearches

EVENTS = """query($t: String!, $first: Int = 9, $after: String) { searchEvents(text: $t, first: $first, after: $after) {
    degraded nodes { event { name } matchedFields score } pageInfo { hasNextPage endCursor } } }"""
JOBS = "query($t: String!) { searchJobs(text: $t, first: 9) { nodes { job { title } matchedFields } } }"
MENTORS = "query($t: String!) { searchMentors(text: $t, first: 9) { nodes { mentor { topics } matchedFields } } }"


@pytest.fixture
async def finding(settings: Settings, db: LockedDatabase, issuer: DevelopmentIssuer) -> AsyncGenerator[Api]:
    """The API with a model for search texts."""
    async with asking(create_app(settings, db, HashedSearches()), db, issuer) as api:
        yield api


async def test_events_are_found_by_every_field_and_by_what_they_are_about(
    session: AsyncSession, db: LockedDatabase, finding: Api
):
    me = await make_member(session)
    await make_event(
        session, "Regatta", organizer="Lisbon Chapter", venue="Old Mill", city="Faro", description="Boats."
    )
    await make_event(session, "Lisbon walk", description="Up the hills of Lisbon.")
    await make_event(session, "Draft in Lisbon", audience=models.Visibility.STAFF)
    await embed_missing(db, HashEmbedder())

    async def found(text: str) -> list[tuple[str, list[str]]]:
        nodes = (await finding(EVENTS, as_=me, t=text)).data["searchEvents"]["nodes"]
        return [(node["event"]["name"], node["matchedFields"]) for node in nodes]

    assert await found("mill") == [("Regatta", ["place"])]
    assert (await found("regat"))[0] == ("Regatta", ["name"])  # the beginning of a word
    assert {name for name, _ in await found("lisbon")} == {"Lisbon walk", "Regatta"}
    assert {*dict(await found("lisbon"))["Lisbon walk"]} == {"name", "description", "meaning"}
    assert await found("zeppelin") == []


async def test_openings_are_found_by_title_organisation_and_skill(session: AsyncSession, finding: Api):
    me = await make_member(session)
    acme = await make_organization(session, "Acme Shipyard")
    job = await make_job(session, title="Welder", organization_id=acme.id)
    session.add(models.JobSkill(job_id=job.id, name="TIG welding"))
    await make_job(session, title="Cook")
    for text, fields in (("shipyard", ["organization"]), ("tig", ["skills"]), ("welder", ["title"])):
        nodes = (await finding(JOBS, as_=me, t=text)).data["searchJobs"]["nodes"]
        assert nodes == [{"job": {"title": "Welder"}, "matchedFields": fields}]


async def test_mentors_are_found_by_topic_and_name_while_in_the_pool(
    session: AsyncSession, db: LockedDatabase, finding: Api
):
    me, person = await make_member(session), await make_person(session, "Amara Okafor")
    await make_mentor(session, person, ("grant writing",))
    await embed_missing(db, HashEmbedder())
    for text, fields in (("grant", {"topics", "meaning"}), ("okafor", {"displayName"})):
        (node,) = (await finding(MENTORS, as_=me, t=text)).data["searchMentors"]["nodes"]
        assert node["mentor"] == {"topics": ["grant writing"]}
        assert {*node["matchedFields"]} == fields
    person.mentor_open = False
    await session.flush()
    for text in ("grant", "okafor"):
        assert (await finding(MENTORS, as_=me, t=text)).data["searchMentors"]["nodes"] == []


async def test_without_a_model_words_are_still_found_and_pages_go_on(session: AsyncSession, api: Api):
    me = await make_member(session)
    for number in range(3):
        await make_event(session, f"Regatta {number}")
    first = (await api(EVENTS, as_=me, t="regatta", first=2)).data["searchEvents"]
    assert (first["degraded"], len(first["nodes"]), first["pageInfo"]["hasNextPage"]) == (True, 2, True)
    after = first["pageInfo"]["endCursor"]
    last = (await api(EVENTS, as_=me, t="regatta", first=2, after=after)).data["searchEvents"]
    assert len({node["event"]["name"] for page in (first, last) for node in page["nodes"]}) == 3
    wrong = await api(EVENTS, as_=me, t="another", first=2, after=after)
    assert (wrong.codes, wrong.errors[0]["extensions"]["argument"]) == (["BAD_USER_INPUT"], ["after"])


@pytest.mark.parametrize("query", [EVENTS, JOBS, MENTORS])
async def test_a_search_without_words_is_refused(session: AsyncSession, api: Api, query: str):
    answer = await api(query, as_=await make_member(session), t=" !? ")
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_finding_many_takes_as_many_statements_as_finding_one(session: AsyncSession, api: Api):
    me = await make_member(session)
    counts: list[int] = []
    for number in range(20):
        await make_event(session, f"Regatta {number}")
        if number in {0, 19}:
            answer = await api(EVENTS, as_=me, t="regatta", first=30)
            assert len(answer.data["searchEvents"]["nodes"]) == number + 1
            counts.append(len(answer.statements))
    assert counts[0] == counts[1]
