"""Whom to meet: who is suggested, in which order, with which reasons, and what changes it."""

from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer
from api.errors import Invalid, NotFound
from recommender.embeddings import HashEmbedder
from recommender.evidence_kinds import EvidenceKind
from recommender.feedback import dismiss_suggestion
from recommender.pages import ListCursor, SuggestionPage
from recommender.people import people_to_meet
from recommender.vectors import embed_missing
from recommender.weights.people import PEOPLE
from tests.databases import LockedDatabase
from tests.factories import block, connect, make_fact, make_member, make_organization, make_person, viewer_of

V = models.Visibility


async def suggest(
    session: AsyncSession, viewer: Viewer, first: int = 10, after: ListCursor | None = None
) -> SuggestionPage:
    await session.flush()
    return await people_to_meet(session, viewer, first=first, after=after, exact=True)


def ids(page: SuggestionPage) -> list[UUID]:
    return [one.item_id for one in page.suggestions]


async def test_what_two_people_share_is_told_as_the_reason(session: AsyncSession, db: LockedDatabase):
    account = await make_member(session, "Me")
    viewer = viewer_of(account)
    acme = await make_organization(session, "Acme Labs")
    other = await make_person(session, "Other")
    for person_id in (viewer.key, other.id):
        await make_fact(session, models.Experience, person_id, organization_id=acme.id)
    for number in range(20):
        await make_person(session, f"Stranger {number}")
    page = await suggest(session, viewer)
    assert page.suggestions[0].item_id == other.id
    first = page.suggestions[0].evidence[0]
    assert (first.kind, first.text) == (EvidenceKind.SHARED_EMPLOYER, "You both worked at Acme Labs")
    assert first.weight > 0


async def test_offers_meet_seeks_through_vectors(session: AsyncSession, db: LockedDatabase):
    account = await make_member(session, "Me")
    viewer = viewer_of(account)
    await make_fact(session, models.PersonText, viewer.key, kind=models.TextKind.SEEKS, text="advice on grant writing")
    helper = await make_person(session, "Helper")
    await make_fact(session, models.PersonText, helper, kind=models.TextKind.OFFERS, text="advice on grant writing")
    for number in range(10):
        stranger = await make_person(session, f"Stranger {number}")
        await make_fact(
            session, models.PersonText, stranger, kind=models.TextKind.OFFERS, text=f"sailing lesson {number}"
        )
    assert await embed_missing(db, HashEmbedder()) == 12
    page = await suggest(session, viewer)
    assert page.suggestions[0].item_id == helper.id
    assert page.suggestions[0].evidence[0].kind is EvidenceKind.THEY_OFFER_WHAT_YOU_SEEK
    assert "advice on grant writing" in page.suggestions[0].evidence[0].text


async def test_living_mutual_contacts_count_unless_an_end_hides_the_tie(session: AsyncSession):
    viewer = viewer_of(await make_member(session, "Me"))
    friend, near, hidden = [await make_person(session, name) for name in ("Friend", "Near", "Hidden")]
    late = await make_person(session, "Late", deceased=True)
    for number in range(10):
        await make_person(session, f"Stranger {number}")
    await connect(session, viewer.key, friend)
    await connect(session, friend, near)
    await connect(session, viewer.key, late)
    await connect(session, late, near)
    tie = await connect(session, friend, hidden)
    if tie.low_id == hidden.id:
        tie.low_visibility = V.ME
    else:
        tie.high_visibility = V.ME
    page = await suggest(session, viewer, first=20)
    reasons = {one.item_id: [why.text for why in one.evidence] for one in page.suggestions}
    assert reasons[near.id] == ["Friend knows you both"]
    assert ids(page)[0] == near.id
    assert not any("Friend" in text for text in reasons[hidden.id])


async def test_nobody_is_suggested_who_must_not_be(session: AsyncSession):
    viewer = viewer_of(await make_member(session, "Me"))
    me = await session.get_one(models.Person, viewer.key)
    fine = await make_person(session, "Fine")
    connected, pending, declined, by_me, of_me = [await make_person(session, f"Tied {n}") for n in range(5)]
    await connect(session, viewer.key, connected)
    await connect(session, viewer.key, pending, models.ConnectionState.PENDING)
    await connect(session, declined, viewer.key, models.ConnectionState.DECLINED)
    await block(session, me, by_me)
    await block(session, of_me, me)
    await make_person(session, "Unlisted", listed=False)
    await make_person(session, "Not suggestable", suggestable=False)
    await make_person(session, "Deceased", deceased=True)
    assert ids(await suggest(session, viewer)) == [fine.id]


async def test_a_newcomer_with_a_class_year_gets_people_of_the_time(session: AsyncSession):
    viewer = viewer_of(await make_member(session, "Me"))
    await make_fact(session, models.Education, viewer.key, end_date="2010")
    near, far = await make_person(session, "Near"), await make_person(session, "Far")
    await make_fact(session, models.Education, near, end_date="2011")
    await make_fact(session, models.Education, far, end_date="1980")
    page = await suggest(session, viewer)
    assert ids(page) == [near.id, far.id]
    assert {why.kind for one in page.suggestions for why in one.evidence} == {EvidenceKind.COHORT}
    assert all(one.evidence for one in page.suggestions)


@pytest.mark.parametrize(
    ("mine", "theirs", "text"),
    [
        (["2010"], ["2010", "2015"], "You both finished in 2010"),
        (["2010", "2016"], ["2004", "2015"], "Finished here in 2015, near your year"),
        (["2010"], ["1980"], "Finished here in 1980, 30 years before you"),
        (["1980"], ["2010"], "Finished here in 2010, 30 years after you"),
        (["2190"], ["2190"], "You both finish in 2190"),
        (["2190"], ["2188"], "Finishes here in 2188, near your year"),
    ],
)
async def test_years_are_told_as_they_are(session: AsyncSession, mine: list[str], theirs: list[str], text: str):
    viewer = viewer_of(await make_member(session, "Me"))
    other = await make_person(session, "Other")
    for person_id, years in ((viewer.key, mine), (other.id, theirs)):
        for year in years:
            await make_fact(session, models.Education, person_id, end_date=year)
    (one,) = (await suggest(session, viewer)).suggestions
    assert [why.text for why in one.evidence] == [text]


async def test_a_page_is_never_short_while_there_are_more(session: AsyncSession):
    viewer = viewer_of(await make_member(session, "Me"))
    people = {(await make_person(session)).id for _ in range(25)}
    seen: list[UUID] = []
    after = None
    while True:
        page = await suggest(session, viewer, first=10, after=after)
        seen += ids(page)
        if not page.has_next:
            break
        assert len(page.suggestions) == 10
        after = page.cursor(page.suggestions[-1])
    assert len(seen) == 25
    assert set(seen) == people


async def test_asking_for_a_page_again_gives_the_same_suggestions(session: AsyncSession):
    viewer = viewer_of(await make_member(session, "Me"))
    for _ in range(12):
        await make_person(session)
    first = await suggest(session, viewer, first=4)
    after = first.cursor(first.suggestions[-1])
    second = await suggest(session, viewer, first=4, after=after)
    again = await suggest(session, viewer, first=4, after=after)
    assert again.suggestions == second.suggestions
    assert not set(ids(first)) & set(ids(second))


async def test_a_page_asked_for_again_tells_no_reason_that_was_hidden_since(session: AsyncSession, db: LockedDatabase):
    viewer = viewer_of(await make_member(session, "Me"))
    acme, facts = await make_organization(session, "Acme"), list[models.Experience]()
    for person_id in (viewer.key, (await make_person(session)).id, (await make_person(session)).id):
        fact = await make_fact(session, models.Experience, person_id, organization_id=acme.id, title="Welder")
        facts.append(fact)
    for number in range(12):
        await make_person(session, f"Stranger {number}")
    await embed_missing(db, HashEmbedder())
    first = await suggest(session, viewer, first=1)
    after = first.cursor(first.suggestions[0])
    (second,) = (await suggest(session, viewer, first=1, after=after)).suggestions
    (own,) = [fact for fact in facts if fact.person_id == second.item_id]
    assert {why.kind for why in second.evidence} == {EvidenceKind.SHARED_EMPLOYER, EvidenceKind.SIMILAR_EXPERIENCE}

    own.title = "Painter"
    (again,) = (await suggest(session, viewer, first=1, after=after)).suggestions
    assert [why.text for why in again.evidence if "Welder" in why.text] == []
    own.visibility = V.STAFF
    (again,) = (await suggest(session, viewer, first=1, after=after)).suggestions
    assert (again.id, again.evidence) == (second.id, ())


async def test_a_cursor_of_somebody_elses_list_is_refused(session: AsyncSession):
    mine, theirs = viewer_of(await make_member(session)), viewer_of(await make_member(session))
    await make_person(session)
    page = await suggest(session, theirs)
    with pytest.raises(Invalid):
        await suggest(session, mine, after=page.cursor(page.suggestions[0]))


async def test_a_dismissed_person_never_comes_back_and_it_counts(session: AsyncSession):
    viewer, stranger = viewer_of(await make_member(session)), viewer_of(await make_member(session, suggestable=False))
    acme = await make_organization(session, "Acme")
    await make_fact(session, models.Experience, viewer.key, organization_id=acme.id)
    like, unlike = await make_person(session, "Like"), await make_person(session, "Unlike")
    dismissed = await make_person(session, "Dismissed")
    for person in (like, dismissed):
        await make_fact(session, models.Experience, person, organization_id=acme.id)
    page = await suggest(session, viewer)
    before = {one.item_id: one for one in page.suggestions}
    with pytest.raises(NotFound):
        await dismiss_suggestion(session, stranger, before[dismissed.id].id, None)
    for _ in range(2):
        assert await dismiss_suggestion(session, viewer, before[dismissed.id].id, "no") == dismissed.id
    after = {one.item_id: one for one in (await suggest(session, viewer)).suggestions}
    assert set(after) == {like.id, unlike.id}
    less, more = after[like.id].score, before[like.id].score
    assert less is not None
    assert more is not None
    assert less < more


async def test_the_score_of_two_people_is_the_same_for_both(session: AsyncSession, db: LockedDatabase):
    one, two = viewer_of(await make_member(session)), viewer_of(await make_member(session))
    for viewer, seeks, offers in (
        (one, "learn violin", "teach chess openings"),
        (two, "chess openings", "violin lessons"),
    ):
        await make_fact(session, models.PersonText, viewer.key, kind=models.TextKind.SEEKS, text=seeks)
        await make_fact(session, models.PersonText, viewer.key, kind=models.TextKind.OFFERS, text=offers)
        await make_fact(session, models.Education, viewer.key, end_date="2001", programme="Music")
    await embed_missing(db, HashEmbedder())
    (there,), (back,) = (await suggest(session, one)).suggestions, (await suggest(session, two)).suggestions
    assert there.score == pytest.approx(back.score, abs=1e-9)
    kinds = {why.kind for why in there.evidence}
    assert EvidenceKind.THEY_OFFER_WHAT_YOU_SEEK in kinds or EvidenceKind.YOU_OFFER_WHAT_THEY_SEEK in kinds


async def test_each_impression_is_logged_with_the_rankings_digest(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    other = await make_person(session)
    page = await suggest(session, viewer)
    (logged,) = (await session.scalars(select(models.Suggestion))).all()
    assert (logged.id, logged.viewer_id, logged.person_id) == (page.suggestions[0].id, viewer.key, other.id)
    assert logged.ranking_digest == PEOPLE.digest
    assert logged.position == 0


@pytest.mark.parametrize("level", [V.ME, V.STAFF, V.CONNECTIONS])
async def test_a_hidden_fact_moves_nothing(session: AsyncSession, db: LockedDatabase, level: models.Visibility):
    viewer = viewer_of(await make_member(session))
    for number in range(4):
        person = await make_person(session)
        await make_fact(session, models.Education, person, end_date=f"200{number}", programme="Physics")
    await make_fact(session, models.Education, viewer.key, end_date="2001", programme="Physics")
    acme = await make_organization(session)
    await make_fact(session, models.Experience, viewer.key, organization_id=acme.id, title="Chemist")
    await embed_missing(db, HashEmbedder())
    before = [(one.item_id, one.score) for one in (await suggest(session, viewer)).suggestions]
    last = before[-1][0]
    await make_fact(session, models.Experience, last, level, organization_id=acme.id, title="Chemist")
    await embed_missing(db, HashEmbedder())
    assert [(one.item_id, one.score) for one in (await suggest(session, viewer)).suggestions] == before
