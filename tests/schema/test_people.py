"""The directory over HTTP: pages, filters, orders, counts."""

from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from tests.conftest import Api
from tests.factories import connect, make_fact, make_member, make_person


async def test_a_member_reads_a_page_of_the_directory(session: AsyncSession, api: Api):
    me = await make_member(session, "Ana Lima", given_name="Ana", family_name="Lima")
    for number in range(3):
        person = await make_person(session, f"Person {number}", family_name=f"Zed{number}")
        await make_fact(session, models.Education, person, end_date=f"{2000 + number}")
    answer = await api(
        "{ people(first: 2) { totalCount nodes { displayName classYear } pageInfo { hasNextPage hasPreviousPage } } }",
        as_=me,
    )
    assert answer.errors == []
    assert answer.data["people"] == {
        "totalCount": 4,
        "nodes": [{"displayName": "Ana Lima", "classYear": None}, {"displayName": "Person 0", "classYear": 2000}],
        "pageInfo": {"hasNextPage": True, "hasPreviousPage": False},
    }


async def test_nobody_reads_it_without_signing_in(api: Api):
    answer = await api("{ people(first: 2) { totalCount } }")
    assert answer.data == {"people": None}
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_paging_forward_and_back_visits_everybody_once(session: AsyncSession, api: Api):
    me = await make_member(session, "A", family_name="A0")
    for number in range(6):
        await make_person(session, f"P{number}", family_name=f"B{number % 3}")
    query = """query($f: Int, $a: String, $l: Int, $b: String) { people(first: $f, after: $a, last: $l, before: $b) {
        nodes { id displayName } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    everybody = (await api(query, as_=me, f=100)).data["people"]["nodes"]
    forward: list[dict[str, str]] = []
    after = None
    while True:
        page = (await api(query, as_=me, f=2, a=after)).data["people"]
        forward += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert forward == everybody
    backward: list[dict[str, str]] = []
    before = None
    while True:
        page = (await api(query, as_=me, l=2, b=before)).data["people"]
        backward = page["nodes"] + backward
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert backward == everybody


async def test_a_list_costs_as_many_statements_for_1_and_20_rows(session: AsyncSession, api: Api):
    me = await make_member(session)
    people = [await make_person(session) for _ in range(20)]
    for person in people:
        await make_fact(session, models.Experience, person)
        await connect(session, me.person_id or person.id, person)
    query = """query($n: Int!) { people(first: $n) { nodes { id experiences { title organization { name } }
        connections(first: 5) { nodes { displayName educations { school } } } } } }"""
    one, twenty = await api(query, as_=me, n=1), await api(query, as_=me, n=20)
    assert len(twenty.data["people"]["nodes"]) == 20
    assert len(one.statements) == len(twenty.statements) == 2  # who is asking, and the whole answer
