"""Variables that are plain are read without graphql-core: what comes out, and what is refused, must be the same."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, VariableValues, build_schema, get_variable_values, parse
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.engine.variables import InvalidVariables, Variables
from tests.conftest import Api
from tests.factories import make_fact, make_member, make_person

SCHEMA = build_schema(
    "enum Level { LOW HIGH } input Filter { name: String } type Query { f(i: ID, s: String, n: Int, b: Boolean,"
    " x: Float, l: [Int], e: Level, o: Filter): Int }"
)
ODD: list[Any] = [
    *(None, "a", "", "\ud800", "LOW"),
    *(0, 7, -(2**31), 2**31 - 1, 2**31, 10**30, 1.0, 1.5, float("nan"), True, False),
    *([], [1], {}, {"name": "a"}),
]


def operation(declared: str) -> OperationDefinitionNode:
    (found,) = parse(f"query({declared}) {{ f }}").definitions
    assert isinstance(found, OperationDefinitionNode)
    return found


def told(found: Any) -> str:
    """What was read, or what is wrong."""
    if isinstance(found, VariableValues):
        return repr((found.coerced, {name: source.value for name, source in found.sources.items()}))
    return repr([error.message for error in found])


def by_graphql_core(node: OperationDefinitionNode, given: dict[str, Any]) -> str:
    return told(get_variable_values(SCHEMA, node.variable_definitions or (), given, max_errors=10))


@pytest.mark.parametrize("kind", ["ID", "String", "Int", "Boolean", "Float", "[Int]", "Level", "Filter"])
@pytest.mark.parametrize("must", ["", "!", " = null"])
def test_every_value_of_every_type_is_read_as_by_graphql_core(kind: str, must: str):
    node = operation(f"$v: {kind}{must}")
    reading = Variables(SCHEMA, node)
    for given in [{}, {"w": 1}, *({"v": value} for value in ODD)]:
        try:
            found = told(reading.read(given))
        except InvalidVariables as invalid:
            found = told(invalid.errors)
        assert found == by_graphql_core(node, given), given


def test_several_are_plain_only_together():
    node = operation("$i: ID!, $n: Int, $b: Boolean!")
    reading = Variables(SCHEMA, node)
    for given in ({"i": "a", "n": 1, "b": True}, {"i": 1, "n": 1, "b": True}, {"i": "a", "b": False}):
        assert told(reading.read(given)) == by_graphql_core(node, given)


@pytest.mark.parametrize(
    ("declared", "argument", "given", "written"),
    [
        ("$n: String!", "name: {contains: $n}", {"n": "zoe"}, 'name: {contains: "zoe"}'),
        ("$n: [String!]!", "city: {in: $n}", {"n": ["a", "b"]}, 'city: {in: ["a", "b"]}'),
        ("$n: String!", 'city: {in: [$n, "b"]}', {"n": "a"}, 'city: {in: ["a", "b"]}'),
        ("$n: String!", 'or: [{city: {eq: $n}}, {city: {eq: "b"}}]', {"n": "a"}, 'city: {in: ["a", "b"]}'),
        ("$n: Int!", "classYear: {gte: $n, lte: 1995}", {"n": 1990}, "classYear: {gte: 1990, lte: 1995}"),
        ("$n: Int! = 1990", "classYear: {eq: $n}", {}, "classYear: {eq: 1990}"),
        ("$n: PersonFilter!", "not: $n", {"n": {"city": {"eq": "c"}}}, 'not: {city: {eq: "c"}}'),
    ],
)
async def test_wherever_a_variable_stands_it_counts_as_its_value_written_out(
    session: AsyncSession, api: Api, declared: str, argument: str, given: dict[str, Any], written: str
):
    me, zoe = await make_member(session), await make_person(session, "Zoe")
    await make_fact(session, models.Place, zoe, city="a")
    await make_fact(session, models.Education, zoe, home=True, end_date="1990")
    query = "query%s { people(first: 5, filter: {%s}, orderBy: {name: DESC}) { nodes { displayName } } }"
    asked = await api(query % (f"({declared})", argument), as_=me, **given)
    assert asked.data == (await api(query % ("", written), as_=me)).data
    assert asked.data["people"]["nodes"][0] == {"displayName": "Zoe"}


@pytest.mark.parametrize(("declared", "given"), [("$n: String = null", {}), ('$n: String = "a"', {"n": None})])
async def test_null_where_a_value_must_stand_is_refused_as_ever(
    session: AsyncSession, api: Api, declared: str, given: dict[str, Any]
):
    me = await make_member(session)
    query = "query(%s) { people(first: 5, filter: {name: {contains: $n}}) { totalCount } }" % declared
    assert (await api(query, as_=me, **given)).errors != []
