"""Notifications: what people are told."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018_notifications"
down_revision: str | Sequence[str] | None = "0017_documents"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KINDS = ("CONNECTION_REQUESTED", "CONNECTION_ACCEPTED", "REGISTRATION_CONFIRMED", "NEW_SUGGESTIONS")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Enum(*KINDS, name="kind", native_enum=False, length=32), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(kind like 'CONNECTION_%') = (connection_id is not null)", name=op.f("ck_notifications_connection")
        ),
        sa.CheckConstraint(
            "(kind like 'REGISTRATION_%') = (event_id is not null)", name=op.f("ck_notifications_event")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_notifications_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_notifications_connection_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_notifications_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    op.create_index("ix_notifications_person_id_id", "notifications", ["person_id", "id"])
    op.create_index("ix_notifications_connection_id", "notifications", ["connection_id"])
    op.create_index("ix_notifications_event_id", "notifications", ["event_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("notifications")
