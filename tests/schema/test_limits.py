"""Documents and variables made to take long: each is refused before anything that would, and nobody is looked up."""

from collections.abc import Mapping
from random import Random
from typing import Any

import httpx
import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    get_introspection_query,
    parse,
)
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

from schema.engine.documents import MAX_SOURCE, MAX_TOKENS, Documents, InvalidDocument
from schema.limits.refusing import Limit
from schema.limits.structure import (
    ALIASES,
    DEPTH,
    DIRECTIVES,
    FIELDS,
    NESTING,
    Size,
    Structure,
    check_structure,
)
from schema.limits.values import MAX_LIST, MAX_VALUE_DEPTH
from schema.root import build_engine
from tests.conftest import Api
from tests.factories import make_member

ROW = "{ people(first: 1) { nodes { %s } } }"


def doubling(number: int) -> str:
    """A short document that unfolds to two to the power of `number`."""
    fragments = [f"fragment F{one} on Query {{ ...F{one + 1} ...F{one + 1} }}" for one in range(number)]
    return " ".join(["{ ...F0 }", *fragments, f"fragment F{number} on Query {{ __typename }}"])


def chain(number: int) -> str:
    """Fragments within one another, and a field in the last."""
    fragments = [f"fragment F{one} on Query {{ ...F{one + 1} }}" for one in range(number)]
    return " ".join(["{ ...F0 }", *fragments, f"fragment F{number} on Query {{ __typename }}"])


def aliases(number: int) -> str:
    return ROW % " ".join(f"a{one}: id" for one in range(number))


def deep(number: int) -> str:
    """Fields within one another."""
    return "{ a " * number + "}" * number


def alike(number: int) -> str:
    return ROW % ("id " * number)


def skipped(number: int) -> str:
    return ROW % ("id @skip(if: true) " * number)


def filtered(number: int) -> str:
    """Lists and objects within one another."""
    return "{ people(first: 1, filter: %s{}%s) { totalCount } }" % ("{not: " * (number - 1), "}" * (number - 1))


HOSTILE: Mapping[str, tuple[str, str]] = {
    "doubling fragments": (doubling(40), "fields"),
    "fragments within fragments": (chain(500), "nesting"),
    "inline fragments within one another": ("{" + "... {" * 150 + "__typename" + "}" * 151, "nesting"),
    "fields within fields": (deep(50), "depth"),
    "aliases": (aliases(ALIASES.most + 1), "aliases"),
    "fields": ("{" + " a" * (FIELDS.most + 1) + "}", "fields"),
    "operations": (" ".join(f"query Q{one} {{ __typename }}" for one in range(101)), "operations"),
    "directives of a field": ("{ __typename " + "@skip(if: false) " * 600 + "}", "directives"),
    "unknown directives": ("{ __typename " + "@no " * 4_000 + "}", "directives"),
    "directives of an operation": ("query " + "@no " * 600 + "{ __typename }", "directives"),
    "directives of a variable": ("query($a: Int " + "@no " * 600 + ") { __typename }", "directives"),
    "directives of a fragment": ("{ ...F } fragment F on Query " + "@no " * 600 + "{ __typename }", "directives"),
    "fields of one alias": (ROW % ("a: id " * 1_000), "comparisons"),
    "fragments of one place": (
        "{" + " ".join(f"...F{one}" for one in range(500)) + "}"
        + " ".join(f"fragment F{one} on Query {{ a{one}: __typename }}" for one in range(500)),
        "comparisons",
    ),
    "fields of one place by way of many": (
        "{" + ("people(first: 1) { %s }" % ("totalCount " * 20)) * 60 + "}",
        "comparisons",
    ),
    "a fragment that nothing uses": ("{ __typename } fragment F on Query {" + " a" * 3_001 + "}", "fields"),
    "a value within values": (filtered(150), "valueDepth"),
    "a default within values": (
        "query($f: PersonFilter = %s{}%s) { __typename }" % ("{not: " * 99, "}" * 99),
        "valueDepth",
    ),
    "introspection": (
        "{ __schema { types { fields { type { %s } } } } }" % ("ofType { " * 30 + "name" + " }" * 30),
        "depth",
    ),
}  # fmt: skip
"""What is large -> the document, and the limit that refuses it."""
CIRCLES = {
    "one": "{ ...A } fragment A on Query { ...A }",
    "three": "{ ...A } fragment A on Query { ...B } fragment B on Query { ... { ...C } } fragment C on Query { ...A }",
    "unused": "{ __typename } fragment A on Query { ...B } fragment B on Query { ...A }",
    "between fields": "{ people(first: 1) { ...A } } fragment A on PersonConnection { nodes { connections { ...A } } }",
}


@pytest.fixture(scope="module")
def documents() -> Documents:
    return Documents(build_engine().schema)


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_document_that_is_too_large_is_refused_before_anybody_is_looked_up(
    session: AsyncSession, api: Api, what: str
):
    me = await make_member(session)
    document, limit = HOSTILE[what]
    answer = await api(document, as_=me)
    assert (answer.status, answer.codes, answer.statements) == (400, ["GRAPHQL_VALIDATION_FAILED"], [])
    assert answer.errors[0]["extensions"]["limit"] == limit
    assert f"At most {answer.errors[0]['extensions']['allowed']:,} are allowed." in answer.errors[0]["message"]


@pytest.mark.parametrize("circle", CIRCLES.values(), ids=CIRCLES)
async def test_fragments_that_go_in_a_circle_are_refused(session: AsyncSession, api: Api, circle: str):
    answer = await api(circle, as_=await make_member(session))
    assert (answer.status, answer.codes, answer.statements) == (400, ["GRAPHQL_VALIDATION_FAILED"], [])
    assert answer.errors[0]["message"].startswith("These fragments contain themselves: A > ")


@pytest.mark.parametrize(
    ("document", "most"),
    [
        (aliases, ALIASES.most),
        (deep, DEPTH.most),
        (filtered, MAX_VALUE_DEPTH),
        (chain, NESTING.most - 2),
        (alike, FIELDS.most - 2),
        (skipped, DIRECTIVES.most),
    ],
)
def test_as_much_as_is_allowed_passes_and_no_more(document: Any, most: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("schema.limits.structure.COMPARISONS", Limit("comparisons", 10**9, "pairs"))
    check_structure(parse(document(most)))
    with pytest.raises(GraphQLError, match="are allowed"):
        check_structure(parse(document(most + 1)))


def test_pairs_are_counted_where_fields_come_together():
    both = "{ a { x } a { x } ...F ...G } fragment F on Query { a { x y } } fragment G on Query { b }"
    structure = structure_of(parse(both))
    assert structure.comparisons(operation_of(parse(both))) == 1 + 3 + 3  # two fragments; a, a and a; x, x and x


@pytest.mark.parametrize("number", [10, 40, 90])
def test_every_fragment_is_measured_once_however_often_it_is_spread(number: int):
    node = parse(doubling(number))
    structure = structure_of(node)
    found = structure.measure(operation_of(node))
    assert structure.visited == 1 + 2 * number + 1
    assert found == Size(depth=1, nesting=number + 2, fields=3 * 2**number - 1)


def test_what_is_allowed_is_unfolded_once(documents: Documents):
    node = parse(get_introspection_query())
    structure = check_structure(node)
    assert structure.unfolded <= structure.measure(operation_of(node)).fields <= FIELDS.most


@pytest.mark.parametrize("seed", range(30))
def test_the_measure_is_what_the_document_unfolds_to(seed: int):
    node = parse(drawn(Random(seed)))
    structure = structure_of(node)
    plain = plainly(operation_of(node).selection_set, structure.fragments)
    assert structure.measure(operation_of(node)) == plain


def drawn(random: Random) -> str:
    """A document in which fragments use those after them."""

    def selections(after: int, depth: int) -> str:
        chosen: list[str] = []
        for number in range(random.randint(1, 4)):
            match random.randint(0, 3):
                case 0 if after < 4:
                    chosen.append(f"...F{random.randint(after, 3)} @a")
                case 1 if depth:
                    chosen.append(f"... @a @b {selections(after, depth - 1)}")
                case 2 if depth:
                    chosen.append(f"f{number} {selections(after, depth - 1)}")
                case _:
                    chosen.append(f"x: f{number}")
        return "{ " + " ".join(chosen) + " }"

    fragments = [f"fragment F{number} on Query {selections(number + 1, 2)}" for number in range(4)]
    return " ".join([selections(0, 3), *fragments])


def plainly(chosen: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Size:
    """As `Structure.measure`, with every fragment opened wherever it is."""
    found = Size()
    for node in chosen.selections:
        inner: Any = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
        own = Size(1, 1, 1, 1 if node.alias else 0) if isinstance(node, FieldNode) else Size(0, 1, 1)
        own = own.around(Size(directives=len(node.directives or ())))
        found = found.beside(own.around(plainly(inner.selection_set, fragments)) if inner.selection_set else own)
    return found


def operation_of(node: DocumentNode) -> OperationDefinitionNode:
    return next(one for one in node.definitions if isinstance(one, OperationDefinitionNode))


def structure_of(node: DocumentNode) -> Structure:
    return Structure({one.name.value: one for one in node.definitions if isinstance(one, FragmentDefinitionNode)})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{ __typename }" + "#\n" * (MAX_TOKENS + 1), f"more than {MAX_TOKENS} tokens"),
        ("{ __typename }" + "," * MAX_SOURCE, f"more than {MAX_SOURCE} code points"),
        ("{ a " * 1_000, "nested too deeply"),
    ],
)
def test_text_that_is_too_long_is_not_parsed_to_its_end(documents: Documents, document: str, message: str):
    with pytest.raises(InvalidDocument, match=message) as refused:
        documents.get(document)
    assert refused.value.errors[0].extensions == {"code": "GRAPHQL_PARSE_FAILED"}


async def test_the_usual_introspection_is_answered(session: AsyncSession, api: Api):
    answer = await api(get_introspection_query(input_value_deprecation=True), as_=await make_member(session))
    assert answer.errors == []
    assert len(answer.data["__schema"]["types"]) > 100


@pytest.mark.parametrize(
    "within",
    [
        " ".join(f"t{place}: types {{ name }}" for place in range(13)),
        " ".join(f"t{place}: types {{ fields {{ type {{ fields {{ name }} }} }} }}" for place in range(5)),
    ],
)
async def test_the_schema_is_read_once_in_an_operation(session: AsyncSession, api: Api, within: str):
    me = await make_member(session)
    assert (await api(f"{{ __schema {{ {within} }} }}", as_=me)).codes == ["COST_EXCEEDED"]
    usual = get_introspection_query(input_value_deprecation=True)
    assert (await api(usual, as_=me)).errors == []


# ---------------------------------------------------------------- variables


async def test_variables_that_nest_too_deeply_are_refused_by_name(session: AsyncSession, api: Api):
    me = await make_member(session)
    query = "query($f: PersonFilter) { people(first: 1, filter: $f) { totalCount } }"
    nested: dict[str, Any] = {}
    for _ in range(MAX_VALUE_DEPTH - 1):
        nested = {"not": nested}
    assert (await api(query, as_=me, f=nested)).codes == ["BAD_USER_INPUT"]  # filters nest less deeply
    answer = await api(query, as_=me, f={"not": nested})
    assert (answer.status, answer.codes, answer.statements) == (400, ["BAD_USER_INPUT"], [])
    assert answer.errors[0]["message"] == f"The variable $f nests more than {MAX_VALUE_DEPTH} deep."


@pytest.mark.parametrize("opened", ["[", '{"not": '])
async def test_json_that_nests_without_end_is_no_fault(app: Starlette, opened: str):
    closed = "]" if opened == "[" else "}"
    query = "query($f: PersonFilter) { people(first: 1, filter: $f) { totalCount } }"
    body = f'{{"query": "{query}", "variables": {{"f": {opened * 20_000}1{closed * 20_000}}}}}'
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "depth" in error["message"]


@pytest.mark.parametrize(
    ("query", "given", "place"),
    [
        ("query($v: [ID!]!) { nodes(ids: $v) { id } }", ["x"] * (MAX_LIST + 1), "$v"),
        (
            "query($v: PersonFilter) { people(first: 1, filter: $v) { totalCount } }",
            {"or": [{}, {"city": {"in": ["a"] * (MAX_LIST + 1)}}]},
            "$v.or.1.city.in",
        ),
    ],
)
async def test_huge_lists_are_refused_by_name(session: AsyncSession, api: Api, query: str, given: Any, place: str):
    answer = await api(query, as_=await make_member(session), v=given)
    assert (answer.status, answer.codes, answer.statements) == (400, ["BAD_USER_INPUT"], [])
    message = f"The variable {place} has {MAX_LIST + 1:,} values. At most {MAX_LIST:,} are allowed."
    assert answer.errors[0]["message"] == message


async def test_more_ids_than_are_read_at_once_are_refused_in_words_of_the_field(session: AsyncSession, api: Api):
    answer = await api("query($v: [ID!]!) { nodes(ids: $v) { id } }", as_=await make_member(session), v=["x"] * 101)
    assert [error["message"] for error in answer.errors] == ["ids: At most 100 ids."]
