"""Messages on their way to a real receiver: signed, in order, again after failures and deaths, and to nobody else."""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.db import PooledDatabase
from api.queue import SWEEP_WEBHOOKS, enqueue
from api.sending import Poster, deliver
from api.services.erasures import ErasureReason, erase_person
from api.services.webhooks import MOST_ATTEMPTS, announce, create_webhook, redeliver, rotate_secret
from api.worker import Jobs, build_queue
from recommender.embeddings import HashEmbedder
from schema.ids import encode_id
from tests.api.receivers import Receiver, Request, receiving
from tests.conftest import PROJECT
from tests.factories import (
    SECRET,
    block,
    make_account,
    make_delivery,
    make_event,
    make_person,
    make_webhook,
    viewer_of,
)

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
T = models.WebhookTopic
POSTER = Poster(loopback=True)


class Office:
    """An administrator with a webhook that leads to a receiver, and two people to tell of."""

    def __init__(self, db: PooledDatabase, receiver: Receiver) -> None:
        self.db = db
        self.receiver = receiver

    async def set_up(self, session: AsyncSession) -> None:
        self.officer = await make_person(session)
        self.admin = await make_account(session, self.officer, models.AccountRole.ADMIN)
        self.viewer = viewer_of(self.admin)
        self.webhook = await make_webhook(session, self.admin, url=self.receiver.url)
        self.ana, self.ben = await make_person(session, "Ana"), await make_person(session, "Ben")

    async def tell(self, *people: models.Person, topic: T = T.PERSON_UPDATED) -> None:
        """Each in a write of its own."""
        for person in people:
            async with self.db.write() as session, session.begin():
                await announce(session, topic, [person.id])

    async def deliver(self, poster: Poster = POSTER) -> list[Request]:
        """Send what is due; what came of it."""
        before = len(self.receiver.requests)
        await deliver(self.db, poster, self.webhook.id)
        return self.receiver.requests[before:]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.db.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def let_time_pass(self) -> None:
        """Whatever waits is due now."""
        self.rows("update webhook_deliveries set next_attempt_at = now() where state = 'WAITING'")

    def states(self) -> list[str]:
        return [state for (state,) in self.rows("select state from webhook_deliveries order by place")]

    def outcomes(self) -> list[str | None]:
        return [outcome for (outcome,) in self.rows("select outcome from webhook_attempts order by id")]

    def off(self) -> str | None:
        return self.rows("select switched_off from webhooks")[0][0]


@pytest.fixture
async def office(real_db: PooledDatabase) -> AsyncGenerator[Office]:
    async with receiving() as receiver:
        office = Office(real_db, receiver)
        async with real_db.write() as session, session.begin():
            await office.set_up(session)
        yield office


def about(kind: str, happened: str, *people: models.Person) -> list[tuple[str, str]]:
    return [(happened, encode_id(kind, person.id)) for person in people]


# ---------------------------------------------------------------- what comes


async def test_a_message_names_its_object_and_is_signed(office: Office):
    await office.tell(office.ana)
    (request,) = await office.deliver()
    ((delivery_id,),) = office.rows("select id from webhook_deliveries")
    assert request.said == {
        "id": encode_id("WebhookDelivery", delivery_id),
        "type": "person.updated",
        "timestamp": request.said["timestamp"],
        "data": {"type": "Person", "id": encode_id("Person", office.ana.id)},
    }
    assert request.said["timestamp"].endswith("Z")
    assert request.id == request.said["id"]
    assert request.signed_with(SECRET)
    assert not request.signed_with(SECRET.replace("K", "L"))
    assert (office.states(), office.outcomes()) == (["DELIVERED"], ["ACCEPTED"])
    assert await office.deliver() == []


async def test_an_event_is_named_by_its_own_type(office: Office):
    async with office.db.write() as session, session.begin():
        event = await make_event(session)
        await announce(session, T.EVENT_ATTENDANCE_CHANGED, [event.id])
    (request,) = await office.deliver()
    assert request.about == ("event.attendance_changed", encode_id("Event", event.id))


async def test_of_a_write_that_failed_nothing_is_told(office: Office):
    async with office.db.write() as session:
        await announce(session, T.PERSON_UPDATED, [office.ana.id])
        await session.rollback()
    assert await office.deliver() == []
    assert office.rows("select id from procrastinate_jobs") == []


async def test_while_a_secret_is_replaced_both_sign(office: Office):
    async with office.db.write() as session, session.begin():
        fresh = await rotate_secret(session, office.viewer, office.webhook.id)
    await office.tell(office.ana)
    (request,) = await office.deliver()
    assert (request.signed_with(fresh), request.signed_with(SECRET)) == (True, True)
    office.rows("update webhooks set previous_until = now()")
    await office.tell(office.ana)
    (request,) = await office.deliver()
    assert (request.signed_with(fresh), request.signed_with(SECRET)) == (True, False)


async def test_a_workers_job_sends_it_and_a_sweep_what_was_lost(office: Office):
    queue = build_queue(office.db.url, Jobs(office.db, HashEmbedder(), POSTER))
    await office.tell(office.ana)
    for expected in (1, 2):
        async with queue.open_async():
            await queue.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="successful")
        assert len(office.receiver.requests) == expected
        await office.tell(office.ben)
        office.rows("delete from procrastinate_jobs")
        async with office.db.write() as session, session.begin():
            await enqueue(session, SWEEP_WEBHOOKS)


async def test_an_error_that_is_logged_does_not_tell_the_secret(office: Office):
    nobody = replace(office.viewer, account_id=UUID(int=1))
    with pytest.raises(IntegrityError) as failed:
        async with office.db.write() as session, session.begin():
            await create_webhook(session, nobody, "https://receiver.example/", [T.JOB_POSTED])
    assert "whsec_" not in "".join(traceback.format_exception(failed.value))


# ---------------------------------------------------------------- order, and again


async def test_messages_about_one_object_keep_their_order(office: Office):
    office.receiver.codes = [400, 200]
    await office.tell(office.ana, topic=T.PERSON_CREATED)
    await office.tell(office.ana, office.ben)
    first = await office.deliver()
    assert [one.about for one in first] == [
        *about("Person", "person.created", office.ana),
        *about("Person", "person.updated", office.ben),
    ]
    office.let_time_pass()
    second = await office.deliver()
    assert [one.about[0] for one in second] == ["person.created", "person.updated"]
    assert {one.about[1] for one in second} == {encode_id("Person", office.ana.id)}
    assert office.states() == ["DELIVERED"] * 3


async def test_a_message_that_is_sent_again_is_the_same(office: Office):
    office.receiver.codes = [500, 500, 200]
    await office.tell(office.ana)
    requests = await office.deliver()
    for _ in range(2):
        assert await office.deliver() == []
        office.let_time_pass()
        requests += await office.deliver()
    assert len(requests) == 3
    assert len({(one.id, one.body) for one in requests}) == 1
    assert all(one.signed_with(SECRET) for one in requests)
    assert office.outcomes() == ["REFUSED", "REFUSED", "ACCEPTED"]
    assert office.rows("select failing_since from webhooks") == [(None,)]


async def test_a_receiver_that_is_down_is_not_asked_for_everything_at_once(office: Office):
    office.receiver.codes = [503]
    await office.tell(office.ana, office.ben)
    assert len(await office.deliver()) == 1


async def test_what_is_never_accepted_is_given_up_and_the_webhook_switched_off(office: Office):
    office.receiver.codes = [500]
    await office.tell(office.ana, office.ana)
    for attempt in range(MOST_ATTEMPTS):
        assert office.states() == ["WAITING", "WAITING"], attempt
        assert len(await office.deliver()) == 1
        office.let_time_pass()
    assert (office.off(), office.states()) == ("FAILING", ["FAILED", "FAILED"])
    await office.tell(office.ben)
    assert len(office.states()) == 2


async def test_a_webhook_that_accepts_other_messages_stays_on(office: Office):
    office.receiver.codes = [400] * MOST_ATTEMPTS + [200]
    await office.tell(office.ana)
    for _ in range(MOST_ATTEMPTS - 1):
        await office.deliver()
        office.let_time_pass()
    office.rows("update webhooks set failing_since = null")  # as when something else was accepted
    await office.deliver()
    assert (office.off(), office.states()) == (None, ["FAILED"])
    await office.tell(office.ana)
    assert len(await office.deliver()) == 1


async def test_a_receiver_that_is_gone_is_told_nothing_more(office: Office):
    office.receiver.codes = [410]
    await office.tell(office.ana, office.ben)
    await office.deliver()
    assert (office.off(), office.states()) == ("GONE", ["FAILED", "FAILED"])


async def test_what_was_given_up_is_sent_again_on_demand_before_what_came_later(office: Office):
    office.receiver.codes = [200]
    await office.tell(office.ana)
    (before,) = await office.deliver()
    await office.tell(office.ana)
    ((delivery_id,),) = office.rows("select id from webhook_deliveries where state = 'DELIVERED'")
    async with office.db.write() as session, session.begin():
        await redeliver(session, office.viewer, delivery_id)
    again, later = await office.deliver()
    assert (again.id, again.body) == (before.id, before.body)
    assert later.id != before.id


# ---------------------------------------------------------------- at once, and broken off


async def test_a_message_is_in_one_hand_at_a_time(office: Office):
    office.receiver.open.clear()
    await office.tell(office.ana, office.ana)
    tasks = [asyncio.create_task(deliver(office.db, POSTER, office.webhook.id)) for _ in range(3)]
    await office.receiver.came.wait()
    await asyncio.wait(tasks, timeout=0.5)
    assert len(office.receiver.requests) == 1
    office.receiver.open.set()
    await asyncio.gather(*tasks)
    await office.deliver()
    assert [one.id for one in office.receiver.requests] == list(dict.fromkeys(o.id for o in office.receiver.requests))
    assert office.states() == ["DELIVERED"] * 2


KILLED = """
import asyncio, sys
from uuid import UUID
from api.db import PooledDatabase
from api.sending import Poster, deliver
asyncio.run(deliver(PooledDatabase(sys.argv[1], 4), Poster(loopback=True), UUID(sys.argv[2])))
"""


async def test_a_worker_that_is_killed_meanwhile_leaves_an_uncertain_attempt_and_the_same_message(office: Office):
    office.receiver.open.clear()
    await office.tell(office.ana)
    command = [sys.executable, "-c", KILLED, office.db.url, str(office.webhook.id)]
    worker = await asyncio.create_subprocess_exec(*command, cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)})
    await office.receiver.came.wait()
    assert (office.states(), office.outcomes()) == (["WAITING"], [None])
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    office.receiver.open.set()
    again: list[Request] = []
    while not again:  # until PostgreSQL knows that the killed worker's connection is no more
        again = await office.deliver()
    first, second = office.receiver.requests
    assert (first.id, first.body) == (second.id, second.body)
    assert (office.states(), office.outcomes()) == (["DELIVERED"], ["UNCERTAIN", "ACCEPTED"])


async def test_what_kills_its_worker_each_time_is_given_up(office: Office):
    async with office.db.write() as session, session.begin():
        delivery = await make_delivery(session, office.webhook, office.ana.id)
        for _ in range(MOST_ATTEMPTS):
            session.add(models.WebhookAttempt(delivery_id=delivery.id))
    assert await office.deliver() == []
    assert (office.states(), set(office.outcomes())) == (["FAILED"], {"UNCERTAIN"})


# ---------------------------------------------------------------- to nobody else


async def test_who_is_no_administrator_any_more_is_told_nothing(office: Office):
    await office.tell(office.ana)
    office.rows(f"update accounts set role = 'STAFF' where id = '{office.admin.id}'")
    assert await office.deliver() == []
    assert (office.off(), office.states()) == ("RIGHTS_ENDED", ["FAILED"])


async def test_of_somebody_who_is_hidden_by_now_nothing_is_told(office: Office):
    await office.tell(office.ana, office.ben)
    async with office.db.write() as session, session.begin():
        await block(session, office.ana, office.officer)
    await office.tell(office.ana)
    assert [one.about for one in await office.deliver()] == about("Person", "person.updated", office.ben)
    assert office.states() == ["DELIVERED"]


async def test_of_an_erased_person_the_farewell_alone_is_told_and_nothing_is_kept(office: Office):
    await office.tell(office.ana, office.ana, office.ben)
    async with office.db.write() as session, session.begin():
        await erase_person(session, office.viewer, office.ana.id, ErasureReason.REQUESTED)
    assert [one.about for one in await office.deliver()] == [
        *about("Person", "person.updated", office.ben),
        *about("Person", "person.deleted", office.ana),
    ]
    assert office.rows("select object_id from webhook_deliveries") == [(office.ben.id,)]
