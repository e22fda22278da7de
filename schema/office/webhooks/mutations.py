"""Setting up webhooks, for administrators. A secret is in the answer that makes it, and in no other."""

from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry

from api import models
from api.services import webhooks
from api.services.retries import once
from schema.context import Info
from schema.engine.resolving import read_ahead, ref
from schema.errors import Conflict, Invalid, NotAllowed, NotFound
from schema.ids import decode_id
from schema.office.webhooks.types import Webhook, WebhookDelivery
from schema.people.inputs import needed, optional
from schema.permissions import ADMIN, mutation

WEBHOOK, DELIVERY = ("input", "webhookId"), ("input", "deliveryId")
URL = "Where messages are posted to: an https address that is open to the internet."
TOPICS = "What it is told of: one topic or more."


@strawberry.input(description="Where to, and of what.")
class CreateWebhookInput:
    """See `webhooks.create_webhook`."""

    url: str = needed(URL)
    topics: list[models.WebhookTopic] = needed(TOPICS)
    idempotency_key: str | None = optional("Your key for this request: a retry with it makes no second webhook.")


@strawberry.input(description="What is to be different. What is left out stays as it is.")
class UpdateWebhookInput:
    """See `webhooks.update_webhook`."""

    webhook_id: strawberry.ID = needed("The webhook.")
    url: str | None = optional(URL)
    topics: list[models.WebhookTopic] | None = optional(TOPICS)
    on: bool | None = optional("Whether it is told anything. Switched off, what waits for it is given up.")


@strawberry.input(description="Which webhook.")
class WebhookInput:
    """One webhook by its id."""

    webhook_id: strawberry.ID = needed("The webhook.")


@strawberry.input(description="Which delivery.")
class RedeliverInput:
    """See `webhooks.redeliver`."""

    delivery_id: strawberry.ID = needed("The delivery.")


@strawberry.type(description="The webhook with a new secret.")
class WebhookSecretPayload:
    """The webhook and its secret."""

    webhook: Webhook | None = strawberry.field(description="The webhook.")
    secret: str | None = strawberry.field(
        description="What messages are signed with. Keep it: it is told this once. Null if a retry found the webhook"
        " made before: then give it a new one with rotateWebhookSecret."
    )


@strawberry.type(description="The webhook as it is now.")
class WebhookPayload:
    """The webhook."""

    webhook: Webhook | None = strawberry.field(description="The webhook.")


@strawberry.type(description="The webhook is gone.")
class DeleteWebhookPayload:
    """The id that is no more."""

    deleted_id: strawberry.ID = strawberry.field(description="The id that it had.")


@strawberry.type(description="The delivery as it is now.")
class RedeliverPayload:
    """The delivery."""

    delivery: WebhookDelivery | None = strawberry.field(description="The delivery.")


CreateWebhookResult: TypeAlias = Annotated[
    WebhookSecretPayload | NotAllowed | Conflict | Invalid,
    strawberry.union("CreateWebhookResult", description="The payload, or what stood against it."),
]
RotateWebhookSecretResult: TypeAlias = Annotated[
    WebhookSecretPayload | NotFound | NotAllowed,
    strawberry.union("RotateWebhookSecretResult", description="The payload, or what stood against it."),
]
WebhookResult: TypeAlias = Annotated[
    WebhookPayload | NotFound | NotAllowed | Invalid,
    strawberry.union("WebhookResult", description="The payload, or what stood against it."),
]
DeleteWebhookResult: TypeAlias = Annotated[
    DeleteWebhookPayload | NotFound | NotAllowed,
    strawberry.union("DeleteWebhookResult", description="The payload, or what stood against it."),
]
RedeliverResult: TypeAlias = Annotated[
    RedeliverPayload | NotFound | NotAllowed | Conflict,
    strawberry.union("RedeliverResult", description="The payload, or what stood against it."),
]


@strawberry.type
class WebhooksMutation:
    """Mutations of webhooks."""

    @mutation(ADMIN, "Have a receiver told of what happens here, as far as you may see it.")
    async def create_webhook(self, info: Info, input: CreateWebhookInput) -> CreateWebhookResult:
        viewer, loopback = info.context.viewer, info.context.development
        told: list[str] = []
        async with info.context.db.write() as session, session.begin():

            async def create() -> UUID:
                given = (session, viewer, input.url, input.topics)
                webhook_id, secret = await webhooks.create_webhook(*given, loopback=loopback)
                told.append(secret)
                return webhook_id

            asked = ("createWebhook", input.url, input.topics)
            webhook_id = await once(session, viewer, input.idempotency_key or None, asked, create)
            payload = WebhookSecretPayload(webhook=ref(Webhook, webhook_id), secret=told[0] if told else None)
            return await read_ahead(info, session, payload)

    @mutation(ADMIN, "Change a webhook, switch it off or on. From then on it is told of what you may see.")
    async def update_webhook(self, info: Info, input: UpdateWebhookInput) -> WebhookResult:
        webhook_id = decode_id(input.webhook_id, "Webhook", WEBHOOK)
        values: dict[str, Any] = vars(input)
        given = {name: values[name] for name in ("url", "topics", "on") if values[name] is not strawberry.UNSET}
        changes = webhooks.WebhookChanges(**given)
        async with info.context.db.write() as session, session.begin():
            viewer, loopback = info.context.viewer, info.context.development
            await webhooks.update_webhook(session, viewer, webhook_id, changes, loopback=loopback)
            return await read_ahead(info, session, WebhookPayload(webhook=ref(Webhook, webhook_id)))

    @mutation(
        ADMIN,
        "Give a webhook a new secret. For a day messages are signed with the former one too. From then on it is told of"
        " what you may see.",
    )
    async def rotate_webhook_secret(self, info: Info, input: WebhookInput) -> RotateWebhookSecretResult:
        webhook_id = decode_id(input.webhook_id, "Webhook", WEBHOOK)
        async with info.context.db.write() as session, session.begin():
            secret = await webhooks.rotate_secret(session, info.context.viewer, webhook_id)
            payload = WebhookSecretPayload(webhook=ref(Webhook, webhook_id), secret=secret)
            return await read_ahead(info, session, payload)

    @mutation(ADMIN, "Delete a webhook. What waits for it is not sent any more.")
    async def delete_webhook(self, info: Info, input: WebhookInput) -> DeleteWebhookResult:
        webhook_id = decode_id(input.webhook_id, "Webhook", WEBHOOK)
        async with info.context.db.write() as session, session.begin():
            await webhooks.delete_webhook(session, info.context.viewer, webhook_id)
        return DeleteWebhookPayload(deleted_id=input.webhook_id)

    @mutation(ADMIN, "Send a message once more that was delivered or given up, under the id that it had.")
    async def redeliver(self, info: Info, input: RedeliverInput) -> RedeliverResult:
        delivery_id = decode_id(input.delivery_id, "WebhookDelivery", DELIVERY)
        async with info.context.db.write() as session, session.begin():
            await webhooks.redeliver(session, info.context.viewer, delivery_id)
            return await read_ahead(info, session, RedeliverPayload(delivery=ref(WebhookDelivery, delivery_id)))
