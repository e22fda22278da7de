"""Who is there to be asked for advice, on what, by how many at a time; and who has asked whom."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import Row, Timestamp, enum_column


class MentorProfile(Row):
    """What a mentor says to those who look for one. Others see it while the person is in the mentor pool."""

    __tablename__ = "mentor_profiles"
    __table_args__ = (
        UniqueConstraint("person_id"),
        CheckConstraint("max_mentees between 1 and 50", name="capacity"),
        CheckConstraint("active_mentees between 0 and max_mentees", name="not_overbooked"),
        Index("ix_mentor_profiles_created_at_id", "created_at", "id"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    about: Mapped[str | None] = mapped_column(Text)
    max_mentees: Mapped[int] = mapped_column(SmallInteger)
    active_mentees: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """How many mentorships are going on. Kept here so that one statement takes a place or finds that there is none."""
    paused_until: Mapped[Timestamp | None]
    """Until then nobody new is taken."""


class MentorTopic(Row):
    """Something that a mentor can be asked about."""

    __tablename__ = "mentor_topics"
    __table_args__ = (
        UniqueConstraint("profile_id", "name_folded"),
        Index("ix_mentor_topics_name_folded", "name_folded"),
    )

    profile_id: Mapped[UUID] = mapped_column(ForeignKey("mentor_profiles.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    name_folded: Mapped[str] = mapped_column(Text, Computed("alumni_fold(name)", persisted=True))


class MentorshipState(StrEnum):
    """Where a mentorship stands."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    COMPLETED = "COMPLETED"


class Mentorship(Row):
    """One person asked another to be their mentor, and what came of it. At most one open one a pair and direction."""

    __tablename__ = "mentorships"
    __table_args__ = (
        CheckConstraint("mentor_id <> mentee_id", name="not_self"),
        Index(
            "uq_mentorships_open",
            "mentor_id",
            "mentee_id",
            unique=True,
            postgresql_where=text("state in ('PENDING', 'ACCEPTED')"),
        ),
        Index("ix_mentorships_mentee_id", "mentee_id"),
    )

    mentor_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    mentee_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    state: Mapped[MentorshipState] = mapped_column(enum_column(MentorshipState, "state"))
    message: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[Timestamp | None]
    ended_at: Mapped[Timestamp | None]
