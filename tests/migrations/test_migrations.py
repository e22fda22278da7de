"""The database's history goes up, down and up again, and ends where the models are."""

import pytest

from api.postgres import EmbeddedPostgres
from migrations import running


@pytest.mark.real
@pytest.mark.timeout(120)
def test_up_down_up_and_no_drift(postgres: EmbeddedPostgres):
    name = "migrations_test"
    postgres.drop_database(name)
    postgres.create_database(name)
    url = postgres.url(name)
    try:
        assert running.pending(url)
        running.upgrade(url)
        assert running.drift(url) == []
        running.downgrade(url)
        assert running.pending(url)
        running.upgrade(url)
        assert not running.pending(url)
    finally:
        postgres.drop_database(name)
