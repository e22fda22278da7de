"""Events one may like: who is pointed to which, in which order, with which reasons, and what changes it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer
from recommender.asking import Asking
from recommender.embeddings import HashEmbedder
from recommender.events import PIPELINE
from recommender.evidence_kinds import EvidenceKind
from recommender.pages import SuggestionPage, rank_candidates, suggest
from recommender.vectors import embed_missing
from tests.databases import LockedDatabase
from tests.factories import connect, make_event, make_fact, make_member, make_person, register, viewer_of
from tests.services.network import counted

Kind = EvidenceKind
V = models.Visibility
NOW = datetime.now(UTC)
THURSDAY = (NOW + timedelta(days=21 + (3 - NOW.weekday()) % 7)).replace(hour=19, minute=0, second=0, microsecond=0)
"""A Thursday evening to come."""


async def page_of(session: AsyncSession, viewer: Viewer, first: int = 50) -> SuggestionPage:
    await session.flush()
    return await suggest(session, viewer, PIPELINE, first=first)


async def reasons(session: AsyncSession, viewer: Viewer) -> dict[UUID, dict[EvidenceKind, str]]:
    page = await page_of(session, viewer)
    return {one.item_id: {why.kind: why.text for why in one.evidence} for one in page.suggestions}


async def scores(session: AsyncSession, viewer: Viewer, as_of: datetime | None = None) -> dict[UUID, float]:
    await session.flush()
    asking = Asking(viewer, as_of or datetime.now(UTC), PIPELINE.config)
    return {one.id: round(score, 9) for one, score in await rank_candidates(session, asking, PIPELINE, most=99)}


async def came(session: AsyncSession, viewer: Viewer, days: int = 30, **columns: Any) -> models.Event:
    """An event that the viewer came to, so many days ago."""
    starts_at = columns.pop("starts_at", NOW - timedelta(days=days))
    event = await make_event(session, starts_at=starts_at, **columns)
    await register(session, event, viewer.key)
    return event


async def others(session: AsyncSession, number: int = 12) -> list[models.Event]:
    """Events of which nothing speaks to anybody, at all hours."""
    return [
        await make_event(session, f"Other {n}", starts_at=THURSDAY + timedelta(days=4, hours=n)) for n in range(number)
    ]


async def test_habits_of_organizer_time_venue_and_city_are_told_as_reasons(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    for weeks in (4, 8, 12):
        await came(
            session, viewer, starts_at=THURSDAY - timedelta(weeks=3 + weeks), organizer="Lisbon Chapter", venue="Casa",
            city="Lisbon",
        )  # fmt: skip
    usual = await make_event(session, starts_at=THURSDAY, organizer="LISBON chapter", venue="casa", city="Lisbon")
    await others(session)

    page = await page_of(session, viewer)

    assert page.suggestions[0].item_id == usual.id
    assert {why.kind: why.text for why in page.suggestions[0].evidence} == {
        Kind.OFTEN_ATTENDED: "You often come to LISBON chapter",
        Kind.USUAL_TIME: "On a Thursday evening, as you like it",
        Kind.USUAL_VENUE: "At casa, where you have been before",
        Kind.NEAR_YOU: "In Lisbon, where you have been to events",
    }


async def test_what_did_not_take_place_is_no_habit(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    for status in (models.EventStatus.POSTPONED, models.EventStatus.CANCELLED):
        await came(session, viewer, organizer="Chess Club", status=status)
    event = await make_event(session, organizer="Chess Club")
    await others(session)
    assert Kind.OFTEN_ATTENDED not in (await reasons(session, viewer))[event.id]


async def test_nobody_who_has_died_is_said_to_come(session: AsyncSession):
    viewer, contact = viewer_of(await make_member(session)), await make_person(session, "Late", show_attendance=True)
    await connect(session, viewer.key, contact)
    event = await make_event(session)
    await register(session, event, contact)
    assert (await reasons(session, viewer))[event.id][Kind.COMPANION_COMES] == "Late comes too"
    contact.deceased = True
    assert Kind.COMPANION_COMES not in (await reasons(session, viewer))[event.id]


async def test_two_members_with_different_pasts_get_different_orders(session: AsyncSession):
    one, two = viewer_of(await make_member(session)), viewer_of(await make_member(session))
    await came(session, one, organizer="Chess Club")
    await came(session, two, organizer="Choir")
    chess = await make_event(session, organizer="Chess Club", starts_at=NOW + timedelta(days=20))
    choir = await make_event(session, organizer="Choir", starts_at=NOW + timedelta(days=20))

    orders = [[one.item_id for one in (await page_of(session, viewer)).suggestions] for viewer in (one, two)]

    assert orders == [[chess.id, choir.id], [choir.id, chess.id]]


async def test_what_happened_lately_weighs_more_than_what_is_long_past(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    await came(session, viewer, days=10, organizer="New")
    await came(session, viewer, days=1000, organizer="Old")
    new, old = await make_event(session, organizer="New"), await make_event(session, organizer="Old")
    found = await scores(session, viewer)
    assert found[new.id] > found[old.id]


async def test_an_event_behind_a_link_has_no_place(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    await make_fact(session, models.Place, viewer.key, city="Lisbon", country="PT")
    await make_fact(session, models.Place, viewer.key, city="Porto", country="PT", kind=models.PlaceKind.WORK)
    await make_fact(session, models.Place, viewer.key, city="Faro", country="PT", kind=models.PlaceKind.ORIGIN)
    here, work, origin, abroad = [
        await make_event(session, city=city, country=country, starts_at=THURSDAY)
        for city, country in (("LISBON", "PT"), ("Porto", None), ("Faro", "PT"), ("Lisbon", "US"))
    ]
    online = await make_event(
        session, city="Lisbon", country="PT", starts_at=THURSDAY, attendance_mode=models.AttendanceMode.ONLINE
    )
    await others(session)

    found = await reasons(session, viewer)

    assert found[here.id] == {Kind.NEAR_YOU: "In LISBON, where you live"}
    assert found[work.id] == {Kind.NEAR_YOU: "In Porto, where you work"}
    for event in (origin, abroad, online):
        assert found[event.id] == {Kind.COHORT: "Is open to members here, and soon"}


async def test_who_comes_is_a_reason_only_if_both_sides_let_one_know(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    past = await came(session, viewer)
    met, shy, friend, stranger = [
        await make_person(session, name, show_attendance=name != "Shy") for name in ("Met", "Shy", "Friend", "Stranger")
    ]
    objector = await make_person(session, "Objector", show_attendance=True, profiled=False)
    await connect(session, viewer.key, friend)
    for person in (met, shy, objector):
        await register(session, past, person)
    shown, kept = await make_event(session, "Shown"), await make_event(session, "Kept", attendees_shown=False)
    for event in (shown, kept):
        for person in (met, shy, friend, stranger, objector):
            await register(session, event, person)

    page = await page_of(session, viewer)

    told = {one.item_id: {w.text for w in one.evidence if w.kind is Kind.COMPANION_COMES} for one in page.suggestions}
    assert told == {shown.id: {"Met comes too", "Friend comes too"}, kept.id: set()}


async def test_words_and_meaning_of_an_event_speak_for_it(session: AsyncSession, db: LockedDatabase):
    viewer = viewer_of(await make_member(session))
    await make_fact(session, models.Interest, viewer.key, name="Open Source")
    await make_fact(session, models.PersonText, viewer.key, text="repairing old bicycles with friends")
    await came(session, viewer, name="Tasting of port wine")
    named = await make_event(session, "An evening of open source")
    like, said = (
        await make_event(session, "Tasting of port wine again"),
        await make_event(session, "Repairing bicycles"),
    )
    reversed_ = await make_event(session, "Source of the river, open to all")
    await others(session, 20)
    await session.commit()
    await embed_missing(db, HashEmbedder())

    found = await reasons(session, viewer)

    assert found[named.id][Kind.NAMES_YOUR_INTEREST] == "It is about Open Source, which you name"
    assert found[like.id][Kind.LIKE_WHAT_YOU_ATTENDED] == "Like what you came to before: Tasting of port wine"
    quoted = "Near to what you say of yourself: “repairing old bicycles with friends”"
    assert found[said.id][Kind.LIKE_WHAT_YOU_SAY] == quoted
    assert Kind.NAMES_YOUR_INTEREST not in found[reversed_.id]


async def test_how_many_come_counts_in_fives(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    four, five, nine, ten = [await make_event(session, seats_taken=number) for number in (4, 5, 9, 10)]
    found = await scores(session, viewer)
    assert found[four.id] < found[five.id] == found[nine.id] < found[ten.id]
    assert (await reasons(session, viewer))[ten.id] == {Kind.POPULAR: "10 or more come"}


async def test_what_holds_for_many_sets_none_apart(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    await make_fact(session, models.Place, viewer.key, city="Lisbon", country="PT")
    events = [await make_event(session, city="Lisbon", country="PT") for _ in range(10)]
    found = await reasons(session, viewer)
    assert [found[event.id] for event in events] == [{Kind.COHORT: "In Lisbon, where you live"}] * 10


async def test_a_newcomer_gets_the_soonest_events(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    events = [await make_event(session, starts_at=NOW + timedelta(days=days)) for days in (1, 2, 3)]
    page = await page_of(session, viewer)
    assert {one.item_id for one in page.suggestions} == {event.id for event in events}
    assert all(one.evidence for one in page.suggestions)


async def test_each_cited_fact_lowers_the_score_when_it_goes(session: AsyncSession, db: LockedDatabase):
    viewer = viewer_of(await make_member(session))
    past = await came(session, viewer, name="Jazz night", organizer="Club", venue="Hall", city="Rome")
    place = await make_fact(session, models.Place, viewer.key, city="Rome", country="IT")
    bio = await make_fact(session, models.PersonText, viewer.key, text="a jazz night at the club")
    interest = await make_fact(session, models.Interest, viewer.key, name="jazz")
    friend = await make_person(session, "Friend", show_attendance=True)
    tie = await connect(session, viewer.key, friend)
    event = await make_event(session, "Jazz night", organizer="Club", venue="Hall", city="Rome", country="IT")
    seat = await register(session, event, friend)
    await session.commit()
    await embed_missing(db, HashEmbedder())
    whole = (await scores(session, viewer))[event.id]

    for row in (past, place, bio, interest, tie, seat):
        async with session.begin_nested() as trial:
            await session.execute(delete(type(row)).where(type(row).id == row.id))
            assert (await scores(session, viewer))[event.id] < whole, row
            await trial.rollback()


async def test_nothing_later_than_the_moment_is_read(session: AsyncSession, db: LockedDatabase):
    viewer = viewer_of(await make_member(session))
    await came(session, viewer, organizer="Club", name="Jazz night")
    met = await make_person(session, "Met", show_attendance=True)
    event = await make_event(session, "Jazz night", organizer="Choir", city="Rome")
    await others(session, 3)
    await session.commit()
    await embed_missing(db, HashEmbedder())
    moment = datetime.now(UTC) + timedelta(minutes=1)
    before, later = await scores(session, viewer, moment), moment + timedelta(days=1)

    made = await make_event(session, organizer="Club", created_at=later)
    for one in (event, await make_event(session, starts_at=NOW - timedelta(days=3), organizer="Choir")):
        for person in (met.id, viewer.key) if one is not event else (met.id,):
            (await register(session, one, person)).registered_at = later
    await make_fact(session, models.Place, viewer.key, created_at=later, city="Rome")
    await make_fact(session, models.Interest, viewer.key, created_at=later, name="jazz")
    await make_fact(session, models.PersonText, viewer.key, created_at=later, text="jazz nights")
    await connect(session, viewer.key, met, at=later)
    for _ in range(9):
        (await register(session, event, await make_person(session))).registered_at = later
    await session.commit()
    await embed_missing(db, HashEmbedder())
    await session.execute(update(models.FactVector).values(created_at=later))
    await session.execute(
        update(models.ItemVector).where(models.ItemVector.event_id == made.id).values(created_at=later)
    )

    assert await scores(session, viewer, moment) == before
    assert await scores(session, viewer, later + timedelta(days=1)) != before


@pytest.mark.parametrize("level", [V.ME, V.STAFF, V.CONNECTIONS])
async def test_only_what_every_member_may_see_of_the_viewer_counts(session: AsyncSession, level: models.Visibility):
    viewer = viewer_of(await make_member(session))
    event = await make_event(session, "Jazz night", city="Rome")
    before = await scores(session, viewer)
    await make_fact(session, models.Place, viewer.key, level, city="Rome")
    await make_fact(session, models.Interest, viewer.key, level, name="jazz")
    assert await scores(session, viewer) == before
    assert set(before) == {event.id}


async def test_a_list_costs_as_many_statements_for_3_events_as_for_40(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    await came(session, viewer, organizer="Club")
    sent: list[int] = []
    for more in (3, 37):
        for _ in range(more):
            await make_event(session, organizer="Club")
        await session.flush()
        async with counted(session) as statements:
            await scores(session, viewer)
        sent.append(len(statements))
    assert sent[0] == sent[1]
