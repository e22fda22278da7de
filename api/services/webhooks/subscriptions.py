"""Who may set up webhooks, and what they may look like.

A webhook is told of what the account may see that set it up last: whoever changes one takes it over.
"""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Row, Table, delete, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, sees_delivery, sees_webhook
from api.addresses import LOCALHOST, address_of, is_loopback, may_be_sent_to
from api.errors import Conflict, NotAllowed, NotFound
from api.models import DeliveryState, SwitchedOff, Webhook, WebhookDelivery, WebhookTopic
from api.services.inputs import UNSET, Checker, Unset, input_path
from api.services.webhooks.attempts import switch_off
from api.services.webhooks.queueing import deliver_soon

MOST_WEBHOOKS = 20
OVERLAP = timedelta(days=1)
"""How long messages are signed with the former secret too, once there is a new one."""
PREFIX = "whsec_"
SECRET_BYTES = 32
_URL, _TOPICS = input_path("url"), input_path("topics")
_WEBHOOK, _DELIVERY = input_path("webhook_id"), input_path("delivery_id")
_WEBHOOKS, _DELIVERIES = cast(Table, Webhook.__table__), cast(Table, WebhookDelivery.__table__)


@dataclass(frozen=True, kw_only=True)
class WebhookChanges:
    """What is to be different. What is UNSET stays as it is."""

    url: str | Unset | None = UNSET
    topics: Sequence[WebhookTopic] | Unset | None = UNSET
    on: bool | Unset | None = UNSET


async def create_webhook(
    session: AsyncSession, viewer: Viewer, url: str, topics: Sequence[WebhookTopic], *, loopback: bool = False
) -> tuple[UUID, str]:
    """Make a webhook; its id, and the secret, which is told never again.

    `loopback` allows receivers on this machine, for development. Raises NotAllowed to all but administrators, Invalid,
    naming each wrong field, and Conflict if there are too many.
    """
    _require_admin(viewer)
    check = Checker()
    values = {"url": _checked_url(check, url, loopback), "topics": _checked_topics(check, topics)}
    check.raise_problems()
    if (await session.scalar(select(func.count()).select_from(_WEBHOOKS)) or 0) >= MOST_WEBHOOKS:
        raise Conflict(f"There are {MOST_WEBHOOKS} webhooks: delete one that is not used any more.")
    webhook_id, secret = uuid7(), _new_secret()
    await session.execute(
        _WEBHOOKS.insert().values(id=webhook_id, account_id=viewer.account_id, secret=secret, **values)
    )
    return webhook_id, secret


async def update_webhook(
    session: AsyncSession, viewer: Viewer, webhook_id: UUID, changes: WebhookChanges, *, loopback: bool = False
) -> None:
    """Change what is given, and tell it of what the viewer sees from now on. Switched off, it is told nothing, and what
    waits is given up. Raises NotFound, NotAllowed and Invalid."""
    await _held(session, viewer, webhook_id)
    check = Checker()
    values: dict[str, Any] = {"account_id": viewer.account_id}
    if changes.url is not UNSET:
        values["url"] = _checked_url(check, changes.url, loopback)
    if changes.topics is not UNSET:
        values["topics"] = _checked_topics(check, changes.topics)
    if changes.on is None:
        check.note(input_path("on"), "must be true or false: leave it out to keep it")
    check.raise_problems()
    if changes.on is True:
        values |= {"switched_off": null(), "failing_since": null()}
    await session.execute(update(_WEBHOOKS).where(_WEBHOOKS.c.id == webhook_id).values(**values))
    if changes.on is False:
        await switch_off(session, webhook_id, SwitchedOff.BY_HAND)


async def rotate_secret(session: AsyncSession, viewer: Viewer, webhook_id: UUID) -> str:
    """Give a webhook a new secret, which is told never again. For a day messages are signed with the former one too. It
    is told of what the viewer sees from now on. Raises NotFound and NotAllowed."""
    await _held(session, viewer, webhook_id)
    secret = _new_secret()
    former = {"previous_secret": _WEBHOOKS.c.secret, "previous_until": func.now() + OVERLAP}
    rotated = update(_WEBHOOKS).where(_WEBHOOKS.c.id == webhook_id)
    await session.execute(rotated.values(account_id=viewer.account_id, secret=secret, **former))
    return secret


async def delete_webhook(session: AsyncSession, viewer: Viewer, webhook_id: UUID) -> None:
    """Delete a webhook with all that waits. A message that is on its way is waited for. Raises NotFound, NotAllowed."""
    await _held(session, viewer, webhook_id)
    await session.execute(delete(_WEBHOOKS).where(_WEBHOOKS.c.id == webhook_id))


async def redeliver(session: AsyncSession, viewer: Viewer, delivery_id: UUID) -> None:
    """Send a message again that was delivered or given up: under the same id, and before what came later.

    Raises NotFound, NotAllowed, and Conflict if it waits to be sent anyway or its webhook is off.
    """
    _require_admin(viewer)
    this = _DELIVERIES.c.id == delivery_id
    seen = select(_DELIVERIES.c.webhook_id, _DELIVERIES.c.state).where(this, sees_delivery(viewer, _DELIVERIES))
    found = (await session.execute(seen)).one_or_none()
    if found is None:
        raise NotFound("There is no such delivery.", _DELIVERY)
    webhook = await _held(session, viewer, found.webhook_id)
    if webhook.switched_off is not None:
        raise Conflict("The webhook is switched off: switch it on first.", _DELIVERY)
    again = update(_DELIVERIES).where(this, _DELIVERIES.c.state != DeliveryState.WAITING)
    queued = again.values(state=DeliveryState.WAITING, queued_at=func.now(), next_attempt_at=func.now())
    if await session.scalar(queued.returning(_DELIVERIES.c.id)) is None:
        raise Conflict("The message waits to be sent.", _DELIVERY)
    await deliver_soon(session, found.webhook_id)


# ---------------------------------------------------------------- rows


def _require_admin(viewer: Viewer) -> None:
    if not viewer.admin:
        raise NotAllowed("Webhooks are for administrators to set up.")


async def _held(session: AsyncSession, viewer: Viewer, webhook_id: UUID) -> Row[Any]:
    """The webhook, held until the transaction ends."""
    _require_admin(viewer)
    seen = select(_WEBHOOKS).where(_WEBHOOKS.c.id == webhook_id)
    held = seen.where(sees_webhook(viewer, _WEBHOOKS)).with_for_update(key_share=True)
    webhook = (await session.execute(held)).one_or_none()
    if webhook is None:
        raise NotFound("There is no such webhook.", _WEBHOOK)
    return webhook


# ---------------------------------------------------------------- checks


def _checked_url(check: Checker, given: object, loopback: bool) -> str | None:
    """An https address that is not one of a private network. What a name leads to is looked at whenever it is used."""
    url = check.url(_URL, given, required=True)
    if url is None:
        return None
    parts = urlsplit(url)
    host = parts.hostname or ""
    address = address_of(host)
    local = host == LOCALHOST or (address is not None and is_loopback(address))
    if parts.fragment:
        return check.note(_URL, "has a fragment (#): leave it out")
    if local:
        return url if loopback else check.note(_URL, "is on this machine: must be an address that others reach too")
    if address is not None and not may_be_sent_to(address, loopback=False):
        return check.note(_URL, "is in a private network: must be a public address")
    if parts.scheme != "https":
        return check.note(_URL, "must begin with https://")
    return url


def _checked_topics(check: Checker, given: Sequence[WebhookTopic] | None) -> list[str] | None:
    if not given:
        return check.note(_TOPICS, f"is required: one or more of {', '.join(WebhookTopic)}")
    return sorted({topic.value for topic in given})


def _new_secret() -> str:
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
