"""Recommended events over HTTP: who may ask, what is never suggested (row 45), dismissals, outcomes, and the cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import connect, make_account, make_event, make_member, make_person, make_staff, register

SOON = datetime.now(UTC) + timedelta(days=10)
LIST = """query($first: Int = 50, $after: String, $profiled: Boolean) {
    recommendedEvents(first: $first, after: $after, profiled: $profiled) {
        edges { cursor } nodes { id score event { name } evidence { kind text weight } }
        pageInfo { hasNextPage endCursor } } }"""
DISMISS = """mutation($id: ID!) { dismissSuggestion(input: {suggestionId: $id}) { __typename } }"""
REGISTER = """mutation($id: ID!) { registerForEvent(input: {eventId: $id}) { __typename } }"""


def names(answer: Any) -> list[str]:
    return [node["event"]["name"] for node in answer.data["recommendedEvents"]["nodes"]]


async def test_events_are_suggested_to_members_with_reasons(session: AsyncSession, api: Api):
    member, other = await make_member(session), await make_member(session)
    assert member.person_id is not None
    past = await make_event(session, organizer="Club", starts_at=SOON - timedelta(days=40))
    await register(session, past, member.person_id)
    await make_event(session, "Choir", organizer="Choir", starts_at=SOON - timedelta(days=5))
    await make_event(session, "Club", organizer="Club", starts_at=SOON)

    told = {name: await api(LIST, as_=who) for name, who in (("member", member), ("other", other))}

    node = told["member"].data["recommendedEvents"]["nodes"][0]
    assert node["event"] == {"name": "Club"}
    assert {"kind": "OFTEN_ATTENDED", "text": "You have come to Club before"} in [
        {"kind": why["kind"], "text": why["text"]} for why in node["evidence"]
    ]
    assert 0 < node["score"] <= 1
    assert set(names(told["other"])) == {"Choir", "Club"}
    guest = await make_account(session, await make_person(session, alumnus=False))
    assert (await api(LIST)).codes == ["UNAUTHENTICATED"]
    assert (await api(LIST, as_=guest)).codes == (await api(LIST, as_=await make_staff(session))).codes == ["FORBIDDEN"]


@pytest.mark.parametrize("hidden", ["nothing", "the other", "the organiser"])
async def test_who_comes_too_is_a_reason_only_where_that_may_be_known(session: AsyncSession, api: Api, hidden: str):
    me, other = await make_member(session), await make_person(session, "Other", show_attendance=hidden != "the other")
    assert me.person_id is not None
    await connect(session, me.person_id, other)
    event = await make_event(session, "Choir", starts_at=SOON, attendees_shown=hidden != "the organiser")
    await register(session, event, other.id)
    (node,) = (await api(LIST, as_=me)).data["recommendedEvents"]["nodes"]
    told = [why["text"] for why in node["evidence"] if why["kind"] == "COMPANION_COMES"]
    assert told == (["Other comes too"] if hidden == "nothing" else [])


async def test_what_one_cannot_come_to_is_not_suggested(session: AsyncSession, api: Api):
    """Row 45: none past, full, cancelled, postponed, declined, taken, dismissed or unpublished."""
    me = await make_member(session)
    assert me.person_id is not None
    await make_event(session, "Past", starts_at=datetime.now(UTC) - timedelta(hours=1))
    await make_event(session, "Full", starts_at=SOON, capacity=3, seats_taken=3)
    await make_event(session, "Cancelled", starts_at=SOON, status=models.EventStatus.CANCELLED)
    await make_event(session, "Postponed", starts_at=SOON, status=models.EventStatus.POSTPONED)
    await make_event(session, "Draft", starts_at=SOON, audience=models.Visibility.STAFF)
    await register(session, await make_event(session, "Taken", starts_at=SOON), me.person_id)
    declined = await make_event(session, "Declined", starts_at=SOON)
    await register(session, declined, me.person_id, models.RegistrationState.CANCELLED)
    await make_event(session, "Dismissed", starts_at=SOON + timedelta(days=1))
    await make_event(session, "Open", starts_at=SOON, capacity=3, seats_taken=2)
    for profiled in (True, False):
        assert set(names(await api(LIST, as_=me, profiled=profiled))) == {"Open", "Dismissed"}
    nodes = (await api(LIST, as_=me)).data["recommendedEvents"]["nodes"]
    dismissed = next(node["id"] for node in nodes if node["event"]["name"] == "Dismissed")
    refused = await api(DISMISS, as_=await make_member(session), id=dismissed)
    assert refused.data["dismissSuggestion"] == {"__typename": "NotFound"}
    for _ in range(2):
        done = await api(DISMISS, as_=me, id=dismissed)
        assert done.data["dismissSuggestion"] == {"__typename": "DismissSuggestionPayload"}
    for profiled in (True, False):
        assert names(await api(LIST, as_=me, profiled=profiled)) == ["Open"]


async def test_the_plain_order_is_that_of_time_and_looks_at_nothing(session: AsyncSession, api: Api):
    me = await make_member(session)
    assert me.person_id is not None
    await register(session, await make_event(session, organizer="C", starts_at=SOON - timedelta(days=99)), me.person_id)
    for days, name in ((3, "C"), (1, "A"), (2, "B")):
        await make_event(session, name, organizer=name, starts_at=SOON + timedelta(days=days))
    assert names(await api(LIST, as_=me))[0] == "C"
    answer = await api(LIST, as_=me, profiled=False)
    assert names(answer) == ["A", "B", "C"]
    assert {(node["score"], *node["evidence"]) for node in answer.data["recommendedEvents"]["nodes"]} == {(None,)}


async def test_pages_follow_each_other_without_gap_or_repetition(session: AsyncSession, api: Api):
    me = await make_member(session)
    made = {(await make_event(session, starts_at=SOON + timedelta(days=n))).name for n in range(7)}
    seen: list[str] = []
    after = None
    while True:
        answer = await api(LIST, as_=me, first=3, after=after)
        seen += names(answer)
        info = answer.data["recommendedEvents"]["pageInfo"]
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break
    assert len(seen) == 7
    assert set(seen) == made


async def test_a_seat_at_a_suggested_event_is_noted_as_what_came_of_it(session: AsyncSession, api: Api):
    me, other = await make_member(session), await make_member(session)
    event = await make_event(session, starts_at=SOON)
    await api(LIST, as_=me)
    for who in (me, other, me):
        done = await api(REGISTER, as_=who, id=encode_id("Event", event.id))
        assert done.data["registerForEvent"] == {"__typename": "EventPayload"}
    (shown,) = await session.scalars(select(models.Suggestion))
    (noted,) = await session.scalars(select(models.SuggestionOutcome))
    assert (noted.viewer_id, noted.event_id) == (me.person_id, event.id)
    assert noted.outcome is models.OutcomeKind.REGISTERED
    assert noted.suggestion_id == shown.id


async def test_a_page_costs_as_many_statements_for_1_and_20(session: AsyncSession, api: Api):
    me = await make_member(session)
    for _ in range(21):
        await register(session, await make_event(session), await make_person(session, show_attendance=True))
    one, twenty = await api(LIST, as_=me, first=1), await api(LIST, as_=me, first=20)
    assert len(twenty.data["recommendedEvents"]["nodes"]) == 20
    assert len(one.statements) == len(twenty.statements)
