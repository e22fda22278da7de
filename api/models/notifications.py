"""What a person is told: that somebody asked to connect, that a seat is theirs."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import Row, Timestamp, enum_column


class NotificationKind(StrEnum):
    """What happened."""

    CONNECTION_REQUESTED = "CONNECTION_REQUESTED"
    CONNECTION_ACCEPTED = "CONNECTION_ACCEPTED"
    REGISTRATION_CONFIRMED = "REGISTRATION_CONFIRMED"
    NEW_SUGGESTIONS = "NEW_SUGGESTIONS"


class Notification(Row):
    """One thing that `person_id` was told. It goes with what it is about."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint("(kind like 'CONNECTION_%') = (connection_id is not null)", name="connection"),
        CheckConstraint("(kind like 'REGISTRATION_%') = (event_id is not null)", name="event"),
        Index("ix_notifications_person_id_id", "person_id", "id"),
        Index("ix_notifications_connection_id", "connection_id"),
        Index("ix_notifications_event_id", "event_id"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    kind: Mapped[NotificationKind] = mapped_column(enum_column(NotificationKind, "kind"))
    connection_id: Mapped[UUID | None] = mapped_column(ForeignKey("connections.id", ondelete="CASCADE"))
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    read_at: Mapped[Timestamp | None]
