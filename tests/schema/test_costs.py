"""What operations cost: each kind of field by hand; what is too much is refused before anybody is looked up."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from graphql import GraphQLField, GraphQLSchema, is_composite_type, is_interface_type, is_object_type
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

from api.app import create_app
from api.settings import Settings
from bench.works import WORKS
from schema.engine.documents import Document, Documents
from schema.engine.selections import named_type
from schema.limits.costs import OperationCost
from schema.limits.directives import Cost, ListSize
from schema.limits.weights import declared_of, is_list
from schema.root import build_engine
from tests.conftest import Api
from tests.databases import LockedDatabase
from tests.factories import make_member

SCHEMA = build_engine().schema
MOST = 60
NAMES = "{ people(first: %d) { nodes { displayName } } }"


def document_of(query: str) -> Document:
    return Documents(SCHEMA).get(query)


def compiled(query: str) -> OperationCost:
    document = document_of(query)
    return document.cost_of(document.operation(None), SCHEMA)


def cost_of(query: str, **variables: Any) -> int:
    """The cost of an operation with these variables, coerced as in a request."""
    document = document_of(query)
    operation = document.operation(None)
    coerced = document.variables_of(operation, SCHEMA).read(variables).coerced
    return document.cost_of(operation, SCHEMA).at(coerced)


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ __typename }", 0),
        ("{ viewer { id email } }", 1),
        ("{ viewer { roles person { displayName bio } } }", 1 + 1 + 1 + 1),  # two computed values
        ("{ viewer { person { experiences { title organization { name } } } } }", 2 + 5 * 2),
        ("{ people(first: 7) { nodes { displayName } } }", 1 + 7),
        ("{ people(last: 7) { edges { cursor node { displayName } } pageInfo { hasNextPage } } }", 1 + 7 * 2 + 1),
        ("{ people(first: 7) { nodes { id } nodes { id } } }", 1 + 7 * 2),
        ("{ people(first: 7) { totalCount facets { skills(first: 3) { value } roles { count } } } }", 155 + 20),
        ("{ people(first: 7) { nodes { connections(first: 9) { nodes { id } } } } }", 1 + 7 * (1 + 1 + 9)),
        ("{ people(first: 7) { nodes { similarPeople { id } } } }", 1 + 7 * (1 + 100 + 10)),
        ("{ searchPeople(text: \"x\", first: 7) { nodes { person { id } } } }", 200 + 1 + 7 * 2),
        ("{ peopleYouShouldMeet(first: 7) { nodes { evidence { text } } } }", 500 + 1 + 7 * (1 + 5)),
        ("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id ... on Person { skills { name } } } }", 3 * (1 + 5)),
        ("{ cohortOutcomes(by: EMPLOYER) { cells { value organization { name } } } }", 200 + 1 + 20 * 2),
        ("mutation { setListed(input: {listed: true}) { ... on SetChoicesPayload { viewer { id } } } }", 10 + 1 + 1),
        ("{ __schema { types { name } } __type(name: \"Person\") { name } }", 1 + (800 + 1) + 1),
    ],
)  # fmt: skip
def test_a_cost_is_what_its_parts_say(query: str, cost: int):
    assert cost_of(query) == cost


@pytest.mark.parametrize("fragment", ["...F", "... on PersonConnection { ...F }", "... { ...F }"])
def test_rows_are_counted_by_the_page_around_them_through_fragments(fragment: str):
    query = "{ a: people(first: 3) { %s } b: people(first: 50) { %s } } fragment F on PersonConnection { nodes { id } }"
    assert cost_of(query % (fragment, fragment)) == 1 + 3 + 1 + 50


@pytest.mark.parametrize(
    ("declared", "given", "rows"),
    [
        ("$n: Int", {"n": 4}, 4),
        ("$n: Int = 6", {}, 6),
        ("$n: Int = 6", {"n": 4}, 4),
        ("$n: Int", {"n": None}, 0),  # the page itself refuses these
        ("$n: Int", {}, 0),
        ("$n: Int", {"n": -4}, 0),
        ("$n: Int", {"n": 2_000_000_000}, 100),
    ],
)
def test_page_sizes_come_from_variables(declared: str, given: dict[str, Any], rows: int):
    assert cost_of("query(%s) { people(first: $n) { nodes { id } } }" % declared, **given) == 1 + rows


def test_an_argument_that_a_variable_leaves_out_has_its_default():
    query = """query($n: Int = 3, $m: Int) { a: people(first: $n) { nodes { id } }
        people(first: 1) { facets { skills(first: $m) { value } } nodes { id } } }"""
    assert cost_of(query) == 1 + 1 + (50 + 20) + 1 + 1 + 3
    assert cost_of(query, m=2) == cost_of(query) - 18


def test_lists_of_ids_from_variables_count_by_their_length():
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert [cost_of(query, ids=["x"] * number) for number in (0, 1, 30)] == [0, 1, 30]


def test_the_sum_grows_with_the_document_and_not_with_what_it_unfolds_to():
    """Each level doubles, and the page of the last depends on a variable."""
    last = "fragment F8 on Person { connections(first: $n) { nodes { id } } }"
    levels = [f"fragment F{one} on Person {{ ...F{one + 1} ... {{ ...F{one + 1} }} }}" for one in range(8)]
    query = " ".join(["query($n: Int!) { viewer { person { ...F0 } } }", *levels, last])
    assert len(compiled(query).steps) == 1
    assert cost_of(query, n=5) == 2 + 2**8 * (1 + 5)


def test_pages_within_pages_multiply_whichever_way_they_are_sized():
    query = """query($a: Int!, $b: Int!) { people(first: $a) { nodes { connections(last: $b) { edges { node {
        events(first: 10) { nodes { id } } } } } } } }"""
    for a, b in ((1, 1), (3, 1), (4, 7)):
        assert cost_of(query, a=a, b=b) == 1 + a * (1 + 1 + b * (1 + 1 + 1 + 10))


@pytest.mark.parametrize("work", WORKS, ids=[work.name for work in WORKS])
def test_what_a_front_end_asks_is_far_below_the_bound(work: Any):
    assert compiled(work.query).at({}) * 10 < Settings().max_operation_cost


# ---------------------------------------------------------------- the declarations


def fields_of(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLField]]:
    for kind in schema.type_map.values():
        if (is_object_type(kind) or is_interface_type(kind)) and not kind.name.startswith("__"):
            yield from ((f"{kind.name}.{name}", definition) for name, definition in kind.fields.items())


def test_every_list_of_objects_says_how_long_it_is():
    """By itself, or by every field that leads to its type."""
    leading: dict[str, list[GraphQLField]] = {}
    for _, definition in fields_of(SCHEMA):
        leading.setdefault(named_type(definition).name, []).append(definition)
    unsized = [
        place
        for place, definition in fields_of(SCHEMA)
        if is_list(definition) and is_composite_type(named_type(definition)) and not declared_of(definition, ListSize)
        and not all(sizes(above, place.partition(".")[2]) for above in leading[place.partition(".")[0]])
    ]  # fmt: skip
    assert unsized == []


def sizes(definition: GraphQLField, name: str) -> bool:
    declared = declared_of(definition, ListSize)
    return declared is not None and name in (declared.sized_fields or ())


def test_what_the_directives_name_is_there():
    for place, definition in fields_of(SCHEMA):
        declared = declared_of(definition, ListSize)
        below = named_type(definition)
        if declared is not None:
            assert set(declared.slicing_arguments or ()) <= set(definition.args), place
            assert set(declared.sized_fields or ()) <= set(getattr(below, "fields", ())), place
            assert all(is_list(below.fields[name]) for name in declared.sized_fields or ()), place
            assert is_list(definition) != bool(declared.sized_fields), place


def test_every_page_size_counts():
    paged = [(place, one) for place, one in fields_of(SCHEMA) if {"first", "last"} & set(one.args)]
    assert len(paged) > 40
    for place, definition in paged:
        declared = declared_of(definition, ListSize)
        assert declared is not None, place
        assert {"first", "last"} & set(definition.args) == set(declared.slicing_arguments or ()), place


def test_every_mutation_costs_as_one():
    mutations = cast(Any, SCHEMA.mutation_type).fields
    assert {cast(Cost, declared_of(one, Cost)).weight for one in mutations.values()} == {"10"}


# ---------------------------------------------------------------- over HTTP


@pytest.fixture
def app(settings: Settings, db: LockedDatabase) -> Starlette:
    """An application with a low bound."""
    return create_app(settings.model_copy(update={"max_operation_cost": MOST}), db)


async def test_an_operation_that_costs_too_much_is_refused_before_anybody_is_looked_up(session: AsyncSession, api: Api):
    me = await make_member(session)
    assert (await api(NAMES % (MOST - 1), as_=me)).errors == []
    answer = await api(NAMES % MOST, as_=me)
    assert (answer.status, answer.codes, answer.statements, answer.data) == (400, ["COST_EXCEEDED"], [], None)
    message = "The operation costs 61. At most 60 are allowed: ask for smaller pages, or in parts."
    extensions = {"code": "COST_EXCEEDED", "limit": "cost", "requestedQueryCost": 61, "allowed": 60}
    assert [(one["message"], one["extensions"]) for one in answer.errors] == [(message, extensions)]


async def test_the_same_document_is_allowed_or_not_by_its_variables(session: AsyncSession, api: Api):
    me = await make_member(session)
    query = "query($n: Int!) { people(first: $n) { nodes { displayName } } }"
    assert [(await api(query, as_=me, n=number)).codes for number in (10, 60, 59)] == [[], ["COST_EXCEEDED"], []]


DISMISS = '%s: dismissSuggestion(input: {suggestionId: "x"}) { __typename }'


@pytest.mark.parametrize(
    "query",
    [
        "mutation {" + " ".join(DISMISS % f"a{number}" for number in range(6)) + "}",
        "{ viewer { person { similarPeople(first: 1) { id } } } }",
        '{ searchPeople(text: "x", first: 1) { nodes { score } } }',
    ],
)
async def test_what_is_more_work_than_its_objects_is_bounded_too(session: AsyncSession, api: Api, query: str):
    answer = await api(query, as_=await make_member(session))
    assert (answer.codes, answer.statements) == (["COST_EXCEEDED"], [])


@pytest.mark.parametrize(
    ("query", "cost", "codes"),
    [
        (NAMES % 5, 6, []),  # answered by a plan
        ("{ recommenders { name } }", 4, []),  # by Python
        ('{ people(first: 5, after: "x") { nodes { id } } }', 6, ["BAD_USER_INPUT"]),
        ("mutation { setListed(input: {listed: true}) { __typename } }", 11, []),
    ],
)
async def test_every_answer_says_what_it_cost(session: AsyncSession, api: Api, query: str, cost: int, codes: list[str]):
    answer = await api(query, as_=await make_member(session))
    assert (answer.codes, answer.extensions) == (codes, {"cost": {"requestedQueryCost": cost}})
