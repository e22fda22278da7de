"""The types Webhook, WebhookDelivery and WebhookAttempt: all of them but the secrets, which nobody reads."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, FromClause, case

from api import access, models
from schema.engine.parameters import Scope
from schema.engine.shapes import global_id
from schema.engine.sources import Page, column, expression, many, one, planned, table
from schema.node import Node
from schema.pagination import PageInfo
from schema.permissions import ADMIN, requires
from schema.viewer import page_arguments


def _object_id(_scope: Scope, delivery: FromClause) -> ColumnElement[Any]:
    named = {topic: global_id(noun.value, delivery.c.object_id) for topic, noun in models.NOUN_OF.items()}
    return case(*((delivery.c.topic == topic, key) for topic, key in named.items()))


def _waiting_since(_scope: Scope, delivery: FromClause) -> ColumnElement[Any]:
    return case((delivery.c.state == models.DeliveryState.WAITING, delivery.c.next_attempt_at))


@strawberry.type(description="One attempt to deliver a message.")
@table(models.WebhookAttempt, access.sees_attempt)
class WebhookAttempt(Node):
    """See `models.WebhookAttempt`."""

    began_at: datetime = column(models.WebhookAttempt.created_at, "When it began.")
    ended_at: datetime | None = column(models.WebhookAttempt.ended_at, "When it ended; null while it goes on.")
    outcome: models.AttemptOutcome | None = column(
        models.WebhookAttempt.outcome, "What came of it; null while it goes on, and until it is known to be broken off."
    )
    response_code: int | None = column(models.WebhookAttempt.response_code, "The HTTP status of the answer.")
    note: str | None = column(models.WebhookAttempt.note, "Why nothing came of it.")


@strawberry.type(description="A message to one webhook. It has the same id each time it is sent.")
@table(models.WebhookDelivery, access.sees_delivery)
class WebhookDelivery(Node):
    """See `models.WebhookDelivery`."""

    topic: models.WebhookTopic = column(models.WebhookDelivery.topic, "What happened.")
    object_id: strawberry.ID = expression(_object_id, "To whom or to what.")
    happened_at: datetime = column(models.WebhookDelivery.created_at, "When.")
    state: models.DeliveryState = column(models.WebhookDelivery.state, "Where it stands.")
    next_attempt_at: datetime | None = expression(
        _waiting_since, "When it may be sent next, unless one about the same object goes before it; null if it is done."
    )
    attempts: list[WebhookAttempt] = many(
        "WebhookAttempt",
        lambda _scope, delivery, attempt: attempt.c.delivery_id == delivery.c.id,
        lambda attempt: [attempt.c.id],
        "What was tried, in order.",
    )
    webhook: "Webhook | None" = one(
        "Webhook", lambda _scope, delivery, webhook: webhook.c.id == delivery.c.webhook_id, "To which webhook."
    )


@strawberry.type(description="One delivery of a page.")
class WebhookDeliveryEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the delivery stands in the list.")
    node: WebhookDelivery = strawberry.field(description="The delivery.")


@strawberry.type(description="A page of deliveries, latest first.")
class WebhookDeliveryConnection:
    """As Relay defines it."""

    edges: list[WebhookDeliveryEdge] = strawberry.field(description="The deliveries with their cursors.")
    nodes: list[WebhookDelivery] = strawberry.field(description="The deliveries.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(description="How many there are in all.")


@strawberry.type(
    description="A receiver of messages about what happens here. It is told of what the administrator may see who set"
    " it up last, and nobody reads its secret."
)
@table(models.Webhook, access.sees_webhook)
class Webhook(Node):
    """See `models.Webhook`."""

    url: str = column(models.Webhook.url, "Where messages are posted to.")
    topics: list[models.WebhookTopic] = column(models.Webhook.topics, "What it is told of.")
    mine: bool = expression(
        lambda scope, webhook: access.sets_up(scope.viewer, webhook),
        "Whether you set it up last: it is told of what you may see.",
    )
    switched_off: models.SwitchedOff | None = column(
        models.Webhook.switched_off, "Why it is told nothing; null while it is on."
    )
    failing_since: datetime | None = column(
        models.Webhook.failing_since, "Since when the receiver has accepted nothing that was sent."
    )
    created_at: datetime = column(models.Webhook.created_at, "When it was made.")
    deliveries: WebhookDeliveryConnection | None = planned(
        Page(
            "WebhookDelivery",
            lambda _scope, webhook, delivery: delivery.c.webhook_id == webhook.c.id,
            default_order=("id", "DESC"),
        ),
        "What it was told, or is to be told, of what you may see; what was done with is kept for two weeks.",
        arguments=page_arguments,
    )


@strawberry.type(description="One webhook of a page.")
class WebhookEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the webhook stands in the list.")
    node: Webhook = strawberry.field(description="The webhook.")


@strawberry.type(description="A page of webhooks, latest first.")
class WebhookConnection:
    """As Relay defines it."""

    edges: list[WebhookEdge] = strawberry.field(description="The webhooks with their cursors.")
    nodes: list[Webhook] = strawberry.field(description="The webhooks.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(description="How many there are in all.")


@strawberry.type
class WebhooksQuery:
    """Queries of webhooks."""

    webhooks: WebhookConnection | None = planned(
        Page("Webhook", default_order=("id", "DESC")),
        f"The office's webhooks. {ADMIN.sentence}",
        arguments=page_arguments,
        metadata=requires(ADMIN),
    )
