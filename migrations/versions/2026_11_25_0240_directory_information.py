"""Which parts of the registrar's record are directory information, and what of educations is kept back."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0008_directory_information"
down_revision: str | Sequence[str] | None = "0007_suggestions"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LEVELS = "'ME', 'STAFF', 'CONNECTIONS', 'MEMBERS', 'PUBLIC'"
FIELDS = "'{SCHOOL,DEGREE,PROGRAMME,DATES,HONOURS}'"


def upgrade() -> None:
    """Apply. Holds that stand already take effect."""
    op.add_column("educations", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("educations", sa.Column("withheld", postgresql.JSONB(none_as_null=True), nullable=True))
    op.add_column("educations", sa.Column("chosen_visibility", sa.String(32), nullable=True))
    op.create_check_constraint(
        op.f("ck_educations_chosen_visibility"), "educations", f"chosen_visibility in ({LEVELS})"
    )
    op.add_column(
        "institutions",
        sa.Column("directory_information", postgresql.ARRAY(sa.Text()), server_default=sa.text(FIELDS), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_institutions_directory_information"), "institutions", f"directory_information <@ {FIELDS}::text[]"
    )
    op.execute(
        "update educations set chosen_visibility = visibility, visibility = 'STAFF' from people"
        " where people.id = educations.person_id and ferpa_hold and (home or registrar_sourced or educations.source is not null)"
        " and visibility in ('CONNECTIONS', 'MEMBERS', 'PUBLIC')"
    )


def downgrade() -> None:
    """Undo. What was kept back goes to the office: the older code knows no other way to keep it."""
    op.execute(
        "update educations set visibility = 'STAFF' where withheld is not null"
        " and visibility in ('CONNECTIONS', 'MEMBERS', 'PUBLIC')"
    )
    op.execute(
        "update educations set degree = coalesce(withheld ->> 'degree', degree),"
        " completed = coalesce((withheld ->> 'completed')::boolean, completed),"
        " programme = coalesce(withheld ->> 'programme', programme), cip_code = coalesce(withheld ->> 'cip_code', cip_code),"
        " start_date = coalesce(withheld ->> 'start_date', start_date),"
        " end_date = coalesce(withheld ->> 'end_date', end_date), honours = coalesce(withheld ->> 'honours', honours)"
        " where withheld is not null"
    )
    op.drop_column("institutions", "directory_information")
    op.drop_column("educations", "chosen_visibility")
    op.drop_column("educations", "withheld")
    op.drop_column("educations", "released_at")
