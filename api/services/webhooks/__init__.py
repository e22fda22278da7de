"""Webhooks: who is told, what there is to tell, and what becomes of each message. Nothing is sent from here."""

from api.services.webhooks.announcements import announce, forget_deliveries
from api.services.webhooks.attempts import (
    MOST_ATTEMPTS,
    Answer,
    Attempt,
    Message,
    begin_attempt,
    claim,
    note_health,
    settle,
)
from api.services.webhooks.queueing import deliver_soon
from api.services.webhooks.subscriptions import (
    WebhookChanges,
    create_webhook,
    delete_webhook,
    redeliver,
    rotate_secret,
    update_webhook,
)
from api.services.webhooks.sweeping import forget_old, sweep

__all__ = [
    "MOST_ATTEMPTS",
    "Answer",
    "Attempt",
    "Message",
    "WebhookChanges",
    "announce",
    "begin_attempt",
    "claim",
    "create_webhook",
    "delete_webhook",
    "deliver_soon",
    "forget_deliveries",
    "forget_old",
    "note_health",
    "redeliver",
    "rotate_secret",
    "settle",
    "sweep",
    "update_webhook",
]
