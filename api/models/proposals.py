"""What members propose to correct about others, for the office to decide."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import Row, Timestamp, enum_column


class ProposalState(StrEnum):
    """Where a proposal stands."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"


class UpdateProposal(Row):
    """One person proposes to correct the record of another. The other learns of the office's edit, not of this."""

    __tablename__ = "update_proposals"
    __table_args__ = (
        CheckConstraint("proposer_id <> person_id", name="not_self"),
        Index("ix_update_proposals_person_id", "person_id"),
        Index("ix_update_proposals_proposer_id_state", "proposer_id", "state"),
        Index("ix_update_proposals_state_id", "state", "id"),
    )

    proposer_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[ProposalState] = mapped_column(enum_column(ProposalState, "state"))
    answered_at: Mapped[Timestamp | None]


class ProposedChange(Row):
    """One part of a proposal: a name, or a fact that is new or continues the fact `fact_id`."""

    __tablename__ = "proposed_changes"
    __table_args__ = (Index("ix_proposed_changes_proposal_id_position", "proposal_id", "position"),)

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("update_proposals.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger)
    part: Mapped[str] = mapped_column(Text)
    """The field of a profile's input: "displayName", "educations"."""
    fact_id: Mapped[UUID | None]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What it is to be, by the names of a profile's input."""


class LostPerson(Row):
    """Somebody whom the office cannot reach. A table of its own: nothing that reads people can tell of it."""

    __tablename__ = "lost_people"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), unique=True)
    note: Mapped[str | None] = mapped_column(Text)
