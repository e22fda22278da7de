"""Trusted documents: what applications may send by an id alone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017_documents"
down_revision: str | Sequence[str] | None = "0016_holders"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "trusted_documents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_documents")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("trusted_documents")
