"""What you were told: the list, what is read, and what comes while you listen."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
from sqlalchemy import ColumnElement, FromClause

from api import access, models
from api.live import StreamEnded, ids_of
from api.services import notifications
from schema.context import Info
from schema.engine.parameters import Scope
from schema.engine.resolving import read_ahead, ref
from schema.engine.sources import column, one, table
from schema.errors import Invalid, NotFound
from schema.events.types import Event
from schema.ids import decode_id
from schema.node import Node
from schema.pagination import PageInfo
from schema.people.types import Tie
from schema.permissions import PERSON, mutation, subscription
from schema.viewer import ConnectionRequest, Viewer


def _its_connection(_scope: Scope, told: FromClause, tie: FromClause) -> ColumnElement[bool]:
    return tie.c.id == told.c.connection_id


def _its_event(_scope: Scope, told: FromClause, event: FromClause) -> ColumnElement[bool]:
    return event.c.id == told.c.event_id


@strawberry.type(description="One thing that you were told. It goes when what it is about is no longer there for you.")
@table(models.Notification, access.sees_notification)
class Notification(Node):
    """See `models.Notification`."""

    kind: models.NotificationKind = column(models.Notification.kind, "What happened.")
    at: datetime = column(models.Notification.created_at, "When.")
    read_at: datetime | None = column(models.Notification.read_at, "When you marked it as read.")
    request: ConnectionRequest | None = one("ConnectionRequest", _its_connection, "The request, while it is open.")
    tie: Tie | None = one("Tie", _its_connection, "The connection, once there is one.")
    event: Event | None = one("Event", _its_event, "The event at which a seat is yours.")


@strawberry.type(description="One notification of a page.")
class NotificationEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the notification stands in the list.")
    node: Notification = strawberry.field(description="The notification.")


@strawberry.type(description="A page of what you were told.")
class NotificationConnection:
    """As Relay defines it."""

    edges: list[NotificationEdge] = strawberry.field(description="The notifications with their cursors.")
    nodes: list[Notification] = strawberry.field(description="The notifications.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(description="How many there are in all.")


@strawberry.input(description="Which notifications.")
class MarkNotificationsReadInput:
    """See `notifications.mark_read`."""

    notification_ids: list[strawberry.ID] = strawberry.field(
        description=f"The notifications: at most {notifications.MOST}."
    )


@strawberry.type(description="You, after the change.")
class MarkNotificationsReadPayload:
    """The viewer."""

    viewer: Viewer | None = strawberry.field(description="You.")


MarkNotificationsReadResult: TypeAlias = Annotated[
    MarkNotificationsReadPayload | NotFound | Invalid,
    strawberry.union("MarkNotificationsReadResult", description="The payload, or what stood against it."),
]


@strawberry.type
class NotificationsMutation:
    """Mutations of what one was told."""

    @mutation(PERSON, "Mark what you have read.")
    async def mark_notifications_read(
        self, info: Info, input: MarkNotificationsReadInput
    ) -> MarkNotificationsReadResult:
        path = ("input", "notificationIds")
        ids = [decode_id(one, "Notification", (*path, str(place))) for place, one in enumerate(input.notification_ids)]
        viewer = info.context.viewer
        async with info.context.db.write() as session, session.begin():
            await notifications.mark_read(session, viewer, ids)
            you = ref(Viewer, viewer.account_id) if viewer.account_id else None
            return await read_ahead(info, session, MarkNotificationsReadPayload(viewer=you))


@strawberry.type
class NotificationsSubscription:
    """Subscriptions to what one is told."""

    @subscription(PERSON, "What you are told from now on. What came before is in the viewer's notifications.")
    async def notification_received(self, info: Info) -> AsyncGenerator[Notification | None, None]:
        live, person_id = info.context.live, info.context.viewer.person_id
        if live is None or person_id is None:
            raise StreamEnded
        async for number in ids_of(live, person_id):
            yield ref(Notification, number)
