"""What happened between a merge and its undoing: a later no holds for both records, and a migration is no obstacle."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from schema.ids import encode_id
from tests.conftest import Api
from tests.databases import LockedDatabase
from tests.factories import block, connect, make_account, make_fact, make_mentor, make_person, make_staff
from tests.schema.test_merges import merge, undo

V, Tie, Ship = models.Visibility, models.ConnectionState, models.MentorshipState
OPEN: dict[str, Any] = dict.fromkeys(("listed", "suggestable", "show_attendance", "mentor_open", "profiled"), True)
Pair = tuple[models.Person, models.Person]


async def choices(session: AsyncSession, person: models.Person) -> dict[str, bool]:
    names = [*OPEN, "deceased", "ferpa_hold"]
    table = models.Person.__table__
    rows = await session.execute(select(*(table.c[name] for name in names)).where(table.c.id == person.id))
    return dict(rows.mappings().one())


@pytest.fixture
async def two(session: AsyncSession) -> Pair:
    """Two records whose persons agreed to everything."""
    return await make_person(session, **OPEN), await make_person(session, **OPEN)


LATER_NO = {
    "setListed(input: {listed: false})": {"listed": False},
    "setChoices(input: {suggestable: false})": {"suggestable": False},
    "setChoices(input: {showAttendance: false})": {"show_attendance": False},
    "setChoices(input: {mentorOpen: false})": {"mentor_open": False},
    "setProfiling(input: {profiled: false})": {"profiled": False},
    "setFerpaHold(input: {hold: true})": {"ferpa_hold": True},
}


@pytest.mark.parametrize("field", LATER_NO)
async def test_a_no_said_since_holds_for_both(session: AsyncSession, api: Api, two: Pair, field: str):
    staff, account = await make_staff(session), await make_account(session, two[0])
    made = await merge(api, staff, *two)
    done = await api(f"mutation {{ {field} {{ __typename }} }}", as_=account)
    assert done.errors == []
    assert (await undo(api, staff, made["merge"]["id"]))["left"] == []
    wanted = OPEN | {"deceased": False, "ferpa_hold": False} | LATER_NO[field]
    assert [await choices(session, person) for person in two] == [wanted, wanted]


async def test_a_no_of_one_record_alone_goes_back_to_it(session: AsyncSession, api: Api):
    keep, drop = await make_person(session, **OPEN), await make_person(session, listed=False, ferpa_hold=True)
    before = [await choices(session, person) for person in (keep, drop)]
    staff = await make_staff(session)
    made = await merge(api, staff, keep, drop)
    assert (await choices(session, keep))["listed"] is False
    assert (await undo(api, staff, made["merge"]["id"]))["left"] == []
    assert [await choices(session, person) for person in (keep, drop)] == before


async def test_what_was_confirmed_since_holds_for_both(session: AsyncSession, api: Api, two: Pair):
    """The merge took the dropped record's no, and the person confirmed it as their own."""
    staff, account = await make_staff(session), await make_account(session, two[0])
    await session.execute(update(models.Person).where(models.Person.id == two[1].id).values(listed=False))
    made = await merge(api, staff, *two)
    for listed in ("true", "false"):
        await api("mutation { setListed(input: {listed: %s}) { __typename } }" % listed, as_=account)
    await undo(api, staff, made["merge"]["id"])
    assert [(await choices(session, person))["listed"] for person in two] == [False, False]


async def test_a_merge_from_before_choices_were_noted_is_undone_to_the_stricter(
    session: AsyncSession, api: Api, two: Pair
):
    staff = await make_staff(session)
    made = await merge(api, staff, *two)
    await session.execute(text("update person_merges set content = content - 'consents'"))
    await session.execute(
        update(models.Person).where(models.Person.id == two[0].id).values(suggestable=False, deceased=True)
    )
    assert (await undo(api, staff, made["merge"]["id"]))["left"] == []
    wanted = OPEN | {"suggestable": False, "deceased": True, "ferpa_hold": False}
    assert await choices(session, two[1]) == wanted


async def test_nothing_computed_comes_back_of_who_objected(
    session: AsyncSession, db: LockedDatabase, api: Api, two: Pair
):
    staff, account = await make_staff(session), await make_account(session, two[0])
    for person in two:
        await make_fact(session, models.PersonText, person, V.MEMBERS, text="I sail.")
    common, friend = uuid4(), await make_person(session)
    for place, person in enumerate(two):
        shown = models.Suggestion(
            viewer_id=friend.id, person_id=person.id, list_id=common, position=place,
            score=0.5, features={}, evidence=[], ranking_digest=b"\x00",
        )  # fmt: skip
        session.add(shown)
    await session.commit()
    await embed_missing(db, HashEmbedder())
    made = await merge(api, staff, *two)
    await api("mutation { setProfiling(input: {profiled: false}) { __typename } }", as_=account)
    await undo(api, staff, made["merge"]["id"])
    for table in (models.FactVector, models.Suggestion):
        assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_who_left_the_pool_is_asked_by_nobody_afterwards(session: AsyncSession, api: Api, two: Pair):
    staff, account, mentee = await make_staff(session), await make_account(session, two[0]), await make_person(session)
    for person in two:
        await make_mentor(session, person)
        session.add(models.Mentorship(mentor_id=person.id, mentee_id=mentee.id, state=Ship.PENDING))
    await session.flush()
    made = await merge(api, staff, *two)
    await api("mutation { setChoices(input: {mentorOpen: false}) { __typename } }", as_=account)
    await undo(api, staff, made["merge"]["id"])
    rows = (await session.execute(select(models.Mentorship.mentor_id, models.Mentorship.state))).all()
    assert {row.mentor_id: row.state for row in rows} == {two[0].id: Ship.DECLINED, two[1].id: Ship.DECLINED}


# ---------------------------------------------------------------- facts that both had


async def levels(session: AsyncSession, kind: type[models.Fact]) -> dict[Any, models.Visibility]:
    rows = await session.execute(select(kind.person_id, kind.visibility))
    return {row.person_id: row.visibility for row in rows}


@pytest.mark.parametrize("level", [V.PUBLIC, V.MEMBERS])
async def test_a_fact_hidden_since_is_hidden_in_both(
    session: AsyncSession, db: LockedDatabase, api: Api, two: Pair, level: models.Visibility
):
    staff = await make_staff(session)
    mine = await make_fact(session, models.PersonText, two[0], level, text="I sail.")
    await make_fact(session, models.PersonText, two[1], V.MEMBERS, text="I sail.")
    await session.commit()
    await embed_missing(db, HashEmbedder())
    made = await merge(api, staff, *two)
    await session.execute(delete(models.FactVector))  # as hiding does
    await session.execute(update(models.PersonText).where(models.PersonText.id == mine.id).values(visibility=V.ME))
    await undo(api, staff, made["merge"]["id"])
    assert await levels(session, models.PersonText) == {two[0].id: V.ME, two[1].id: V.ME}
    assert await session.scalar(select(func.count()).select_from(models.FactVector)) == 0


async def test_a_fact_deleted_since_comes_back_for_its_person_alone(session: AsyncSession, api: Api, two: Pair):
    """It may be somebody else's, so it is not lost; it may be the same person's, so nobody else sees it."""
    staff = await make_staff(session)
    mine = await make_fact(session, models.Link, two[0], V.PUBLIC, url="https://a.example")
    await make_fact(session, models.Link, two[1], V.PUBLIC, url="https://a.example")
    made = await merge(api, staff, *two)
    await session.execute(delete(models.Link).where(models.Link.id == mine.id))
    assert (await undo(api, staff, made["merge"]["id"]))["left"] == []
    assert await levels(session, models.Link) == {two[1].id: V.ME}


async def test_an_address_held_and_a_release_taken_back_since_are_so_in_both(
    session: AsyncSession, api: Api, two: Pair
):
    staff, moment = await make_staff(session), datetime(2025, 1, 1, tzinfo=UTC)
    for person in two:
        await make_fact(session, models.ContactPoint, person, V.MEMBERS, value="ana@example.org")
        await make_fact(session, models.Education, person, V.PUBLIC, registrar_sourced=True, released_at=moment)
    made = await merge(api, staff, *two)
    await session.execute(update(models.ContactPoint).values(status=models.ContactStatus.SUPPRESSED))
    await session.execute(update(models.Education).values(released_at=None, visibility=V.STAFF))
    await undo(api, staff, made["merge"]["id"])
    assert list(await session.scalars(select(models.ContactPoint.status))) == [models.ContactStatus.SUPPRESSED] * 2
    assert list(await session.scalars(select(models.Education.released_at))) == [None, None]
    assert await levels(session, models.Education) == {two[0].id: V.STAFF, two[1].id: V.STAFF}


async def test_a_hold_since_shuts_the_studies_of_both_and_opens_again(session: AsyncSession, api: Api, two: Pair):
    staff, account = await make_staff(session), await make_account(session, two[0])
    for person in two:
        await make_fact(session, models.Education, person, V.PUBLIC, home=True)
    made = await merge(api, staff, *two)
    await api("mutation { setFerpaHold(input: {hold: true}) { __typename } }", as_=account)
    await undo(api, staff, made["merge"]["id"])
    rows = (await session.execute(select(models.Education.visibility, models.Education.chosen_visibility))).all()
    assert [tuple(row) for row in rows] == [(V.STAFF, V.PUBLIC)] * 2


# ---------------------------------------------------------------- ties and blocks


async def test_a_tie_ended_or_hidden_since_is_so_in_both(session: AsyncSession, api: Api, two: Pair):
    staff, (over, hidden) = await make_staff(session), [await make_person(session) for _ in range(2)]
    ties: dict[Any, Any] = {}
    for friend in (over, hidden):
        for person in two:
            tie = await connect(session, friend, person, low_visibility=V.PUBLIC, high_visibility=V.PUBLIC)
            ties[friend.id, person.id] = tie.id
    made = await merge(api, staff, *two)
    for friend, changes in ((over, {"state": Tie.ENDED, "connected_at": None}), (hidden, {"high_visibility": V.ME})):
        stays = ties[friend.id, two[0].id]
        await session.execute(update(models.Connection).where(models.Connection.id == stays).values(changes))
    await undo(api, staff, made["merge"]["id"])
    session.expunge_all()
    assert (await session.get_one(models.Connection, ties[over.id, two[1].id])).state is Tie.ENDED
    back = await session.get_one(models.Connection, ties[hidden.id, two[1].id])
    shown = {back.low_id: back.low_visibility, back.high_id: back.high_visibility}
    stays = await session.get_one(models.Connection, ties[hidden.id, two[0].id])
    whose = stays.high_id if stays.high_id == hidden.id else two[1].id
    other = ({hidden.id, two[1].id} - {whose}).pop()
    assert shown == {whose: V.ME, other: V.PUBLIC}


async def test_a_block_since_is_between_both_and_who_was_blocked(session: AsyncSession, api: Api, two: Pair):
    staff, (one, other, before) = await make_staff(session), [await make_person(session) for _ in range(3)]
    await block(session, two[0], before)
    await connect(session, two[1], one)
    await connect(session, two[0], one)
    made = await merge(api, staff, *two)
    account = await make_account(session, two[0])
    blocking = "mutation($id: ID!) { blockPerson(input: {personId: $id}) { __typename } }"
    done = await api(blocking, as_=account, id=encode_id("Person", one.id))
    assert done.data == {"blockPerson": {"__typename": "BlockPersonPayload"}}
    await block(session, other, two[0])
    await undo(api, staff, made["merge"]["id"])
    rows = (await session.execute(select(models.Block.blocker_id, models.Block.blocked_id))).all()
    drop, keep = two[1].id, two[0].id
    assert {tuple(row) for row in rows} == {
        (keep, before.id), (keep, one.id), (drop, one.id), (other.id, keep), (other.id, drop),
    }  # fmt: skip
    assert set(await session.scalars(select(models.Connection.state))) == {Tie.ENDED}


# ---------------------------------------------------------------- a migration since


async def test_what_was_removed_comes_back_after_a_migration_that_added_columns(
    session: AsyncSession, api: Api, two: Pair
):
    """Older notes lack a column that must not be null, of people and of a fact that both had."""
    staff = await make_staff(session)
    for person in two:
        await make_fact(session, models.ContactPoint, person, V.MEMBERS, value="ana@example.org")
    made = await merge(api, staff, *two)
    content = dict(await session.scalar(select(models.PersonMerge.content)) or {})
    for act in content["acts"]:
        for row in act["rows"]:
            for name in {"people": ["profiled", "member_edited"], "contact_points": ["status"]}.get(act["table"], []):
                del row[name]
    await session.execute(update(models.PersonMerge).values(content=content))
    back = await undo(api, staff, made["merge"]["id"])
    assert (back["left"], back["restored"]) == ([], {"id": encode_id("Person", two[1].id)})
    assert await choices(session, two[1]) == OPEN | {"deceased": False, "ferpa_hold": False}
    assert list(await session.scalars(select(models.ContactPoint.status))) == [models.ContactStatus.ACTIVE] * 2
