"""Each source of candidates alone: it finds whom it is for, and nobody through what is hidden or came later."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer
from recommender.asking import Asking
from recommender.candidates import find_candidates
from recommender.candidates.careers import colleagues
from recommender.candidates.cohorts import anybody, popular_in_cohort
from recommender.candidates.gatherings import going_together
from recommender.candidates.texts import LIKENESS, contacts_vectors, near
from recommender.candidates.ties import contacts_of_contacts
from recommender.embeddings import HashEmbedder
from recommender.people import rank_people
from recommender.vectors import embed_missing
from recommender.weights.people import PEOPLE
from tests.databases import LockedDatabase
from tests.factories import (
    LONG_AGO,
    connect,
    make_event,
    make_fact,
    make_member,
    make_organization,
    make_person,
    register,
    viewer_of,
)

THEN = datetime(2021, 6, 1, tzinfo=UTC)
LATER = datetime(2022, 1, 1, tzinfo=UTC)
V = models.Visibility


@pytest.fixture
async def me(session: AsyncSession) -> Viewer:
    """A member of long standing who shows where she goes."""
    return viewer_of(await make_member(session, "Me", created_at=LONG_AGO, show_attendance=True))


async def person(session: AsyncSession, name: str, **columns: Any) -> UUID:
    """Somebody of long standing who shows where they go."""
    return (await make_person(session, name, created_at=LONG_AGO, **{"show_attendance": True, **columns})).id


def as_of(viewer: Viewer, moment: datetime = THEN) -> Asking:
    return Asking(viewer, moment, PEOPLE, exact=True)


# ---------------------------------------------------------------- ties


async def test_contacts_of_contacts_come_first_and_lead_on_to_theirs(session: AsyncSession, me: Viewer):
    friend, near_, far, hidden, late = [await person(session, name) for name in ("F", "Near", "Far", "Hidden", "Late")]
    await connect(session, me.key, friend)
    await connect(session, friend, near_)
    await connect(session, near_, far)
    await connect(session, near_, hidden, low_visibility=V.ME, high_visibility=V.ME)
    await connect(session, near_, late, at=LATER)
    await connect(session, far, await person(session, "Four steps away"))
    assert await contacts_of_contacts(session, as_of(me), 10) == [near_, far]
    assert await contacts_of_contacts(session, as_of(me, LATER), 10) == [near_, late, far]  # a newer tie weighs more


# ---------------------------------------------------------------- circles


async def test_people_near_the_average_of_ones_contacts_are_found(
    session: AsyncSession, db: LockedDatabase, me: Viewer
):
    friend, secret = await person(session, "Friend"), await person(session, "Secret friend")
    alike, unlike, as_the_secret = [await person(session, name) for name in ("Alike", "Unlike", "As the secret one")]
    await connect(session, me.key, friend)
    tie = await connect(session, me.key, secret, at=LATER)
    for one, text in (
        (friend, "restores wooden boats"),
        (alike, "restores old wooden boats"),
        (unlike, "trades in currencies"),
        (secret, "keeps bees"),
        (as_the_secret, "keeps bees"),
    ):
        await make_fact(session, models.PersonText, one, kind=models.TextKind.BIO, text=text, created_at=LONG_AGO)
    hidden = await make_fact(session, models.Education, friend, V.STAFF, programme="keeps bees", created_at=LONG_AGO)
    await session.flush()
    await embed_missing(db, HashEmbedder())
    await session.execute(update(models.FactVector).values(created_at=LONG_AGO))

    async def found(asking: Asking) -> list[UUID]:
        return await near(session, asking, await contacts_vectors(session, asking), LIKENESS, 1)

    assert (await found(as_of(me)))[0] == alike  # neither the later tie nor the hidden text counts
    assert (await contacts_vectors(session, as_of(me))).shape == (2, models.DIMENSION)
    await session.delete(hidden)
    before = await contacts_vectors(session, as_of(me))
    await session.delete(tie)
    await session.flush()
    assert (await contacts_vectors(session, as_of(me)) == before).all()
    stranger = viewer_of(await make_member(session, created_at=LONG_AGO))
    assert len(await contacts_vectors(session, as_of(stranger))) == 0


# ---------------------------------------------------------------- events


async def test_who_goes_where_one_goes_is_found_and_a_small_event_tells_more(session: AsyncSession, me: Viewer):
    small, large = [await make_event(session, name, starts_at=LONG_AGO) for name in ("Supper", "Ball")]
    guest, *dancers = [await person(session, f"Guest {number}") for number in range(5)]
    for one in (me.key, guest):
        await register(session, small, one)
    for one in (me.key, *dancers):
        await register(session, large, one)
    assert await going_together(session, as_of(me), 10) == [guest, *sorted(dancers)]
    assert await going_together(session, as_of(me), 2) == [guest, min(dancers)]


async def test_attendance_counts_only_where_everybody_may_know_of_it(session: AsyncSession, me: Viewer):
    supper = await make_event(session, "Supper", starts_at=LONG_AGO)
    secret = await make_event(session, "Secret", starts_at=LONG_AGO, attendees_shown=False)
    draft = await make_event(session, "Draft", starts_at=LONG_AGO, audience=V.STAFF)
    off = await make_event(session, "Off", starts_at=LONG_AGO, status=models.EventStatus.CANCELLED)
    fine, shy, gone, late = [
        await person(session, name, show_attendance=name != "Shy") for name in ("Fine", "Shy", "Gone", "Late")
    ]
    for event in (supper, secret, draft, off):
        await register(session, event, me.key)
    for one in (fine, shy):
        await register(session, supper, one)
    await register(session, supper, gone, models.RegistrationState.CANCELLED)
    (await register(session, supper, late)).registered_at = LATER
    for event in (secret, draft, off):
        await register(session, event, await person(session, event.name))
    await session.flush()
    assert await going_together(session, as_of(me), 10) == [fine]
    assert set(await going_together(session, as_of(me, LATER), 10)) == {fine, late}
    (await session.get_one(models.Person, me.key)).show_attendance = False
    await session.flush()
    assert await going_together(session, as_of(me), 10) == []  # else the two of a pair would be told different things


async def test_attendance_together_is_told_with_the_year_and_scores_alike_for_both(session: AsyncSession, me: Viewer):
    other = viewer_of(await make_member(session, "Other", created_at=LONG_AGO, show_attendance=True))
    for number in range(10):
        await person(session, f"Stranger {number}")
    past = await make_event(session, "Reunion", starts_at=LONG_AGO)
    coming = await make_event(session, "Picnic", starts_at=LATER)
    for one in (me, other):
        for event in (past, coming):
            await register(session, event, one.key)
    (there, score), *_ = await rank_people(session, as_of(me), most=1)
    (back, same), *_ = await rank_people(session, as_of(other), most=1)
    assert (there.id, back.id) == (other.key, me.key)
    assert score == pytest.approx(same, abs=1e-9)
    assert {signal.text for signal in there.signals} == {"You were both at Reunion in 2020", "You both go to Picnic"}


# ---------------------------------------------------------------- work


async def work(session: AsyncSession, one: UUID, at: UUID, start: str | None, end: str | None, **columns: Any) -> None:
    given: dict[str, Any] = {"organization_id": at, "start_date": start, "end_date": end, "created_at": LONG_AGO}
    await make_fact(session, models.Experience, one, **(given | columns))


async def test_colleagues_of_the_same_years_come_before_those_of_others(session: AsyncSession, me: Viewer):
    acme = (await make_organization(session, "Acme")).id
    long, short, apart, undated, hidden = [
        await person(session, name) for name in ("Long", "Short", "Apart", "Undated", "Hidden")
    ]
    await work(session, me.key, acme, "2011-03", "2016")
    await work(session, long, acme, "2009", "2014-05")
    await work(session, short, acme, "2016", None)
    await work(session, apart, acme, "2017", "2019")
    await work(session, undated, acme, None, "2015")
    await work(session, hidden, acme, "2011", "2016", visibility=V.CONNECTIONS)
    late = await person(session, "Late")
    await work(session, late, acme, "2011", "2016", created_at=LATER)
    assert await colleagues(session, as_of(me), 10) == [long, short, *sorted((apart, undated))]
    texts = {
        one.id: {signal.text for signal in one.signals} for one, _ in await rank_people(session, as_of(me), most=9)
    }
    assert texts[long] == {"You were at Acme at the same time, 2011 to 2014"}
    assert texts[short] == {"You were both at Acme in 2016"}
    assert texts[apart] == texts[undated] == {"You both worked at Acme"}
    scores = {one.id: score for one, score in await rank_people(session, as_of(me), most=9)}
    assert scores[long] > scores[short] > scores[apart] == scores[undated]


async def test_a_small_employer_tells_more_than_a_large_one(session: AsyncSession, me: Viewer):
    small, large = [(await make_organization(session, name)).id for name in ("Small", "Large")]
    partner, *many = [await person(session, f"Colleague {number}") for number in range(6)]
    for one, at in ((me.key, small), (me.key, large), (partner, small), *((one, large) for one in many)):
        await work(session, one, at, "2011", "2012")
    assert await colleagues(session, as_of(me), 10) == [partner, *sorted(many)]


# ---------------------------------------------------------------- time and chance


async def test_those_of_ones_class_whom_many_know_are_found(session: AsyncSession, me: Viewer):
    known, quiet, hidden, late, older = [
        await person(session, name) for name in ("Known", "Quiet", "Hidden", "Late", "Older")
    ]
    friends = [await person(session, f"Friend {number}") for number in range(4)]
    for one in (me.key, known, quiet, hidden, late):
        await make_fact(session, models.Education, one, end_date="2010", created_at=LONG_AGO)
    await make_fact(session, models.Education, older, end_date="2001", created_at=LONG_AGO)
    for friend in friends:
        await connect(session, known, friend)
        await connect(session, older, friend)
        await connect(session, late, friend, at=LATER)
        await connect(session, hidden, friend, low_visibility=V.ME, high_visibility=V.ME)
    await connect(session, quiet, friends[0])
    assert await popular_in_cohort(session, as_of(me), 10) == [known, quiet]
    assert await popular_in_cohort(session, as_of(me, LATER), 10) == [late, known, quiet]


async def test_chance_finds_everybody_in_the_end_and_stays_the_same_throughout_a_list(
    session: AsyncSession, me: Viewer
):
    people = {await person(session, f"Person {number}") for number in range(12)}
    hidden = await person(session, "Hidden", listed=False)
    seen: set[UUID] = set()
    lists: set[tuple[UUID, ...]] = set()
    for minute in range(60):
        asking = as_of(me, THEN.replace(minute=minute))
        some = await anybody(session, asking, 5)
        assert some == await anybody(session, asking, 5)
        assert len(set(some)) == 5
        seen |= set(some)
        lists.add(tuple(some))
    assert seen == people - {hidden}
    assert len(lists) > 5
    assert set(await anybody(session, as_of(me), 50)) == people
    other = viewer_of(await make_member(session, created_at=LATER))
    assert {
        tuple(await anybody(session, as_of(one, THEN.replace(day=day)), 5)) for one in (me, other) for day in (1, 2)
    }


async def test_all_sources_together_stay_within_the_most(session: AsyncSession, me: Viewer):
    assert sum(PEOPLE.quotas.values()) <= 400
    people = {await person(session, f"Person {number}") for number in range(20)}
    found = await find_candidates(session, as_of(me))
    assert len(found) == len(set(found))
    assert set(found) == people
