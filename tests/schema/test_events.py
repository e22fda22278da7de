"""Events over HTTP: publishing, listing, seats, links, and who learns who comes."""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import block, make_event, make_member, make_person, make_staff, register

SOON = datetime.now(UTC) + timedelta(days=10)
CREATE = """mutation($input: CreateEventInput!) { createEvent(input: $input) { __typename
    ... on EventPayload { event { id name audience capacity seatsLeft full startsAt weekday joinUrl } }
    ... on Error { code path message } ... on Invalid { problems { path } } } }"""
REGISTER = """mutation($input: EventInput!) { registerForEvent(input: $input) { __typename
    ... on EventPayload { event { registered seatsLeft full joinUrl attendees(first: 10) { totalCount } } }
    ... on Error { code message } } }"""
UNREGISTER = REGISTER.replace("registerForEvent", "cancelRegistration")
UPDATE = """mutation($input: UpdateEventInput!) { updateEvent(input: $input) { __typename
    ... on EventPayload { event { name capacity venue } } ... on Error { code path } } }"""
CANCEL = """mutation($input: EventInput!) { cancelEvent(input: $input) { __typename
    ... on EventPayload { event { status } } ... on Error { code } } }"""


def given(**more: Any) -> dict[str, Any]:
    return {
        "name": "Spring Mixer",
        "startsAt": "2030-05-03T18:00:00+02:00",
        "endsAt": "2030-05-03T21:00:00+02:00",
        "timeZone": "Europe/Berlin",
        "joinUrl": "https://example.org/room",
        **more,
    }


def id_of(event: models.Event) -> dict[str, str]:
    return {"eventId": encode_id("Event", event.id)}


async def test_staff_publish_an_event_and_members_find_it(session: AsyncSession, api: Api):
    staff, member = await make_staff(session), await make_member(session)
    created = (await api(CREATE, as_=staff, input=given(city="Berlin", capacity=2))).data["createEvent"]
    assert created["event"] | {"id": ""} == {
        "id": "", "name": "Spring Mixer", "audience": "MEMBERS", "capacity": 2, "seatsLeft": 2, "full": False,
        "startsAt": "2030-05-03T16:00:00+00:00", "weekday": 5, "joinUrl": "https://example.org/room",
    }  # fmt: skip
    query = """{ events(first: 5, filter: {open: true, city: {eq: "BERLIN"}, words: {contains: "mix"}}) { totalCount
        nodes { name joinUrl } facets { cities { value count } weekdays { value count } } } }"""
    found = (await api(query, as_=member)).data["events"]
    assert found == {
        "totalCount": 1, "nodes": [{"name": "Spring Mixer", "joinUrl": None}],
        "facets": {"cities": [{"value": "Berlin", "count": 1}], "weekdays": [{"value": "5", "count": 1}]},
    }  # fmt: skip


async def test_a_retry_with_the_same_key_makes_no_second_event(session: AsyncSession, api: Api):
    staff = await make_staff(session)
    first = await api(CREATE, as_=staff, input=given(idempotencyKey="k1"))
    again = await api(CREATE, as_=staff, input=given(idempotencyKey="k1"))
    assert first.data == again.data
    other = await api(CREATE, as_=staff, input=given(idempotencyKey="k1", name="Another"))
    assert other.data["createEvent"]["code"] == "CONFLICT"
    assert other.data["createEvent"]["path"] == ["input", "idempotencyKey"]
    somebody_else = await api(CREATE, as_=await make_staff(session), input=given(idempotencyKey="k1"))
    assert somebody_else.data["createEvent"]["event"]["id"] != first.data["createEvent"]["event"]["id"]


WRONG = {
    "name": " ", "endsAt": "2030-05-03T12:00:00+02:00", "timeZone": "Berlin", "country": "XX", "capacity": 0,
    "joinUrl": "javascript:alert(1)", "audience": "ME", "venue": "x" * 201, "city": "a\x00b",
}  # fmt: skip


@pytest.mark.parametrize("field", WRONG)
async def test_each_wrong_field_is_named(session: AsyncSession, api: Api, field: str):
    answer = await api(CREATE, as_=await make_staff(session), input=given(**{field: WRONG[field]}))
    assert [problem["path"] for problem in answer.data["createEvent"]["problems"]] == [["input", field]]


async def test_seats_are_taken_once_given_back_and_never_oversold(session: AsyncSession, api: Api):
    event = await make_event(session, starts_at=SOON, capacity=1, join_url="https://example.org/room")
    one, other = await make_member(session), await make_member(session)
    for _ in range(2):
        answer = (await api(REGISTER, as_=one, input=id_of(event))).data["registerForEvent"]
        assert answer["event"] | {"attendees": None} == {
            "registered": True, "seatsLeft": 0, "full": True, "joinUrl": "https://example.org/room", "attendees": None,
        }  # fmt: skip
    refused = (await api(REGISTER, as_=other, input=id_of(event))).data["registerForEvent"]
    assert (refused["code"], refused["message"]) == ("CONFLICT", "All seats are taken.")
    for _ in range(2):
        left = (await api(UNREGISTER, as_=one, input=id_of(event))).data["cancelRegistration"]["event"]
        assert (left["registered"], left["seatsLeft"], left["joinUrl"]) == (False, 1, None)
    assert (await api(REGISTER, as_=other, input=id_of(event))).data["registerForEvent"]["event"]["registered"]


async def test_nobody_registers_for_what_is_past_cancelled_postponed_or_hidden(session: AsyncSession, api: Api):
    member = await make_member(session)
    past = await make_event(session, starts_at=datetime.now(UTC) - timedelta(hours=1))
    cancelled = await make_event(session, starts_at=SOON, status=models.EventStatus.CANCELLED)
    postponed = await make_event(session, starts_at=SOON, status=models.EventStatus.POSTPONED)
    draft = await make_event(session, starts_at=SOON, audience=models.Visibility.STAFF)
    codes = [
        (await api(REGISTER, as_=member, input=id_of(event))).data["registerForEvent"]["code"]
        for event in (past, cancelled, postponed, draft)
    ]
    assert codes == ["CONFLICT", "CONFLICT", "CONFLICT", "NOT_FOUND"]


async def test_what_is_taken_bounds_what_staff_may_change(session: AsyncSession, api: Api):
    staff = await make_staff(session)
    event = await make_event(session, starts_at=SOON, capacity=5, venue="Hall")
    for _ in range(2):
        await register(session, event, await make_person(session))
    fewer = (await api(UPDATE, as_=staff, input={**id_of(event), "capacity": 1})).data["updateEvent"]
    assert (fewer["code"], fewer["path"]) == ("CONFLICT", ["input", "capacity"])
    hidden = (await api(UPDATE, as_=staff, input={**id_of(event), "audience": "STAFF"})).data["updateEvent"]
    assert hidden["path"] == ["input", "audience"]
    changed = (await api(UPDATE, as_=staff, input={**id_of(event), "capacity": 2})).data["updateEvent"]
    assert changed["event"] == {"name": event.name, "capacity": 2, "venue": "Hall"}
    for _ in range(2):
        assert (await api(CANCEL, as_=staff, input=id_of(event))).data["cancelEvent"]["event"]["status"] == "CANCELLED"
    late = (await api(UPDATE, as_=staff, input={**id_of(event), "capacity": 9})).data["updateEvent"]
    assert late["code"] == "CONFLICT"


async def test_who_comes_is_told_only_if_both_sides_allow(session: AsyncSession, api: Api):
    me = await make_member(session)
    mine = await session.get_one(models.Person, me.person_id)
    shown, hidden = await make_event(session, starts_at=SOON), await make_event(session, attendees_shown=False)
    willing, shy, unlisted, blocked = [
        await make_person(session, name, show_attendance=name != "Shy", listed=name != "Unlisted")
        for name in ("Willing", "Shy", "Unlisted", "Blocked")
    ]
    await block(session, blocked, mine)
    for event in (shown, hidden):
        for person in (willing, shy, unlisted, blocked, mine):
            await register(session, event, person)
    query = "query($id: ID!) { event(id: $id) { attendees(first: 9) { totalCount nodes { displayName } } } }"

    async def attendees(event: models.Event, account: models.Account) -> set[str]:
        page = (await api(query, as_=account, id=id_of(event)["eventId"])).data["event"]["attendees"]
        assert page["totalCount"] == len(page["nodes"])
        return {node["displayName"] for node in page["nodes"]}

    assert await attendees(shown, me) == {"Willing", mine.display_name}
    assert await attendees(hidden, me) == {mine.display_name}
    officer = {"Willing", "Shy", "Unlisted", "Blocked", mine.display_name}
    assert await attendees(hidden, await make_staff(session)) == officer
    events = "query($id: ID!) { person(id: $id) { events(first: 9) { totalCount } } }"
    for person, count in ((willing, 1), (shy, 0), (mine, 2)):
        found = (await api(events, as_=me, id=encode_id("Person", person.id))).data["person"]["events"]["totalCount"]
        assert found == count


async def test_events_with_who_comes_cost_as_many_statements_for_1_and_20(session: AsyncSession, api: Api):
    me = await make_member(session)
    person = await make_person(session, show_attendance=True)
    for _ in range(20):
        await register(session, await make_event(session), person)
    query = """query($n: Int!) { events(first: $n) { nodes { name attendees(first: 3) { nodes { displayName
        events(first: 2) { nodes { name } } } } } } }"""
    one, twenty = await api(query, as_=me, n=1), await api(query, as_=me, n=20)
    assert len(twenty.data["events"]["nodes"]) == 20
    assert len(one.statements) == len(twenty.statements) == 2


IMPORT = """mutation($rows: [JSON!]!, $dry: Boolean) { importEvents(input: {source: "crm", rows: $rows, dryRun: $dry}) {
    __typename ... on ImportEventsPayload { dryRun rows { externalId status messages event { name
    attendees(first: 9) { totalCount } } } } ... on Invalid { problems { path message } } } }"""


async def test_the_office_imports_events_with_those_who_came(session: AsyncSession, api: Api):
    staff, member = await make_staff(session), await make_member(session, source="crm", external_id="7")
    came = [{"externalId": "7", "at": "2024-04-01T10:00:00Z"}]
    past = given(startsAt="2024-05-03T18:00:00+02:00", endsAt="2024-05-03T21:00:00+02:00")
    rows = [{"externalId": "1", **past, "registrations": came}]
    assert (await api(IMPORT, as_=member, rows=rows)).codes == ["FORBIDDEN"]
    dry = (await api(IMPORT, as_=staff, rows=rows, dry=True)).data["importEvents"]
    assert dry == {
        "__typename": "ImportEventsPayload", "dryRun": True,
        "rows": [{"externalId": "1", "status": "CREATED", "messages": [], "event": None}],
    }  # fmt: skip
    for status in ("CREATED", "SKIPPED"):
        (done,) = (await api(IMPORT, as_=staff, rows=rows)).data["importEvents"]["rows"]
        assert done["status"] == status
        assert done["event"] == {"name": "Spring Mixer", "attendees": {"totalCount": 1}}
    mine = await api("{ events(first: 9) { nodes { name registered } } }", as_=member)
    assert mine.data["events"]["nodes"] == [{"name": "Spring Mixer", "registered": True}]
    wrong = (await api(IMPORT, as_=staff, rows=[rows[0] | {"country": "XX"}])).data["importEvents"]
    assert [problem["path"] for problem in wrong["problems"]] == [["rows", "0", "country"]]


@pytest.mark.parametrize("key", ["\ud800", "a\x00b", 5, None, [], {}, True], ids=ascii)
@pytest.mark.parametrize("place", [1, 2], ids=["name", "id"])
async def test_a_cursor_with_another_key_in_it_is_refused(session: AsyncSession, api: Api, place: int, key: object):
    me = await make_member(session)
    for _ in range(2):
        await make_event(session)
    query = """query($after: String) { events(first: 1, after: $after, orderBy: [{name: ASC}]) {
        pageInfo { endCursor } } }"""
    given = (await api(query, as_=me)).data["events"]["pageInfo"]["endCursor"]
    keys = json.loads(b64decode(given))
    keys[place] = key
    refused = await api(query, as_=me, after=b64encode(json.dumps(keys).encode()).decode())
    assert refused.codes == ["BAD_USER_INPUT"]
