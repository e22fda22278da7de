"""Corrections that members propose, and people whom the office has lost."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0012_proposals"
down_revision: str | Sequence[str] | None = "0011_item_vector_age"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "lost_people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_lost_people_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lost_people")),
        sa.UniqueConstraint("person_id", name=op.f("uq_lost_people_person_id")),
    )
    op.create_table(
        "update_proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposer_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("OPEN", "ACCEPTED", "DECLINED", name="state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("proposer_id <> person_id", name=op.f("ck_update_proposals_not_self")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_update_proposals_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["proposer_id"], ["people.id"], name=op.f("fk_update_proposals_proposer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_update_proposals")),
    )
    op.create_index("ix_update_proposals_person_id", "update_proposals", ["person_id"], unique=False)
    op.create_index("ix_update_proposals_proposer_id_state", "update_proposals", ["proposer_id", "state"], unique=False)
    op.create_index("ix_update_proposals_state_id", "update_proposals", ["state", "id"], unique=False)
    op.create_table(
        "proposed_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["update_proposals.id"], name=op.f("fk_proposed_changes_proposal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposed_changes")),
    )
    op.create_index(
        "ix_proposed_changes_proposal_id_position", "proposed_changes", ["proposal_id", "position"], unique=False
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_proposed_changes_proposal_id_position", table_name="proposed_changes")
    op.drop_table("proposed_changes")
    op.drop_index("ix_update_proposals_state_id", table_name="update_proposals")
    op.drop_index("ix_update_proposals_proposer_id_state", table_name="update_proposals")
    op.drop_index("ix_update_proposals_person_id", table_name="update_proposals")
    op.drop_table("update_proposals")
    op.drop_table("lost_people")
