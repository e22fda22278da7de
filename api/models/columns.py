"""Column types and row bases that all tables share: identifiers, timestamps, provenance, visibility, partial dates."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Enum, ForeignKey, Index, String, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from api.db import Base


class Visibility(StrEnum):
    """Who sees a fact: each level includes those before it, and the owner sees all."""

    ME = "ME"
    STAFF = "STAFF"
    CONNECTIONS = "CONNECTIONS"
    MEMBERS = "MEMBERS"
    PUBLIC = "PUBLIC"


def enum_column(kind: type[StrEnum], name: str) -> Enum:
    """An enumeration stored as text with a check constraint: new members need no type change."""
    return Enum(kind, native_enum=False, create_constraint=True, length=32, name=name)


PartialDate = Annotated[str, mapped_column(String(7))]
"""A year or a year-month: "2005", "2005-09"."""

Timestamp = Annotated[datetime, mapped_column(DateTime(timezone=True))]


def partial_date_check(column: str) -> CheckConstraint:
    """The format of a partial date, as the table's own promise."""
    return CheckConstraint(rf"{column} ~ '^\d{{4}}(-(0[1-9]|1[0-2]))?$'", name=f"{column}_format")


class Row(Base):
    """What every row has: a time-ordered id and when it was made and changed."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-100)
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now(), sort_order=90)
    updated_at: Mapped[Timestamp] = mapped_column(server_default=func.now(), onupdate=func.now(), sort_order=91)


class ImportedRow(Row):
    """A row that may come from another system, which knows it by (source, external_id)."""

    __abstract__ = True

    source: Mapped[str | None] = mapped_column(Text, sort_order=92)
    external_id: Mapped[str | None] = mapped_column(Text, sort_order=93)


class Fact(Row):
    """Something about a person that can be hidden: it carries its own visibility."""

    __abstract__ = True

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True, sort_order=-90)
    visibility: Mapped[Visibility] = mapped_column(enum_column(Visibility, "visibility"), sort_order=-80)
    source: Mapped[str | None] = mapped_column(Text, sort_order=92)


def embeddable_key() -> UniqueConstraint:
    """The key that a fact's vectors refer to: a vector can never differ from its fact in owner or visibility."""
    return UniqueConstraint("id", "person_id", "visibility")


def holders_index(table: str, *columns: str, beside: Sequence[str] = ()) -> Index:
    """The people whose facts have a value, in order of their ids, without reading the facts themselves: with what says
    who sees them, and what else is asked of them `beside`."""
    name = f"ix_{table}_{'_'.join(columns)}_person_id"
    return Index(name, *columns, "person_id", postgresql_include=["visibility", "created_at", *beside])
