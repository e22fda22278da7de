"""Everybody's place on the circle from which suggestions by chance are drawn."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015_lots"
down_revision: str | Sequence[str] | None = "0014_impersonations"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_people_lot", "people", [sa.text("md5(id::text)")], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_people_lot", table_name="people")
