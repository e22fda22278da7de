"""Administrators may read as somebody else for a while; the log says why."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014_impersonations"
down_revision: str | Sequence[str] | None = "0013_merges"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ACTION = "ck_audit_events_action"
BEFORE = "action in ('READ_RESTRICTED', 'IMPORTED', 'EDITED', 'MERGED', 'UNMERGED')"
NEW = "'IMPERSONATION_STARTED', 'IMPERSONATED', 'IMPERSONATION_ENDED'"
AFTER = f"action in ('READ_RESTRICTED', 'IMPORTED', 'EDITED', 'MERGED', 'UNMERGED', {NEW})"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "impersonations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_impersonations_expires")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_impersonations_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_impersonations_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_impersonations")),
    )
    op.create_index(op.f("ix_impersonations_account_id"), "impersonations", ["account_id"], unique=False)
    op.create_index(op.f("ix_impersonations_person_id"), "impersonations", ["person_id"], unique=False)
    op.add_column("audit_events", sa.Column("reason", sa.Text(), nullable=True))
    op.drop_constraint(op.f(ACTION), "audit_events")
    op.create_check_constraint(op.f(ACTION), "audit_events", AFTER)


def downgrade() -> None:
    """Undo. What the log said of impersonations is gone with it."""
    op.execute("delete from audit_events where action like 'IMPERSONAT%'")
    op.drop_constraint(op.f(ACTION), "audit_events")
    op.create_check_constraint(op.f(ACTION), "audit_events", BEFORE)
    op.drop_column("audit_events", "reason")
    op.drop_index(op.f("ix_impersonations_person_id"), table_name="impersonations")
    op.drop_index(op.f("ix_impersonations_account_id"), table_name="impersonations")
    op.drop_table("impersonations")
