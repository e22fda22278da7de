"""When the worker is sent to a webhook, and how long is kept what went through it."""

from datetime import timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import DeliveryState, Webhook, WebhookDelivery
from api.queue import DELIVER_WEBHOOK, enqueue

KEPT = timedelta(days=14)
"""How long what is done with is kept to be looked at."""
_WEBHOOKS, _DELIVERIES = cast(Table, Webhook.__table__), cast(Table, WebhookDelivery.__table__)


async def deliver_soon(session: AsyncSession, webhook_id: UUID) -> None:
    """Have what waits for a webhook sent once this transaction is committed. One worker at a time sends to it, so that
    a slow receiver keeps none from the others."""
    await enqueue(session, DELIVER_WEBHOOK, lock=f"webhook:{webhook_id}", webhook_id=str(webhook_id))


async def sweep(session: AsyncSession) -> None:
    """Send the worker wherever something is due: attempts to be made again, and what a lost job has left."""
    waiting = select(_DELIVERIES.c.webhook_id).where(
        _DELIVERIES.c.state == DeliveryState.WAITING, _DELIVERIES.c.next_attempt_at <= func.now()
    )
    due = select(_WEBHOOKS.c.id).where(_WEBHOOKS.c.id.in_(waiting), _WEBHOOKS.c.switched_off.is_(None))
    for webhook_id in (await session.scalars(due.order_by(_WEBHOOKS.c.id))).all():
        await deliver_soon(session, webhook_id)


async def forget_old(session: AsyncSession) -> None:
    """Forget deliveries that were done with two weeks ago, and secrets that are good no more."""
    old = _DELIVERIES.c.updated_at < func.now() - KEPT
    await session.execute(delete(_DELIVERIES).where(_DELIVERIES.c.state != DeliveryState.WAITING, old))
    over = _WEBHOOKS.c.previous_until <= func.now()
    await session.execute(update(_WEBHOOKS).where(over).values(previous_secret=null(), previous_until=null()))
