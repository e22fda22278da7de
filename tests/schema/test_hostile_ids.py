"""Ids and cursors that are not for who sends them: told in words, and hidden and absent alike to the last byte."""

import json
import re
from base64 import b64encode
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from graphql import is_object_type
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

from api import models
from api.app import create_app
from api.settings import Settings
from schema.engine.cursors import parse_cursor
from schema.engine.sources import table_or_none
from schema.ids import encode_id, split_id
from tests.conftest import Api, unbounded
from tests.databases import LockedDatabase
from tests.factories import make_member, make_person, make_staff
from tests.schema.hostile import (
    KINDS,
    ROOT_FIELDS,
    SCHEMA,
    RootField,
    assert_is_told,
    caller_of,
    document,
    given_to,
)
from tests.schema.test_roles import MAY, MUTATIONS, QUERIES, Scene, everything, make_scene

TYPES = sorted(name for name, kind in SCHEMA.type_map.items() if is_object_type(kind) and table_or_none(kind))


@pytest.fixture
def app(settings: Settings, db: LockedDatabase) -> Starlette:
    """Many fields are asked for at once."""
    return create_app(unbounded(settings), db)


@pytest.fixture
async def scene(session: AsyncSession) -> Scene:
    return await make_scene(session)


# ---------------------------------------------------------------- ids and cursors


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", ["theirs", "nobody's"])
async def test_an_id_of_another_type_or_of_nothing_is_told_and_changes_nothing(
    scene: Scene, session: AsyncSession, api: Api, kind: str, key: str
):
    """The key of somebody who is there, under the name of every other type; and a key that is nowhere."""
    person = split_id(scene.ids["person"])[1]
    ids = [encode_id(name, person if key == "theirs" else uuid4()) for name in TYPES]
    ids = [one for one in ids if one != scene.ids["person"]]
    before = await everything(session)
    for field in ROOT_FIELDS:
        paths = [path for path, scalar in field.places() if scalar == "ID"]
        if field.kind != kind or not paths:
            continue
        given = given_to(field, scene)
        calls = [field.call(f"a{n}_{m}", given, path, one) for n, path in enumerate(paths) for m, one in enumerate(ids)]
        assert_is_told(await api(document(kind, calls, {}), as_=caller_of(field, scene)))
    assert await everything(session) == before


PAGED = [field for field in ROOT_FIELDS if "after" in field.arguments]
TAMPERED: list[Any] = [
    2**31, 2**40, -(2**62), 2**63, 1e308, True, None, "", "x" * 1_400, "a\x00b", "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00:00+23:59", "infinity", str(uuid4()), "{%s}" % uuid4(), [], [[[]]], {}, {"a": 1},
]  # fmt: skip


async def cursors(scene: Scene, api: Api) -> Mapping[str, tuple[RootField, str, str]]:
    """Of every list that has a row for those who may ask: how it is ordered, and the cursor of its last row."""
    found: dict[str, tuple[RootField, str, str]] = {}
    for field in PAGED:
        order = field.arguments.get("orderBy")
        terms = order.type.of_type.of_type.fields if order else [""]
        for term in terms:
            ordered = f", orderBy: [{{{term}: DESC}}]" if term else ""
            words = ', text: "one"' if "text" in field.arguments else ""
            query = f"{{ a: {field.name}(first: 9{ordered}{words}) {{ pageInfo {{ endCursor }} }} }}"
            answer = await api(query, as_=caller_of(field, scene))
            if answer.data["a"]["pageInfo"]["endCursor"]:
                told = ordered + words, answer.data["a"]["pageInfo"]["endCursor"]
                found[f"{field.name} {term}"] = field, *told
    return found


async def test_a_cursor_of_another_list_or_order_is_refused(scene: Scene, api: Api):
    known = await cursors(scene, api)
    assert len(known) > 8
    for name, (field, arguments, own) in known.items():
        others = [cursor for other, (_, _, cursor) in known.items() if other != name]
        calls = [
            f'a{n}: {field.name}(first: 1{arguments}, after: "{cursor}") {{ pageInfo {{ endCursor }} }}'
            for n, cursor in enumerate([own, *others])
        ]
        answer = await api(document("Query", calls, {}), as_=caller_of(field, scene))
        refused = {error["path"][0] for error in answer.errors}
        assert refused == {f"a{n + 1}" for n in range(len(others))}, name
        assert set(answer.codes) == {"BAD_USER_INPUT"}


async def test_a_cursor_that_was_tampered_with_is_no_fault(scene: Scene, api: Api):
    for field, arguments, cursor in (await cursors(scene, api)).values():
        head, *keys = parse_cursor(cursor)
        forged = [[head, *keys[:n], key, *keys[n + 1 :]] for n in range(len(keys)) for key in TAMPERED]
        forged += [[head], [head, *keys, *keys], [7, *keys], [f"9{head}", *keys], keys]
        texts = (b64encode(json.dumps(one).encode()).decode() for one in forged)
        calls = [
            f'a{n}: {field.name}(first: 1{arguments}, after: "{text}") {{ pageInfo {{ endCursor }} }}'
            for n, text in enumerate(texts)
        ]
        assert_is_told(await api(document("Query", calls, {}), as_=caller_of(field, scene)))


async def test_an_officers_cursor_shows_a_member_nothing_else(session: AsyncSession, api: Api):
    me, officer = await make_member(session, "Zoe"), await make_staff(session)
    for name, listed in (("Ann", True), ("Bob", False), ("Cid", True)):
        await make_person(session, name, listed=listed)
    query = """query($after: String) { people(first: 9, after: $after) { edges { cursor node { displayName } }
        pageInfo { hasPreviousPage } } }"""
    by_name = {one["node"]["displayName"]: one["cursor"] for one in await edges(api, query, officer)}
    assert [one["node"]["displayName"] for one in await edges(api, query, me, after=by_name["Bob"])] == ["Cid", "Zoe"]


async def edges(api: Api, query: str, as_: models.Account, **variables: Any) -> list[Any]:
    return (await api(query, as_=as_, **variables)).data["people"]["edges"]


# ---------------------------------------------------------------- hidden and absent


def call_of(field: RootField) -> str:
    """The operation that test_roles asks."""
    if field.kind == "Query":
        return QUERIES[field.name]
    failure = "__typename ... on Error { code message path }"
    return f"mutation {{ {field.name}(input: {MUTATIONS[field.name]}) {{ {failure} }} }}"


def is_of_members_and_names(field: RootField) -> bool:
    """Whether a member may call the field, and names something by doing so."""
    return "member" in MAY[field.requirement] and "$" in call_of(field).replace("$later", "")


def absent(given: str) -> str:
    """An id of the same type that is nobody's; what is no id stays."""
    return given if given.startswith("2") else encode_id(split_id(given)[0], uuid4())


@contextmanager
def all_statements(db: LockedDatabase) -> Generator[list[str]]:
    """The text of whatever SQLAlchemy runs meanwhile; what planned reads run is in the answer."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    connection = db.connection.sync_connection
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", note)


@pytest.fixture
async def hidden(session: AsyncSession, scene: Scene) -> Scene:
    """The scene with all in it hidden from the member: nobody is listed, and the facts are for their owners."""
    me = scene.accounts["member"]
    assert me is not None
    await session.execute(text("update people set listed = false where id <> :me"), {"me": me.person_id})
    for table in ("skills", "educations"):
        await session.execute(text(f"update {table} set visibility = 'ME'"))
    return scene


@pytest.mark.parametrize(
    "field", [one for one in ROOT_FIELDS if is_of_members_and_names(one)], ids=lambda field: field.name
)
async def test_hidden_and_absent_are_answered_by_the_same_statements_in_the_same_bytes(
    hidden: Scene, db: LockedDatabase, api: Api, field: RootField
):
    told: list[tuple[object, ...]] = []
    for ids in (hidden.ids, {name: absent(one) for name, one in hidden.ids.items()}):
        with all_statements(db) as statements:
            answer = await api(Scene({}, ids).fill(call_of(field)), as_=hidden.accounts["member"])
        written = [re.sub(r"sa_savepoint_[0-9]+", "savepoint", one) for one in statements]
        told.append((answer.status, answer.text, answer.statements, written))
    assert told[0] == told[1]
