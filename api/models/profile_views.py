"""Whose profiles somebody has seen today: what the daily bound is counted by."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import Row


class ProfileView(Row):
    """One person whose profile somebody saw on a day (rule P19). Only that day's rows are kept, and shown to nobody.

    Who saw it is a person, or a visitor: somebody signed in without a profile here, under a number of their own.
    """

    __tablename__ = "profile_views"
    __table_args__ = (
        UniqueConstraint("viewer_id", "visitor", "day", "person_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("num_nonnulls(viewer_id, visitor) = 1", name="one_viewer"),
        Index("ix_profile_views_person_id", "person_id"),
    )

    viewer_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    visitor: Mapped[UUID | None]
    day: Mapped[date]
    """The day where the institution is."""
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
