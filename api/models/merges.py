"""Records of one human being that were made one, and how that can be undone."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import ImportedRow, Row, Timestamp


class PersonMerge(Row):
    """One merge: whose record was kept, which was dropped, and what it takes to undo that."""

    __tablename__ = "person_merges"
    __table_args__ = (
        Index("ix_person_merges_kept_id", "kept_id"),
        Index("ix_person_merges_created_at", "created_at", postgresql_where=text("content is not null")),
    )

    kept_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    dropped_id: Mapped[UUID]
    merged_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    undone_at: Mapped[Timestamp | None]
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What was moved, changed and removed, with what was removed, and how open things were then; gone once it cannot be
    undone any more."""


class PersonAlias(ImportedRow):
    """An id that was given up in a merge, and whose it is now. The row's own id is the old id."""

    __tablename__ = "person_aliases"
    __table_args__ = (
        Index("ix_person_aliases_kept_id", "kept_id"),
        Index("ix_person_aliases_source_external_id", "source", "external_id"),
    )

    kept_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    merge_id: Mapped[UUID] = mapped_column(ForeignKey("person_merges.id", ondelete="CASCADE"))
