"""How the messages of a webhook are worked off: one after the other, each held while it is sent."""

import time
from uuid import UUID

from api.db import Database
from api.models import AttemptOutcome
from api.sending.messages import body_of, headers_of
from api.sending.posting import Poster
from api.services import webhooks
from api.services.webhooks import Answer

REFUSALS = frozenset(range(400, 500)) - {408, 410, 429}
"""Answers by which a receiver refuses one message and not the next."""
MOST_AT_ONCE = 50
PATIENCE_SECONDS = 20.0
"""After so many messages, or so long, other webhooks have their turn."""


async def deliver(db: Database, poster: Poster, webhook_id: UUID) -> None:
    """Send what is due. What is left after one turn is for another job."""
    until = time.monotonic() + PATIENCE_SECONDS
    for _ in range(MOST_AT_ONCE):
        if not await _deliver_next(db, poster, webhook_id):
            return
        if time.monotonic() > until:
            break
    async with db.write() as session, session.begin():
        await webhooks.deliver_soon(session, webhook_id)


async def _deliver_next(db: Database, poster: Poster, webhook_id: UUID) -> bool:
    """Send one message; whether there may be another to send."""
    async with db.write() as holding, holding.begin():
        message = await webhooks.claim(holding, webhook_id)
        if message is None:
            return False
        async with db.write() as noting, noting.begin():
            attempt = await webhooks.begin_attempt(noting, message)
        body = body_of(message)
        answer = await poster.post(message.url, body, headers_of(message, body, int(time.time())))
        state = await webhooks.settle(holding, message, attempt, answer)
    async with db.write() as session, session.begin():
        await webhooks.note_health(session, message, attempt, answer, state)
    return _is_up(answer)


def _is_up(answer: Answer) -> bool:
    """Whether the receiver takes more now. One that is down, or too busy, is left alone until the next sweep."""
    if answer.outcome is AttemptOutcome.ACCEPTED:
        return True
    return answer.response_code in REFUSALS
