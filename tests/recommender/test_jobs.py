"""Which openings are recommended, in which order, with which reasons, and what changes nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer
from recommender.asking import Asking
from recommender.embeddings import HashEmbedder
from recommender.evidence_kinds import EvidenceKind
from recommender.features import Candidate
from recommender.feedback import dismiss_suggestion
from recommender.jobs import PIPELINE
from recommender.jobs.titles import Titles
from recommender.pages import SuggestionPage, rank_candidates, suggest
from recommender.vectors import embed_missing
from recommender.weights.jobs import JOBS, Feature
from tests.databases import LockedDatabase
from tests.factories import (
    block,
    connect,
    make_fact,
    make_job,
    make_member,
    make_organization,
    make_person,
    viewer_of,
)

V = models.Visibility
ELSEWHERE: dict[str, Any] = {"city": "Oslo", "country": "NO"}


async def recommended(session: AsyncSession, viewer: Viewer, first: int = 20) -> SuggestionPage:
    await session.flush()
    return await suggest(session, viewer, PIPELINE, first=first)


async def ranked(session: AsyncSession, viewer: Viewer, as_of: datetime) -> list[tuple[Candidate, float]]:
    await session.flush()
    return await rank_candidates(session, Asking(viewer, as_of, JOBS), PIPELINE, most=50)


def ids(page: SuggestionPage) -> list[UUID]:
    return [one.item_id for one in page.suggestions]


def reasons(page: SuggestionPage, job: models.Job) -> list[tuple[EvidenceKind, str]]:
    (one,) = [one for one in page.suggestions if one.item_id == job.id]
    return [(why.kind, why.text) for why in one.evidence]


async def fillers(session: AsyncSession, number: int = 10) -> list[models.Job]:
    """Openings that have nothing to do with anybody."""
    elsewhere = (await make_organization(session, "Elsewhere")).id
    return [
        await make_job(session, **ELSEWHERE, title=f"Unrelated {n}", organization_id=elsewhere) for n in range(number)
    ]


async def shown_interest(session: AsyncSession, job: models.Job, people: Sequence[UUID], at: datetime) -> None:
    session.add_all(models.JobInterest(job_id=job.id, person_id=one, created_at=at) for one in people)
    await session.flush()


async def with_skills(session: AsyncSession, job: models.Job, *names: str) -> models.Job:
    session.add_all(models.JobSkill(job_id=job.id, name=name) for name in names)
    await session.flush()
    return job


# ---------------------------------------------------------------- what may be recommended


async def test_nothing_is_recommended_that_must_not_be(session: AsyncSession):
    viewer = viewer_of(await make_member(session, "Me"))
    me, other = await session.get_one(models.Person, viewer.key), await make_person(session)
    blocked, blocker = await make_person(session), await make_person(session)
    await block(session, me, blocked)
    await block(session, blocker, me)
    now = datetime.now(UTC)
    fine = await make_job(session, other)
    await make_job(session, valid_through=now - timedelta(seconds=1))
    await make_job(session, withdrawn_at=now)
    await make_job(session, audience=V.STAFF)
    await make_job(session, me)
    await make_job(session, blocked)
    await make_job(session, blocker)
    liked, dismissed = await make_job(session), await make_job(session)
    await shown_interest(session, liked, [viewer.key], now)
    page = await recommended(session, viewer)
    assert set(ids(page)) == {fine.id, dismissed.id}
    (unwanted,) = [one.id for one in page.suggestions if one.item_id == dismissed.id]
    assert await dismiss_suggestion(session, viewer, unwanted, "no", "job_id") == dismissed.id
    assert ids(await recommended(session, viewer)) == [fine.id]


async def test_a_page_is_never_short_while_there_are_more(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    jobs = {job.id for job in await fillers(session, 25)}
    seen: list[UUID] = []
    after = None
    while True:
        page = await suggest(session, viewer, PIPELINE, first=10, after=after)
        seen += ids(page)
        if not page.has_next:
            break
        assert len(page.suggestions) == 10
        after = page.cursor(page.suggestions[-1])
    assert len(seen) == 25
    assert set(seen) == jobs


# ---------------------------------------------------------------- what counts, told in words


async def test_nearer_is_better(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    await make_fact(session, models.Place, viewer.key, city="Lisbon", region="Lisboa", country="PT")
    far = await make_job(session, city="Oslo", country="NO")
    country = await make_job(session, city="Porto", region="Norte", country="PT")
    region = await make_job(session, city="Sintra", region="LISBOA", country="PT")
    city = await make_job(session, city="Lisboñ", region=None, country="PT")
    namesake = await make_job(session, city="Lisbon", region="Ohio", country="US")
    await fillers(session)
    page = await recommended(session, viewer)
    assert ids(page)[:3] == [city.id, region.id, country.id]
    assert reasons(page, city)[0] == (EvidenceKind.NEAR_YOU, "In Lisboñ, where you live")
    assert reasons(page, region)[0] == (EvidenceKind.NEAR_YOU, "In LISBOA, where you live")
    kinds = {kind for job in (far, namesake) for kind, _ in reasons(page, job)}
    assert EvidenceKind.NEAR_YOU not in kinds


async def test_remote_work_is_near_everybody(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    remote = await make_job(session, remote=True, city=None, country=None)
    await fillers(session)
    page = await recommended(session, viewer)
    assert ids(page)[0] == remote.id
    assert reasons(page, remote)[0] == (EvidenceKind.NEAR_YOU, "Can be done from anywhere")


async def test_skills_that_are_asked_for_are_named(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    await make_fact(session, models.Skill, viewer.key, name="TIG welding")
    await make_fact(session, models.Skill, viewer.key, name="Rust", kind=models.TagKind.WANT)
    welding = await with_skills(session, await make_job(session, **ELSEWHERE), "tig wélding", "Patience")
    rust = await with_skills(session, await make_job(session, **ELSEWHERE), "rust")
    await fillers(session)
    page = await recommended(session, viewer)
    assert set(ids(page)[:2]) == {welding.id, rust.id}
    assert reasons(page, welding)[0] == (EvidenceKind.ASKS_FOR_YOUR_SKILL, "Asks for TIG welding, which you can")
    assert reasons(page, rust)[0] == (EvidenceKind.FITS_WHAT_YOU_SEEK, "You look for: Rust")


async def test_wishes_count_word_by_word_also_those_that_only_their_owner_sees(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    await make_fact(session, models.Interest, viewer.key, V.ME, name="Barista", kind=models.TagKind.WANT)
    await make_fact(session, models.Interest, viewer.key, V.ME, name="Bergen", kind=models.TagKind.WANT)
    barista = await make_job(session, **ELSEWHERE, title="Baristas for a new bar")
    bergen = await make_job(session, title="Baker", city="Bergen", country="NO")
    await fillers(session)
    page = await recommended(session, viewer)
    assert set(ids(page)[:2]) == {barista.id, bergen.id}
    assert reasons(page, barista)[0] == (EvidenceKind.FITS_WHAT_YOU_SEEK, "You look for: Barista")
    assert reasons(page, bergen)[0] == (EvidenceKind.NEAR_YOU, "In Bergen, where you want to be")


async def test_texts_are_compared_by_vectors(session: AsyncSession, db: LockedDatabase):
    viewer = viewer_of(await make_member(session))
    acme = await make_organization(session, "Acme")
    await make_fact(session, models.Experience, viewer.key, organization_id=acme.id, title="Lighthouse keeper")
    text = "Somewhere to restore organs"
    await make_fact(session, models.PersonText, viewer.key, V.STAFF, kind=models.TextKind.SEEKS, text=text)
    # At one employer, as all these: numbers in names would be hashed too, and some fall on other words' places.
    coast: dict[str, Any] = {**ELSEWHERE, "organization_id": (await make_organization(session, "Coast")).id}
    organs = await make_job(session, **coast, title="Help", description="somewhere to restore organs")
    keeper = await make_job(session, **coast, title="Keeper of a lighthouse")
    await fillers(session)
    await session.commit()
    await embed_missing(db, HashEmbedder())
    page = await recommended(session, viewer)
    assert set(ids(page)[:2]) == {organs.id, keeper.id}
    assert reasons(page, organs)[0] == (EvidenceKind.FITS_WHAT_YOU_SEEK, f"Fits what you seek: {text}")
    assert (EvidenceKind.LIKE_WHAT_YOU_DID, "Like what you did: Lighthouse keeper at Acme") in reasons(page, keeper)
    assert (EvidenceKind.LIKE_WHAT_YOU_DID, "The title is like yours: Lighthouse keeper") in reasons(page, keeper)


async def test_employers_and_contacts_at_them_speak_for_an_opening(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    old, theirs = await make_organization(session, "Old Works"), await make_organization(session, "Their Works")
    ana, bea = await make_person(session, "Ana"), await make_person(session, "Bea")
    for person in (ana, bea):
        await connect(session, viewer.key, person)
    await make_fact(session, models.Experience, viewer.key, V.ME, organization_id=old.id, title="Clerk")
    await make_fact(session, models.Experience, ana, V.CONNECTIONS, organization_id=theirs.id)
    await make_fact(session, models.Experience, bea, organization_id=theirs.id, end_date="2019")
    again = await make_job(session, **ELSEWHERE, title="X", organization_id=old.id)
    there = await make_job(session, **ELSEWHERE, title="Y", organization_id=theirs.id)
    await fillers(session)
    page = await recommended(session, viewer)
    assert ids(page)[:2] == [there.id, again.id]
    assert reasons(page, again)[0] == (EvidenceKind.YOUR_EMPLOYER, "At Old Works, which you know from within")
    assert {text for kind, text in reasons(page, there) if kind is EvidenceKind.CONTACT_WORKS_THERE} == {
        "Ana, whom you know, works there",
        "Bea, whom you know, worked there",
    }


@pytest.mark.parametrize("hidden", ["tie", "work", "person", "death"])
async def test_contacts_count_as_far_as_the_viewer_may_know(session: AsyncSession, hidden: str):
    viewer = viewer_of(await make_member(session))
    theirs, ana = await make_organization(session), await make_person(session, "Ana")
    await make_fact(session, models.Experience, ana, V.ME if hidden == "work" else V.MEMBERS, organization_id=theirs.id)
    state = models.ConnectionState.ENDED if hidden == "tie" else models.ConnectionState.ACCEPTED
    await connect(session, viewer.key, ana, state)
    ana.listed, ana.deceased = hidden != "person", hidden == "death"
    job = await make_job(session, **ELSEWHERE, organization_id=theirs.id)
    await fillers(session)
    page = await recommended(session, viewer)
    assert [kind for kind, _ in reasons(page, job)] == [EvidenceKind.COHORT]


async def test_what_one_showed_interest_in_brings_the_like(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    acme, now = await make_organization(session, "Acme"), datetime.now(UTC)
    liked = await make_job(session, **ELSEWHERE, title="Bridge engineer", organization_id=acme.id)
    await shown_interest(session, liked, [viewer.key], now)
    like = await make_job(session, **ELSEWHERE, title="Engineer of bridges")
    await fillers(session)
    page = await recommended(session, viewer)
    assert ids(page)[0] == like.id
    assert reasons(page, like)[0] == (
        EvidenceKind.LIKE_WHAT_INTERESTED_YOU,
        "Like Bridge engineer at Acme, in which you showed interest",
    )


async def test_demand_counts_from_five_people_on_in_steps_of_five(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    jobs = await fillers(session)
    people = [(await make_person(session)).id for _ in range(10)]
    for job, number in zip(jobs, (4, 5, 9, 10), strict=False):
        await shown_interest(session, job, people[:number], datetime.now(UTC))
    await session.flush()
    found = {one.id: one for one, _ in await ranked(session, viewer, datetime.now(UTC))}
    told = [[s.value for s in found[job.id].signals if s.feature == str(Feature.DEMAND)] for job in jobs[:5]]
    assert told == [[], [5.0], [5.0], [10.0], []]
    page = await recommended(session, viewer)
    assert ids(page)[0] == jobs[3].id
    assert (EvidenceKind.COHORT, "Many are interested") in reasons(page, jobs[3])


async def test_a_block_does_not_tell_who_was_interested(session: AsyncSession):
    """A count of those whom the viewer sees would fall when the viewer blocks one of them."""
    viewer = viewer_of(await make_member(session))
    (job,) = await fillers(session, 1)
    people = [await make_person(session) for _ in range(5)]
    await shown_interest(session, job, [one.id for one in people], datetime.now(UTC))
    before = (await recommended(session, viewer)).suggestions[0]
    await block(session, await session.get_one(models.Person, viewer.key), people[0])
    after = (await recommended(session, viewer)).suggestions[0]
    assert (before.score, before.evidence) == (after.score, after.evidence)


async def test_whoever_has_no_trait_at_all_gets_the_newest(session: AsyncSession):
    viewer, now = viewer_of(await make_member(session)), datetime.now(UTC)
    jobs = [await make_job(session, **ELSEWHERE, created_at=now - timedelta(days=n * 5)) for n in range(3)]
    page = await recommended(session, viewer)
    assert ids(page) == [job.id for job in jobs]
    assert [reasons(page, job) for job in jobs] == [
        [(EvidenceKind.COHORT, "Posted today")],
        [(EvidenceKind.COHORT, "Posted 5 days ago")],
        [(EvidenceKind.COHORT, "Posted 10 days ago")],
    ]


def test_no_feature_is_a_protected_attribute_or_stands_for_one():
    assert {str(one) for one in Feature} == {
        "PLACE", "SKILL", "WISH", "SEEKS", "WORK", "TITLE", "EMPLOYER", "CONTACT", "HABIT", "DEMAND", "NEW",
    }  # fmt: skip


# ---------------------------------------------------------------- time


async def test_nothing_later_than_the_moment_is_read(session: AsyncSession, db: LockedDatabase):
    viewer, now = viewer_of(await make_member(session, created_at=datetime(2020, 1, 1, tzinfo=UTC))), datetime.now(UTC)
    then, later = now - timedelta(days=10), now - timedelta(days=1)
    past: dict[str, Any] = {"created_at": then - timedelta(days=5)}
    acme = await make_organization(session, "Acme")
    ana = await make_person(session, "Ana")
    await make_fact(session, models.Place, viewer.key, city="Oslo", country="NO", **past)
    await make_fact(session, models.Experience, viewer.key, title="Cook", **past)
    jobs = [await make_job(session, **ELSEWHERE, title=f"Job {n}", organization_id=acme.id, **past) for n in range(6)]
    await session.commit()
    before = await ranked(session, viewer, then)
    assert len(before) == 6

    future: dict[str, Any] = {"created_at": later}
    await make_job(session, **ELSEWHERE, title="Cook", **future)
    await make_fact(session, models.Skill, viewer.key, name="cooking", **future)
    await make_fact(session, models.Interest, viewer.key, name="Job", kind=models.TagKind.WANT, **future)
    await make_fact(session, models.Experience, viewer.key, title="Job", organization_id=acme.id, **future)
    await make_fact(session, models.PersonText, viewer.key, kind=models.TextKind.SEEKS, text="Job 3", **future)
    session.add(models.JobSkill(job_id=jobs[0].id, name="cook", **future))
    await connect(session, viewer.key, ana, at=later)
    await make_fact(session, models.Experience, ana, organization_id=acme.id, **past)
    people = [(await make_person(session)).id for _ in range(5)]
    await shown_interest(session, jobs[4], people, later)
    await session.commit()
    await embed_missing(db, HashEmbedder())

    assert await ranked(session, viewer, then) == before
    assert await ranked(session, viewer, now) != before


async def test_the_log_says_what_was_shown_and_by_which_ranking(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    (job,) = await fillers(session, 1)
    page = await recommended(session, viewer)
    (logged,) = (await session.scalars(select(models.Suggestion))).all()
    assert (logged.id, logged.viewer_id, logged.job_id) == (page.suggestions[0].id, viewer.key, job.id)
    assert logged.ranking_digest == JOBS.digest
    assert set(logged.features) == {str(one) for one in Feature}


# ---------------------------------------------------------------- titles


def test_rare_words_make_titles_alike():
    titles = Titles(["Sales associate", "Sales manager", "Sales clerk", "Bridge engineer"])
    assert titles.likeness("Bridge Engineer", "engineers of bridges") > titles.likeness("Sales", "Sales clerk") > 0
    assert titles.likeness("Cook", "Bridge engineer") == titles.likeness("", "Cook") == titles.covered("", "Cook") == 0
    assert titles.covered("clerk", "Sales clerk") == 1
    assert titles.rare("engineer", "Bridge engineer", 0.5)
    assert not titles.rare("sales", "Sales clerk", 0.5)
