"""What was suggested to whom, in which order, why, and what came of it. Personal data, and the ranker's teacher."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import Row, enum_column

ITEMS = ("person_id", "event_id", "job_id", "mentor_id")
"""The columns that say what was suggested: one of them in each row."""


class About(Row):
    """A row about one thing that was suggested to somebody."""

    __abstract__ = True

    viewer_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), sort_order=-90)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), sort_order=-89)
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), sort_order=-88)
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), sort_order=-87)
    mentor_id: Mapped[UUID | None] = mapped_column(ForeignKey("mentor_profiles.id", ondelete="CASCADE"), sort_order=-86)
    """The mentor's profile."""
    item_id: Mapped[UUID] = mapped_column(
        Uuid, Computed(f"coalesce({', '.join(ITEMS)})", persisted=True), sort_order=-85
    )
    """Whatever it is."""


def _one_item() -> CheckConstraint:
    return CheckConstraint(f"num_nonnulls({', '.join(ITEMS)}) = 1", name="one_item")


def _by_item(table: str) -> list[Index]:
    """What a deletion of the item goes by."""
    return [Index(f"ix_{table}_{name}", name, postgresql_where=text(f"{name} is not null")) for name in ITEMS]


class Suggestion(About):
    """One impression: the item was shown to `viewer_id` at `position` of the list `list_id`."""

    __tablename__ = "suggestions"
    __table_args__ = (
        _one_item(),
        UniqueConstraint("list_id", "item_id"),
        Index("ix_suggestions_viewer_id_id", "viewer_id", "id"),
        *_by_item("suggestions"),
    )

    list_id: Mapped[UUID]
    """The ranking that the page belongs to: all pages of one list share it."""
    position: Mapped[int] = mapped_column(SmallInteger)
    score: Mapped[float | None] = mapped_column(Double)
    """None in a list that is not profiled."""
    features: Mapped[dict[str, float]] = mapped_column(JSONB)
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    ranking_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Digest of the ranking's whole configuration: weights, quotas, model; None in a list that is not profiled."""


class OutcomeKind(StrEnum):
    """What the viewer did with a suggestion."""

    DISMISSED = "DISMISSED"
    REQUESTED = "REQUESTED"
    CONNECTED = "CONNECTED"
    REGISTERED = "REGISTERED"
    """For an event that was suggested."""
    INTERESTED = "INTERESTED"
    """In an opening that was suggested."""
    ASKED = "ASKED"
    """A mentor who was suggested."""


class SuggestionOutcome(About):
    """Something that came of a suggestion. A dismissal keeps the item away from the viewer for good."""

    __tablename__ = "suggestion_outcomes"
    __table_args__ = (
        _one_item(),
        UniqueConstraint("viewer_id", "item_id", "outcome"),
        *_by_item("suggestion_outcomes"),
        Index("ix_suggestion_outcomes_suggestion_id", "suggestion_id"),
    )

    suggestion_id: Mapped[UUID | None] = mapped_column(ForeignKey("suggestions.id", ondelete="SET NULL"))
    outcome: Mapped[OutcomeKind] = mapped_column(enum_column(OutcomeKind, "outcome"))
    reason: Mapped[str | None] = mapped_column(Text)
