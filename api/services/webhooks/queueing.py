"""How the worker is sent to a webhook."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.queue import DELIVER_WEBHOOK, enqueue


async def deliver_soon(session: AsyncSession, webhook_id: UUID) -> None:
    """Have what waits for a webhook sent once this transaction is committed. One worker at a time sends to it, so that
    a slow receiver keeps none from the others."""
    await enqueue(session, DELIVER_WEBHOOK, lock=f"webhook:{webhook_id}", webhook_id=str(webhook_id))
