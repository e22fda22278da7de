"""Random operations as several kinds of viewer: the engine's answer is the plain one, to the last key and error."""

import json
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, cast
from uuid import UUID

import pytest
from graphql import is_leaf_type, is_object_type
from sqlalchemy.ext.asyncio import AsyncEngine

from api.access import Viewer, ViewerKind
from api.auth import DevelopmentIssuer
from api.settings import Settings
from schema.engine.selections import named_type
from schema.engine.sources import Page, source_of, table_or_none
from schema.errors import coded
from schema.ids import encode_id
from tests.differential.drawing import ROOTS, Drawer
from tests.differential.mutating import mutate
from tests.differential.plain import Plain, Seen
from tests.differential.scenes import Scene, scene
from tests.schema.worlds import Asker

FEW, MANY = 40, 125
"""Operations of the fast test, and of each part of the slow one."""
FILTERS = 50


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The slow operations in parts, so that they run beside each other."""
    if "part" in metafunc.fixturenames:
        metafunc.parametrize("part", range(cast(int, metafunc.config.getoption("--operations")) // MANY))


class Tally:
    """What the operations of one run came to."""

    def __init__(self) -> None:
        self.asked = self.planned = self.with_rows = 0
        self.by_plan: set[tuple[str, str]] = set()
        self.plainly: set[tuple[str, str]] = set()

    def add(self, seen: Seen, planned: bool) -> None:
        """One operation more."""
        self.asked += 1
        self.planned += planned
        self.with_rows += seen.rows > 0
        self.plainly |= seen.fields
        if planned:
            self.by_plan |= seen.fields


def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of a JSON object, each of which has its own key."""
    found = dict(pairs)
    assert len(found) == len(pairs), f"duplicate keys: {[key for key, _ in pairs]}"
    return found


async def compare(scene: Scene, tally: Tally, asker: Asker | None, query: str, variables: dict[str, Any]) -> None:
    """Both answers to one operation."""
    answers, context, planned = await scene.ask(asker, query, variables)
    result = await scene.plain.answer(context, query, variables)
    expected: dict[str, Any] = {"data": result.data}
    if result.errors:
        expected["errors"] = [coded(error).formatted for error in result.errors]
    place = f"as {asker and asker.kind} {asker and asker.someone}\n{query}\n{json.dumps(variables)}"
    for text in answers:
        answer = json.loads(text, object_pairs_hook=no_duplicates)
        assert answer.pop("extensions").keys() == {"cost"}, place
        assert json.dumps(answer) == json.dumps(expected), place
    tally.add(scene.plain.seen, planned)


async def run(scene: Scene, random: Random, number: int) -> Tally:
    """Draw and compare so many operations."""
    tally = Tally()
    wanted = readable(scene.plain)
    viewers = await viewers_of(scene)
    for _ in range(number):
        asker, viewer = random.choice(viewers[:-1]) if random.random() < 0.96 else viewers[-1]
        drawer = Drawer(random, scene.plain, viewer, wanted - tally.by_plan)
        operation = mutate(random, scene.plain.schema, await drawer.operation(), random.randint(0, 6))
        await compare(scene, tally, asker, operation.text(), operation.variables)
    return tally


async def viewers_of(scene: Scene) -> list[tuple[Asker | None, Viewer]]:
    """All who ask, as the engine sees them."""
    found: list[tuple[Asker | None, Viewer]] = []
    for asker in scene.askers:
        _, context, _ = await scene.ask(asker, "{ viewer { id } }", {})
        found.append((asker, context.viewer))
    return found


def check(tally: Tally) -> None:
    """The operations were worth asking."""
    assert tally.with_rows >= 0.7 * tally.asked, f"{tally.with_rows} of {tally.asked} give rows"
    assert tally.planned >= 0.8 * tally.asked, f"{tally.planned} of {tally.asked} are planned"


Run = Callable[[int, int], Any]


@pytest.fixture
def run_with(
    engine: AsyncEngine, settings: Settings, issuer: DevelopmentIssuer, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run so many operations in a database made of a seed."""

    async def start(seed: int, number: int) -> Tally:
        async with scene(seed, engine, settings, issuer, monkeypatch) as found:
            return await run(found, Random(seed), number)

    return start


@pytest.mark.timeout(120)
async def test_what_is_planned_is_what_is_plainly_so(run_with: Run):
    check(await run_with(11, FEW))


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_what_is_planned_is_what_is_plainly_so_in_many_operations(run_with: Run, part: int):
    check(await run_with(100 + part, MANY))


@pytest.mark.timeout(120)
async def test_filters_and_cursors_find_what_they_plainly_say(
    engine: AsyncEngine, settings: Settings, issuer: DevelopmentIssuer, monkeypatch: pytest.MonkeyPatch
):
    """Most filters find nobody, and a few dozen operations have too few that do."""
    tally, random = Tally(), Random(13)
    async with scene(13, engine, settings, issuer, monkeypatch) as found:
        people = cast(Any, found.plain.schema.query_type).fields["people"]
        page = cast(Page, source_of(people))
        viewers = await viewers_of(found)
        for _ in range(FILTERS):
            asker, viewer = random.choice(viewers[:-1])
            drawer = Drawer(random, found.plain, viewer, set())
            given = await drawer.filtered(people.args["filter"])
            query = f"""query($c: String) {{
                people(first: 100, after: $c, filter: {given.literal()}) {{ totalCount nodes {{ id }} }} }}"""
            cursor = await drawer.cursor(page, []) if random.random() < 0.5 else None
            await compare(found, tally, asker, query, {"c": cursor})


# ---------------------------------------------------------------- every field is seen


def readable(plain: Plain) -> set[tuple[str, str]]:
    """All fields of the types that are read from tables, and of their pages."""
    kinds: list[Any] = [kind for kind in plain.schema.type_map.values() if is_object_type(kind) and table_or_none(kind)]
    pages = [one for kind in kinds for one in kind.fields.values() if isinstance(source_of(one), Page)]
    pages += [one for one in cast(Any, plain.schema.query_type).fields.values() if isinstance(source_of(one), Page)]
    kinds += [named_type(page) for page in pages]
    for kind in list(kinds):
        within: list[Any] = [named_type(one) for one in kind.fields.values()]
        kinds += [one for one in within if one.name.endswith(("Edge", "PageInfo", "Facets"))]
    kinds.append(plain.schema.type_map["FacetCount"])
    return {(kind.name, name) for kind in kinds for name in kind.fields}


def everything(kind: Any, relations: bool) -> str:
    """All fields of a type as a selection: with what it is related to, and all leaves of that, or without."""
    chosen: list[str] = []
    for name, definition in kind.fields.items():
        named = named_type(definition)
        if is_leaf_type(named):
            chosen.append(name)
        elif isinstance(source_of(definition), Page):
            chosen += [f"{name}(first: 3) {everything(named, False)}"] if relations else []
        elif table_or_none(named) is None or relations:
            chosen.append(f"{name} {everything(named, False)}")
        elif table_or_none(kind) is None:
            chosen.append(f"{name} {{ __typename }}")
    return "{ " + " ".join(chosen) + " }"


async def see(scene: Scene, tally: Tally, asker: Asker | None, name: str, ids: Iterable[UUID]) -> None:
    """Compare rows of a type, until all of its fields have been seen with a value."""
    kind = scene.plain.tables.kind(name)
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on {name} {everything(kind, True)} }} }}"
    for key in sorted(ids):
        if not {(name, field) for field in kind.fields} <= tally.by_plan:
            await compare(scene, tally, asker, query, {"id": encode_id(name, key)})


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_every_field_is_seen_with_a_value_on_both_ways(
    engine: AsyncEngine, settings: Settings, issuer: DevelopmentIssuer, monkeypatch: pytest.MonkeyPatch
):
    tally = Tally()
    async with scene(7, engine, settings, issuer, monkeypatch) as found:
        for asker, viewer in await viewers_of(found):
            for name in () if viewer.impersonated else found.plain.nodes:
                await see(found, tally, asker, name, await found.plain.tables.visible(viewer, name, alone=True))
        for field in ROOTS:
            definition = cast(Any, found.plain.schema.query_type).fields[field]
            if isinstance(source_of(definition), Page):
                query = f"{{ {field}(first: 100) {everything(named_type(definition), False)} }}"
                officers = [one for one in found.askers[3:] if one is not None and one.kind is ViewerKind.STAFF]
                for asker in [*found.askers[:3], *officers]:
                    await compare(found, tally, asker, query, {})
        wanted = readable(found.plain)
    for seen in (tally.by_plan, tally.plainly):
        assert " ".join(sorted(f"{kind}.{field}" for kind, field in wanted - seen)) == ""
