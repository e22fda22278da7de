"""How many profiles of others somebody may see in a day, and whose they saw today."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006_profile_views"
down_revision: str | Sequence[str] | None = "0005_mentoring"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("institutions", sa.Column("profiles_per_day", sa.Integer(), server_default="200", nullable=False))
    op.create_check_constraint(op.f("ck_institutions_profiles_per_day"), "institutions", "profiles_per_day > 0")
    op.create_table(
        "profile_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("viewer_id", sa.Uuid(), nullable=True),
        sa.Column("visitor", sa.Uuid(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("num_nonnulls(viewer_id, visitor) = 1", name=op.f("ck_profile_views_one_viewer")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_profile_views_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["viewer_id"], ["people.id"], name=op.f("fk_profile_views_viewer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_views")),
        sa.UniqueConstraint(
            "viewer_id",
            "visitor",
            "day",
            "person_id",
            name=op.f("uq_profile_views_viewer_id_visitor_day_person_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_profile_views_person_id", "profile_views", ["person_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_profile_views_person_id", table_name="profile_views")
    op.drop_table("profile_views")
    op.drop_constraint(op.f("ck_institutions_profiles_per_day"), "institutions")
    op.drop_column("institutions", "profiles_per_day")
