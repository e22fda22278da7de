"""queue: the job queue's own tables, made by Procrastinate's own SQL."""

from collections.abc import Sequence

from alembic import op
from procrastinate.schema import SchemaManager

revision: str = "0002_queue"
down_revision: str | Sequence[str] | None = "0001_people"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

DROP = """
do $$
declare thing record;
begin
    for thing in select oid::regclass as name from pg_class
        where relname like 'procrastinate_%' and relkind = 'r' and relnamespace = current_schema()::regnamespace
    loop execute format('drop table if exists %s cascade', thing.name); end loop;
    for thing in select oid::regprocedure as name from pg_proc
        where proname like 'procrastinate_%' and pronamespace = current_schema()::regnamespace
    loop execute format('drop function if exists %s cascade', thing.name); end loop;
    for thing in select oid::regtype as name from pg_type
        where typname like 'procrastinate_%' and typtype in ('e', 'c') and typnamespace = current_schema()::regnamespace
    loop execute format('drop type if exists %s cascade', thing.name); end loop;
end $$
"""


def upgrade() -> None:
    """Apply. A later Procrastinate brings its changes as SQL files: each becomes a revision of ours."""
    with op.get_bind().connection.cursor() as cursor:
        cursor.execute(SchemaManager.get_schema())


def downgrade() -> None:
    """Undo."""
    op.execute(DROP)
