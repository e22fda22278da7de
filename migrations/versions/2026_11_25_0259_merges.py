"""Records of one person that were made one, and the ids that were given up."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0013_merges"
down_revision: str | Sequence[str] | None = "0012_proposals"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


ACTIONS = ("READ_RESTRICTED", "IMPORTED", "EDITED")


def _allow(*actions: str) -> None:
    named = ", ".join(f"'{action}'" for action in actions)
    op.drop_constraint(op.f("ck_audit_events_action"), "audit_events", type_="check")
    op.create_check_constraint(op.f("ck_audit_events_action"), "audit_events", f"action in ({named})")


def upgrade() -> None:
    """Apply."""
    _allow(*ACTIONS, "MERGED", "UNMERGED")
    op.create_table(
        "person_merges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("dropped_id", sa.Uuid(), nullable=False),
        sa.Column("merged_by", sa.Uuid(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["kept_id"], ["people.id"], name=op.f("fk_person_merges_kept_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["merged_by"], ["accounts.id"], name=op.f("fk_person_merges_merged_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_merges")),
    )
    op.create_index(
        "ix_person_merges_created_at",
        "person_merges",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("content is not null"),
    )
    op.create_index("ix_person_merges_kept_id", "person_merges", ["kept_id"], unique=False)
    op.create_table(
        "person_aliases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["kept_id"], ["people.id"], name=op.f("fk_person_aliases_kept_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["merge_id"], ["person_merges.id"], name=op.f("fk_person_aliases_merge_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_aliases")),
    )
    op.create_index("ix_person_aliases_kept_id", "person_aliases", ["kept_id"], unique=False)
    op.create_index("ix_person_aliases_source_external_id", "person_aliases", ["source", "external_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.execute("delete from audit_events where action in ('MERGED', 'UNMERGED')")
    _allow(*ACTIONS)
    op.drop_index("ix_person_aliases_source_external_id", table_name="person_aliases")
    op.drop_index("ix_person_aliases_kept_id", table_name="person_aliases")
    op.drop_table("person_aliases")
    op.drop_index("ix_person_merges_kept_id", table_name="person_merges")
    op.drop_index(
        "ix_person_merges_created_at", table_name="person_merges", postgresql_where=sa.text("content is not null")
    )
    op.drop_table("person_merges")
