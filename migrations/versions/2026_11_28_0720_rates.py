"""Rates: what callers may still ask for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020_rates"
down_revision: str | Sequence[str] | None = "0019_webhooks"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "rate_buckets",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("left", sa.Float(), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_buckets")),
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("rate_buckets")
