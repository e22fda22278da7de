"""Mentors, what they can be asked about, and who has asked whom."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005_mentoring"
down_revision: str | Sequence[str] | None = "0004_jobs"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "mentor_profiles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("max_mentees", sa.SmallInteger(), nullable=False),
        sa.Column("active_mentees", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("active_mentees between 0 and max_mentees", name=op.f("ck_mentor_profiles_not_overbooked")),
        sa.CheckConstraint("max_mentees between 1 and 50", name=op.f("ck_mentor_profiles_capacity")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_mentor_profiles_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentor_profiles")),
        sa.UniqueConstraint("person_id", name=op.f("uq_mentor_profiles_person_id")),
    )
    op.create_index("ix_mentor_profiles_created_at_id", "mentor_profiles", ["created_at", "id"], unique=False)
    op.create_table(
        "mentorships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("mentee_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PENDING",
                "ACCEPTED",
                "DECLINED",
                "WITHDRAWN",
                "COMPLETED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("mentor_id <> mentee_id", name=op.f("ck_mentorships_not_self")),
        sa.ForeignKeyConstraint(
            ["mentee_id"], ["people.id"], name=op.f("fk_mentorships_mentee_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["mentor_id"], ["people.id"], name=op.f("fk_mentorships_mentor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentorships")),
    )
    op.create_index("ix_mentorships_mentee_id", "mentorships", ["mentee_id"], unique=False)
    op.create_index(
        "uq_mentorships_open",
        "mentorships",
        ["mentor_id", "mentee_id"],
        unique=True,
        postgresql_where=sa.text("state in ('PENDING', 'ACCEPTED')"),
    )
    op.create_table(
        "mentor_topics",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), sa.Computed("alumni_fold(name)", persisted=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["mentor_profiles.id"], name=op.f("fk_mentor_topics_profile_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentor_topics")),
        sa.UniqueConstraint("profile_id", "name_folded", name=op.f("uq_mentor_topics_profile_id_name_folded")),
    )
    op.create_index("ix_mentor_topics_name_folded", "mentor_topics", ["name_folded"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_mentor_topics_name_folded", table_name="mentor_topics")
    op.drop_table("mentor_topics")
    op.drop_index(
        "uq_mentorships_open", table_name="mentorships", postgresql_where=sa.text("state in ('PENDING', 'ACCEPTED')")
    )
    op.drop_index("ix_mentorships_mentee_id", table_name="mentorships")
    op.drop_table("mentorships")
    op.drop_index("ix_mentor_profiles_created_at_id", table_name="mentor_profiles")
    op.drop_table("mentor_profiles")
