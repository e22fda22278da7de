"""Gatherings, and who comes to them."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.careers import search_column
from api.models.columns import ImportedRow, Row, Timestamp, Visibility, enum_column


class EventStatus(StrEnum):
    """Where an event stands (schema.org's EventStatusType)."""

    SCHEDULED = "SCHEDULED"
    POSTPONED = "POSTPONED"
    CANCELLED = "CANCELLED"


class AttendanceMode(StrEnum):
    """How one takes part (schema.org's EventAttendanceModeEnumeration)."""

    OFFLINE = "OFFLINE"
    ONLINE = "ONLINE"
    MIXED = "MIXED"


class Event(ImportedRow):
    """Something that happens at an instant, somewhere or behind a link. A draft is an event for staff alone."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        CheckConstraint("ends_at >= starts_at", name="ends_after_it_starts"),
        CheckConstraint("capacity > 0", name="capacity_positive"),
        CheckConstraint("seats_taken >= 0 and seats_taken <= coalesce(capacity, seats_taken)", name="not_oversold"),
        CheckConstraint("audience in ('STAFF', 'MEMBERS', 'PUBLIC')", name="audience_of_many"),
        Index("ix_events_starts_at_id", "starts_at", "id"),
        Index("ix_events_city_folded", "city_folded"),
        Index("ix_events_organizer_folded", "organizer_folded"),
        Index("ix_events_search", "search", postgresql_using="gin"),
    )

    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    """BCP 47: what name and description are written in."""
    organizer: Mapped[str | None] = mapped_column(Text)
    """The chapter, club or office that holds it, by name."""
    organizer_folded: Mapped[str | None] = mapped_column(Text, Computed("alumni_fold(organizer)", persisted=True))
    status: Mapped[EventStatus] = mapped_column(enum_column(EventStatus, "status"), server_default=text("'SCHEDULED'"))
    attendance_mode: Mapped[AttendanceMode] = mapped_column(enum_column(AttendanceMode, "attendance_mode"))
    audience: Mapped[Visibility] = mapped_column(enum_column(Visibility, "audience"))
    """Who sees it. STAFF: not published."""
    starts_at: Mapped[Timestamp]
    ends_at: Mapped[Timestamp]
    time_zone: Mapped[str] = mapped_column(Text)
    """The IANA zone of the place: what people there call the time."""
    weekday: Mapped[int] = mapped_column(
        SmallInteger, Computed("extract(isodow from alumni_local(starts_at, time_zone))::smallint", persisted=True)
    )
    """ISO, 1 to 7, at the place."""
    hour: Mapped[int] = mapped_column(
        SmallInteger, Computed("extract(hour from alumni_local(starts_at, time_zone))::smallint", persisted=True)
    )
    """0 to 23, at the place."""
    venue: Mapped[str | None] = mapped_column(Text)
    city: Mapped[str | None] = mapped_column(Text)
    city_folded: Mapped[str | None] = mapped_column(Text, Computed("alumni_fold(city)", persisted=True))
    region: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    """ISO 3166-1 alpha-2."""
    join_url: Mapped[str | None] = mapped_column(Text)
    """For those who are registered, and nobody else."""
    capacity: Mapped[int | None]
    seats_taken: Mapped[int] = mapped_column(server_default=text("0"))
    """How many are registered. Kept here so that one statement takes a seat or finds that there is none."""
    attendees_shown: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether those who see the event see who comes: the organiser's half; each attendee has the other."""
    search: Mapped[str] = search_column("name", "description", "organizer", "venue", "city")


class EventTranslation(Row):
    """An event's texts in another language."""

    __tablename__ = "event_translations"
    __table_args__ = (UniqueConstraint("event_id", "language"),)

    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(Text)
    """BCP 47, in its usual case."""
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)


class RegistrationState(StrEnum):
    """Whether somebody comes."""

    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


class Registration(Row):
    """One person and one event, once: who cancels and comes back has the same row."""

    __tablename__ = "registrations"
    __table_args__ = (
        UniqueConstraint("event_id", "person_id"),
        Index("ix_registrations_person_id_event_id", "person_id", "event_id"),
    )

    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    state: Mapped[RegistrationState] = mapped_column(enum_column(RegistrationState, "state"))
    registered_at: Mapped[Timestamp]
    """When the seat was taken that is or was held last."""
