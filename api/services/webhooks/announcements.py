"""What is told of a write: a row for each webhook that may hear of it, in the transaction of the write itself."""

from collections.abc import Collection
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, Table, Text, Uuid, any_, bindparam, column, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, ViewerKind, administers, visible_objects
from api.db import AnySelect
from api.models import NOUN_OF, Account, Webhook, WebhookDelivery, WebhookTopic
from api.services.webhooks.queueing import deliver_soon
from api.statements import Statements

_STATEMENTS = Statements(most=1)
_DELIVERIES = cast(Table, WebhookDelivery.__table__)


async def announce(session: AsyncSession, topic: WebhookTopic, ids: Collection[UUID]) -> None:
    """Tell of these objects, which the caller holds, once the transaction is committed.

    A webhook is told only of what its account may see now; it is asked again when the message is sent. Whatever a
    transaction does to an object is told once. Where nobody listens this is one short read.
    """
    if not ids:
        return
    listening = await _STATEMENTS.rows(session, "listening", _listening, {"topic": topic.value})
    for webhook in listening:
        subscriber = administrator(webhook.account_id, webhook.person_id)
        if await _write(session, topic, webhook.id, subscriber, ids):
            await deliver_soon(session, webhook.id)


def administrator(account_id: UUID, person_id: UUID | None) -> Viewer:
    """The viewer that an administrator's account is."""
    return Viewer(ViewerKind.STAFF, person_id, account_id, admin=True)


def _listening() -> AnySelect:
    """The webhooks that are told of a topic, in an order, with whom they are told as: none but administrators."""
    webhook, account = cast(Table, Webhook.__table__), cast(Table, Account.__table__)
    return (
        select(webhook.c.id, account.c.id.label("account_id"), account.c.person_id)
        .join_from(webhook, account, account.c.id == webhook.c.account_id)
        .where(
            webhook.c.switched_off.is_(None),
            bindparam("topic", type_=Text()) == any_(webhook.c.topics),
            administers(account),
        )
        .order_by(webhook.c.id)
    )


async def _write(
    session: AsyncSession, topic: WebhookTopic, webhook_id: UUID, subscriber: Viewer, ids: Collection[UUID]
) -> bool:
    """Write down what is to be told; whether there is anything."""
    given = (
        func.unnest(
            bindparam("ids", [uuid7() for _ in ids], type_=ARRAY(Uuid())),
            bindparam("objects", list(ids), type_=ARRAY(Uuid())),
        )
        .table_valued(column("id", Uuid()), column("object_id", Uuid()), name="given")
        .render_derived()
    )
    seen = given.c.object_id.in_(visible_objects(subscriber, NOUN_OF[topic]))
    told = select(
        given.c.id,
        given.c.object_id,
        bindparam("webhook", webhook_id, type_=Uuid()),
        bindparam("topic", topic.value, type_=Text()),
    ).where(seen)
    written = await session.scalars(
        insert(_DELIVERIES)
        .from_select(["id", "object_id", "webhook_id", "topic"], told)
        .on_conflict_do_nothing(index_elements=["webhook_id", "object_id", "topic", "transaction"])
        .returning(_DELIVERIES.c.id)
    )
    return bool(written.all())


async def forget_deliveries(session: AsyncSession, *objects: Any) -> None:
    """Forget what was to be told, or was told, of objects that go: ids, or SELECTs of ids.

    A message that is on its way at this moment is waited for: a few seconds at most.
    """
    for some in objects:
        await session.execute(delete(_DELIVERIES).where(_DELIVERIES.c.object_id.in_(some)))
