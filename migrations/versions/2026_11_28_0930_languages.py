"""Languages: events and openings in more than one."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021_languages"
down_revision: str | Sequence[str] | None = "0020_rates"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    for noun, name in (("event", "name"), ("job", "title")):
        op.add_column(f"{noun}s", sa.Column("language", sa.Text(), nullable=True))
        op.create_table(
            f"{noun}_translations",
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column(f"{noun}_id", sa.Uuid(), nullable=False),
            sa.Column("language", sa.Text(), nullable=False),
            sa.Column(name, sa.Text(), nullable=False),
            sa.Column("description", sa.Text(), nullable=True),
            sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
            sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
            sa.ForeignKeyConstraint(
                [f"{noun}_id"], [f"{noun}s.id"], name=op.f(f"fk_{noun}_translations_{noun}_id"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{noun}_translations")),
            sa.UniqueConstraint(f"{noun}_id", "language", name=op.f(f"uq_{noun}_translations_{noun}_id_language")),
        )


def downgrade() -> None:
    """Undo."""
    for noun in ("job", "event"):
        op.drop_table(f"{noun}_translations")
        op.drop_column(f"{noun}s", "language")
