"""The access promise: random worlds, every path of the API, and a model in plain Python that says what may be seen.

Two properties: the answers are those of the model; and what is hidden moves nothing, so that the answers stay the same
when it is deleted.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from api import models
from api.access import ViewerKind
from api.app import create_app
from api.auth import DevelopmentIssuer
from api.settings import Settings
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from schema.ids import encode_id
from tests.conftest import Api, asking, unbounded
from tests.databases import LockedDatabase
from tests.factories import (
    block,
    connect,
    impersonate,
    make_account,
    make_event,
    make_fact,
    make_job,
    make_member,
    make_mentor,
    make_organization,
    make_person,
    register,
)
from tests.schema import access_checks as checks
from tests.schema.access_checks import CHOSEN, FIND, NODES, PERSON, Case
from tests.schema.worlds import FACTS, Asker, Pair, World, make_world
from tests.schema.worlds.office import sees_lost, sees_proposal

SEEDS = (6087, 1, 2)
"""One world a seed: they run beside each other, and a failure names the seed to try again."""


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
            async with asking(create_app(unbounded(settings), db, checks.HashedSearches()), db, issuer) as api:
                yield Case(world, api, session)
        await transaction.rollback()


@pytest.mark.property
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
async def test_nobody_sees_finds_counts_or_is_told_what_is_hidden(
    seed: int, engine: AsyncEngine, settings: Settings, issuer: DevelopmentIssuer
):
    async with worlds(seed, engine, settings, issuer) as case:
        for asker in case.world.askers:
            await checks.check_list(case, asker)
            await checks.check_holds(case, asker)
            await checks.check_events(case, asker)
            await checks.check_recommended_events(case, asker)
            await checks.check_jobs(case, asker)
            await checks.check_recommended_jobs(case, asker)
            await checks.check_mentoring(case, asker)
            await checks.check_advisers(case, asker)
            await checks.check_searches_and_filters(case, asker)
            await checks.check_names(case, asker)
            await checks.check_outcomes(case, asker)
            await checks.check_office(case, asker)
            await checks.check_own(case, asker)
            await checks.check_told(case, asker)
            await checks.check_reading_only(case, asker)
            await checks.check_export(case, asker)


# ---------------------------------------------------------------- what is hidden moves nothing


@pytest.mark.property
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
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
    found = {"list": await case.ask(checks.LIST, asker), "found": await case.ask(FIND, asker, t=checks.ABOUT)}
    found["alumni"] = await case.ask(checks.ALUMNI, asker)
    found["events"] = await case.ask(checks.EVENTS, asker)
    found["jobs"] = await case.ask(checks.JOBS, asker)
    found["mentors"] = await case.ask(checks.MENTORS, asker)
    found["proposed"] = await case.ask(checks.PROPOSED, asker)
    if asker.kind is not ViewerKind.GUEST:
        found["outcomes"] = await case.ask(checks.OUTCOMES, asker)
    if asker.someone is not None and asker.through is None:
        found["export"] = of_others(await checks.read_export(case, asker))
    if asker.someone is not None and asker.kind is not ViewerKind.GUEST:
        found["sources"] = await checks.sources_of(case, asker)
        for query in (checks.MEET, checks.RECOMMENDED_EVENTS, checks.RECOMMENDED_JOBS, checks.ADVISERS):
            ((name, page),) = (await case.ask(query, asker)).items()
            for one in page["nodes"]:  # ties and habits fade while the test runs
                one["score"] = one["score"] and round(one["score"], 6)
                one["evidence"] = [why | {"weight": round(why["weight"], 6)} for why in one["evidence"]]
            found[name] = page
    return found


def of_others(given: dict[str, Any]) -> dict[str, Any]:
    """What an export tells of others. With what is hidden the asker's own rows about it go, and the log grows."""
    named = {"registrations": "event", "jobInterests": "job", "connections": "with"}
    told = {part: [one[name] for one in given[part] if one[name]] for part, name in named.items()}
    return told | {part: given[part] for part in ("mentorships", "facts", "vectors")}


async def delete_hidden(case: Case, asker: Asker) -> None:
    """Delete the facts, the people, and the ties and seats of others, that the asker must not see."""
    world, session = case.world, case.session
    known = tied_to(world, asker)
    hidden: list[tuple[type[models.Row], UUID]] = [
        *((fact.kind, fact.id) for fact in world.facts if not world.sees_fact(asker, fact)),
        *((models.Connection, tie.id) for pair, tie in world.ties.items() if not knows_of(world, asker, pair)),
        *((models.Event, event.id) for event in world.events if not world.sees_event(asker, event)),
        *((models.Job, job.id) for job in world.jobs if not world.sees_job(asker, job)),
        *((models.UpdateProposal, one.id) for one in world.proposals if not sees_proposal(world, asker, one)),
        *((models.LostPerson, key) for key, person in world.lost.items() if not sees_lost(world, asker, person)),
        *((models.MentorProfile, one.id) for one in world.mentors if not world.sees_mentor(asker, one)),
        *(
            (models.Mentorship, one.id)
            for mentor in world.mentors
            for one in mentor.asked
            if not world.sees_mentorship(asker, mentor, one)
        ),
        *((models.Person, one.id) for one in world.people if not world.sees_person(asker, one) and one.id not in known),
    ]
    await delete_hidden_seats(world, session, asker)
    await delete_hidden_interests(world, session, asker)
    for one in world.people:
        if not world.knows_alumnus(asker, one):
            await session.execute(delete(models.PersonRole).where(models.PersonRole.person_id == one.id))
        if not world.is_close(asker, one):
            of_theirs = models.Education.person_id == one.id
            await session.execute(update(models.Education).where(of_theirs).values(withheld=None))
    for kind, key in hidden:
        await session.execute(delete(kind).where(kind.id == key))
    await session.flush()


def tied_to(world: World, asker: Asker) -> set[UUID | None]:
    """Who must stay though hidden: with them would go what they posted, and mentorships that the asker knows of."""
    ships = [(mentor, one) for mentor in world.mentors for one in mentor.asked]
    known = [(mentor, one) for mentor, one in ships if world.sees_mentorship(asker, mentor, one)]
    posters = {job.poster for job in world.jobs if world.sees_job(asker, job)}
    return posters | {end.id for mentor, one in known for end in (mentor.person, one.mentee)}


async def delete_hidden_seats(world: World, session: AsyncSession, asker: Asker) -> None:
    """Delete who comes to what, as far as the asker must not see it."""
    for event in world.events:
        for one in world.people:
            if not asker.owns(one.id) and not world.sees_attendance(asker, event, one):
                seat = (models.Registration.event_id == event.id) & (models.Registration.person_id == one.id)
                await session.execute(delete(models.Registration).where(seat))


async def delete_hidden_interests(world: World, session: AsyncSession, asker: Asker) -> None:
    """Delete who is interested in which opening, as far as the asker must not see it."""
    for job in world.jobs:
        for one in world.people:
            if not asker.owns(one.id) and not world.sees_interest(asker, job, one):
                liking = (models.JobInterest.job_id == job.id) & (models.JobInterest.person_id == one.id)
                await session.execute(delete(models.JobInterest).where(liking))


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


async def test_of_who_left_the_directory_only_the_open_request_is_left_and_a_block_takes_that_too(
    session: AsyncSession, api: Api
):
    """Rare in random worlds, and so said by itself."""
    me = await make_member(session)
    hidden = await make_person(session, listed=False)
    request = await connect(session, hidden, me.person_id or hidden.id, models.ConnectionState.PENDING)
    query = "query($id: ID!) { node(id: $id) { id ... on ConnectionRequest { incoming person { id } } } }"
    key = encode_id("ConnectionRequest", request.id)
    answer = await api(query, as_=me, id=key)
    assert answer.data["node"] == {"id": key, "incoming": True, "person": None}
    await block(session, hidden, await session.get_one(models.Person, me.person_id))
    assert (await api(query, as_=me, id=key)).data["node"] is None


async def test_no_draft_is_suggested_even_to_an_officer_who_sees_it(session: AsyncSession, api: Api):
    """Rare in random worlds, and so said by itself."""
    officer = await make_account(session, await make_person(session), models.AccountRole.STAFF)
    await make_event(session, audience=models.Visibility.STAFF)
    open_ = await make_event(session)
    answer = await api(checks.RECOMMENDED_EVENTS, as_=officer)
    nodes = answer.data["recommendedEvents"]["nodes"]
    assert [node["event"]["id"] for node in nodes] == [encode_id("Event", open_.id)]


async def test_between_two_of_whom_one_blocks_the_other_no_mentorship_is_known(session: AsyncSession, api: Api):
    """Rare as well: a block ends what is open."""
    me = await make_member(session)
    mentor, own = await make_person(session), await session.get_one(models.Person, me.person_id)
    ship = models.Mentorship(mentor_id=mentor.id, mentee_id=own.id, state=models.MentorshipState.ACCEPTED)
    session.add(ship)
    await session.flush()
    key = encode_id("Mentorship", ship.id)
    assert (await api(NODES, as_=me, ids=[key])).data["nodes"] == [{"__typename": "Mentorship", "id": key}]
    await block(session, mentor, own)
    assert (await api(NODES, as_=me, ids=[key])).data["nodes"] == [None]


async def test_of_who_left_the_directory_only_the_connection_is_left_and_a_block_takes_that_too(
    session: AsyncSession, api: Api
):
    """Rare likewise: a block ends the connection."""
    me, officer = await make_member(session), await make_account(session, role=models.AccountRole.STAFF)
    own = await session.get_one(models.Person, me.person_id)
    hidden = await make_person(session, listed=False)
    key = encode_id("Tie", (await connect(session, own, hidden)).id)
    query = "query($id: ID!) { node(id: $id) { id ... on Tie { visibility person { id } } } }"
    assert (await api(query, as_=me, id=key)).data["node"] == {"id": key, "visibility": "MEMBERS", "person": None}
    assert (await api(query, as_=officer, id=key)).data["node"] is None
    await block(session, hidden, own)
    assert (await api(query, as_=me, id=key)).data["node"] is None


async def test_who_has_left_the_pool_is_not_suggested_as_a_mentor(session: AsyncSession, api: Api):
    """Rare in random worlds too."""
    me = await make_member(session)
    for change in ("mentor_open", "listed"):
        person = await make_person(session)
        await make_mentor(session, person, ("secret",))
        setattr(person, change, False)
    await session.flush()
    assert (await api(checks.ADVISERS, as_=me)).data["suggestedMentors"]["nodes"] == []


async def test_who_has_no_place_is_not_suggested_as_a_mentor(session: AsyncSession, api: Api):
    """Few worlds have a mentor whom one has not asked and who is full or pauses."""
    me, later = await make_member(session), datetime.now(UTC) + timedelta(days=9)
    await make_mentor(session, await make_person(session), active_mentees=1)
    await make_mentor(session, await make_person(session), paused_until=later)
    assert (await api(checks.ADVISERS, as_=me)).data["suggestedMentors"]["nodes"] == []


async def test_a_mentor_is_not_said_to_offer_what_is_hidden(session: AsyncSession, api: Api):
    """Few worlds have a mentor who offers in secret just what one seeks or has."""
    me, mentor = await make_member(session), await make_person(session)
    own = await session.get_one(models.Person, me.person_id)
    await make_mentor(session, mentor)
    for name, level in (("open", models.Visibility.MEMBERS), ("secret", models.Visibility.ME)):
        await make_fact(session, models.Skill, own, name=name)
        await make_fact(session, models.Skill, mentor, level, name=name, kind=models.TagKind.OFFER)
    (told,) = (await api(checks.ADVISERS, as_=me)).data["suggestedMentors"]["nodes"]
    fields = [why["text"] for why in told["evidence"] if why["text"].endswith("a field of yours too")]
    assert fields == ["Offers open, a field of yours too"]


async def test_no_opening_is_recommended_that_ran_out(session: AsyncSession, api: Api):
    """Officers see them in lists, and few worlds have an officer with a profile."""
    officer = await make_account(session, await make_person(session), models.AccountRole.STAFF)
    await make_job(session, valid_through=datetime.now(UTC) - timedelta(days=1))
    answer = await api(checks.RECOMMENDED_JOBS, as_=officer)
    assert answer.data["recommendedJobs"]["nodes"] == []


@pytest.mark.parametrize("level", [models.Visibility.STAFF, models.Visibility.MEMBERS])
async def test_a_contact_speaks_for_an_opening_only_by_what_is_open(
    session: AsyncSession, api: Api, level: models.Visibility
):
    """Few worlds have an opening where a contact works in secret."""
    me, contact, work = await make_member(session), await make_person(session), await make_organization(session)
    await connect(session, me.person_id or contact.id, contact)
    await make_fact(session, models.Experience, contact, level, organization_id=work.id)
    await make_job(session, organization_id=work.id)
    (told,) = (await api(checks.RECOMMENDED_JOBS, as_=me)).data["recommendedJobs"]["nodes"]
    by_contact = [why for why in told["evidence"] if why["kind"] == "CONTACT_WORKS_THERE"]
    assert bool(by_contact) == (level is models.Visibility.MEMBERS)


async def test_nobody_is_named_as_a_companion_whom_one_may_not_know_to_have_met(session: AsyncSession, api: Api):
    """Rare in random worlds, and so said by itself."""
    me = await make_member(session)
    names = ("Seen", "Unseen", "Objector")
    seen, unseen, objector = [
        await make_person(session, name, show_attendance=True, profiled=name != "Objector") for name in names
    ]
    ago = datetime.now(UTC) - timedelta(days=30)
    open_, closed = [await make_event(session, starts_at=ago, attendees_shown=shown) for shown in (True, False)]
    to_come = await make_event(session)
    for event in (open_, closed):
        await register(session, event, me.person_id or seen.id)
    for event, people in ((open_, (seen, objector)), (closed, (unseen,)), (to_come, (seen, unseen, objector))):
        for person in people:
            await register(session, event, person)
    (node,) = (await api(checks.RECOMMENDED_EVENTS, as_=me)).data["recommendedEvents"]["nodes"]
    assert [why["text"] for why in node["evidence"] if why["kind"] == "COMPANION_COMES"] == ["Seen comes too"]


async def test_no_more_profiles_are_shown_in_a_day_than_the_institution_allows(session: AsyncSession, api: Api):
    """No world has so few profiles a day."""
    session.add(models.Institution(name="Northbridge University", profiles_per_day=1))
    me, people = await make_member(session), [await make_person(session) for _ in range(2)]
    first, second = [(await api(PERSON, as_=me, id=encode_id("Person", person.id))) for person in people]
    assert first.data["person"]["id"] == encode_id("Person", people[0].id)
    assert (second.data, second.codes) == (None, ["RATE_LIMITED"])


def test_the_model_knows_every_kind_of_fact():
    assert set(FACTS) == set(models.Fact.__subclasses__())


async def test_reasons_for_openings_tell_an_administrator_nothing_that_is_for_the_person_alone(
    session: AsyncSession, api: Api
):
    """Few worlds have an opening whose title holds a wish."""
    admin, member = await make_account(session, role=models.AccountRole.ADMIN), await make_member(session)
    mine = await session.get_one(models.Person, member.person_id)
    for level, name in ((models.Visibility.ME, "Barista"), (models.Visibility.STAFF, "Baker")):
        await make_fact(session, models.Interest, mine, level, name=name, kind=models.TagKind.WANT)
    for title in ("Barista", "Baker", *(f"Other {number}" for number in range(10))):
        await make_job(session, title=title)
    going = await impersonate(session, admin, mine)
    as_member = str((await api(checks.RECOMMENDED_JOBS, as_=member)).data)
    through = str((await api(checks.RECOMMENDED_JOBS, as_=admin, through=going)).data)
    assert [f"You look for: {name}" in as_member for name in ("Barista", "Baker")] == [True, True]
    assert [f"You look for: {name}" in through for name in ("Barista", "Baker")] == [False, True]
