"""Who is told of what happens here, over HTTP: the subscriptions, what waits to be told, and what was tried."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import Row, Timestamp, enum_column


class WebhookTopic(StrEnum):
    """What can be told. A message has the name in lower case, with a full stop after the noun: person.created."""

    PERSON_CREATED = "PERSON_CREATED"
    PERSON_UPDATED = "PERSON_UPDATED"
    PERSON_DELETED = "PERSON_DELETED"
    EVENT_CREATED = "EVENT_CREATED"
    EVENT_UPDATED = "EVENT_UPDATED"
    EVENT_CANCELLED = "EVENT_CANCELLED"
    EVENT_ATTENDANCE_CHANGED = "EVENT_ATTENDANCE_CHANGED"
    JOB_POSTED = "JOB_POSTED"
    JOB_UPDATED = "JOB_UPDATED"
    JOB_WITHDRAWN = "JOB_WITHDRAWN"


class Noun(StrEnum):
    """What a message can be about: the type of the object in the API."""

    PERSON = "Person"
    EVENT = "Event"
    JOB = "Job"


NOUN_OF: Mapping[WebhookTopic, Noun] = {topic: Noun(topic.value.partition("_")[0].title()) for topic in WebhookTopic}
"""What a message of a topic is about: the word that the topic begins with."""
FAREWELLS = frozenset({WebhookTopic.PERSON_DELETED})
"""Topics whose object is gone by the time a message is sent."""
_TOPICS = ",".join(WebhookTopic)


class SwitchedOff(StrEnum):
    """Why a webhook is told nothing."""

    BY_HAND = "BY_HAND"
    FAILING = "FAILING"
    GONE = "GONE"
    RIGHTS_ENDED = "RIGHTS_ENDED"


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class AttemptOutcome(StrEnum):
    """What came of an attempt."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    UNREACHED = "UNREACHED"
    UNCERTAIN = "UNCERTAIN"


class Webhook(Row):
    """A receiver. It is told of what the account may see: that of the administrator who last set it up."""

    __tablename__ = "webhooks"
    __table_args__ = (CheckConstraint(f"topics <@ '{{{_TOPICS}}}'::text[]", name="topics"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(Text)
    topics: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret: Mapped[str] = mapped_column(Text)
    """What messages are signed with, as the receiver has it."""
    previous_secret: Mapped[str | None] = mapped_column(Text)
    previous_until: Mapped[Timestamp | None]
    """Until then messages are signed with the previous secret too."""
    switched_off: Mapped[SwitchedOff | None] = mapped_column(enum_column(SwitchedOff, "switched_off"))
    """Null while it is on."""
    failing_since: Mapped[Timestamp | None]
    """When the first attempt began of those since the last success."""


class WebhookDelivery(Row):
    """One message to one webhook. It names its object and nothing of what is in it; its id is that of the message."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "object_id", "topic", "transaction"),
        Index("ix_webhook_deliveries_waiting", "webhook_id", "place", postgresql_where=text("state = 'WAITING'")),
        Index(
            "ix_webhook_deliveries_order",
            "webhook_id",
            "object_id",
            "place",
            postgresql_where=text("state = 'WAITING'"),
        ),
        Index("ix_webhook_deliveries_webhook_id_id", "webhook_id", "id"),
        Index("ix_webhook_deliveries_object_id", "object_id"),
    )

    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    topic: Mapped[WebhookTopic] = mapped_column(enum_column(WebhookTopic, "topic"))
    object_id: Mapped[UUID]
    """A person, an event or an opening, as the topic says."""
    place: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    """The order of what happened to one object: given while the object is held, so in the order of the commits."""
    transaction: Mapped[int] = mapped_column(BigInteger, server_default=text("pg_current_xact_id()::text::bigint"))
    """The write that it tells of: whatever that changes of one object is told once."""
    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState, "state"), server_default=text("'WAITING'"))
    queued_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    """When it was last put into the queue: attempts before that count for nothing."""
    next_attempt_at: Mapped[Timestamp] = mapped_column(server_default=func.now())


class WebhookAttempt(Row):
    """One attempt to deliver. It is written down before anything is sent: one without an outcome was broken off, or
    goes on."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (Index("ix_webhook_attempts_delivery_id_id", "delivery_id", "id"),)

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_deliveries.id", ondelete="CASCADE"))
    ended_at: Mapped[Timestamp | None]
    outcome: Mapped[AttemptOutcome | None] = mapped_column(enum_column(AttemptOutcome, "outcome"))
    response_code: Mapped[int | None] = mapped_column(SmallInteger)
    note: Mapped[str | None] = mapped_column(Text)
    """Why nothing came of it, in words of our own."""
