"""Which message goes next, to be sent by one worker at a time, and what follows from the answer.

The row of a delivery is held from `claim` to `settle`, in one transaction, while its message is sent; that an attempt
begins is committed before, in another. So a worker that dies leaves an attempt without an outcome and a delivery that
nobody holds: the next worker writes down that the outcome is uncertain and sends the same message again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, and_, case, delete, func, literal_column, not_, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, administers, some_row, visible_objects
from api.models import (
    FAREWELLS,
    NOUN_OF,
    Account,
    AttemptOutcome,
    DeliveryState,
    SwitchedOff,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookTopic,
)
from api.services.webhooks.announcements import administrator

MOST_ATTEMPTS = 10
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
JITTER = 0.2
"""A pause is longer or shorter by up to this part of it, so that what failed together is not sent again together."""
GONE = 410
"""The answer of a receiver that wants to hear nothing any more."""
WAITING: ColumnElement[str] = literal_column(f"'{DeliveryState.WAITING.value}'")
"""As a literal: a partial index is of no use to a parameter."""
_CHANCES = SystemRandom()
_WEBHOOKS, _DELIVERIES = cast(Table, Webhook.__table__), cast(Table, WebhookDelivery.__table__)
_ATTEMPTS, _ACCOUNTS = cast(Table, WebhookAttempt.__table__), cast(Table, Account.__table__)


@dataclass(frozen=True)
class Message:
    """What is to be sent, and where."""

    delivery_id: UUID
    webhook_id: UUID
    topic: WebhookTopic
    object_id: UUID
    happened_at: datetime
    tried: int
    """How often it was tried before, since it was last put into the queue."""
    first_tried_at: datetime | None
    url: str
    secrets: Sequence[str] = field(repr=False)
    """What it is signed with: one, or two while a secret is being replaced."""


@dataclass(frozen=True)
class Attempt:
    """That it is being sent."""

    id: UUID
    began_at: datetime


@dataclass(frozen=True)
class Answer:
    """What came of sending it."""

    outcome: AttemptOutcome
    response_code: int | None = None
    note: str | None = None


async def claim(session: AsyncSession, webhook_id: UUID) -> Message | None:
    """The next message of a webhook, held until the transaction ends; None if nothing is due.

    What the webhook's account does not see any more is dropped without a word. A webhook whose account is no
    administrator's is switched off.
    """
    webhook = (await session.execute(_secrets_of(webhook_id))).one_or_none()
    if webhook is None:
        return None
    if not webhook.administered:
        await switch_off(session, webhook_id, SwitchedOff.RIGHTS_ENDED)
        return None
    subscriber = administrator(webhook.account_id, webhook.person_id)
    while (delivery := (await session.execute(_due(webhook_id))).one_or_none()) is not None:
        if not await _may_be_told(session, subscriber, delivery):
            await session.execute(delete(_DELIVERIES).where(_DELIVERIES.c.id == delivery.id))
        elif delivery.tried >= MOST_ATTEMPTS:  # the worker died each time, or the last time
            await _note_broken_off(session, delivery.id)
            await _finish(session, delivery.id, delivery.topic, DeliveryState.FAILED)
        else:
            secrets = [one for one in (webhook.secret, webhook.previous_secret) if one is not None]
            return Message(
                delivery.id,
                webhook_id,
                WebhookTopic(delivery.topic),
                delivery.object_id,
                delivery.created_at,
                delivery.tried,
                delivery.first_tried_at,
                webhook.url,
                secrets,
            )
    return None


def _secrets_of(webhook_id: UUID) -> Any:
    """The webhook while it is on, with the secrets that are good now, and whose it is."""
    webhook, account = _WEBHOOKS.c, _ACCOUNTS.c
    still = case((webhook.previous_until > func.now(), webhook.previous_secret), else_=null())
    return (
        select(webhook.url, webhook.secret, still.label("previous_secret"), webhook.account_id)
        .add_columns(account.person_id, administers(_ACCOUNTS).label("administered"))
        .join_from(_WEBHOOKS, _ACCOUNTS, account.id == webhook.account_id)
        .where(webhook.id == webhook_id, webhook.switched_off.is_(None))
    )


def _due(webhook_id: UUID) -> Any:
    """What has waited longest and is due, unless something earlier about the same object waits still."""
    this, earlier = _DELIVERIES, _DELIVERIES.alias()
    before = and_(earlier.c.webhook_id == this.c.webhook_id, earlier.c.object_id == this.c.object_id)
    blocked = some_row(earlier, before, earlier.c.place < this.c.place, earlier.c.state == WAITING)
    counted = _ATTEMPTS.c.delivery_id == this.c.id, _ATTEMPTS.c.created_at >= this.c.queued_at
    tried = select(func.count(_ATTEMPTS.c.id)).where(*counted).correlate(this).scalar_subquery()
    first = select(func.min(_ATTEMPTS.c.created_at)).where(*counted).correlate(this).scalar_subquery()
    return (
        select(this, tried.label("tried"), first.label("first_tried_at"))
        .where(this.c.webhook_id == webhook_id, this.c.state == WAITING, not_(blocked))
        .where(this.c.next_attempt_at <= func.now())
        .order_by(this.c.place)
        .limit(1)
        .with_for_update(of=this, key_share=True, skip_locked=True)
    )


async def _may_be_told(session: AsyncSession, subscriber: Viewer, delivery: Row[Any]) -> bool:
    topic = WebhookTopic(delivery.topic)
    if topic in FAREWELLS:
        return True
    visible = visible_objects(subscriber, NOUN_OF[topic]).subquery()
    return await session.scalar(select(visible.c.id).where(visible.c.id == delivery.object_id)) is not None


async def begin_attempt(session: AsyncSession, message: Message) -> Attempt:
    """Write down that the message is about to be sent. The caller commits this before it sends."""
    await _note_broken_off(session, message.delivery_id)
    made = _ATTEMPTS.insert().values(id=uuid7(), delivery_id=message.delivery_id)
    row = (await session.execute(made.returning(_ATTEMPTS.c.id, _ATTEMPTS.c.created_at))).one()
    return Attempt(row.id, row.created_at)


async def _note_broken_off(session: AsyncSession, delivery_id: UUID) -> None:
    """Earlier attempts without an outcome were broken off: whether the receiver got the message is not known."""
    theirs = update(_ATTEMPTS).where(_ATTEMPTS.c.delivery_id == delivery_id, _ATTEMPTS.c.outcome.is_(None))
    note = "the worker was stopped meanwhile"
    await session.execute(theirs.values(outcome=AttemptOutcome.UNCERTAIN, ended_at=func.now(), note=note))


async def settle(session: AsyncSession, message: Message, attempt: Attempt, answer: Answer) -> DeliveryState:
    """Write down what came of an attempt, in the transaction of `claim`; where the delivery stands now."""
    told = {"outcome": answer.outcome, "response_code": answer.response_code, "note": answer.note}
    ended = update(_ATTEMPTS).where(_ATTEMPTS.c.id == attempt.id)
    await session.execute(ended.values(ended_at=func.clock_timestamp(), **told))
    if answer.outcome is AttemptOutcome.ACCEPTED:
        return await _finish(session, message.delivery_id, message.topic, DeliveryState.DELIVERED)
    if message.tried + 1 >= MOST_ATTEMPTS or answer.response_code == GONE:
        return await _finish(session, message.delivery_id, message.topic, DeliveryState.FAILED)
    again = func.clock_timestamp() + pause_after(message.tried + 1)
    waiting = update(_DELIVERIES).where(_DELIVERIES.c.id == message.delivery_id)
    await session.execute(waiting.values(next_attempt_at=again))
    return DeliveryState.WAITING


def pause_after(failures: int) -> timedelta:
    """How long to wait after so many failures: three times as long each time, up to a bound, give or take a fifth."""
    longest = min(FIRST_PAUSE * 3 ** (failures - 1), LONGEST_PAUSE)
    return longest * _CHANCES.uniform(1 - JITTER, 1 + JITTER)


async def _finish(session: AsyncSession, delivery_id: UUID, topic: WebhookTopic, state: DeliveryState) -> DeliveryState:
    """Be done with a delivery. Of a farewell nothing is kept: it has the id of who is here no more."""
    this = _DELIVERIES.c.id == delivery_id
    if topic in FAREWELLS:
        await session.execute(delete(_DELIVERIES).where(this))
    else:
        await session.execute(update(_DELIVERIES).where(this).values(state=state))
    return state


async def note_health(
    session: AsyncSession, message: Message, attempt: Attempt, answer: Answer, state: DeliveryState
) -> None:
    """Write down how the webhook does: in a transaction of its own, so that nobody waits for a row of a webhook while
    they hold one of its deliveries.

    It is switched off when its receiver says that it is gone, and when a message is given up while nothing at all has
    been accepted since that was first tried.
    """
    this = update(_WEBHOOKS).where(_WEBHOOKS.c.id == message.webhook_id)
    if answer.outcome is AttemptOutcome.ACCEPTED:
        await session.execute(this.where(_WEBHOOKS.c.failing_since.is_not(None)).values(failing_since=null()))
        return
    since = func.coalesce(_WEBHOOKS.c.failing_since, attempt.began_at)
    failing_since = await session.scalar(this.values(failing_since=since).returning(_WEBHOOKS.c.failing_since))
    first = message.first_tried_at or attempt.began_at
    if answer.response_code == GONE:
        await switch_off(session, message.webhook_id, SwitchedOff.GONE)
    elif state is DeliveryState.FAILED and failing_since is not None and failing_since <= first:
        await switch_off(session, message.webhook_id, SwitchedOff.FAILING)


async def switch_off(session: AsyncSession, webhook_id: UUID, why: SwitchedOff) -> None:
    """Tell a webhook nothing any more, and give up what waits."""
    still_on = and_(_WEBHOOKS.c.id == webhook_id, _WEBHOOKS.c.switched_off.is_(None))
    await session.execute(update(_WEBHOOKS).where(still_on).values(switched_off=why))
    await give_up_waiting(session, webhook_id)


async def give_up_waiting(session: AsyncSession, webhook_id: UUID) -> None:
    """Give up what waits for a webhook, but for what a worker has in hand at this moment: a sweep finds that."""
    waiting = and_(_DELIVERIES.c.webhook_id == webhook_id, _DELIVERIES.c.state == WAITING)
    farewell = _DELIVERIES.c.topic.in_(list(FAREWELLS))
    await session.execute(delete(_DELIVERIES).where(_DELIVERIES.c.id.in_(_free(waiting, farewell))))
    given_up = update(_DELIVERIES).where(_DELIVERIES.c.id.in_(_free(waiting, not_(farewell))))
    await session.execute(given_up.values(state=DeliveryState.FAILED))


def _free(*conditions: ColumnElement[bool]) -> Any:
    """The deliveries that no worker has in hand."""
    return select(_DELIVERIES.c.id).where(*conditions).with_for_update(skip_locked=True).scalar_subquery()
