"""Events, openings and mentors are embedded and suggested too; people may object to being profiled."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC

revision: str = "0007_suggestions"
down_revision: str | Sequence[str] | None = "0006_profile_views"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ITEMS = {"event_id": "events", "job_id": "jobs", "mentor_id": "mentor_profiles"}
COLUMNS = ("person_id", *ITEMS)


def upgrade() -> None:
    """Apply."""
    op.add_column("people", sa.Column("profiled", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.create_table(
        "item_vectors",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in ITEMS),
        sa.Column(
            "item_id", sa.Uuid(), sa.Computed("coalesce(event_id, job_id, mentor_id)", persisted=True), nullable=False
        ),
        sa.Column("model_id", sa.SmallInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("embedding", HALFVEC(dim=384), nullable=False),
        sa.CheckConstraint("num_nonnulls(event_id, job_id, mentor_id) = 1", name=op.f("ck_item_vectors_one_item")),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_item_vectors_{name}"), ondelete="CASCADE")
            for name, table in ITEMS.items()
        ),
        sa.ForeignKeyConstraint(["model_id"], ["embedding_models.id"], name=op.f("fk_item_vectors_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_vectors")),
        sa.UniqueConstraint("item_id", "model_id", name=op.f("uq_item_vectors_item_id_model_id")),
    )
    for name in ITEMS:
        where = sa.text(f"{name} is not null")
        op.create_index(f"ix_item_vectors_{name}", "item_vectors", [name], unique=False, postgresql_where=where)

    op.drop_constraint("uq_suggestions_list_id_suggested_id", "suggestions")
    op.drop_constraint("uq_suggestion_outcomes_viewer_id_suggested_id_outcome", "suggestion_outcomes")
    for table in ("suggestions", "suggestion_outcomes"):
        _widen(table)
    op.create_unique_constraint(op.f("uq_suggestions_list_id_item_id"), "suggestions", ["list_id", "item_id"])
    op.create_unique_constraint(
        op.f("uq_suggestion_outcomes_viewer_id_item_id_outcome"),
        "suggestion_outcomes",
        ["viewer_id", "item_id", "outcome"],
    )
    for name in ("score", "ranking_digest"):
        op.alter_column("suggestions", name, nullable=True)


def _widen(table: str) -> None:
    op.drop_index(f"ix_{table}_suggested_id", table_name=table)
    op.alter_column(table, "suggested_id", new_column_name="person_id", nullable=True)
    op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT fk_{table}_suggested_id TO fk_{table}_person_id")
    for name, target in ITEMS.items():
        op.add_column(table, sa.Column(name, sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_{name}"), table, target, [name], ["id"], ondelete="CASCADE")
    whichever = sa.Computed(f"coalesce({', '.join(COLUMNS)})", persisted=True)
    op.add_column(table, sa.Column("item_id", sa.Uuid(), whichever, nullable=False))
    op.create_check_constraint(op.f(f"ck_{table}_one_item"), table, f"num_nonnulls({', '.join(COLUMNS)}) = 1")
    for name in COLUMNS:
        where = sa.text(f"{name} is not null")
        op.create_index(f"ix_{table}_{name}", table, [name], unique=False, postgresql_where=where)


def downgrade() -> None:
    """Undo. What was suggested other than people is forgotten."""
    op.execute("DELETE FROM suggestions WHERE score IS NULL")
    op.drop_constraint("uq_suggestions_list_id_item_id", "suggestions")
    op.drop_constraint("uq_suggestion_outcomes_viewer_id_item_id_outcome", "suggestion_outcomes")
    for table in ("suggestions", "suggestion_outcomes"):
        _narrow(table)
    for name in ("score", "ranking_digest"):
        op.alter_column("suggestions", name, nullable=False)
    op.create_unique_constraint("uq_suggestions_list_id_suggested_id", "suggestions", ["list_id", "suggested_id"])
    op.create_unique_constraint(
        "uq_suggestion_outcomes_viewer_id_suggested_id_outcome",
        "suggestion_outcomes",
        ["viewer_id", "suggested_id", "outcome"],
    )
    op.drop_table("item_vectors")
    op.drop_column("people", "profiled")


def _narrow(table: str) -> None:
    op.execute(sa.delete(sa.table(table, sa.column("person_id"))).where(sa.column("person_id").is_(None)))
    for name in COLUMNS:
        op.drop_index(f"ix_{table}_{name}", table_name=table)
    op.drop_constraint(f"ck_{table}_one_item", table)
    for name in ("item_id", *ITEMS):
        op.drop_column(table, name)
    op.alter_column(table, "person_id", new_column_name="suggested_id", nullable=False)
    op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT fk_{table}_person_id TO fk_{table}_suggested_id")
    op.create_index(f"ix_{table}_suggested_id", table, ["suggested_id"], unique=False)
