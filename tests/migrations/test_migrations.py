"""The database's history goes up, down and up again, and ends where the models are."""

import psycopg
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


@pytest.mark.real
@pytest.mark.timeout(120)
def test_jobs_that_wait_since_before_there_were_lanes_wait_in_theirs(postgres: EmbeddedPostgres):
    name = "migrations_lanes"
    postgres.drop_database(name)
    postgres.create_database(name)
    url = postgres.url(name)
    queue = "insert into procrastinate_jobs (queue_name, task_name) values ('default', %s)"
    lanes = "select task_name, queue_name from procrastinate_jobs"
    try:
        running.upgrade(url, "0021_languages")
        with psycopg.connect(url) as connection:
            for task in ("embed_person", "embed_missing", "forget_views"):
                connection.execute(queue, [task])
        running.upgrade(url)
        with psycopg.connect(url) as connection:
            found = dict(connection.execute(lanes).fetchall())
    finally:
        postgres.drop_database(name)
    assert found == {"embed_person": "embedding", "embed_missing": "embedding", "forget_views": "default"}


def test_the_revision_that_the_code_needs_is_the_one_that_alembic_would_go_to():
    scripts = ScriptDirectory.from_config(running.configure())

    assert heads.needed() == scripts.get_current_head()
