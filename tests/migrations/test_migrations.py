"""The database's history goes up, down and up again, and ends where the models are."""

import pytest
from alembic.script import ScriptDirectory

from api.postgres import EmbeddedPostgres
from migrations import heads, running


@pytest.mark.real
@pytest.mark.timeout(120)
def test_up_down_up_and_no_drift(postgres: EmbeddedPostgres):
    name = "migrations_test"
    postgres.drop_database(name)
    postgres.create_database(name)
    url = postgres.url(name)
    try:
        assert heads.pending(url)
        running.upgrade(url)
        assert running.drift(url) == []
        running.downgrade(url)
        assert heads.pending(url)
        running.upgrade(url)
        assert not heads.pending(url)
    finally:
        postgres.drop_database(name)


def test_the_revision_that_the_code_needs_is_the_one_that_alembic_would_go_to():
    scripts = ScriptDirectory.from_config(running.configure())

    assert heads.needed() == scripts.get_current_head()
