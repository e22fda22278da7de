"""A suggestion may end in a seat, an interest, or a question to a mentor."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009_outcomes"
down_revision: str | Sequence[str] | None = "0008_directory_information"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECK, TABLE, COLUMN = "ck_suggestion_outcomes_outcome", "suggestion_outcomes", sa.column("outcome", sa.Text)
BEFORE = ("DISMISSED", "REQUESTED", "CONNECTED")
NEW = ("REGISTERED", "INTERESTED", "ASKED")


def upgrade() -> None:
    """Apply."""
    _allow(BEFORE + NEW)


def downgrade() -> None:
    """Undo: what the older code does not know of goes."""
    op.execute(sa.delete(sa.table(TABLE, COLUMN)).where(COLUMN.in_(NEW)))
    _allow(BEFORE)


def _allow(outcomes: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(CHECK), TABLE)
    op.create_check_constraint(op.f(CHECK), TABLE, COLUMN.in_(outcomes))
