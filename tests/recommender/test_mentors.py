"""Mentors for somebody: who is suggested, in which order, why, and what must not count."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer
from recommender.asking import Asking
from recommender.embeddings import HashEmbedder
from recommender.evidence_kinds import EvidenceKind
from recommender.mentors import PIPELINE
from recommender.pages import Suggestion, rank_candidates, suggest
from recommender.vectors import embed_missing
from recommender.weights.mentors import MENTORS
from tests.databases import LockedDatabase
from tests.factories import (
    LONG_AGO,
    block,
    connect,
    make_fact,
    make_member,
    make_mentor,
    make_organization,
    make_person,
    viewer_of,
)

V, Kind = models.Visibility, EvidenceKind
THEN, LATER = datetime(2021, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)
WANT, HAVE, OFFER = models.TagKind.WANT, models.TagKind.HAVE, models.TagKind.OFFER
SEEKS, OFFERS = models.TextKind.SEEKS, models.TextKind.OFFERS


@pytest.fixture
async def me(session: AsyncSession) -> Viewer:
    """A member of long standing, among twenty others."""
    viewer = viewer_of(await make_member(session, "Me", created_at=LONG_AGO))
    for _ in range(20):
        await make_person(session)
    return viewer


async def mentor(session: AsyncSession, *topics: str, **columns: object) -> models.MentorProfile:
    return await make_mentor(session, await make_person(session), topics, **columns)


async def page(session: AsyncSession, viewer: Viewer, first: int = 10) -> Sequence[Suggestion]:
    await session.flush()
    return (await suggest(session, viewer, PIPELINE, first=first, exact=True)).suggestions


async def reasons(session: AsyncSession, viewer: Viewer, profile: models.MentorProfile) -> dict[str, EvidenceKind]:
    """Why this mentor is suggested."""
    found = {one.item_id: one for one in await page(session, viewer)}
    return {why.text: why.kind for why in found[profile.id].evidence}


async def test_who_can_be_asked_about_what_one_seeks_comes_first_and_says_so(session: AsyncSession, me: Viewer):
    await mentor(session, "Rust")
    wanted = await mentor(session, "Grant Writing")
    await make_fact(session, models.Skill, me.key, name="grant writing", kind=WANT)
    first, second = await page(session, me)
    assert first.item_id == wanted.id
    assert (first.evidence[0].kind, first.evidence[0].text) == (
        Kind.MENTORS_WHAT_YOU_SEEK,
        "Can be asked about Grant Writing, which you seek",
    )
    assert 0 < (second.score or 0) < (first.score or 0) <= 1


async def test_offers_common_fields_work_and_years_are_told_in_words(
    session: AsyncSession, db: LockedDatabase, me: Viewer
):
    profile = await mentor(session, "sailing", about="Ask me about boats.", max_mentees=3)
    await make_fact(session, models.Interest, me.key, name="Sailing", kind=HAVE)
    await make_fact(session, models.Skill, me.key, name="pricing", kind=WANT)
    await make_fact(session, models.Skill, profile.person_id, name="Pricing", kind=OFFER)
    for person_id, year in ((me.key, "2010"), (profile.person_id, "2002")):
        await make_fact(session, models.Education, person_id, end_date=year, programme="Physics")
    assert await reasons(session, me, profile) == {
        "Offers Pricing, which you seek": Kind.MENTORS_WHAT_YOU_SEEK,
        "Can be asked about sailing, a field of yours too": Kind.MENTORS_YOUR_FIELD,
        "You both studied Physics": Kind.SHARED_PROGRAMME,
        "Finished here in 2002, 8 years before you": Kind.AHEAD_OF_YOU,
    }


async def test_what_one_seeks_meets_what_they_say_offer_and_did(session: AsyncSession, db: LockedDatabase, me: Viewer):
    said = await mentor(session, about="advice on moving into climate policy")
    offers, did, other = [await mentor(session) for _ in range(3)]
    await make_fact(session, models.PersonText, me.key, kind=SEEKS, text="advice on moving into climate policy")
    await make_fact(
        session, models.PersonText, offers.person_id, kind=OFFERS, text="advice on moving into climate policy"
    )
    await make_fact(session, models.Experience, did.person_id, title="advice on moving into climate policy")
    await embed_missing(db, HashEmbedder())
    assert await reasons(session, me, said) == {
        "Advises on what is near to what you seek: “advice on moving into climate policy”": Kind.MENTORS_WHAT_YOU_SEEK,
        "Takes one more person": Kind.TAKES_MENTEES,
    }
    assert Kind.THEY_OFFER_WHAT_YOU_SEEK in (await reasons(session, me, offers)).values()
    assert Kind.DID_WHAT_YOU_SEEK in (await reasons(session, me, did)).values()
    assert (await page(session, me))[-1].item_id == other.id


async def test_both_sides_count_a_mentor_of_ones_own_field_comes_before_one_of_another(
    session: AsyncSession, me: Viewer
):
    far = await mentor(session, "pricing")
    near = await mentor(session, "pricing", "welding")
    await make_fact(session, models.Skill, me.key, name="pricing", kind=WANT)
    await make_fact(session, models.Skill, me.key, name="welding", kind=HAVE)
    assert [one.item_id for one in await page(session, me)] == [near.id, far.id]


async def test_nobody_is_suggested_who_must_not_be(session: AsyncSession, me: Viewer):
    own = await session.get_one(models.Person, me.key)
    fine, contact = await mentor(session), await mentor(session)
    await connect(session, me.key, contact.person_id)
    await make_mentor(session, own, ("a",))
    await mentor(session, paused_until=datetime.now(UTC) + timedelta(days=1))
    await mentor(session, max_mentees=2, active_mentees=2)
    for change in ({"listed": False}, {"mentor_open": False}, {"deceased": True}, {"profiled": False}):
        person = await session.get_one(models.Person, (await mentor(session)).person_id)
        for name, value in change.items():
            setattr(person, name, value)
    for state in models.MentorshipState:
        asked = await mentor(session)
        session.add(models.Mentorship(mentor_id=asked.person_id, mentee_id=me.key, state=state))
    by_me, of_me = [await session.get_one(models.Person, (await mentor(session)).person_id) for _ in range(2)]
    await block(session, own, by_me)
    await block(session, of_me, own)
    assert {one.item_id for one in await page(session, me, 50)} == {fine.id, contact.id}


@pytest.mark.parametrize("level", [V.ME, V.STAFF, V.CONNECTIONS])
@pytest.mark.parametrize("whose", ["mine", "theirs"])
async def test_a_hidden_fact_moves_nothing(
    session: AsyncSession, db: LockedDatabase, me: Viewer, level: models.Visibility, whose: str
):
    profile = await mentor(session, "pricing", about="boats")
    await mentor(session, "welding")
    acme = await make_organization(session)
    hidden = me.key if whose == "mine" else profile.person_id
    for person_id in (me.key, profile.person_id):
        seen = level if person_id == hidden else V.MEMBERS
        await make_fact(session, models.Experience, person_id, seen, organization_id=acme.id, title="pilot")
        for kind in (SEEKS, OFFERS):
            await make_fact(session, models.PersonText, person_id, seen, kind=kind, text="boats")
        await make_fact(session, models.Education, person_id, seen, end_date="2010" if person_id == me.key else "2000")
        await make_fact(session, models.Place, person_id, seen)
    await make_fact(session, models.Skill, hidden, level, name="welding", kind=WANT if whose == "mine" else OFFER)
    if whose == "theirs":
        await make_fact(session, models.Skill, me.key, name="welding", kind=WANT)
    await embed_missing(db, HashEmbedder())
    before = await page(session, me)
    for kind in (models.Experience, models.PersonText, models.Education, models.Place, models.Skill):
        facts = await session.scalars(kind.__table__.select().where(kind.person_id == hidden))
        for key in facts:
            await session.delete(await session.get_one(kind, key))
    after = await page(session, me)
    assert [(one.item_id, one.score, one.evidence) for one in after] == [
        (one.item_id, one.score, one.evidence) for one in before
    ]


async def ranked(session: AsyncSession, viewer: Viewer, as_of: datetime) -> list[tuple[UUID, float]]:
    asking = Asking(viewer, as_of, MENTORS, exact=True)
    return [(one.id, round(score, 9)) for one, score in await rank_candidates(session, asking, PIPELINE, most=50)]


async def settle(session: AsyncSession, db: LockedDatabase, at: datetime) -> None:
    """Make what was written since as old as that."""
    await session.flush()
    await embed_missing(db, HashEmbedder())
    for model in (models.FactVector, models.ItemVector, models.MentorTopic, models.Skill, models.PersonText):
        await session.execute(update(model).where(model.created_at > LATER).values(created_at=at))
    ages = {"created_at": at, "updated_at": at}
    await session.execute(update(models.MentorProfile).where(models.MentorProfile.created_at > LATER).values(**ages))


async def test_what_came_later_changes_no_earlier_ranking(session: AsyncSession, db: LockedDatabase, me: Viewer):
    profile, same = [await mentor(session, "pricing", max_mentees=2) for _ in range(2)]
    await make_fact(session, models.Skill, me.key, name="pricing", kind=WANT)
    await make_fact(session, models.Skill, me.key, name="welding", kind=WANT)
    await make_fact(session, models.PersonText, me.key, kind=SEEKS, text="boats")
    await settle(session, db, LONG_AGO)
    before = await ranked(session, me, THEN)
    assert {key for key, _ in before} == {profile.id, same.id}

    friend = await make_person(session)
    await connect(session, me.key, friend, at=LATER)
    await connect(session, friend, same.person_id, at=LATER)
    newcomer = await mentor(session, "pricing")
    session.add(models.MentorTopic(profile_id=profile.id, name="welding"))
    await make_fact(session, models.Skill, same.person_id, name="welding", kind=OFFER)
    await make_fact(session, models.PersonText, same.person_id, kind=OFFERS, text="boats")
    profile.active_mentees, same.about = 1, "boats"
    session.add(
        models.Mentorship(
            mentor_id=profile.person_id, mentee_id=friend.id, answered_at=LATER, state=models.MentorshipState.ACCEPTED
        )
    )
    await settle(session, db, LATER)

    then, now = dict(await ranked(session, me, THEN)), dict(await ranked(session, me, LATER))
    assert newcomer.id in now
    assert newcomer.id not in then
    assert now[profile.id] > then[profile.id]
    assert now[same.id] > then[same.id]
    assert then == dict(before)
