"""Events, registrations, and the keys that retries are recognised by."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003_events"
down_revision: str | Sequence[str] | None = "0002_queue"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


LOCAL = """
create function alumni_local(at timestamptz, zone text) returns timestamp
language sql immutable strict parallel safe as $$ select at at time zone zone $$
"""
"""The time that people at a place call an instant. Immutable as long as the zone's rules are: good enough to tell an
event's weekday, which a later change of the law does not move back."""


def upgrade() -> None:
    """Apply."""
    op.execute(LOCAL)
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("organizer", sa.Text(), nullable=True),
        sa.Column("organizer_folded", sa.Text(), sa.Computed("alumni_fold(organizer)", persisted=True), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "SCHEDULED",
                "POSTPONED",
                "CANCELLED",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default=sa.text("'SCHEDULED'"),
            nullable=False,
        ),
        sa.Column(
            "attendance_mode",
            sa.Enum(
                "OFFLINE",
                "ONLINE",
                "MIXED",
                name="attendance_mode",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "audience",
            sa.Enum(
                "ME",
                "STAFF",
                "CONNECTIONS",
                "MEMBERS",
                "PUBLIC",
                name="audience",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column(
            "weekday",
            sa.SmallInteger(),
            sa.Computed("extract(isodow from alumni_local(starts_at, time_zone))::smallint", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "hour",
            sa.SmallInteger(),
            sa.Computed("extract(hour from alumni_local(starts_at, time_zone))::smallint", persisted=True),
            nullable=False,
        ),
        sa.Column("venue", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("city_folded", sa.Text(), sa.Computed("alumni_fold(city)", persisted=True), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("join_url", sa.Text(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("seats_taken", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attendees_shown", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple'::regconfig, alumni_fold(coalesce(name, '') || ' ' || coalesce(description, '') || ' ' || coalesce(organizer, '') || ' ' || coalesce(venue, '') || ' ' || coalesce(city, '')))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("audience in ('STAFF', 'MEMBERS', 'PUBLIC')", name=op.f("ck_events_audience_of_many")),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_events_capacity_positive")),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_events_ends_after_it_starts")),
        sa.CheckConstraint(
            "seats_taken >= 0 and seats_taken <= coalesce(capacity, seats_taken)", name=op.f("ck_events_not_oversold")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_events_source_external_id")),
    )
    op.create_index("ix_events_city_folded", "events", ["city_folded"], unique=False)
    op.create_index("ix_events_organizer_folded", "events", ["organizer_folded"], unique=False)
    op.create_index("ix_events_search", "events", ["search"], unique=False, postgresql_using="gin")
    op.create_index("ix_events_starts_at_id", "events", ["starts_at", "id"], unique=False)
    op.create_table(
        "registrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("CONFIRMED", "CANCELLED", name="state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_registrations_event_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_registrations_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("event_id", "person_id", name=op.f("uq_registrations_event_id_person_id")),
    )
    op.create_index("ix_registrations_person_id_event_id", "registrations", ["person_id", "event_id"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("input_digest", sa.LargeBinary(), nullable=False),
        sa.Column("result_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_idempotency_keys_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_idempotency_keys_account_id_key")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("idempotency_keys")
    op.drop_index("ix_registrations_person_id_event_id", table_name="registrations")
    op.drop_table("registrations")
    op.drop_index("ix_events_starts_at_id", table_name="events")
    op.drop_index("ix_events_search", table_name="events", postgresql_using="gin")
    op.drop_index("ix_events_organizer_folded", table_name="events")
    op.drop_index("ix_events_city_folded", table_name="events")
    op.drop_table("events")
    op.execute("drop function alumni_local(timestamptz, text)")
