"""People and their dated roles: what a listed person always shows, and the person's four choices."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, Computed, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import ImportedRow, Row, Timestamp, enum_column


class Person(ImportedRow):
    """One human being. Everything that can be hidden is a fact in another table."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_people_name_sort_id", "name_sort", "id"),
        Index("ix_people_search", "search", postgresql_using="gin"),
        Index("ix_people_created_at_id", "created_at", "id"),
        Index("ix_people_lot", text("md5(id::text)")),
    )

    given_name: Mapped[str | None] = mapped_column(Text)
    family_name: Mapped[str | None] = mapped_column(Text)
    display_name: Mapped[str] = mapped_column(Text)
    name_at_graduation: Mapped[str | None] = mapped_column(Text)
    pronouns: Mapped[str | None] = mapped_column(Text)

    listed: Mapped[bool] = mapped_column(server_default=text("false"))
    """In the directory, search, suggestions and mutual lists (rule P18, first choice)."""
    suggestable: Mapped[bool] = mapped_column(server_default=text("false"))
    """May be suggested to others (second choice); counts only while listed."""
    show_attendance: Mapped[bool] = mapped_column(server_default=text("false"))
    """Named on attendee lists (third choice)."""
    mentor_open: Mapped[bool] = mapped_column(server_default=text("false"))
    """In the mentor pool (fourth choice)."""
    profiled: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether they let suggestions be computed from what is known of them (rule P8): else nothing of theirs is embedded
    or scored, and they are no candidate for others."""
    choices_made_at: Mapped[Timestamp | None]
    """When the person confirmed the four choices; until then a front end shows them at sign-in."""
    deceased: Mapped[bool] = mapped_column(server_default=text("false"))
    ferpa_hold: Mapped[bool] = mapped_column(server_default=text("false"))
    member_edited: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    """Names of the fields the member edited: an import leaves them alone."""

    name_sort: Mapped[str] = mapped_column(
        Text,
        Computed("alumni_fold(coalesce(family_name, display_name) || ' ' || coalesce(given_name, ''))", persisted=True),
    )
    search: Mapped[str] = mapped_column(
        TSVECTOR,
        Computed(
            "to_tsvector('simple'::regconfig, alumni_fold(display_name || ' ' || coalesce(given_name, '') || ' '"
            " || coalesce(family_name, '') || ' ' || coalesce(name_at_graduation, '')))",
            persisted=True,
        ),
        deferred=True,
    )


class PersonRoleKind(StrEnum):
    """What somebody is or was to the institution."""

    STUDENT = "STUDENT"
    ALUMNUS = "ALUMNUS"
    FACULTY = "FACULTY"
    STAFF = "STAFF"
    PARENT = "PARENT"
    FRIEND = "FRIEND"
    DONOR = "DONOR"
    APPLICANT = "APPLICANT"


class PersonRole(Row):
    """A role held from a date, open-ended or until another date (exclusive)."""

    __tablename__ = "person_roles"
    __table_args__ = (UniqueConstraint("person_id", "kind", "starts_on", postgresql_nulls_not_distinct=True),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    kind: Mapped[PersonRoleKind] = mapped_column(enum_column(PersonRoleKind, "kind"))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
