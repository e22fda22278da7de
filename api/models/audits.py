"""What staff read and did, kept for the person concerned to see."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import Row, enum_column


class AuditAction(StrEnum):
    """What was done."""

    READ_RESTRICTED = "READ_RESTRICTED"
    IMPORTED = "IMPORTED"
    EDITED = "EDITED"
    MERGED = "MERGED"
    UNMERGED = "UNMERGED"
    IMPERSONATION_STARTED = "IMPERSONATION_STARTED"
    IMPERSONATED = "IMPERSONATED"
    IMPERSONATION_ENDED = "IMPERSONATION_ENDED"


class AuditEvent(Row):
    """One act of one officer on one person; `facts` names the kinds of fact concerned, never their content."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_person_id_id", "person_id", "id"),)

    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    action: Mapped[AuditAction] = mapped_column(enum_column(AuditAction, "action"))
    facts: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reason: Mapped[str | None] = mapped_column(Text)
    """Why, where the act needs a reason."""
