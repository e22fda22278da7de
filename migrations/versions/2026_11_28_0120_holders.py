"""Who holds a value, in an order: people who share something are found latest first, however many they are."""

from collections.abc import Sequence

from alembic import op

revision: str = "0016_holders"
down_revision: str | Sequence[str] | None = "0015_lots"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHANGES: Sequence[tuple[str, Sequence[str], Sequence[str], Sequence[str]]] = (
    ("educations", ("end_year",), ("end_year", "person_id"), ("home",)),
    ("educations", ("programme",), ("programme", "end_year", "person_id"), ("home", "school")),
    ("experiences", ("organization_id",), ("organization_id", "person_id"), ("start_date", "end_date")),
    ("interests", ("name_folded",), ("name_folded", "person_id"), ()),
    ("places", ("city_folded", "country"), ("city_folded", "country", "person_id"), ()),
    ("skills", ("name_folded",), ("name_folded", "person_id"), ()),
)
"""Table, columns of the index before, those after, and what else is kept there beside what says who sees it."""


def upgrade() -> None:
    """Apply."""
    for table, before, after, beside in CHANGES:
        include = ["visibility", "created_at", *beside]
        op.create_index(_name(table, after), table, list(after), unique=False, postgresql_include=include)
        op.drop_index(_name(table, before), table_name=table)


def downgrade() -> None:
    """Undo."""
    for table, before, after, _ in CHANGES:
        op.create_index(_name(table, before), table, list(before), unique=False)
        op.drop_index(_name(table, after), table_name=table)


def _name(table: str, columns: Sequence[str]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"
