"""What is between two people: connections and blocks."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import Row, Timestamp, Visibility, enum_column


class ConnectionState(StrEnum):
    """Where a connection stands. Declined is told to nobody but the one who declined."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    ENDED = "ENDED"


class Connection(Row):
    """A tie of two people, one row per unordered pair: `low_id` is the smaller id. Each end has its own visibility."""

    __tablename__ = "connections"
    __table_args__ = (
        UniqueConstraint("low_id", "high_id"),
        CheckConstraint("low_id < high_id", name="ordered"),
        CheckConstraint("requester_id in (low_id, high_id)", name="requester"),
        CheckConstraint("(state = 'ACCEPTED') = (connected_at is not null)", name="connected_at"),
        Index("ix_connections_high_id", "high_id"),
    )

    low_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    high_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    requester_id: Mapped[UUID]
    state: Mapped[ConnectionState] = mapped_column(enum_column(ConnectionState, "state"))
    message: Mapped[str | None] = mapped_column(Text)
    low_visibility: Mapped[Visibility] = mapped_column(
        enum_column(Visibility, "low_visibility"), server_default=text("'MEMBERS'")
    )
    """Who may learn of the tie, as the person at the low end decides; it shows only where both ends allow it."""
    high_visibility: Mapped[Visibility] = mapped_column(
        enum_column(Visibility, "high_visibility"), server_default=text("'MEMBERS'")
    )
    requested_at: Mapped[Timestamp]
    answered_at: Mapped[Timestamp | None]
    connected_at: Mapped[Timestamp | None]


class Block(Row):
    """`blocker_id` wants nothing to do with `blocked_id`: neither sees the other, on any path."""

    __tablename__ = "blocks"
    __table_args__ = (
        UniqueConstraint("blocker_id", "blocked_id"),
        CheckConstraint("blocker_id <> blocked_id", name="not_self"),
        Index("ix_blocks_blocked_id", "blocked_id"),
    )

    blocker_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    blocked_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
