"""How Alembic reaches the database: over the connection it is handed, in one transaction, with a lock timeout."""

from alembic import context
from sqlalchemy import text

import api.models
from migrations.env_filter import include

LOCK_TIMEOUT = "4s"

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=api.models.Row.metadata, include_object=include)
with context.begin_transaction():
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    context.run_migrations()
