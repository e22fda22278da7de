"""What is looked after from time to time: what is due, what waits in vain, and what was kept for long enough."""

from datetime import timedelta
from typing import cast

from sqlalchemy import Table, delete, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import Webhook, WebhookDelivery
from api.services.webhooks.attempts import WAITING, give_up_waiting
from api.services.webhooks.queueing import deliver_soon

KEPT = timedelta(days=14)
"""How long what is done with is kept to be looked at."""
_WEBHOOKS, _DELIVERIES = cast(Table, Webhook.__table__), cast(Table, WebhookDelivery.__table__)


async def sweep(session: AsyncSession) -> None:
    """Send the worker wherever something is due: attempts to be made again, and what a lost job has left. What was in
    hand when its webhook was switched off is given up."""
    waiting = select(_DELIVERIES.c.webhook_id).where(
        _DELIVERIES.c.state == WAITING, _DELIVERIES.c.next_attempt_at <= func.now()
    )
    due = select(_WEBHOOKS.c.id, _WEBHOOKS.c.switched_off).where(_WEBHOOKS.c.id.in_(waiting))
    for webhook in (await session.execute(due.order_by(_WEBHOOKS.c.id))).all():
        if webhook.switched_off is None:
            await deliver_soon(session, webhook.id)
        else:
            await give_up_waiting(session, webhook.id)


async def forget_old(session: AsyncSession) -> None:
    """Forget deliveries that were done with two weeks ago, and secrets that are good no more."""
    old = _DELIVERIES.c.updated_at < func.now() - KEPT
    await session.execute(delete(_DELIVERIES).where(_DELIVERIES.c.state != WAITING, old))
    over = _WEBHOOKS.c.previous_until <= func.now()
    await session.execute(update(_WEBHOOKS).where(over).values(previous_secret=null(), previous_until=null()))
