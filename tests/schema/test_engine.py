"""What an operation may look like: however a client writes it, it is planned, and means the same."""

from uuid import uuid4

import pytest
from graphql import OperationDefinitionNode
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.context import Context
from schema.engine.documents import MAX_REMEMBERED, Documents
from schema.engine.execution import Engine
from schema.engine.remembering import Remembered
from schema.ids import encode_id
from schema.root import build_engine
from tests.conftest import Api
from tests.factories import make_fact, make_member, make_person

LONG = "a" * 64
TOO_LONG = "The alias aaaaaaaaaaaaaaaaaaaa... is too long: at most 63 characters."


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each operation since: whether the engine answered it as a whole."""
    found: list[bool] = []
    answer = Engine.answer

    async def noted(self: Engine, context: Context, operation: OperationDefinitionNode) -> bytes | None:
        body = await answer(self, context, operation)
        found.append(body is not None)
        return body

    monkeypatch.setattr(Engine, "answer", noted)
    return found


async def test_a_client_may_call_a_field_what_the_engine_calls_a_row(session: AsyncSession, api: Api):
    me = await make_member(session, "Ana")
    answer = await api("{ people(first: 1) { nodes { t: displayName row: __typename ordered: id } } }", as_=me)
    key = encode_id("Person", me.person_id or uuid4())
    assert answer.data == {"people": {"nodes": [{"t": "Ana", "row": "Person", "ordered": key}]}}


@pytest.mark.parametrize(
    "selection",
    [
        "nodes { %s: id }",
        "%s: totalCount",
        "edges { %s: cursor }",
        "edges { node { %s: bio } }",
        "pageInfo { %s: hasNextPage }",
        "facets { %s: skills { value } }",
        "facets { skills { %s: value } }",
    ],
)
@pytest.mark.parametrize(
    ("key", "message"),
    [(LONG, TOO_LONG), ("__audit", "The alias __audit is not yours to give: choose one that does not begin with __.")],
)
async def test_a_key_that_cannot_be_a_column_is_refused_wherever_it_stands(
    session: AsyncSession, api: Api, selection: str, key: str, message: str
):
    me = await make_member(session)
    answer = await api("{ people(first: 1) { nodes { bio } " + selection % key + " } }", as_=me)
    assert answer.data == {"people": None}
    assert [error["message"] for error in answer.errors] == [message]
    assert answer.codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("selection", "many", "message"),
    [
        ("nodes { %s }", 1001, "Too many fields of one Person: at most 1000."),
        ("pageInfo { %s }", 51, "At most 50 fields of pageInfo."),
    ],
)
async def test_more_fields_than_postgresql_takes_are_refused(
    session: AsyncSession, api: Api, selection: str, many: int, message: str
):
    me = await make_member(session)
    fields = " ".join(f"a{number}: __typename" for number in range(many))
    answer = await api("{ people(first: 1) { " + selection % fields + " } }", as_=me)
    assert [error["message"] for error in answer.errors] == [message]
    most = " ".join(f"a{number}: __typename" for number in range(many - 1))
    assert (await api("{ people(first: 1) { " + selection % most + " } }", as_=me)).errors == []


async def test_a_hundred_and_more_fields_that_reveal_a_profile_are_answered(session: AsyncSession, api: Api):
    me = await make_member(session)
    fields = " ".join(f"a{number}: bio" for number in range(120))
    answer = await api("{ people(first: 1) { nodes { " + fields + " } } }", as_=me)
    assert answer.data == {"people": {"nodes": [{f"a{number}": None for number in range(120)}]}}


async def test_a_fragment_in_two_places_gives_each_what_is_selected_there(session: AsyncSession, api: Api):
    me = await make_member(session)
    person = await make_person(session, "Ana")
    await make_fact(session, models.Skill, person, name="sailing")
    query = """{ a: searchPeople(text: "sailing", first: 1) { nodes { ...F } }
        b: searchPeople(text: "sailing", first: 1) { nodes { ...F person { id } } } }
        fragment F on PersonHit { person { displayName } }"""
    answer = await api(query, as_=me)
    assert answer.errors == []
    assert answer.data["a"] == {"nodes": [{"person": {"displayName": "Ana"}}]}
    named = {"displayName": "Ana", "id": encode_id("Person", person.id)}
    assert answer.data["b"] == {"nodes": [{"person": named}]}


async def test_node_is_planned_for_the_type_that_the_id_says(session: AsyncSession, api: Api, planned: list[bool]):
    me = await make_member(session)
    person = await make_person(session, "Ana")
    skill = await make_fact(session, models.Skill, person, name="sailing")
    query = """query($id: ID!) { node(id: $id) { ...F ... on Skill { name }
        ... on Person { displayName skills { name } } } } fragment F on Node { __typename id }"""
    ids = encode_id("Person", person.id), encode_id("Skill", skill.id)
    answers = [await api(query, as_=me, id=key) for key in (*ids, encode_id("Person", uuid4()))]
    assert [answer.data["node"] for answer in answers] == [
        {"__typename": "Person", "id": ids[0], "displayName": "Ana", "skills": [{"name": "sailing"}]},
        {"__typename": "Skill", "id": ids[1], "name": "sailing"},
        None,
    ]
    assert planned == [True, True, True]


async def test_the_name_of_the_root_type_stands_beside_planned_fields(
    session: AsyncSession, api: Api, planned: list[bool]
):
    me = await make_member(session)
    answer = await api("{ __typename people(first: 1) { totalCount } also: __typename }", as_=me)
    assert answer.data == {"__typename": "Query", "people": {"totalCount": 1}, "also": "Query"}
    assert list(answer.data) == ["__typename", "people", "also"]
    assert planned == [True]


def test_what_is_remembered_is_bounded_and_the_unused_goes_first():
    known = Remembered[str](10)
    for key in "abc":
        known.keep(key, key.upper(), 3)
    assert known.get("a") == "A"  # used, and so younger than b
    known.keep("d", "D", 3)
    assert [known.get(key) for key in "abcd"] == ["A", None, "C", "D"]
    known.keep("a", "A again", 4)
    assert [known.get(key) for key in "acd"] == ["A again", "C", "D"]
    known.keep("whole", "too large", 11)
    assert len(known) == 0


def test_documents_are_forgotten_when_their_text_is_more_than_fits():
    documents = Documents(build_engine().schema)
    comment = "#" + " " * 60_000 + "\n"
    first = documents.get(comment + "{ a0: __typename }")
    assert documents.get(comment + "{ a0: __typename }") is first
    for number in range(1, MAX_REMEMBERED // 60_000 + 1):
        documents.get(comment + f"{{ a{number}: __typename }}")
    assert documents.get(comment + "{ a0: __typename }") is not first


@pytest.mark.parametrize("people", [0, 3])
async def test_parts_of_a_page_that_need_no_row_are_told_once(session: AsyncSession, api: Api, people: int):
    me = await make_member(session)
    for _ in range(people):
        await make_person(session, "Ana")
    query = """{ people(first: 5, filter: {name: {contains: "Ana"}}) { pageInfo { hasPreviousPage __typename } } }"""
    told = {"hasPreviousPage": False, "__typename": "PageInfo"}
    assert (await api(query, as_=me)).data == {"people": {"pageInfo": told}}


async def test_none_of_no_members_of_an_enumeration_is_nobody(session: AsyncSession, api: Api):
    me = await make_member(session)
    answer = await api(
        "query($f: PersonFilter) { people(first: 1, filter: $f) { totalCount } }", as_=me, f={"role": {"in": []}}
    )
    assert answer.data == {"people": {"totalCount": 0}}


async def test_of_several_current_experiences_the_one_that_began_last_is_told(session: AsyncSession, api: Api):
    me = await make_member(session)
    for title, begun in (("Second", "2012"), ("Third", "2019-05"), ("First", "2003")):
        await make_fact(session, models.Experience, me.person_id or uuid4(), title=title, start_date=begun)
    answer = await api("{ viewer { person { currentExperience { title } } } }", as_=me)
    assert answer.data == {"viewer": {"person": {"currentExperience": {"title": "Third"}}}}


async def test_one_document_is_planned_anew_for_what_its_variables_decide(session: AsyncSession, api: Api):
    me = await make_member(session, "Cleo")
    for name in ("Ana", "Bo"):
        await make_person(session, name)
    query = """query($n: Int = 1, $f: PersonFilter, $d: Direction! = ASC, $s: Boolean = false) {
        people(first: $n, filter: $f, orderBy: [{name: $d}]) { nodes { displayName @skip(if: $s) } } }"""
    given: list[tuple[dict[str, object], list[str]]] = [
        ({}, ["Ana"]),
        ({"n": 2}, ["Ana", "Bo"]),
        ({"f": None}, ["Ana"]),
        ({"f": {}}, ["Ana"]),
        ({"f": {"name": {"contains": "bo"}}}, ["Bo"]),
        ({"f": {"name": {"contains": "cle"}}}, ["Cleo"]),
        ({"f": {"not": {"name": {"contains": "ana"}}}}, ["Bo"]),
        ({"d": "DESC"}, ["Cleo"]),
        ({}, ["Ana"]),
    ]
    for variables, names in given:
        answer = await api(query, as_=me, **variables)
        assert [node["displayName"] for node in answer.data["people"]["nodes"]] == names, variables
    assert (await api(query, as_=me, s=True)).data == {"people": {"nodes": [{}]}}
