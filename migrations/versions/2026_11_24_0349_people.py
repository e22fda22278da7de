"""people: the tables of people, their facts, ties, vectors and suggestions."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql

revision: str = "0001_people"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


FOLD = r"""
create function alumni_fold(value text) returns text
language sql immutable strict parallel safe as $$
    select replace(replace(replace(translate(
        regexp_replace(lower(normalize(value, nfkd)), '[\u0300-\u036f]', '', 'g'),
        'øłđıςðþ', 'oldiσdt'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')
$$
"""
"""What makes two spellings of a word one: compatibility forms, case and accents are gone. `api.folding` is its twin."""


def upgrade() -> None:
    """Apply."""
    op.execute("create extension if not exists vector")
    op.execute(FOLD)
    op.create_table(
        "embedding_models",
        sa.Column("id", sa.SmallInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embedding_models")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_embedding_models_name_version")),
    )
    op.create_index(
        "uq_embedding_models_active", "embedding_models", ["active"], unique=True, postgresql_where=sa.text("active")
    )
    op.create_table(
        "institutions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sole", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), server_default=sa.text("'UTC'"), nullable=False),
        sa.Column("locale", sa.Text(), server_default=sa.text("'en'"), nullable=False),
        sa.Column("default_listed", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("default_suggestable", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("default_show_attendance", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("default_mentor_open", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("sole", name=op.f("ck_institutions_sole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institutions")),
        sa.UniqueConstraint("sole", name=op.f("uq_institutions_sole")),
    )
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), sa.Computed("alumni_fold(name)", persisted=True), nullable=False),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple'::regconfig, alumni_fold(coalesce(name, '')))", persisted=True),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("name_folded", name=op.f("uq_organizations_name_folded")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_organizations_source_external_id")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("name_at_graduation", sa.Text(), nullable=True),
        sa.Column("pronouns", sa.Text(), nullable=True),
        sa.Column("listed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("suggestable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("show_attendance", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("mentor_open", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("choices_made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deceased", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("ferpa_hold", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("member_edited", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "name_sort",
            sa.Text(),
            sa.Computed(
                "alumni_fold(coalesce(family_name, display_name) || ' ' || coalesce(given_name, ''))", persisted=True
            ),
            nullable=False,
        ),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple'::regconfig, alumni_fold(display_name || ' ' || coalesce(given_name, '') || ' ' || coalesce(family_name, '') || ' ' || coalesce(name_at_graduation, '')))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_people_source_external_id")),
    )
    op.create_index("ix_people_created_at_id", "people", ["created_at", "id"], unique=False)
    op.create_index("ix_people_name_sort_id", "people", ["name_sort", "id"], unique=False)
    op.create_index("ix_people_search", "people", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("MEMBER", "STAFF", "ADMIN", name="role", native_enum=False, create_constraint=True, length=32),
            server_default=sa.text("'MEMBER'"),
            nullable=False,
        ),
        sa.Column("first_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_accounts_email_lower")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_accounts_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
        sa.UniqueConstraint("person_id", name=op.f("uq_accounts_person_id")),
    )
    op.create_table(
        "blocks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("blocker_id", sa.Uuid(), nullable=False),
        sa.Column("blocked_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("blocker_id <> blocked_id", name=op.f("ck_blocks_not_self")),
        sa.ForeignKeyConstraint(["blocked_id"], ["people.id"], name=op.f("fk_blocks_blocked_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["blocker_id"], ["people.id"], name=op.f("fk_blocks_blocker_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocks")),
        sa.UniqueConstraint("blocker_id", "blocked_id", name=op.f("uq_blocks_blocker_id_blocked_id")),
    )
    op.create_index("ix_blocks_blocked_id", "blocks", ["blocked_id"], unique=False)
    op.create_table(
        "connections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("low_id", sa.Uuid(), nullable=False),
        sa.Column("high_id", sa.Uuid(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PENDING",
                "ACCEPTED",
                "DECLINED",
                "WITHDRAWN",
                "ENDED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column(
            "low_visibility",
            sa.Enum(
                "ME",
                "STAFF",
                "CONNECTIONS",
                "MEMBERS",
                "PUBLIC",
                name="low_visibility",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default=sa.text("'MEMBERS'"),
            nullable=False,
        ),
        sa.Column(
            "high_visibility",
            sa.Enum(
                "ME",
                "STAFF",
                "CONNECTIONS",
                "MEMBERS",
                "PUBLIC",
                name="high_visibility",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default=sa.text("'MEMBERS'"),
            nullable=False,
        ),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state = 'ACCEPTED') = (connected_at is not null)", name=op.f("ck_connections_connected_at")
        ),
        sa.CheckConstraint("low_id < high_id", name=op.f("ck_connections_ordered")),
        sa.CheckConstraint("requester_id in (low_id, high_id)", name=op.f("ck_connections_requester")),
        sa.ForeignKeyConstraint(["high_id"], ["people.id"], name=op.f("fk_connections_high_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["low_id"], ["people.id"], name=op.f("fk_connections_low_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
        sa.UniqueConstraint("low_id", "high_id", name=op.f("uq_connections_low_id_high_id")),
    )
    op.create_index("ix_connections_high_id", "connections", ["high_id"], unique=False)
    op.create_table(
        "contact_points",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum(
                "ME",
                "STAFF",
                "CONNECTIONS",
                "MEMBERS",
                "PUBLIC",
                name="visibility",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum("EMAIL", "PHONE", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "ACTIVE", "HELD", "SUPPRESSED", name="status", native_enum=False, create_constraint=True, length=32
            ),
            server_default=sa.text("'ACTIVE'"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple'::regconfig, alumni_fold(coalesce(value, '')))", persisted=True),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_contact_points_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_points")),
        sa.UniqueConstraint("person_id", "kind", "value", name=op.f("uq_contact_points_person_id_kind_value")),
    )
    op.create_index(op.f("ix_contact_points_person_id"), "contact_points", ["person_id"], unique=False)
    op.create_index("ix_contact_points_search", "contact_points", ["search"], unique=False, postgresql_using="gin")
    op.create_index("ix_contact_points_value", "contact_points", ["value"], unique=False)
    op.create_table(
        "educations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum(
                "ME",
                "STAFF",
                "CONNECTIONS",
                "MEMBERS",
                "PUBLIC",
                name="visibility",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("home", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("degree", sa.Text(), nullable=True),
        sa.Column("programme", sa.Text(), nullable=True),
        sa.Column("cip_code", sa.Text(), nullable=True),
        sa.Column("start_date", sa.String(length=7), nullable=True),
        sa.Column("end_date", sa.String(length=7), nullable=True),
        sa.Column(
            "end_year", sa.SmallInteger(), sa.Computed("left(end_date, 4)::smallint", persisted=True), nullable=True
        ),
        sa.Column("completed", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("honours", sa.Text(), nullable=True),
        sa.Column("registrar_sourced", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple'::regconfig, alumni_fold(coalesce(school, '') || ' ' || coalesce(degree, '') || ' ' || coalesce(programme, '') || ' ' || coalesce(honours, '')))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("end_date ~ '^\\d{4}(-(0[1-9]|1[0-2]))?$'", name=op.f("ck_educations_end_date_format")),
        sa.CheckConstraint("start_date ~ '^\\d{4}(-(0[1-9]|1[0-2]))?$'", name=op.f("ck_educations_start_date_format")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_educations_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_educations")),
        sa.UniqueConstraint("id", "person_id", "visibility", name=op.f("uq_educations_id_person_id_visibility")),
    )
    op.create_index("ix_educations_cip_code", "educations", ["cip_code"], unique=False)
    op.create_index("ix_educations_end_year", "educations", ["end_year"], unique=False)
    op.create_index(op.f("ix_educations_person_id"), "educations", ["person_id"], unique=False)
    op.create_index("ix_educations_programme", "educations", ["programme"], unique=False)
    op.create_index("ix_educations_search", "educations", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "experiences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum(
                "ME",
                "STAFF",
                "CONNECTIONS",
                "MEMBERS",
                "PUBLIC",
                name="visibility",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("occupation_system", sa.Text(), nullable=True),
        sa.Column("occupation_code", sa.Text(), nullable=True),
        sa.Column("start_date", sa.String(length=7), nullable=True),
        sa.Column("end_date", sa.String(length=7), nullable=True),
        sa.Column("current", sa.Boolean(), sa.Computed("end_date is null", persisted=True), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple'::regconfig, alumni_fold(coalesce(title, '') || ' ' || coalesce(description, '')))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("end_date ~ '^\\d{4}(-(0[1-9]|1[0-2]))?$'", name=op.f("ck_experiences_end_date_format")),
        sa.CheckConstraint("start_date ~ '^\\d{4}(-(0[1-9]|1[0-2]))?$'", name=op.f("ck_experiences_start_date_format")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_experiences_organization_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_experiences_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiences")),
        sa.UniqueConstraint("id", "person_id", "visibility", name=op.f("uq_experiences_id_person_id_visibility")),
    )
    op.create_index("ix_experiences_occupation_code", "experiences", ["occupation_code"], unique=False)
    op.create_index("ix_experiences_organization_id", "experiences", ["organization_id"], unique=False)
    op.create_index(op.f("ix_experiences_person_id"), "experiences", ["person_id"], unique=False)
    op.create_index("ix_experiences_search", "experiences", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "interests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum(
                "ME",
                "STAFF",
                "CONNECTIONS",
                "MEMBERS",
                "PUBLIC",
                name="visibility",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), sa.Computed("alumni_fold(name)", persisted=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("HAVE", "WANT", "OFFER", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple'::regconfig, alumni_fold(coalesce(name, '')))", persisted=True),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_interests_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interests")),
        sa.UniqueConstraint("person_id", "name_folded", "kind", name=op.f("uq_interests_person_id_name_folded_kind")),
    )
    op.create_index("ix_interests_name_folded", "interests", ["name_folded"], unique=False)
    op.create_index(op.f("ix_interests_person_id"), "interests", ["person_id"], unique=False)
    op.create_index("ix_interests_search", "interests", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum(
                "ME",
                "STAFF",
                "CONNECTIONS",
                "MEMBERS",
                "PUBLIC",
                name="visibility",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "WEBSITE",
                "LINKEDIN",
                "GITHUB",
                "ORCID",
                "OTHER",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple'::regconfig, alumni_fold(coalesce(url, '')))", persisted=True),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_links_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("person_id", "url", name=op.f("uq_links_person_id_url")),
    )
    op.create_index(op.f("ix_links_person_id"), "links", ["person_id"], unique=False)
    op.create_index("ix_links_search", "links", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "person_roles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "STUDENT",
                "ALUMNUS",
                "FACULTY",
                "STAFF",
                "PARENT",
                "FRIEND",
                "DONOR",
                "APPLICANT",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_person_roles_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_roles")),
        sa.UniqueConstraint(
            "person_id",
            "kind",
            "starts_on",
            name=op.f("uq_person_roles_person_id_kind_starts_on"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "person_texts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum(
                "ME",
                "STAFF",
                "CONNECTIONS",
                "MEMBERS",
                "PUBLIC",
                name="visibility",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "BIO", "SEEKS", "OFFERS", "PHOTO", name="kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple'::regconfig, alumni_fold(coalesce(case when kind <> 'PHOTO' then text end, '')))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_person_texts_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_texts")),
        sa.UniqueConstraint("id", "person_id", "visibility", name=op.f("uq_person_texts_id_person_id_visibility")),
        sa.UniqueConstraint("person_id", "kind", name=op.f("uq_person_texts_person_id_kind")),
    )
    op.create_index(op.f("ix_person_texts_person_id"), "person_texts", ["person_id"], unique=False)
    op.create_index("ix_person_texts_search", "person_texts", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "places",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum(
                "ME",
                "STAFF",
                "CONNECTIONS",
                "MEMBERS",
                "PUBLIC",
                name="visibility",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum("HOME", "WORK", "ORIGIN", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("city_folded", sa.Text(), sa.Computed("alumni_fold(city)", persisted=True), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple'::regconfig, alumni_fold(coalesce(city, '') || ' ' || coalesce(region, '')))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_places_country_format")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_places_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        sa.UniqueConstraint("person_id", "kind", name=op.f("uq_places_person_id_kind")),
    )
    op.create_index("ix_places_city_folded_country", "places", ["city_folded", "country"], unique=False)
    op.create_index("ix_places_country", "places", ["country"], unique=False)
    op.create_index(op.f("ix_places_person_id"), "places", ["person_id"], unique=False)
    op.create_index("ix_places_search", "places", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "skills",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum(
                "ME",
                "STAFF",
                "CONNECTIONS",
                "MEMBERS",
                "PUBLIC",
                name="visibility",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), sa.Computed("alumni_fold(name)", persisted=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("HAVE", "WANT", "OFFER", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("esco_uri", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple'::regconfig, alumni_fold(coalesce(name, '')))", persisted=True),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_skills_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skills")),
        sa.UniqueConstraint("person_id", "name_folded", "kind", name=op.f("uq_skills_person_id_name_folded_kind")),
    )
    op.create_index("ix_skills_name_folded", "skills", ["name_folded"], unique=False)
    op.create_index(op.f("ix_skills_person_id"), "skills", ["person_id"], unique=False)
    op.create_index("ix_skills_search", "skills", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "suggestions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("viewer_id", sa.Uuid(), nullable=False),
        sa.Column("suggested_id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("features", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ranking_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["suggested_id"], ["people.id"], name=op.f("fk_suggestions_suggested_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["viewer_id"], ["people.id"], name=op.f("fk_suggestions_viewer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
        sa.UniqueConstraint("list_id", "suggested_id", name=op.f("uq_suggestions_list_id_suggested_id")),
    )
    op.create_index("ix_suggestions_suggested_id", "suggestions", ["suggested_id"], unique=False)
    op.create_index("ix_suggestions_viewer_id_id", "suggestions", ["viewer_id", "id"], unique=False)
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "READ_RESTRICTED",
                "IMPORTED",
                "EDITED",
                name="action",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("facts", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["accounts.id"], name=op.f("fk_audit_events_actor_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_audit_events_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index("ix_audit_events_person_id_id", "audit_events", ["person_id", "id"], unique=False)
    op.create_table(
        "fact_vectors",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum(
                "ME",
                "STAFF",
                "CONNECTIONS",
                "MEMBERS",
                "PUBLIC",
                name="visibility",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "facet",
            sa.Enum(
                "EDUCATION",
                "EXPERIENCE",
                "BIO",
                "SEEKS",
                "OFFERS",
                name="facet",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("education_id", sa.Uuid(), nullable=True),
        sa.Column("experience_id", sa.Uuid(), nullable=True),
        sa.Column("text_id", sa.Uuid(), nullable=True),
        sa.Column(
            "fact_id",
            sa.Uuid(),
            sa.Computed("coalesce(education_id, experience_id, text_id)", persisted=True),
            nullable=False,
        ),
        sa.Column("model_id", sa.SmallInteger(), nullable=False),
        sa.Column("input_hash", sa.LargeBinary(), nullable=False),
        sa.Column("embedding", HALFVEC(dim=384), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("visibility in ('STAFF', 'MEMBERS', 'PUBLIC')", name=op.f("ck_fact_vectors_embeddable")),
        sa.CheckConstraint(
            "num_nonnulls(education_id, experience_id, text_id) = 1", name=op.f("ck_fact_vectors_one_fact")
        ),
        sa.ForeignKeyConstraint(
            ["education_id", "person_id", "visibility"],
            ["educations.id", "educations.person_id", "educations.visibility"],
            name="fk_fact_vectors_education_id",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["experience_id", "person_id", "visibility"],
            ["experiences.id", "experiences.person_id", "experiences.visibility"],
            name="fk_fact_vectors_experience_id",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["model_id"], ["embedding_models.id"], name=op.f("fk_fact_vectors_model_id")),
        sa.ForeignKeyConstraint(
            ["text_id", "person_id", "visibility"],
            ["person_texts.id", "person_texts.person_id", "person_texts.visibility"],
            name="fk_fact_vectors_text_id",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_vectors")),
        sa.UniqueConstraint("fact_id", "model_id", name=op.f("uq_fact_vectors_fact_id_model_id")),
    )
    op.create_index(
        "ix_fact_vectors_education_id",
        "fact_vectors",
        ["education_id"],
        unique=False,
        postgresql_where=sa.text("education_id is not null"),
    )
    op.create_index(
        "ix_fact_vectors_experience_id",
        "fact_vectors",
        ["experience_id"],
        unique=False,
        postgresql_where=sa.text("experience_id is not null"),
    )
    op.create_index("ix_fact_vectors_input_hash_model_id", "fact_vectors", ["input_hash", "model_id"], unique=False)
    op.create_index(
        "ix_fact_vectors_members",
        "fact_vectors",
        ["embedding"],
        unique=False,
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "halfvec_cosine_ops"},
        postgresql_where=sa.text("visibility in ('MEMBERS', 'PUBLIC')"),
    )
    op.create_index("ix_fact_vectors_person_id", "fact_vectors", ["person_id"], unique=False)
    op.create_index(
        "ix_fact_vectors_staff",
        "fact_vectors",
        ["embedding"],
        unique=False,
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "halfvec_cosine_ops"},
        postgresql_where=sa.text("visibility = 'STAFF'"),
    )
    op.create_index(
        "ix_fact_vectors_text_id",
        "fact_vectors",
        ["text_id"],
        unique=False,
        postgresql_where=sa.text("text_id is not null"),
    )
    op.create_table(
        "identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_identities_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identities_issuer_subject")),
    )
    op.create_index(op.f("ix_identities_account_id"), "identities", ["account_id"], unique=False)
    op.create_table(
        "suggestion_outcomes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("suggestion_id", sa.Uuid(), nullable=True),
        sa.Column("viewer_id", sa.Uuid(), nullable=False),
        sa.Column("suggested_id", sa.Uuid(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "DISMISSED",
                "REQUESTED",
                "CONNECTED",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["suggested_id"], ["people.id"], name=op.f("fk_suggestion_outcomes_suggested_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["suggestion_id"],
            ["suggestions.id"],
            name=op.f("fk_suggestion_outcomes_suggestion_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["viewer_id"], ["people.id"], name=op.f("fk_suggestion_outcomes_viewer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion_outcomes")),
        sa.UniqueConstraint(
            "viewer_id", "suggested_id", "outcome", name=op.f("uq_suggestion_outcomes_viewer_id_suggested_id_outcome")
        ),
    )
    op.create_index("ix_suggestion_outcomes_suggested_id", "suggestion_outcomes", ["suggested_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_suggestion_outcomes_suggested_id", table_name="suggestion_outcomes")
    op.drop_table("suggestion_outcomes")
    op.drop_index(op.f("ix_identities_account_id"), table_name="identities")
    op.drop_table("identities")
    op.drop_index("ix_fact_vectors_text_id", table_name="fact_vectors", postgresql_where=sa.text("text_id is not null"))
    op.drop_index(
        "ix_fact_vectors_staff",
        table_name="fact_vectors",
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "halfvec_cosine_ops"},
        postgresql_where=sa.text("visibility = 'STAFF'"),
    )
    op.drop_index("ix_fact_vectors_person_id", table_name="fact_vectors")
    op.drop_index(
        "ix_fact_vectors_members",
        table_name="fact_vectors",
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "halfvec_cosine_ops"},
        postgresql_where=sa.text("visibility in ('MEMBERS', 'PUBLIC')"),
    )
    op.drop_index("ix_fact_vectors_input_hash_model_id", table_name="fact_vectors")
    op.drop_index(
        "ix_fact_vectors_experience_id",
        table_name="fact_vectors",
        postgresql_where=sa.text("experience_id is not null"),
    )
    op.drop_index(
        "ix_fact_vectors_education_id", table_name="fact_vectors", postgresql_where=sa.text("education_id is not null")
    )
    op.drop_table("fact_vectors")
    op.drop_index("ix_audit_events_person_id_id", table_name="audit_events")
    op.drop_table("audit_events")
    op.drop_index("ix_suggestions_viewer_id_id", table_name="suggestions")
    op.drop_index("ix_suggestions_suggested_id", table_name="suggestions")
    op.drop_table("suggestions")
    op.drop_index("ix_skills_search", table_name="skills", postgresql_using="gin")
    op.drop_index(op.f("ix_skills_person_id"), table_name="skills")
    op.drop_index("ix_skills_name_folded", table_name="skills")
    op.drop_table("skills")
    op.drop_index("ix_places_search", table_name="places", postgresql_using="gin")
    op.drop_index(op.f("ix_places_person_id"), table_name="places")
    op.drop_index("ix_places_country", table_name="places")
    op.drop_index("ix_places_city_folded_country", table_name="places")
    op.drop_table("places")
    op.drop_index("ix_person_texts_search", table_name="person_texts", postgresql_using="gin")
    op.drop_index(op.f("ix_person_texts_person_id"), table_name="person_texts")
    op.drop_table("person_texts")
    op.drop_table("person_roles")
    op.drop_index("ix_links_search", table_name="links", postgresql_using="gin")
    op.drop_index(op.f("ix_links_person_id"), table_name="links")
    op.drop_table("links")
    op.drop_index("ix_interests_search", table_name="interests", postgresql_using="gin")
    op.drop_index(op.f("ix_interests_person_id"), table_name="interests")
    op.drop_index("ix_interests_name_folded", table_name="interests")
    op.drop_table("interests")
    op.drop_index("ix_experiences_search", table_name="experiences", postgresql_using="gin")
    op.drop_index(op.f("ix_experiences_person_id"), table_name="experiences")
    op.drop_index("ix_experiences_organization_id", table_name="experiences")
    op.drop_index("ix_experiences_occupation_code", table_name="experiences")
    op.drop_table("experiences")
    op.drop_index("ix_educations_search", table_name="educations", postgresql_using="gin")
    op.drop_index("ix_educations_programme", table_name="educations")
    op.drop_index(op.f("ix_educations_person_id"), table_name="educations")
    op.drop_index("ix_educations_end_year", table_name="educations")
    op.drop_index("ix_educations_cip_code", table_name="educations")
    op.drop_table("educations")
    op.drop_index("ix_contact_points_value", table_name="contact_points")
    op.drop_index("ix_contact_points_search", table_name="contact_points", postgresql_using="gin")
    op.drop_index(op.f("ix_contact_points_person_id"), table_name="contact_points")
    op.drop_table("contact_points")
    op.drop_index("ix_connections_high_id", table_name="connections")
    op.drop_table("connections")
    op.drop_index("ix_blocks_blocked_id", table_name="blocks")
    op.drop_table("blocks")
    op.drop_table("accounts")
    op.drop_index("ix_people_search", table_name="people", postgresql_using="gin")
    op.drop_index("ix_people_name_sort_id", table_name="people")
    op.drop_index("ix_people_created_at_id", table_name="people")
    op.drop_table("people")
    op.drop_table("organizations")
    op.drop_table("institutions")
    op.drop_index("uq_embedding_models_active", table_name="embedding_models", postgresql_where=sa.text("active"))
    op.drop_table("embedding_models")
    op.execute("drop function alumni_fold(text)")
