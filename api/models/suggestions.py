"""What was suggested to whom, in which order, why, and what came of it. Personal data, and the ranker's teacher."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Double, ForeignKey, Index, LargeBinary, SmallInteger, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import Row, enum_column


class Suggestion(Row):
    """One impression: `suggested_id` was shown to `viewer_id` at `position` of the list `list_id`."""

    __tablename__ = "suggestions"
    __table_args__ = (
        UniqueConstraint("list_id", "suggested_id"),
        Index("ix_suggestions_viewer_id_id", "viewer_id", "id"),
        Index("ix_suggestions_suggested_id", "suggested_id"),
    )

    viewer_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    suggested_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    list_id: Mapped[UUID]
    """The ranking that the page belongs to: all pages of one list share it."""
    position: Mapped[int] = mapped_column(SmallInteger)
    score: Mapped[float] = mapped_column(Double)
    features: Mapped[dict[str, float]] = mapped_column(JSONB)
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    ranking_digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Digest of the ranking's whole configuration: weights, quotas, model."""


class OutcomeKind(StrEnum):
    """What the viewer did with a suggestion."""

    DISMISSED = "DISMISSED"
    REQUESTED = "REQUESTED"
    CONNECTED = "CONNECTED"


class SuggestionOutcome(Row):
    """Something that came of a suggestion. A dismissal keeps the pair apart for good."""

    __tablename__ = "suggestion_outcomes"
    __table_args__ = (
        UniqueConstraint("viewer_id", "suggested_id", "outcome"),
        Index("ix_suggestion_outcomes_suggested_id", "suggested_id"),
    )

    suggestion_id: Mapped[UUID | None] = mapped_column(ForeignKey("suggestions.id", ondelete="SET NULL"))
    viewer_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    suggested_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    outcome: Mapped[OutcomeKind] = mapped_column(enum_column(OutcomeKind, "outcome"))
    reason: Mapped[str | None] = mapped_column(Text)
