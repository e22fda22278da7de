"""Webhooks over HTTP: a secret is told once, what went through is for administrators who see what it is about."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import (
    SECRET,
    block,
    impersonate,
    make_account,
    make_delivery,
    make_event,
    make_job,
    make_member,
    make_person,
    make_staff,
    make_webhook,
)

CREATE = """mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { __typename
    ... on WebhookSecretPayload { secret webhook { id url topics mine switchedOff failingSince } }
    ... on Error { code } ... on Invalid { problems { path } } } }"""
UPDATE = """mutation($input: UpdateWebhookInput!) { updateWebhook(input: $input) { __typename
    ... on WebhookPayload { webhook { url topics mine switchedOff } } ... on Invalid { problems { path } } } }"""
ROTATE = """mutation($id: ID!) { rotateWebhookSecret(input: {webhookId: $id}) {
    ... on WebhookSecretPayload { secret webhook { id } } } }"""
DELETE = """mutation($id: ID!) { deleteWebhook(input: {webhookId: $id}) { __typename
    ... on DeleteWebhookPayload { deletedId } ... on Error { code } } }"""
REDELIVER = """mutation($id: ID!) { redeliver(input: {deliveryId: $id}) { __typename
    ... on RedeliverPayload { delivery { id state nextAttemptAt } } ... on Error { code path } } }"""
LIST = """{ webhooks(first: 10) { totalCount nodes { id mine deliveries(first: 10) { totalCount nodes { topic objectId
    state nextAttemptAt webhook { id } attempts { beganAt endedAt outcome responseCode note } } } } } }"""
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
URL = "https://receiver.example/hook"
T = models.WebhookTopic


@pytest.fixture
async def admin(session: AsyncSession) -> models.Account:
    return await make_account(session, await make_person(session), models.AccountRole.ADMIN)


async def test_the_secret_is_in_the_answer_that_makes_it_and_in_no_other(
    session: AsyncSession, api: Api, admin: models.Account
):
    given = {"url": URL, "topics": ["PERSON_UPDATED", "JOB_POSTED"], "idempotencyKey": "k"}
    made = (await api(CREATE, as_=admin, input=given)).data["createWebhook"]
    assert made["secret"].startswith("whsec_")
    assert made["webhook"] == {
        "id": made["webhook"]["id"],
        "url": URL,
        "topics": ["JOB_POSTED", "PERSON_UPDATED"],
        "mine": True,
        "switchedOff": None,
        "failingSince": None,
    }
    again = (await api(CREATE, as_=admin, input=given)).data["createWebhook"]
    assert (again["webhook"], again["secret"]) == (made["webhook"], None)
    rotated = (await api(ROTATE, as_=admin, id=made["webhook"]["id"])).data["rotateWebhookSecret"]
    stored = (await session.scalars(select(models.Webhook))).one()
    assert (stored.secret, stored.previous_secret) == (rotated["secret"], made["secret"])
    answer = await api(LIST, as_=admin)
    assert [secret for secret in (made["secret"], rotated["secret"]) if secret in answer.text] == []


@pytest.mark.parametrize("url", ["http://receiver.example/", "https://10.0.0.1/", "https://169.254.169.254/"])
async def test_a_bad_address_is_named_and_changes_nothing(
    session: AsyncSession, api: Api, admin: models.Account, url: str
):
    refused = (await api(CREATE, as_=admin, input={"url": url, "topics": ["JOB_POSTED"]})).data["createWebhook"]
    assert (refused["__typename"], refused["problems"]) == ("Invalid", [{"path": ["input", "url"]}])
    assert (await session.scalars(select(models.Webhook))).all() == []
    webhook = await make_webhook(session, admin)
    changed = {"webhookId": encode_id("Webhook", webhook.id), "url": url, "on": False}
    assert (await api(UPDATE, as_=admin, input=changed)).data["updateWebhook"]["__typename"] == "Invalid"
    await session.refresh(webhook)
    assert (webhook.url, webhook.switched_off) == (URL, None)


async def test_a_webhook_is_taken_over_switched_off_and_deleted(session: AsyncSession, api: Api, admin: models.Account):
    colleague = await make_account(session, role=models.AccountRole.ADMIN)
    webhook = await make_webhook(session, admin)
    key = encode_id("Webhook", webhook.id)
    given = {"webhookId": key, "topics": ["EVENT_CREATED"], "on": False}
    assert (await api(UPDATE, as_=colleague, input=given)).data["updateWebhook"]["webhook"] == {
        "url": URL,
        "topics": ["EVENT_CREATED"],
        "mine": True,
        "switchedOff": "BY_HAND",
    }
    told = (await api(LIST, as_=admin)).data["webhooks"]["nodes"]
    assert [(one["id"], one["mine"]) for one in told] == [(key, False)]
    for expected in (
        {"__typename": "DeleteWebhookPayload", "deletedId": key},
        {"__typename": "NotFound", "code": "NOT_FOUND"},
    ):
        assert (await api(DELETE, as_=admin, id=key)).data["deleteWebhook"] == expected
    assert (await api(LIST, as_=admin)).data["webhooks"] == {"totalCount": 0, "nodes": []}


async def test_deliveries_and_their_attempts_are_seen(session: AsyncSession, api: Api, admin: models.Account):
    webhook, event, job = await make_webhook(session, admin), await make_event(session), await make_job(session)
    person = await make_person(session)
    delivery = await make_delivery(session, webhook, event.id, T.EVENT_UPDATED, state=models.DeliveryState.FAILED)
    await make_delivery(session, webhook, job.id, T.JOB_POSTED)
    await make_delivery(session, webhook, person.id)
    refused = models.AttemptOutcome.REFUSED
    session.add(models.WebhookAttempt(delivery_id=delivery.id, outcome=refused, response_code=500, note="so"))
    await session.flush()
    (told,) = (await api(LIST, as_=admin)).data["webhooks"]["nodes"]
    assert told["deliveries"]["totalCount"] == 3
    *waiting, failed = told["deliveries"]["nodes"]
    assert [(one["topic"], one["objectId"], one["state"]) for one in waiting] == [
        ("PERSON_UPDATED", encode_id("Person", person.id), "WAITING"),
        ("JOB_POSTED", encode_id("Job", job.id), "WAITING"),
    ]
    assert all(one["nextAttemptAt"] for one in waiting)
    assert (failed["objectId"], failed["nextAttemptAt"], failed["webhook"]["id"]) == (
        encode_id("Event", event.id),
        None,
        encode_id("Webhook", webhook.id),
    )
    (attempt,) = failed["attempts"]
    assert (attempt["outcome"], attempt["responseCode"], attempt["note"]) == ("REFUSED", 500, "so")
    key = encode_id("WebhookDelivery", delivery.id)
    again = (await api(REDELIVER, as_=admin, id=key)).data["redeliver"]["delivery"]
    assert (again["id"], again["state"], again["nextAttemptAt"] is None) == (key, "WAITING", False)
    refusal = (await api(REDELIVER, as_=admin, id=key)).data["redeliver"]
    assert refusal == {"__typename": "Conflict", "code": "CONFLICT", "path": ["input", "deliveryId"]}


async def test_an_administrator_cannot_count_what_happens_to_whom_they_do_not_see(
    session: AsyncSession, api: Api, admin: models.Account
):
    hidden, seen = await make_person(session), await make_person(session)
    colleague = await make_account(session, await make_person(session), models.AccountRole.ADMIN)
    await block(session, hidden, await session.get_one(models.Person, admin.person_id))
    webhook = await make_webhook(session, colleague)
    of_hidden = await make_delivery(session, webhook, hidden.id, state=models.DeliveryState.FAILED)
    attempt = models.WebhookAttempt(delivery_id=of_hidden.id)
    session.add(attempt)
    await make_delivery(session, webhook, seen.id)
    named = [encode_id("WebhookDelivery", of_hidden.id), encode_id("WebhookAttempt", attempt.id)]
    for account, count in ((admin, 1), (colleague, 2)):
        (told,) = (await api(LIST, as_=account)).data["webhooks"]["nodes"]
        assert (told["deliveries"]["totalCount"], len(told["deliveries"]["nodes"])) == (count, count)
        found = (await api(NODES, as_=account, ids=named)).data["nodes"]
        assert [one is not None for one in found] == [account is colleague] * 2
    refused = (await api(REDELIVER, as_=admin, id=named[0])).data["redeliver"]
    assert (refused["__typename"], of_hidden.state) == ("NotFound", models.DeliveryState.FAILED)


async def test_nobody_else_reaches_them_by_their_ids(session: AsyncSession, api: Api, admin: models.Account):
    member = await make_member(session)
    webhook = await make_webhook(session, admin)
    delivery = await make_delivery(session, webhook, (await make_person(session)).id)
    attempt = models.WebhookAttempt(delivery_id=delivery.id)
    session.add(attempt)
    await session.flush()
    rows = {"Webhook": webhook.id, "WebhookDelivery": delivery.id, "WebhookAttempt": attempt.id}
    named = [encode_id(kind, key) for kind, key in rows.items()]
    leave = await impersonate(session, admin, await session.get_one(models.Person, member.person_id))
    asked = [
        await api(NODES, as_=member, ids=named),
        await api(NODES, as_=await make_staff(session), ids=named),
        await api(NODES, as_=admin, through=leave, ids=named),
    ]
    assert [answer.data["nodes"] for answer in asked] == [[None, None, None]] * 3
    assert [one["id"] for one in (await api(NODES, as_=admin, ids=named)).data["nodes"]] == named


async def test_a_list_costs_the_same_however_long(session: AsyncSession, api: Api, admin: models.Account):
    counts: list[int] = []
    for number in (1, 5):
        for _ in range(number):
            webhook = await make_webhook(session, admin)
            await make_delivery(session, webhook, (await make_person(session)).id)
        answer = await api(LIST, as_=admin)
        counts.append(len(answer.statements))
        assert SECRET not in answer.text
    assert counts[0] == counts[1]
