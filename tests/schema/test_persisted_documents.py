"""Documents by their ids: automatic persisted queries, and documents that the office has loaded."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api.app import create_app
from api.errors import Conflict, Invalid
from api.services.trusted_documents import load_documents
from api.settings import Settings
from tests.api.servers import run_alumni
from tests.databases import LockedDatabase

QUERY = "query Name { __typename }"
OTHER = "query Other { other: __typename }"
ANSWER = {"data": {"__typename": "Query"}, "extensions": {"cost": {"requestedQueryCost": 0}}}


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def automatic(text: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}}


@asynccontextmanager
async def process(db: LockedDatabase, settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """An API process of its own on the test's database."""
    transport = httpx.ASGITransport(create_app(settings, db))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
async def client(db: LockedDatabase, settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    async with process(db, settings) as client:
        yield client


async def told(client: httpx.AsyncClient, body: dict[str, Any]) -> Any:
    """The answer, or the code of the error."""
    answer = (await client.post("/graphql", json=body)).json()
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else answer


async def test_a_client_sends_the_text_once_and_then_its_digest(
    client: httpx.AsyncClient, db: LockedDatabase, settings: Settings
):
    response = await client.post("/graphql", json=automatic(QUERY))
    assert response.json()["errors"][0] == {
        "message": "PersistedQueryNotFound",
        "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
    }
    assert await told(client, automatic(QUERY) | {"query": QUERY}) == ANSWER
    assert await told(client, automatic(QUERY)) == ANSWER
    assert await told(client, {"documentId": f"sha256:{digest(QUERY)}"}) == ANSWER
    async with process(db, settings) as another:
        assert await told(another, automatic(QUERY)) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_text_is_not_remembered_under_the_digest_of_another(client: httpx.AsyncClient):
    assert await told(client, automatic(QUERY) | {"query": OTHER}) == "BAD_REQUEST"
    assert await told(client, automatic(QUERY)) == "PERSISTED_QUERY_NOT_FOUND"


async def test_what_cannot_run_is_not_remembered(client: httpx.AsyncClient):
    for wrong, code in (("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")):
        assert await told(client, automatic(wrong) | {"query": wrong}) == code
        assert await told(client, automatic(wrong)) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_loaded_document_runs_by_any_of_the_names_of_its_id(client: httpx.AsyncClient, session: AsyncSession):
    assert await told(client, {"documentId": "short"}) == "PERSISTED_QUERY_NOT_FOUND"
    assert await load_documents(session, {f"sha256:{digest(QUERY)}": QUERY, "short": OTHER}) == 2
    for body in ({"documentId": f"sha256:{digest(QUERY)}"}, {"id": digest(QUERY)}, automatic(QUERY)):
        assert await told(client, body) == ANSWER
    assert await told(client, {"documentId": "short", "operationName": "Other"}) == ANSWER | {
        "data": {"other": "Query"}
    }
    assert await told(client, {"documentId": "short", "operationName": "Name"}) == "OPERATION_RESOLUTION_FAILURE"


async def test_nothing_else_runs_where_only_trusted_documents_do(
    db: LockedDatabase, session: AsyncSession, settings: Settings
):
    await load_documents(session, {digest(QUERY): QUERY})
    async with process(db, settings.model_copy(update={"trusted_documents_only": True})) as client:
        assert await told(client, {"id": digest(QUERY)}) == ANSWER
        assert await told(client, automatic(QUERY)) == ANSWER
        for body in ({"query": QUERY}, automatic(QUERY) | {"query": QUERY}, automatic(OTHER) | {"query": OTHER}):
            assert await told(client, body) == "QUERY_NOT_IN_SAFELIST"
        assert await told(client, automatic(OTHER)) == "PERSISTED_QUERY_NOT_FOUND"


async def test_loading_again_changes_nothing_and_an_id_keeps_its_text(session: AsyncSession):
    assert await load_documents(session, {"one": QUERY}) == 1
    assert await load_documents(session, {"one": QUERY, "two": OTHER}) == 1
    assert await load_documents(session, {}) == 0
    with pytest.raises(Conflict, match="two stands for another document"):
        await load_documents(session, {"two": QUERY})
    with pytest.raises(Invalid) as refused:
        await load_documents(session, {"with space": QUERY, "": QUERY, "three": QUERY})
    assert [problem.path for problem in refused.value.problems] == [("with space",), ("",)]


@pytest.mark.real
@pytest.mark.timeout(120)
def test_the_command_loads_what_builds_write_and_all_or_nothing(tmp_path: Path, real_url: str):
    def load(manifest: object) -> tuple[int, str]:
        (tmp_path / "manifest.json").write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
        words = ("documents", "import", str(tmp_path / "manifest.json"))
        done = run_alumni(tmp_path, *words, ALUMNI_DATABASE_URL=real_url)
        return done.returncode, (done.stdout + done.stderr).strip()

    assert load({digest(QUERY): QUERY}) == (0, "1 documents, 1 of them new.")
    apollo = {"format": "apollo-persisted-query-manifest", "version": 1}
    operations = [{"id": digest(text), "body": text, "name": "x", "type": "query"} for text in (QUERY, OTHER)]
    assert load(apollo | {"operations": operations}) == (0, "2 documents, 1 of them new.")
    status, said = load({"good": QUERY, "bad": "{ nothing }"})
    assert (status, said) == (1, "bad: Cannot query field 'nothing' on type 'Query'.")
    assert load({"good": QUERY}) == (0, "1 documents, 1 of them new.")
    for wrong in ("{", "[]", '{"operations": [{"id": "a"}]}', '{"a": 1}'):
        status, said = load(wrong)
        assert status == 1
        assert said.startswith("manifest.json")
