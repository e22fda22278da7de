"""Input that means harm: each kind is refused in words, or answered as what it says, and nothing else happens."""

import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

from api import models
from api.auth import DevelopmentIssuer
from tests.conftest import Api
from tests.factories import make_fact, make_member, make_person
from tests.schema.hostile import (
    COERCED,
    KINDS,
    ROOT_FIELDS,
    STRINGS,
    Given,
    assert_is_told,
    caller_of,
    document,
    given_to,
)
from tests.schema.test_roles import Scene, everything, make_scene

VARIABLES = {
    "string": "String",
    "id": "ID",
    "partial": "PartialDate",
    "json": "JSON",
    "date": "Date",
    "time": "DateTime",
}
BY_SCALAR = {scalar: Given(name) for name, scalar in VARIABLES.items()}
SLOW = {name: [pytest.mark.slow] if name != "syntax" else [] for name in STRINGS}
JSON = {"content-type": "application/json", "accept": "application/graphql-response+json"}


@pytest.fixture
async def scene(session: AsyncSession) -> Scene:
    return await make_scene(session)


@pytest.fixture
async def client(app: Starlette) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


def codes_in(answer: httpx.Response) -> list[str]:
    """The codes of a response without data."""
    body = answer.json()
    assert list(body) == ["errors"]
    return [one["extensions"]["code"] for one in body["errors"]]


# ---------------------------------------------------------------- strings


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", [pytest.param(text, id=name, marks=SLOW[name]) for name, text in STRINGS.items()])
async def test_a_hostile_string_is_no_fault_wherever_it_stands(scene: Scene, api: Api, kind: str, text: str):
    for field in sorted(ROOT_FIELDS, key=lambda one: one.name.startswith("erase")):  # who is erased asks no more
        places = [one for one in field.places() if one[1] not in COERCED]
        if field.kind != kind or not places:
            continue
        given, me = given_to(field, scene), caller_of(field, scene)
        calls = [field.call(f"a{n}", given, path, BY_SCALAR[scalar]) for n, (path, scalar) in enumerate(places)]
        query = document(kind, calls, VARIABLES)
        assert_is_told(await api(query, as_=me, **{name: text for name in VARIABLES if f"${name}:" in query}))


async def test_a_hostile_string_is_no_instant_and_no_day(scene: Scene, api: Api):
    for field in ROOT_FIELDS:
        for path, scalar in (one for one in field.places() if one[1] in COERCED):
            call = field.call("a", given_to(field, scene), path, BY_SCALAR[scalar])
            query = document(field.kind, [call], VARIABLES)
            for said in STRINGS.values():
                answer = await api(query, as_=caller_of(field, scene), **{BY_SCALAR[scalar].variable: said})
                assert (answer.status, answer.codes, answer.statements) == (400, ["BAD_USER_INPUT"], [])


async def test_a_country_that_cannot_be_seen_is_none(scene: Scene, api: Api):
    query = """mutation($until: DateTime!) { postJob(input: {title: "A", organization: "B", validThrough: $until,
        country: " \\u200b"}) { __typename ... on Invalid { problems { path } } } }"""
    told = (await api(query, as_=scene.accounts["member"], until=scene.ids["later"])).data["postJob"]
    assert told == {"__typename": "Invalid", "problems": [{"path": ["input", "country"]}]}


@pytest.mark.parametrize("name", ["source", "peopleSource"])
async def test_an_import_names_its_source_in_letters(scene: Scene, api: Api, name: str):
    query = f"""mutation($text: String!) {{ importEvents(input: {{source: "crm", {name}: $text, rows: []}}) {{
        __typename ... on Invalid {{ problems {{ path }} }} }} }}"""
    query = query.replace('source: "crm", source', "source")
    told = (await api(query, as_=scene.accounts["staff"], text="a\x00b")).data["importEvents"]
    assert told == {"__typename": "Invalid", "problems": [{"path": [name]}]}


@pytest.mark.parametrize("place", ['"variables": {"text": "%s"}', '"variables": {"%s": 1}', '"operationName": "%s"'])
@pytest.mark.parametrize("half", ["\\ud83d", "\\udc69\\ud83d", "a\\udfffb"])
async def test_half_of_a_character_is_no_request(client: httpx.AsyncClient, place: str, half: str):
    query = "query A($text: String!) { searchPeople(text: $text, first: 1) { degraded } }"
    body = f'{{"query": "{query}", {place % half}}}'
    answer = await client.post("/graphql", content=body, headers=JSON)
    assert (answer.status_code, codes_in(answer)) == (400, ["BAD_REQUEST"])
    literal = query.replace("$text,", f'"{half}",').replace("($text: String!)", "")
    answer = await client.post("/graphql", content=json.dumps({"query": literal}), headers=JSON)
    assert (answer.status_code, codes_in(answer)) == (400, ["GRAPHQL_PARSE_FAILED"])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("e\u0301\u0323 A\u030a", "\u1eb9\u0301 \u00c5"),
        ("\U0001f469\u200d\U0001f393 \U0001f1f5\U0001f1f9", "\U0001f469\u200d\U0001f393 \U0001f1f5\U0001f1f9"),
        ("\u05d0\u05d1 abc \u0645\u0631", "\u05d0\u05d1 abc \u0645\u0631"),
        ("\ufdfa \u0130 \u01c5 \U0001d504", "\ufdfa \u0130 \u01c5 \U0001d504"),
        ("O'Brien; drop table people; -- \\ % _ \" $1", "O'Brien; drop table people; -- \\ % _ \" $1"),
        ("a\u202eb", None),
        ("a\u2066b", None),
        ("a\x00b", None),
        ("a\u0085b", None),
        ("a\u2028b", None),
        ("\u200b\u200d", None),
        ("x" * 201, None),
    ],
    ids=ascii,
)
async def test_a_name_is_kept_as_it_was_written_or_refused_by_name(
    session: AsyncSession, api: Api, text: str, kept: str | None
):
    me = await make_member(session, "Before")
    query = """mutation($name: String!) { updateMyProfile(input: {displayName: $name}) { __typename
        ... on UpdateProfilePayload { person { displayName } } ... on Invalid { problems { path } } } }"""
    told = (await api(query, as_=me, name=text)).data["updateMyProfile"]
    if kept is None:
        assert told == {"__typename": "Invalid", "problems": [{"path": ["input", "displayName"]}]}
        kept = "Before"
    else:
        assert told["person"] == {"displayName": kept}
    assert (await api("{ viewer { person { displayName } } }", as_=me)).data["viewer"]["person"]["displayName"] == kept


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"name": {"contains": "ann | bob"}}, []),  # words, not operators: both
        ({"name": {"contains": "!ann"}}, ["Ann Lee"]),
        ({"name": {"contains": "lee <-> ann"}}, ["Ann Lee"]),
        ({"name": {"contains": "ann:*"}}, ["Ann Lee"]),
        ({"name": {"contains": "an%"}}, ["Ann Lee"]),
        ({"name": {"contains": "_nn"}}, []),
        ({"name": {"contains": "' or '1'='1"}}, []),
        ({"city": {"eq": "lis%"}}, []),
        ({"city": {"eq": "lisbo_"}}, []),
        ({"city": {"eq": "' or city like '%"}}, []),
        ({"skill": {"in": ["' or true --", "%"]}}, []),
    ],
    ids=str,
)
async def test_what_looks_like_syntax_is_words(
    session: AsyncSession, api: Api, condition: dict[str, Any], found: list[str]
):
    me = await make_member(session, "Zoe Me")
    for name in ("Ann Lee", "Bob Roe"):
        person = await make_person(session, name)
        await make_fact(session, models.Place, person)
        await make_fact(session, models.Skill, person)
    query = "query($f: PersonFilter) { people(first: 9, filter: $f) { totalCount nodes { displayName } } }"
    answer = await api(query, as_=me, f=condition)
    assert [one["displayName"] for one in answer.data["people"]["nodes"]] == found


# ---------------------------------------------------------------- documents


@pytest.mark.parametrize(
    "query",
    [
        "{ peopl(first: 1) { totalCount } }",
        "{ people(firs: 1) { totalCount } }",
        "{ people(first: 1) { totalCoun } }",
        "{ people(first: 1, filter: {citi: {}}) { totalCount } }",
        "{ people(first: 1, orderBy: [{name: AS}]) { totalCount } }",
        "{ ... on Persn { id } }",
        "query($f: PersonFiltr) { people(first: 1, filter: $f) { totalCount } }",
        "query($f: PersonFilter) { people(first: 1, filter: $f) { totalCount } }",
        "mutation { setListd(input: {listed: true}) { __typename } }",
        "subscription { notificationReceive { id } }",
        "{ __typename @includ(if: true) }",
    ],
)
async def test_no_name_of_the_schema_is_suggested(api: Api, query: str):
    answer = await api(query, f={"citi": {"eq": "a"}})
    assert answer.status == 400
    assert "Did you mean" not in answer.text
    assert answer.statements == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ " + " ".join(f"a{n}: __typename" for n in range(10_000)) + " }", "GRAPHQL_PARSE_FAILED"),
        ("{ " + "__typename " * 9_000 + "}", "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { " + " ".join(f"a{n}: {{}}" for n in range(3)) + " }", "GRAPHQL_PARSE_FAILED"),
        ("{ __schema { " + " ".join(f"a{n}: types {{ name }}" for n in range(13)) + " } }", "COST_EXCEEDED"),
        ("{ people(first: 99999999999999999999) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ people(first: 1e400) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int = 1e9) { people(first: $n) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("\ufeff{ people(first: 1) { totalCount } }\x00", "GRAPHQL_PARSE_FAILED"),
        ('{ node(id: """' + "a" * 190_000 + '""") { id } }', "BAD_USER_INPUT"),
        ("{ nodes(ids: [" + '"x" ' * 101 + "]) { id } }", "BAD_USER_INPUT"),
        ("subscription { a: notificationReceived { id } b: notificationReceived { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment F on Query { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("type Query { a: Int }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ __typename } type Query { a: Int }", "GRAPHQL_VALIDATION_FAILED"),
    ],
    ids=lambda value: value[:40] if "{" in value else None,
)
async def test_a_document_that_means_harm_is_refused_before_anything_is_read(
    session: AsyncSession, api: Api, query: str, code: str
):
    answer = await api(query, as_=await make_member(session))
    asked_who_it_is = int(code == "BAD_USER_INPUT")  # by a field, which answers nobody unknown
    assert (set(answer.codes), len(answer.statements)) == ({code}, asked_who_it_is)


# ---------------------------------------------------------------- other ways in

MUTATION = "mutation { setListed(input: {listed: false}) { __typename } }"
BOUNDARY = "b"


def part(name: str, value: str) -> str:
    return f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


OPERATIONS = json.dumps({"query": MUTATION})
FORM = "".join([part("operations", OPERATIONS), part("map", "{}"), f"--{BOUNDARY}--\r\n"])


@pytest.mark.parametrize(
    ("method", "kind", "body", "parameters", "status"),
    [
        ("POST", f"multipart/form-data; boundary={BOUNDARY}", FORM, {}, 415),
        ("POST", "application/x-www-form-urlencoded", f"query={MUTATION}", {}, 415),
        ("POST", "text/plain", OPERATIONS, {}, 415),
        ("POST", "text/plain; application/json", OPERATIONS, {}, 415),
        ("POST", "application/json", f"[{OPERATIONS}, {OPERATIONS}]", {}, 400),
        ("POST", "application/json", "", {"query": MUTATION}, 400),
        ("GET", "", "", {"query": MUTATION}, 405),
        ("HEAD", "", "", {"query": MUTATION}, 405),
        ("GET", "application/json", OPERATIONS, {}, 400),
    ],
)
async def test_what_a_form_or_a_link_of_others_can_send_changes_nothing(
    session: AsyncSession, issuer: DevelopmentIssuer, client: httpx.AsyncClient,
    method: str, kind: str, body: str, parameters: dict[str, str], status: int,
):  # fmt: skip
    me = await make_member(session)
    before = await everything(session)
    headers = {"authorization": f"Bearer {issuer.token(me.id, timedelta(minutes=5))}"} | (
        {"content-type": kind} if kind else {}
    )
    for more in ({}, {"apollo-require-preflight": "1"}):
        answer = await client.request(method, "/graphql", content=body, params=parameters, headers=headers | more)
        assert answer.status_code == (status if more or method == "POST" else 400)
    assert await everything(session) == before
