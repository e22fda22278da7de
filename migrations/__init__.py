"""The database's history: Alembic revisions, and how the command line and the tests run them."""
