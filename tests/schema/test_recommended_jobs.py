"""Recommended openings over HTTP: who gets them, that none is over, what is logged, and what they cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from recommender.weights.jobs import JOBS
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import connect, make_account, make_fact, make_job, make_member, make_person, make_staff

JOBS_FOR_ME = """query($first: Int, $after: String, $profiled: Boolean) {
    recommendedJobs(first: $first, after: $after, profiled: $profiled) {
    nodes { id score job { title } evidence { kind text weight } } edges { cursor node { id } }
    pageInfo { hasNextPage endCursor } } }"""
DISMISS = """mutation($id: ID!) { dismissSuggestion(input: {suggestionId: $id}) {
    ... on DismissSuggestionPayload { viewer { email } } ... on Error { code } } }"""
INTEREST = """mutation($id: ID!) { showInterest(input: {jobId: $id}) { ... on JobPayload { job { id } } } }"""
REMOTE: dict[str, Any] = {"city": None, "country": None, "remote": True}


def titles(page: Any) -> list[str]:
    return [node["job"]["title"] for node in page["nodes"]]


async def asked(api: Api, account: models.Account, **variables: Any) -> Any:
    answer = await api(JOBS_FOR_ME, as_=account, **{"first": 20, **variables})
    assert answer.errors == []
    return answer.data["recommendedJobs"]


async def test_openings_are_recommended_to_members_and_officers_with_a_profile(session: AsyncSession, api: Api):
    await make_job(session, title="Welder")
    member = await make_member(session)
    officer = await make_account(session, await make_person(session), models.AccountRole.STAFF)
    guest = await make_account(session, await make_person(session, alumnus=False))
    for account in (member, officer):
        assert titles(await asked(api, account)) == ["Welder"]
    assert (await api(JOBS_FOR_ME, first=1)).codes == ["UNAUTHENTICATED"]
    assert (await api(JOBS_FOR_ME, as_=guest, first=1)).codes == ["FORBIDDEN"]
    without = await api(JOBS_FOR_ME, as_=await make_staff(session), first=1)
    assert without.codes == ["FORBIDDEN"]


async def test_an_opening_is_gone_the_moment_it_runs_out_also_from_a_page_asked_again(session: AsyncSession, api: Api):
    """Row 55: `validThrough` is honoured by the same rule in every list."""
    me = await make_member(session)
    jobs = [await make_job(session, title=f"Job {number}") for number in range(4)]
    first = await asked(api, me, first=2)
    after = first["pageInfo"]["endCursor"]
    second = await asked(api, me, first=2, after=after)
    over = titles(second)[0]
    (job,) = [one for one in jobs if one.title == over]
    await session.execute(
        update(models.Job).where(models.Job.id == job.id).values(valid_through=datetime.now(UTC) - timedelta(days=1))
    )
    assert titles(await asked(api, me, first=2, after=after)) == titles(second)[1:]
    assert over not in titles(await asked(api, me))
    listed = await api("{ jobs(first: 9) { nodes { title } } }", as_=me)
    assert over not in {node["title"] for node in listed.data["jobs"]["nodes"]}


async def test_reasons_name_the_skills_and_the_place(session: AsyncSession, api: Api):
    """Row 55: location and skills, told."""
    me = await make_member(session)
    assert me.person_id is not None
    await make_fact(session, models.Skill, me.person_id, name="TIG welding")
    await make_fact(session, models.Place, me.person_id, city="Lisbon", country="PT")
    for number in range(9):
        await make_job(session, city="Oslo", country="NO", title=f"Other {number}")
    job = await make_job(session, title="Welder")
    session.add(models.JobSkill(job_id=job.id, name="TIG Welding"))
    await session.flush()
    best = (await asked(api, me))["nodes"][0]
    assert best["job"]["title"] == "Welder"
    assert {(why["kind"], why["text"]) for why in best["evidence"]} == {
        ("ASKS_FOR_YOUR_SKILL", "Asks for TIG welding, which you can"),
        ("NEAR_YOU", "In Lisbon, where you live"),
        ("NEW", "Posted today"),
    }
    assert all(why["weight"] > 0 for why in best["evidence"])
    assert 0 < best["score"] < 1


async def test_without_profiling_the_newest_come_first_and_it_is_logged(session: AsyncSession, api: Api):
    """Rule P22: openings run untargeted too, and who was shown what is known."""
    me, objector = await make_member(session), await make_member(session, profiled=False)
    for account in (me, objector):
        assert account.person_id is not None
        await make_fact(session, models.Skill, account.person_id, name="Welding")
    for number in range(3):
        at = datetime.now(UTC) - timedelta(days=number)
        await make_job(session, title=f"{number} days old", created_at=at)
    old = await make_job(session, title="Welder", created_at=datetime(2025, 1, 1, tzinfo=UTC))
    session.add(models.JobSkill(job_id=old.id, name="Welding"))
    await session.flush()
    for account, wish in ((me, {"profiled": False}), (objector, {})):
        page = await asked(api, account, **wish)
        assert titles(page) == ["0 days old", "1 days old", "2 days old", "Welder"]
        assert {(node["score"], len(node["evidence"])) for node in page["nodes"]} == {(None, 0)}
    logged = (await session.scalars(select(models.Suggestion).order_by(models.Suggestion.id))).all()
    assert [(row.viewer_id, row.position) for row in logged] == [
        *((me.person_id, place) for place in range(4)),
        *((objector.person_id, place) for place in range(4)),
    ]
    assert {(row.score, row.ranking_digest) for row in logged} == {(None, None)}
    assert titles(await asked(api, me))[0] == "Welder"


async def test_a_dismissed_opening_never_comes_back_and_interest_is_an_outcome(session: AsyncSession, api: Api):
    me = await make_member(session)
    unwanted, wanted = await make_job(session, title="Unwanted"), await make_job(session, title="Wanted")
    never_shown = await make_job(session, title="Never shown", valid_through=datetime.now(UTC) + timedelta(hours=1))
    page = await asked(api, me)
    shown = {node["job"]["title"]: node["id"] for node in page["nodes"]}
    assert set(shown) == {"Unwanted", "Wanted", "Never shown"}
    other = await make_member(session)
    assert (await api(DISMISS, as_=other, id=shown["Unwanted"])).data["dismissSuggestion"]["code"] == "NOT_FOUND"
    assert (await api(DISMISS, as_=me, id=shown["Unwanted"])).data["dismissSuggestion"]["viewer"]
    for account, job in ((me, wanted), (other, never_shown)):
        assert (await api(INTEREST, as_=account, id=encode_id("Job", job.id))).errors == []
    assert titles(await asked(api, me)) == ["Never shown"]
    rows = (await session.scalars(select(models.SuggestionOutcome))).all()
    assert {(row.viewer_id, row.job_id, row.outcome) for row in rows} == {
        (me.person_id, unwanted.id, models.OutcomeKind.DISMISSED),
        (me.person_id, wanted.id, models.OutcomeKind.INTERESTED),
    }


async def test_what_decides_the_order_is_published(session: AsyncSession, api: Api):
    query = "{ recommenders { name digest parameters { feature } } }"
    found = (await api(query, as_=await make_member(session))).data["recommenders"]
    jobs = next(one for one in found if one["name"] == "recommendedJobs")
    assert jobs["digest"] == JOBS.digest.hex()
    assert {one["feature"] for one in jobs["parameters"]} == {str(one) for one in JOBS.space.features}


async def test_twenty_openings_cost_as_many_statements_as_one(session: AsyncSession, api: Api):
    me, friend = await make_member(session), await make_person(session)
    assert me.person_id is not None
    await connect(session, me.person_id, friend)
    await make_fact(session, models.Skill, me.person_id, name="Welding")
    counts: list[int] = []
    for number in range(20):
        job = await make_job(session, **REMOTE)
        session.add(models.JobSkill(job_id=job.id, name="Welding"))
        await make_fact(session, models.Experience, friend, organization_id=job.organization_id)
        if number in {0, 19}:
            await session.flush()
            answer = await api(JOBS_FOR_ME, as_=me, first=20)
            assert len(answer.data["recommendedJobs"]["nodes"]) == number + 1
            counts.append(len(answer.statements))
    assert counts[0] == counts[1] <= 16, counts
