"""What one is told while one listens, over WebSockets and server-sent events: on real connections."""

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text, update
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from api import models
from api.app import create_app
from api.auth import DevelopmentIssuer
from api.db import PooledDatabase
from api.live import CHANNEL, MOST_WAITING, Live, Stream, StreamEnded
from api.measuring.figures import SOCKETS, SUBSCRIPTIONS
from api.services.notifications import notify
from api.settings import Settings
from schema.ids import encode_id
from tests.api.servers import free_port, serving_here, wait_for
from tests.factories import make_event, make_fact, make_member
from tests.schema.listening import LISTEN, TRANSPORT, Network, begin, closed, hear, say

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
ASK = 'mutation($id: ID!) { requestConnection(input: {personId: $id, message: "Hello"}) { __typename } }'
LIST = """{ viewer { unreadNotifications notifications(first: 9) { totalCount nodes { id kind
    request { id } tie { id } } } } }"""
ANSWER = "mutation($id: ID!) { answerRequest(input: {requestId: $id, accept: true}) { __typename } }"


@pytest.fixture
def most_open() -> int:
    """So many sockets, and so many subscriptions."""
    return 100


@pytest.fixture
async def network(
    real_db: PooledDatabase, real_url: str, settings: Settings, issuer: DevelopmentIssuer, most_open: int
) -> Any:
    async with real_db.write() as session, session.begin():
        accounts = {name: await make_member(session, name) for name in ("Ana", "Ben")}
    own = settings.model_copy(update={"database_url": real_url, "streams_at_once": most_open})
    context = serving_here(lambda: create_app(own), ws="websockets-sansio")
    port = await asyncio.to_thread(context.__enter__)
    yield Network(port, real_db, issuer, accounts)
    await asyncio.to_thread(context.__exit__, None, None, None)


async def test_who_listens_is_told_of_what_concerns_them_as_they_see_it(network: Network):
    async with network.listening("Ana") as ana, network.listening("Ben") as ben:
        await network.ask("Ana", ASK, id=network.gid("Ben"))
        request = {"incoming": True, "message": "Hello", "person": {"displayName": "Ana"}}
        told = {"kind": "CONNECTION_REQUESTED", "readAt": None, "event": None, "request": request, "tie": None}
        assert ben() == told
        one, *_ = (await network.ask("Ben", LIST))["viewer"]["notifications"]["nodes"]
        await network.ask("Ben", ANSWER, id=one["request"]["id"])
        accepted = {"kind": "CONNECTION_ACCEPTED", "request": None, "tie": {"person": {"displayName": "Ben"}}}
        assert ana() == {"readAt": None, "event": None} | accepted


async def test_a_seat_is_confirmed(network: Network):
    async with network.db.write() as session, session.begin():
        event = await make_event(session, name="Reunion")
    async with network.listening("Ana") as ana:
        register = "mutation($id: ID!) { registerForEvent(input: {eventId: $id}) { __typename } }"
        await network.ask("Ana", register, id=encode_id("Event", event.id))
        found = ana()
        assert (found["kind"], found["event"]) == ("REGISTRATION_CONFIRMED", {"name": "Reunion"})


async def test_the_list_has_what_came_before_and_what_is_read_is_marked(network: Network):
    await network.ask("Ana", ASK, id=network.gid("Ben"))
    viewer = (await network.ask("Ben", LIST))["viewer"]
    assert (viewer["unreadNotifications"], viewer["notifications"]["totalCount"]) == (1, 1)
    mark = """mutation($ids: [ID!]!) { markNotificationsRead(input: {notificationIds: $ids}) { __typename
        ... on MarkNotificationsReadPayload { viewer { unreadNotifications } } } }"""
    ids = [one["id"] for one in viewer["notifications"]["nodes"]]
    theirs = await network.ask("Ana", mark, ids=ids)
    assert theirs == {"markNotificationsRead": {"__typename": "NotFound"}}
    for _ in range(2):
        done = (await network.ask("Ben", mark, ids=ids))["markNotificationsRead"]
        assert done["viewer"] == {"unreadNotifications": 0}
    assert (await network.ask("Ben", mark, ids=ids * 101))["markNotificationsRead"]["__typename"] == "Invalid"


async def test_what_is_no_longer_there_for_the_listener_is_not_told(network: Network):
    async with network.listening("Ben") as ben:
        async with network.db.write() as session, session.begin():
            ana, ben_id = (network.accounts[name].person_id for name in ("Ana", "Ben"))
            session.add(models.Block(blocker_id=ben_id, blocked_id=ana))
            low, high = sorted((ana, ben_id))
            pending, now = models.ConnectionState.PENDING, datetime.now(UTC)
            tie = models.Connection(low_id=low, high_id=high, requester_id=ana, state=pending, requested_at=now)
            session.add(tie)
            await session.flush()
            await notify(session, ben_id, models.NotificationKind.CONNECTION_REQUESTED, connection_id=tie.id)
            await notify(session, ben_id, models.NotificationKind.NEW_SUGGESTIONS)
        assert ben()["kind"] == "NEW_SUGGESTIONS"
    viewer = (await network.ask("Ben", LIST))["viewer"]
    assert {one["kind"] for one in viewer["notifications"]["nodes"]} == {"NEW_SUGGESTIONS"}


async def test_who_may_listen_no_longer_is_told_nothing(network: Network):
    with network.socket() as socket:
        begin(socket, network.token("Ben"))
        say(socket, type="subscribe", id="1", payload={"query": LISTEN})
        say(socket, type="subscribe", id="2", payload={"query": "{ __typename }"})
        while hear(socket)["type"] != "complete":
            pass
        async with network.db.write() as session, session.begin():
            await session.execute(
                update(models.Account).values(person_id=None).where(models.Account.id == network.accounts["Ben"].id)
            )
            await notify(session, network.accounts["Ben"].person_id, models.NotificationKind.NEW_SUGGESTIONS)
        heard = None
        with suppress(ConnectionClosed):
            heard = hear(socket)
        assert (heard, socket.close_code) == (None, 1012)
    with network.socket() as socket:
        begin(socket, network.token("Ben"))
        say(socket, type="subscribe", id="1", payload={"query": LISTEN})
        assert hear(socket)["payload"]["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_strangers_and_guests_cannot_listen(network: Network):
    with network.socket() as socket:
        begin(socket)
        say(socket, type="subscribe", id="1", payload={"query": LISTEN})
        message = hear(socket)
        assert message["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert hear(socket) == {"type": "complete", "id": "1"}
    with network.socket() as socket:
        say(socket, type="connection_init", payload={"authorization": "Bearer nonsense"})
        assert closed(socket)[0] == 4403


async def test_queries_and_mutations_run_over_a_socket_and_errors_are_told(network: Network):
    with network.socket() as socket:
        begin(socket, network.token("Ana"))
        say(socket, type="ping", payload={})
        assert hear(socket) == {"type": "pong"}
        say(socket, type="subscribe", id="a", payload={"query": "{ viewer { person { displayName } } }"})
        message = hear(socket)
        assert (message["type"], message["id"]) == ("next", "a")
        assert message["payload"]["data"] == {"viewer": {"person": {"displayName": "Ana"}}}
        assert hear(socket) == {"type": "complete", "id": "a"}
        for payload, code in (
            ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
            ({"query": 7}, "BAD_REQUEST"),
            ({"query": "query($id: ID!) { node(id: $id) { id } }"}, "BAD_USER_INPUT"),
        ):
            say(socket, type="subscribe", id="a", payload=payload)
            message = hear(socket)
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)


async def test_the_first_message_says_which_languages_one_reads(network: Network):
    async with network.db.write() as session, session.begin():
        event = await make_event(session, "Gala")
        session.add(models.EventTranslation(event_id=event.id, language="de", name="Ball"))
    with network.socket() as socket:
        said = {"Authorization": network.token("Ana"), "Accept-Language": "de-DE"}
        say(socket, type="connection_init", payload=said)
        assert hear(socket) == {"type": "connection_ack"}
        say(socket, type="subscribe", id="a", payload={"query": "{ events(first: 1) { nodes { name } } }"})
        assert hear(socket)["payload"]["data"] == {"events": {"nodes": [{"name": "Ball"}]}}


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["{"], 4400),
        (["[]"], 4400),
        (['{"type": "nothing"}'], 4400),
        ([b"\x00"], 4400),
        (['{"type": "connection_init", "payload": 7}'], 4400),
        (['{"type": "connection_init", "payload": {"Authorization": 7}}'], 4400),
        (['{"type": "connection_init", "payload": {"X-Impersonate": ""}}'], 4403),
        (['{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}'], 4401),
        (['{"type": "connection_init"}', '{"type": "connection_init"}'], 4429),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": "", "payload": {}}'], 4400),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": "1"}'], 4400),
        ([], 4408),
    ],
)
async def test_who_breaks_the_protocol_is_closed_with_its_code(network: Network, messages: list[Any], code: int):
    with network.socket() as socket:
        for message in messages:
            socket.send(message)
        assert closed(socket)[0] == code


async def test_an_id_is_for_one_operation_at_a_time_and_can_be_ended(network: Network):
    with network.socket() as socket:
        begin(socket, network.token("Ana"))
        subscribe = {"type": "subscribe", "id": "1", "payload": {"query": LISTEN}}
        say(socket, **subscribe)
        say(socket, type="complete", id="1")
        say(socket, **subscribe)
        say(socket, **subscribe)
        assert closed(socket) == (4409, "Subscriber for 1 already exists")


async def test_a_long_id_is_cut_in_the_reason(network: Network):
    with network.socket() as socket:
        begin(socket, network.token("Ana"))
        for _ in range(2):
            say(socket, type="subscribe", id="\u20ac" * 80, payload={"query": LISTEN})
        code, reason = closed(socket)
    assert (code, reason[:20]) == (4409, "Subscriber for \u20ac\u20ac\u20ac\u20ac\u20ac")


async def test_a_header_that_a_proxy_adds_for_any_page_is_not_who_asks(network: Network):
    headers = {"Authorization": network.token("Ana")}
    address = f"ws://127.0.0.1:{network.port}/graphql"
    for page, found in ((None, "Ana"), ("https://elsewhere.example", None)):
        with connect(
            address, subprotocols=[TRANSPORT], additional_headers=headers, origin=None if page is None else Origin(page)
        ) as socket:
            begin(socket)
            say(socket, type="subscribe", id="1", payload={"query": "{ viewer { person { displayName } } }"})
            viewer = hear(socket)["payload"]["data"]["viewer"]
            assert (viewer and viewer["person"] and viewer["person"]["displayName"]) == found


async def test_what_others_tell_on_the_channel_is_passed_over(network: Network):
    async with network.listening("Ben") as ben:
        async with network.db.write() as session, session.begin():
            for nonsense in ("x", "", "a:b:c"):
                await session.execute(text(f"select pg_notify('{CHANNEL}', '{nonsense}')"))
        await network.tell("Ben")
        assert ben()["kind"] == "NEW_SUGGESTIONS"


async def test_other_protocols_get_no_socket(network: Network):
    for offered in (None, [Subprotocol("graphql-ws")]):
        with (
            pytest.raises(Exception, match="403"),
            connect(f"ws://127.0.0.1:{network.port}/graphql", subprotocols=offered),
        ):
            pass


async def test_a_lost_database_ends_the_streams_and_they_can_be_begun_anew(network: Network):
    with network.socket() as socket:
        begin(socket, network.token("Ben"))
        say(socket, type="subscribe", id="1", payload={"query": LISTEN})
        await _until_listening(network)
        async with network.db.write() as session, session.begin():
            await session.execute(text(f"select pg_terminate_backend(pid) from pg_stat_activity where {LISTENS}"))
        assert closed(socket)[0] == 1012
    async with network.listening("Ben") as ben:
        await network.tell("Ben")
        assert ben()["kind"] == "NEW_SUGGESTIONS"


LISTENS = "query = 'listen alumni_notifications' and datname = current_database()"


async def _until_listening(network: Network) -> None:
    for _ in range(500):
        async with network.db.write() as session:
            if await session.scalar(text(f"select exists (select from pg_stat_activity where {LISTENS})")):
                return
        await asyncio.sleep(0.02)
    raise AssertionError("The server does not listen.")


@pytest.mark.parametrize("most_open", [4])
async def test_an_address_keeps_half_of_what_may_be_open_and_is_told_to_come_again(network: Network):
    with network.socket() as first, network.socket() as second:
        with pytest.raises(InvalidStatus) as refused, network.socket():
            pass
        answer = refused.value.response
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        begin(first, network.token("Ben"))
        for name in map(str, range(40)):
            say(first, type="subscribe", id=name, payload={"query": LISTEN})
        refusals = [hear(first) for _ in range(38)]
        assert {one["type"] for one in refusals} == {"error"}
        assert {one["payload"][0]["extensions"]["code"] for one in refusals} == {"OVERLOADED"}
        headers = {"authorization": network.token("Ben"), "accept": "text/event-stream"}
        async with httpx.AsyncClient(headers=headers, timeout=20) as client:
            full = await client.post(f"http://127.0.0.1:{network.port}/graphql", json={"query": LISTEN})
        assert (full.status_code, full.json()["errors"][0]["extensions"]["code"]) == (503, "OVERLOADED")
        begin(second, network.token("Ana"))
        say(second, type="subscribe", id="1", payload={"query": "{ __typename }"})
        assert hear(second)["type"] == "next"
    await asyncio.to_thread(wait_for, lambda: SOCKETS.value == SUBSCRIPTIONS.value == 0, "all to be closed")
    async with network.listening("Ben") as ben:
        await network.tell("Ben")
        assert ben()["kind"] == "NEW_SUGGESTIONS"


async def test_a_stream_that_waits_for_the_database_ends_with_the_server():
    live = Live(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    opening = asyncio.create_task(live.open(UUID(int=1)))
    await asyncio.sleep(0)
    await live.stop()
    with pytest.raises(StreamEnded):
        await (await opening).next()


async def test_a_stream_that_is_not_read_ends_and_takes_no_more():
    stream, told = Stream(), [UUID(int=number) for number in range(1, MOST_WAITING + 2)]
    for one in told[:-1]:
        stream.tell(one)
    assert await stream.next() == told[0]
    stream.tell(told[-1])
    stream.tell(told[-1])
    with pytest.raises(StreamEnded):
        await stream.next()


# ---------------------------------------------------------------- server-sent events


async def test_events_come_as_server_sent_ones_too(network: Network):
    headers = {"authorization": network.token("Ben"), "accept": "text/event-stream"}
    url = f"http://127.0.0.1:{network.port}/graphql"
    async with httpx.AsyncClient(headers=headers, timeout=20) as client:
        one = await client.post(url, json={"query": "{ __typename }"})
        assert one.headers["content-type"].startswith("text/event-stream")
        answer = '{"data":{"__typename":"Query"},"extensions":{"cost":{"requestedQueryCost":0}}}'
        assert one.text == f"event: next\ndata: {answer}\n\nevent: complete\ndata:\n\n"
        wrong = await client.post(url, json={"query": "subscription { nothing }"})
        assert (wrong.status_code, wrong.json()["errors"][0]["extensions"]["code"]) == (
            400,
            "GRAPHQL_VALIDATION_FAILED",
        )
        async with client.stream("POST", url, json={"query": LISTEN}) as stream:
            asking = asyncio.create_task(_ask_until_told(network))
            lines = stream.aiter_lines()
            while (line := await anext(lines)) in {":", ""}:
                pass
            assert line == "event: next"
            assert json.loads((await anext(lines)).removeprefix("data: "))["data"]["notificationReceived"]["kind"]
            asking.cancel()
        plain = await client.post(url, json={"query": LISTEN}, headers={"accept": "*/*"})
    assert (plain.status_code, plain.json()["errors"][0]["extensions"]["code"]) == (406, "BAD_REQUEST")


async def test_line_breaks_in_an_answer_end_no_event(network: Network):
    async with network.db.write() as session, session.begin():
        for _ in range(3):
            await make_fact(session, models.Education, network.accounts["Ana"].person_id)
    headers = {"authorization": network.token("Ana"), "accept": "text/event-stream"}
    query = "{ people(first: 9) { nodes { educations { id } } } }"
    async with httpx.AsyncClient(headers=headers, timeout=20) as client:
        answer = await client.post(f"http://127.0.0.1:{network.port}/graphql", json={"query": query})
    event, data, *rest = answer.text.split("\n")
    assert (event, rest) == ("event: next", ["", "event: complete", "data:", "", ""])
    people = json.loads(data.removeprefix("data: "))["data"]["people"]["nodes"]
    assert sorted(len(person["educations"]) for person in people) == [0, 3]


async def _ask_until_told(network: Network) -> None:
    """A stream has no sign that it has begun: tell until it is heard."""
    while True:
        await network.tell("Ben")
        await asyncio.sleep(0.2)
