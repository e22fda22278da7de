"""GraphQL over HTTP: media types, status codes, methods, encodings; what is no request is told so, never a fault."""

import gzip
import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

from api import models
from api.app import create_app
from api.auth import DevelopmentIssuer
from api.settings import Settings
from tests.databases import LockedDatabase
from tests.factories import make_member, make_person

JSON, RESPONSE_JSON = "application/json", "application/graphql-response+json"
GET = {"apollo-require-preflight": "1"}
NAME = "{ __typename }"
ANSWER = {"data": {"__typename": "Query"}, "extensions": {"cost": {"requestedQueryCost": 0}}}


@pytest.fixture
async def client(app: Starlette) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        del client.headers["accept"], client.headers["accept-encoding"]
        yield client


def signed_in(issuer: DevelopmentIssuer, account: models.Account) -> dict[str, str]:
    return {"authorization": f"Bearer {issuer.token(account.id, timedelta(minutes=5))}"}


def code_of(response: httpx.Response) -> str:
    """The code of the only error of a request that was not run."""
    body = response.json()
    assert list(body) == ["errors"]
    ((error),) = body["errors"]
    return error["extensions"]["code"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        (f"*/*, {JSON};q=0", RESPONSE_JSON),
        (f"*/*, {JSON};q=0.5", RESPONSE_JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (RESPONSE_JSON, RESPONSE_JSON),
        ("Application/GraphQL-Response+JSON; charset=utf-8", RESPONSE_JSON),
        (f"{RESPONSE_JSON}, {JSON};q=0.9", RESPONSE_JSON),
        (f"{RESPONSE_JSON};q=0.5, {JSON}", JSON),
        (f"{JSON}, {RESPONSE_JSON}", JSON),
        (f"text/html, {RESPONSE_JSON};q=0.1", RESPONSE_JSON),
        (f"{JSON};q=nonsense, {RESPONSE_JSON}", RESPONSE_JSON),
        ("text/html, */*;q=0.8", JSON),
    ],
)
async def test_the_response_has_the_media_type_that_is_liked_best(
    client: httpx.AsyncClient, accept: str | None, media_type: str
):
    headers = {} if accept is None else {"accept": accept}
    response = await client.post("/graphql", json={"query": NAME}, headers=headers)
    assert (response.status_code, response.json()) == (200, ANSWER)
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("accept", ["text/html", "image/*", f"{JSON};q=0", "*/*, application/*;q=0"])
async def test_a_client_that_takes_neither_is_told_what_there_is(client: httpx.AsyncClient, accept: str):
    response = await client.post("/graphql", json={"query": NAME}, headers={"accept": accept})
    assert (response.status_code, code_of(response)) == (406, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query($id: ID!) { node(id: $id) { id } }"}, "BAD_USER_INPUT"),
        ({"query": "query A { __typename } query B { __typename }"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query A { __typename }", "operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
    ],
)
async def test_a_wrong_operation_is_an_error_without_data_and_a_status_by_media_type(
    client: httpx.AsyncClient, body: dict[str, Any], code: str
):
    for media_type, status in ((JSON, 200), (RESPONSE_JSON, 400)):
        response = await client.post("/graphql", json=body, headers={"accept": media_type})
        assert (response.status_code, code_of(response)) == (status, code)


async def test_one_of_several_operations_runs_by_its_name(client: httpx.AsyncClient):
    query = "query A { __typename } query B { other: __typename }"
    response = await client.post("/graphql", json={"query": query, "operationName": "B", "variables": None})
    assert response.json()["data"] == {"other": "Query"}
    response = await client.post("/graphql", json={"query": NAME, "operationName": "", "extensions": {}})
    assert response.json() == ANSWER


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"7",
        b'"{ __typename }"',
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"{}",
        b"{",
        b'{"query": "{ __typename }"',
        b'{"query": "\xff"}',
        b'{"query": "\\ud800"}',
        b'{"query": "{ __typename }", "variables": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b'{"query": null}',
        b'{"query": " "}',
        b'{"query": 7}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "operationName": 7}',
        b'{"query": "{ __typename }", "extensions": []}',
        b'{"query": "{ __typename }", "extensions": {"persistedQuery": 1}}',
        b'{"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "' + b"a" * 64 + b'"}}}',
        b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "aa"}}}',
        b'{"documentId": 7}',
        b'{"documentId": "a b"}',
        b'{"documentId": "' + b"a" * 201 + b'"}',
        b'{"documentId": "sha256:aa", "query": "{ __typename }"}',
    ],
)
async def test_what_is_no_request_is_refused_in_graphql_form(client: httpx.AsyncClient, raw: bytes):
    response = await client.post("/graphql", content=raw, headers={"content-type": JSON})
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        f"{JSON}; charset=utf-16",
    ],
)
async def test_a_body_of_another_kind_is_refused(client: httpx.AsyncClient, kind: str):
    """What a page of another origin can send without asking first is among them."""
    raw = json.dumps({"query": NAME}).encode()
    response = await client.post("/graphql", content=raw, headers={"content-type": kind} if kind else {})
    assert (response.status_code, code_of(response), response.headers["accept"]) == (415, "BAD_REQUEST", JSON)


@pytest.mark.parametrize("kind", [JSON, "Application/JSON", f"{JSON};charset=UTF-8", f'{JSON}; charset="utf-8"; x=y'])
async def test_json_in_utf8_is_taken_however_it_is_spelled(client: httpx.AsyncClient, kind: str):
    raw = json.dumps({"query": "{ __typename # é漢🎓 \n}"}, ensure_ascii=False).encode()
    response = await client.post("/graphql", content=raw, headers={"content-type": kind})
    assert (response.status_code, response.json()) == (200, ANSWER)


@pytest.mark.parametrize("header", ["apollo-require-preflight", "x-apollo-operation-name", "X-Requested-With"])
async def test_a_get_asks_only_with_a_header_that_pages_of_others_cannot_send(client: httpx.AsyncClient, header: str):
    for headers in ({}, {header: ""}):
        response = await client.get("/graphql", params={"query": NAME}, headers=headers)
        assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
    response = await client.get("/graphql", params={"query": NAME}, headers={header: "1"})
    assert (response.status_code, response.json()) == (200, ANSWER)
    assert response.headers["cache-control"] == "no-store"


async def test_a_get_carries_name_and_variables(client: httpx.AsyncClient):
    query = "query A($on: Boolean!) { __typename @include(if: $on) a: __typename } query B { __typename }"
    given = {"query": query, "operationName": "A", "variables": '{"on": false}', "extensions": "{}"}
    response = await client.get("/graphql", params=given, headers=GET)
    assert response.json()["data"] == {"a": "Query"}
    for name in ("variables", "extensions"):
        response = await client.get("/graphql", params=given | {name: "{"}, headers=GET)
        assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
        assert name in response.json()["errors"][0]["message"]


async def test_a_get_changes_nothing(client: httpx.AsyncClient, session: AsyncSession, issuer: DevelopmentIssuer):
    me = await make_member(session)
    await session.flush()
    mutation = "mutation { setListed(input: {listed: false}) { __typename } }"
    headers = GET | signed_in(issuer, me)
    response = await client.get("/graphql", params={"query": mutation}, headers=headers)
    assert (response.status_code, response.headers["allow"], code_of(response)) == (405, "POST", "BAD_REQUEST")
    assert me.person_id is not None
    person = await session.get_one(models.Person, me.person_id)
    await session.refresh(person)
    assert person.listed


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_told_which_there_are(client: httpx.AsyncClient, method: str):
    response = await client.request(method, "/graphql", json={"query": NAME})
    assert (response.status_code, code_of(response)) == (405, "BAD_REQUEST")
    assert {one.strip() for one in response.headers["allow"].split(",")} == {"GET", "HEAD", "POST"}


async def test_long_answers_are_compressed_for_who_can_read_them(
    client: httpx.AsyncClient, session: AsyncSession, issuer: DevelopmentIssuer
):
    me = await make_member(session)
    for place in range(40):
        await make_person(session, f"A Quite Long Name {place}")
    await session.flush()
    headers, body = signed_in(issuer, me), {"query": "{ people(first: 40) { nodes { id displayName } } }"}
    plain = await client.post("/graphql", json=body, headers=headers)
    async with client.stream("POST", "/graphql", json=body, headers=headers | {"accept-encoding": "gzip"}) as packed:
        raw = b"".join([chunk async for chunk in packed.aiter_raw()])
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in plain.headers["vary"]
    assert len(raw) < len(plain.content) / 2
    assert gzip.decompress(raw) == plain.content


# ---------------------------------------------------------------- the same answer again


def hashed(query: str) -> dict[str, str]:
    persisted = {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}
    return {"extensions": json.dumps({"persistedQuery": persisted})}


async def test_a_get_by_id_is_answered_in_short_while_the_answer_is_the_same(
    client: httpx.AsyncClient, session: AsyncSession, issuer: DevelopmentIssuer
):
    me, other = await make_member(session), await make_member(session)
    person = await make_person(session, "Ana")
    await session.flush()
    query = "{ people(first: 5) { nodes { displayName } } }"
    headers = GET | signed_in(issuer, me)
    first = await client.get("/graphql", params={"query": query} | hashed(query), headers=headers)
    assert first.headers["cache-control"] == "private, no-cache"
    vary = {one.strip().lower() for one in first.headers["vary"].split(",")}
    assert vary == {"accept", "accept-language", "authorization", "x-impersonate"}
    kept = {"if-none-match": f'W/"other", {first.headers["etag"]}'}
    again = await client.get("/graphql", params=hashed(query), headers=headers | kept)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    person.display_name = "Ana Nova"
    await session.flush()
    changed = await client.get("/graphql", params=hashed(query), headers=headers | kept)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]
    assert "Ana Nova" in changed.text
    posted = await client.post("/graphql", json={"query": query}, headers=headers)
    assert "etag" not in posted.headers
    theirs = await client.get("/graphql", params=hashed("{ viewer { id } }"), headers=headers)
    assert theirs.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    own = "{ viewer { person { id } } }"
    mine = await client.get("/graphql", params={"query": own} | hashed(own), headers=headers)
    kept = {"if-none-match": mine.headers["etag"]}
    yours = await client.get("/graphql", params=hashed(own), headers=GET | signed_in(issuer, other) | kept)
    assert (yours.status_code, yours.json() == mine.json()) == (200, False)


async def test_an_answer_with_errors_is_not_kept(client: httpx.AsyncClient, session: AsyncSession):
    query = '{ node(id: "nonsense") { id } }'
    response = await client.get("/graphql", params={"query": query} | hashed(query), headers=GET)
    assert response.json()["errors"]
    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-store"


# ---------------------------------------------------------------- the schema in production


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { queryType { name } } }",
        '{ a: __type(name: "Person") { name } }',
        "{ ...on Query { ... { __schema { queryType { name } } } } }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { __schema { queryType { name } } }",
    ],
)
async def test_strangers_read_no_schema_in_production_however_they_ask(tmp_path: Path, db: LockedDatabase, query: str):
    app = create_app(Settings(environment="production", data_dir=tmp_path, cost_per_second=0), db)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        response = await client.post("/graphql", json={"query": query})
        assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
        assert (await client.post("/graphql", json={"query": NAME})).json() == ANSWER
        assert (await client.get("/graphql", headers={"accept": "text/html"})).status_code == 406
