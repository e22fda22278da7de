"""/metrics as Prometheus reads it: who may, what is counted of the work, and what waits in the database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from api.app import create_app
from api.app.backlog import Question
from api.db import Database, PooledDatabase
from api.measuring import figures
from api.models import Education
from api.queue import EMBED_PERSON, EMBEDDING_LANE, enqueue
from api.settings import Settings
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from schema.http import Admission
from schema.http.failures import BadRequest
from tests.databases import LockedDatabase
from tests.factories import make_fact, make_person

pytestmark = pytest.mark.timeout(60)
"""Some make an application, a database of their own, or wait for an answer that comes late."""
TOKEN = "scraped-every-15-seconds"
BEARER = {"authorization": f"Bearer {TOKEN}"}
PROJECT = Path(__file__).parents[2]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def settings_with(settings: Settings, **more: object) -> Settings:
    return Settings.model_validate(settings.model_dump() | {"metrics_token": TOKEN} | more)


@asynccontextmanager
async def client_of(settings: Settings, db: Database) -> AsyncGenerator[httpx.AsyncClient]:
    app = create_app(settings, db)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        yield client


async def scrape(client: httpx.AsyncClient) -> Samples:
    answer = await client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def scrape_until_told(client: httpx.AsyncClient, name: str) -> Samples:
    """What the database does not count within a second is told in the next scrape."""
    for _ in range(60):
        found = await scrape(client)
        if any(name == told for told, _ in found):
            return found
    raise AssertionError(f"{name} is not told.")


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, frozenset(labels.items())), 0.0)


def risen(before: Samples, after: Samples, name: str, **labels: str) -> float:
    return value(after, name, **labels) - value(before, name, **labels)


# ---------------------------------------------------------------- who may


async def test_without_a_token_there_is_no_such_path(settings: Settings, db: LockedDatabase):
    async with client_of(settings, db) as client:
        assert (await client.get("/metrics", headers=BEARER)).status_code == 404


async def test_without_the_right_token_nothing_is_told(settings: Settings, db: LockedDatabase):
    async with client_of(settings_with(settings), db) as client:
        for given in ("", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer ü"):
            answer = await client.get("/metrics", headers=[(b"authorization", given.encode())])

            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert "alumni_" not in answer.text


async def test_a_token_is_long_and_shows_in_no_settings(settings: Settings):
    with pytest.raises(ValueError, match="at least 16"):
        settings_with(settings, metrics_token="short")
    assert TOKEN not in repr(settings_with(settings))


# ---------------------------------------------------------------- of the work


async def test_operations_are_counted_by_type_and_code_and_timed(settings: Settings, db: LockedDatabase):
    async with client_of(settings_with(settings), db) as client:

        async def ask(query: str, **more: str) -> None:
            await client.post("/graphql", json={"query": query, **more})

        before = await scrape(client)
        await ask("{ __typename }")
        await ask("{ people(first: 1) { nodes { id } } }")
        await ask("query Mine { viewer { person { id } } }", operationName="Mine")
        await ask("{ nothing }")
        await ask("{")
        await ask('mutation { eraseMe: erasePerson(input: {personId: "x", reason: "y"}) { __typename } }')
        await client.post("/graphql", content=b"no JSON", headers={"content-type": "application/json"})
        after = await scrape(client)

    counted = {
        (dict(labels)["type"], dict(labels)["code"]): int(found - before.get((name, labels), 0))
        for (name, labels), found in after.items()
        if name == "alumni_operations_total" and found > before.get((name, labels), 0)
    }
    assert counted == {
        ("query", "OK"): 2,
        ("query", "UNAUTHENTICATED"): 1,
        ("unknown", "GRAPHQL_VALIDATION_FAILED"): 2,
        ("unknown", "GRAPHQL_PARSE_FAILED"): 1,
        ("unknown", "BAD_REQUEST"): 1,
    }
    assert risen(before, after, "alumni_operation_duration_seconds_count", type="query") == 3
    assert risen(before, after, "alumni_operation_duration_seconds_bucket", type="query", le="+Inf") == 3
    assert risen(before, after, "alumni_operation_duration_seconds_sum", type="query") > 0
    assert value(after, "alumni_operations_in_progress") == 0


async def test_documents_and_plans_are_counted_as_known_or_not(settings: Settings, db: LockedDatabase):
    async with client_of(settings_with(settings), db) as client:
        query = "query NobodyElseAsksThis { viewer { person { id } } }"
        before = await scrape(client)
        for _ in range(3):
            await client.post("/graphql", json={"query": query})
        after = await scrape(client)

    for cache in ("documents", "plans"):
        assert risen(before, after, "alumni_cache_requests_total", cache=cache, result="miss") == 1
        assert risen(before, after, "alumni_cache_requests_total", cache=cache, result="hit") == 2
        assert risen(before, after, "alumni_cache_entries", cache=cache) == 1
    assert risen(before, after, "alumni_cache_characters", cache="documents") == len(query)


async def test_the_time_in_sql_is_that_of_the_statements(settings: Settings, db: LockedDatabase):
    async with client_of(settings_with(settings), db) as client:
        before, asked = await scrape(client), len(db.statements)
        async with db.read() as reader:
            await reader.rows("select pg_sleep(0.03)::text")
        after = await scrape(client)

    assert risen(before, after, "alumni_sql_statement_duration_seconds_count") == len(db.statements) - asked == 1
    assert risen(before, after, "alumni_sql_statement_duration_seconds_sum") >= 0.03
    assert risen(before, after, "alumni_sql_statement_duration_seconds_bucket", le="0.025") == 0


async def test_refusals_for_want_of_budget_are_counted(settings: Settings, db: LockedDatabase):
    async with client_of(settings_with(settings, cost_per_second=1), db) as client:
        before = await scrape(client)
        answers = [await client.post("/graphql", json={"query": "{ __typename }"}) for _ in range(8)]
        after = await scrape(client)

    refused = sum(answer.status_code == 429 for answer in answers)
    assert refused > 0
    assert risen(before, after, "alumni_rate_limit_refusals_total", bound="account") == refused
    assert risen(before, after, "alumni_operations_total", type="query", code="RATE_LIMITED") == refused


async def test_a_place_that_is_not_to_be_had_is_counted():
    admission, overloaded = Admission(1), figures.REFUSED.counts[()]
    async with admission:
        assert figures.AT_WORK.value == 1
        with pytest.raises(BadRequest):
            await admission.__aenter__()
        assert figures.AT_WORK.value == 1

    assert figures.REFUSED.counts[()] == overloaded + 1
    assert figures.AT_WORK.value == 0


async def test_names_are_those_of_prometheus_and_stand_in_the_documentation(
    settings: Settings, real_db: PooledDatabase
):
    async with client_of(settings_with(settings), real_db) as client:
        await client.post("/graphql", json={"query": "{ __typename }"})
        families = list(text_string_to_metric_families((await client.get("/metrics", headers=BEARER)).text))
        openmetrics = await client.get("/metrics", headers=BEARER | {"accept": "application/openmetrics-text"})

    told = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    documented = (PROJECT / "docs" / "operations.md").read_text()
    assert {name for name in told if f"`{name}" not in documented and name.startswith("alumni_")} == set()
    assert {name for name in told if not name.startswith("alumni_")} >= {"process_cpu_seconds_total"}
    assert openmetrics.text.endswith("# EOF\n")


# ---------------------------------------------------------------- of what waits


@pytest.mark.real
async def test_what_waits_in_the_queue_is_counted_with_its_age(settings: Settings, real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        for _ in range(3):
            await enqueue(session, EMBED_PERSON, person_id=str(uuid4()))
        await session.execute(text("update procrastinate_events set at = now() - interval '90 s' where job_id = 1"))
        await session.execute(text("update procrastinate_jobs set status = 'failed' where id = 2"))
        await enqueue(session, EMBED_PERSON, person_id=str(uuid4()))
        later = "update procrastinate_jobs set scheduled_at = now() + interval '1 hour' where id = 4"
        await session.execute(text(later))

    async with client_of(settings_with(settings), real_db) as client:
        found = await scrape_until_told(client, "alumni_queue_jobs")

    labels = {"queue": EMBEDDING_LANE, "task": EMBED_PERSON}
    assert value(found, "alumni_queue_jobs", **labels, state="waiting") == 2
    assert value(found, "alumni_queue_jobs", **labels, state="failed") == 1
    assert value(found, "alumni_queue_jobs", **labels, state="running") == 0
    assert 90 <= value(found, "alumni_queue_oldest_waiting_seconds", **labels) < 150


@pytest.mark.real
async def test_texts_without_a_vector_are_counted(settings: Settings, real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        person = await make_person(session)
        for school in ("One", "Another"):
            await make_fact(session, Education, person, school=school)
    async with client_of(settings_with(settings), real_db) as client:
        lacking = await scrape_until_told(client, "alumni_embedding_lag_texts")
    await embed_missing(real_db, HashEmbedder())
    async with client_of(settings_with(settings), real_db) as client:
        embedded = await scrape_until_told(client, "alumni_embedding_lag_texts")

    assert lacking["alumni_embedding_lag_texts", frozenset()] == 2
    assert embedded["alumni_embedding_lag_texts", frozenset()] == 0


@pytest.mark.real
async def test_a_database_that_does_not_answer_fails_no_scrape(settings: Settings, real_db: PooledDatabase):
    async with real_db.write() as holding, holding.begin():
        await holding.execute(text("lock table procrastinate_jobs in access exclusive mode"))
        async with client_of(settings_with(settings), real_db) as client:
            found = await scrape(client)

    assert not [name for name, _ in found if name.startswith("alumni_queue_")]
    assert found["alumni_embedding_lag_texts", frozenset()] == 0


async def test_a_database_that_is_away_fails_no_scrape(settings: Settings, tmp_path: Path):
    away = PooledDatabase(f"postgresql://nobody@/nothing?host={tmp_path}", 1)
    async with client_of(settings_with(settings), away) as client:
        found = await scrape(client)
    await away.close()

    assert not [name for name, _ in found if name.startswith(("alumni_queue_", "alumni_embedding_"))]
    assert ("alumni_operations_in_progress", frozenset()) in found


@pytest.mark.real
async def test_what_takes_long_to_count_is_counted_seldom_and_its_last_answer_stands(real_db: PooledDatabase):
    counting = Question(real_db.url, "select nextval('counted')", seconds=5, share=0.001)
    often = Question(real_db.url, "select nextval('counted_often')", seconds=5)
    async with real_db.write() as session, session.begin():
        await session.execute(text("create sequence counted"))
        await session.execute(text("create sequence counted_often"))

    seldom, each = [[await one.rows() for _ in range(3)] for one in (counting, often)]

    assert seldom == [[(1,)], [(1,)], [(1,)]]
    assert each == [[(1,)], [(2,)], [(3,)]]


@pytest.mark.real
async def test_an_answer_that_comes_late_is_told_next_time(real_url: str):
    question = Question(real_url, "select 7 from pg_sleep(1.3)", seconds=5)

    early = await question.rows()
    late = await question.rows()
    await question.close()

    assert (early, late) == (None, [(7,)])
