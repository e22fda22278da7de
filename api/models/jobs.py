"""Openings that members and the office post, and who is interested."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.careers import search_column
from api.models.columns import ImportedRow, Row, Timestamp, Visibility, enum_column


class EmploymentType(StrEnum):
    """What kind of work it is (schema.org's employmentType)."""

    FULL_TIME = "FULL_TIME"
    PART_TIME = "PART_TIME"
    CONTRACTOR = "CONTRACTOR"
    TEMPORARY = "TEMPORARY"
    INTERN = "INTERN"
    VOLUNTEER = "VOLUNTEER"
    PER_DIEM = "PER_DIEM"
    OTHER = "OTHER"


class Job(ImportedRow):
    """An opening. It is there for others until `valid_through`, or until it is withdrawn."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        CheckConstraint("audience in ('STAFF', 'MEMBERS', 'PUBLIC')", name="audience_of_many"),
        CheckConstraint("remote or country is not null", name="somewhere"),
        Index("ix_jobs_created_at_id", "created_at", "id"),
        Index("ix_jobs_valid_through_id", "valid_through", "id"),
        Index("ix_jobs_organization_id", "organization_id"),
        Index("ix_jobs_poster_id", "poster_id"),
        Index("ix_jobs_city_folded", "city_folded"),
        Index("ix_jobs_search", "search", postgresql_using="gin"),
    )

    poster_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    """Who posted it; None for the office."""
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    """BCP 47: what title and description are written in."""
    employment_type: Mapped[EmploymentType] = mapped_column(enum_column(EmploymentType, "employment_type"))
    remote: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether it can be done from anywhere (schema.org's jobLocationType TELECOMMUTE)."""
    city: Mapped[str | None] = mapped_column(Text)
    city_folded: Mapped[str | None] = mapped_column(Text, Computed("alumni_fold(city)", persisted=True))
    region: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    """ISO 3166-1 alpha-2."""
    apply_url: Mapped[str | None] = mapped_column(Text)
    audience: Mapped[Visibility] = mapped_column(enum_column(Visibility, "audience"))
    """Who sees it. STAFF: not published."""
    valid_through: Mapped[Timestamp]
    withdrawn_at: Mapped[Timestamp | None]
    search: Mapped[str] = search_column("title", "description", "city", "region")


class JobTranslation(Row):
    """An opening's texts in another language."""

    __tablename__ = "job_translations"
    __table_args__ = (UniqueConstraint("job_id", "language"),)

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(Text)
    """BCP 47, in its usual case."""
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)


class JobSkill(Row):
    """A skill that the work asks for."""

    __tablename__ = "job_skills"
    __table_args__ = (
        UniqueConstraint("job_id", "name_folded"),
        Index("ix_job_skills_name_folded", "name_folded"),
    )

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    name_folded: Mapped[str] = mapped_column(Text, Computed("alumni_fold(name)", persisted=True))


class JobInterest(Row):
    """Somebody would like the job. The one who posted it learns of it, and the office."""

    __tablename__ = "job_interests"
    __table_args__ = (UniqueConstraint("job_id", "person_id"), Index("ix_job_interests_person_id", "person_id"))

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
