"""Vectors of events, openings and mentors know since when they hold, as those of facts do."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011_item_vector_age"
down_revision: str | Sequence[str] | None = "0010_suppressions"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    made = sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
    op.add_column("item_vectors", made)


def downgrade() -> None:
    """Undo."""
    op.drop_column("item_vectors", "created_at")
