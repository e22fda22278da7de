"""What somebody learned and did: educations, organisations and the experiences at them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Computed, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import (
    Fact,
    ImportedRow,
    PartialDate,
    Timestamp,
    Visibility,
    embeddable_key,
    enum_column,
    holders_index,
    partial_date_check,
)


def search_column(*columns: str) -> Mapped[str]:
    """A generated full-text column over the folded text of `columns`, without stemming: names are not words."""
    words = " || ' ' || ".join(f"coalesce({column}, '')" for column in columns)
    return mapped_column(
        TSVECTOR,
        Computed(f"to_tsvector('simple'::regconfig, alumni_fold({words}))", persisted=True),
        deferred=True,
        sort_order=99,
    )


class DirectoryField(StrEnum):
    """What of the registrar's record an institution may name as directory information (rule P2)."""

    SCHOOL = "SCHOOL"
    DEGREE = "DEGREE"
    PROGRAMME = "PROGRAMME"
    DATES = "DATES"
    HONOURS = "HONOURS"


DIRECTORY_COLUMNS: Mapping[str, DirectoryField] = {
    "degree": DirectoryField.DEGREE,
    "completed": DirectoryField.DEGREE,
    "programme": DirectoryField.PROGRAMME,
    "cip_code": DirectoryField.PROGRAMME,
    "start_date": DirectoryField.DATES,
    "end_date": DirectoryField.DATES,
    "honours": DirectoryField.HONOURS,
}
"""Columns of an education that can be kept apart from it, and what they are. Without its school no fact is left: then
the whole fact is for the office."""


class Education(Fact):
    """A course of study, here (`home`) or elsewhere.

    What a hold, or the list of directory information, keeps back is not in the columns that lists, filters, searches
    and vectors read: a wider level waits in `chosen_visibility`, values wait in `withheld`.
    """

    __tablename__ = "educations"
    __table_args__ = (
        embeddable_key(),
        partial_date_check("start_date"),
        partial_date_check("end_date"),
        holders_index("educations", "end_year", beside=("home",)),
        holders_index("educations", "programme", "end_year", beside=("home", "school")),
        Index("ix_educations_cip_code", "cip_code"),
        Index("ix_educations_search", "search", postgresql_using="gin"),
    )

    school: Mapped[str] = mapped_column(Text)
    home: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether this is the institution whose network this is: class years count only here."""
    degree: Mapped[str | None] = mapped_column(Text)
    programme: Mapped[str | None] = mapped_column(Text)
    cip_code: Mapped[str | None] = mapped_column(Text)
    """CIP 2020, six digits as NN.NNNN (NCES)."""
    start_date: Mapped[PartialDate | None]
    end_date: Mapped[PartialDate | None]
    end_year: Mapped[int | None] = mapped_column(SmallInteger, Computed("left(end_date, 4)::smallint", persisted=True))
    completed: Mapped[bool] = mapped_column(server_default=text("true"))
    honours: Mapped[str | None] = mapped_column(Text)
    registrar_sourced: Mapped[bool] = mapped_column(server_default=text("false"))
    """Rule P4: what the registrar recorded is told apart from what the alumni office learned later."""
    released_at: Mapped[Timestamp | None]
    """When the person agreed that the registrar's record is shown beyond directory information."""
    withheld: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Values by column that only the office and the person read; their columns are empty, `completed` is true."""
    chosen_visibility: Mapped[Visibility | None] = mapped_column(enum_column(Visibility, "chosen_visibility"))
    """The level that comes back when nothing holds the fact at STAFF any more."""
    search: Mapped[str] = search_column("school", "degree", "programme", "honours")


class Organization(ImportedRow):
    """A company, school, charity or office that people work at."""

    __tablename__ = "organizations"
    __table_args__ = (UniqueConstraint("source", "external_id"), UniqueConstraint("name_folded"))

    name: Mapped[str] = mapped_column(Text)
    name_folded: Mapped[str] = mapped_column(Text, Computed("alumni_fold(name)", persisted=True))
    """Two spellings that fold alike are one organisation."""
    industry: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    """ISO 3166-1 alpha-2."""
    search: Mapped[str] = search_column("name")


class Experience(Fact):
    """A job or duty at an organisation; without an end date it is current."""

    __tablename__ = "experiences"
    __table_args__ = (
        embeddable_key(),
        partial_date_check("start_date"),
        partial_date_check("end_date"),
        holders_index("experiences", "organization_id", beside=("start_date", "end_date")),
        Index("ix_experiences_occupation_code", "occupation_code"),
        Index("ix_experiences_search", "search", postgresql_using="gin"),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    title: Mapped[str] = mapped_column(Text)
    occupation_system: Mapped[str | None] = mapped_column(Text)
    """The code system and version of `occupation_code`: "ISCO-08", "SOC-2018", "ESCO-1.2"."""
    occupation_code: Mapped[str | None] = mapped_column(Text)
    start_date: Mapped[PartialDate | None]
    end_date: Mapped[PartialDate | None]
    current: Mapped[bool] = mapped_column(Computed("end_date is null", persisted=True))
    description: Mapped[str | None] = mapped_column(Text)
    search: Mapped[str] = search_column("title", "description")
