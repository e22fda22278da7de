"""Lanes: what needs the language model waits in one of its own, also what was queued before there was one."""

from collections.abc import Sequence

from alembic import op

revision: str = "0022_lanes"
down_revision: str | Sequence[str] | None = "0021_languages"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOVE = """
update procrastinate_jobs set queue_name = '{to}'
where queue_name = '{of}' and task_name in ('embed_person', 'embed_missing') and status = 'todo'
"""


def upgrade() -> None:
    """Apply."""
    op.execute(MOVE.format(of="default", to="embedding"))


def downgrade() -> None:
    """Undo."""
    op.execute(MOVE.format(of="embedding", to="default"))
