"""What remains of erased people, and counters that hold however a registration or a mentorship goes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010_suppressions"
down_revision: str | Sequence[str] | None = "0009_outcomes"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SALT = """
insert into suppression_salts (salt)
values (sha256((gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text)::bytea))
"""
"""From the server's strong random source: three times 122 bits."""

FREE_SEAT = """
create function alumni_free_seat() returns trigger language plpgsql as $$
begin
    update events set seats_taken = seats_taken - 1 where id = old.event_id and seats_taken > 0;
    return null;
end $$
"""
FREE_PLACE = """
create function alumni_free_place() returns trigger language plpgsql as $$
begin
    update mentor_profiles set active_mentees = active_mentees - 1
    where person_id = old.mentor_id and active_mentees > 0;
    return null;
end $$
"""
"""A row that is deleted, with its person or by itself, gives back what it held: a counter cannot be forgotten."""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "suppressions",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_on", sa.Date(), server_default=sa.text("CURRENT_DATE"), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "suppression_salts",
        sa.Column("sole", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("sole", name=op.f("ck_suppression_salts_sole")),
        sa.PrimaryKeyConstraint("sole", name=op.f("pk_suppression_salts")),
    )
    op.execute(SALT)
    op.create_index("ix_suggestion_outcomes_suggestion_id", "suggestion_outcomes", ["suggestion_id"], unique=False)
    op.execute(FREE_SEAT)
    op.execute(
        "create trigger free_seat after delete on registrations for each row"
        " when (old.state = 'CONFIRMED') execute function alumni_free_seat()"
    )
    op.execute(FREE_PLACE)
    op.execute(
        "create trigger free_place after delete on mentorships for each row"
        " when (old.state = 'ACCEPTED') execute function alumni_free_place()"
    )


def downgrade() -> None:
    """Undo."""
    op.execute("drop trigger free_place on mentorships")
    op.execute("drop function alumni_free_place")
    op.execute("drop trigger free_seat on registrations")
    op.execute("drop function alumni_free_seat")
    op.drop_index("ix_suggestion_outcomes_suggestion_id", table_name="suggestion_outcomes")
    op.drop_table("suppression_salts")
    op.drop_table("suppressions")
