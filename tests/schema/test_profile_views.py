"""The daily bound on profiles seen (rule P19) over HTTP: what counts, on which paths, for whom, and what is said."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from tests.conftest import Api
from tests.databases import LockedDatabase
from tests.factories import block, connect, make_account, make_fact, make_member, make_person, make_staff

V = models.Visibility
BOUND = 3
ASK = 'requestConnection(input: {personId: "$0"}) { ... on RequestConnectionPayload'
PERSON = "query($id: ID!) { person(id: $id) { displayName } }"
WORDS = {"bio": models.TextKind.BIO, "photo": models.TextKind.PHOTO}


@pytest.fixture(autouse=True)
async def institution(session: AsyncSession) -> models.Institution:
    row = models.Institution(name="Northbridge University", profiles_per_day=BOUND)
    session.add(row)
    await session.flush()
    return row


async def make_people(session: AsyncSession, number: int, level: models.Visibility = V.MEMBERS) -> list[models.Person]:
    """People with something to harvest each."""
    people = [await make_person(session, f"Person {place}") for place in range(number)]
    for person in people:
        await make_fact(session, models.ContactPoint, person, level)
        await make_fact(session, models.Link, person, level)
        for kind in WORDS.values():
            await make_fact(session, models.PersonText, person, level, kind=kind)
    return people


async def seen(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(models.ProfileView)) or 0


def gid(person: models.Person) -> str:
    return encode_id("Person", person.id)


async def test_a_member_sees_so_many_profiles_a_day_and_those_again(session: AsyncSession, api: Api):
    me, people = await make_member(session), await make_people(session, BOUND + 1)
    for person in [*people[:BOUND], *people[:BOUND]]:
        answer = await api(PERSON, as_=me, id=gid(person))
        assert answer.data == {"person": {"displayName": person.display_name}}
    refused = await api(PERSON, as_=me, id=gid(people[-1]))
    tomorrow = datetime.combine(datetime.now(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    assert (refused.status, refused.data, refused.codes) == (429, None, ["RATE_LIMITED"])
    assert refused.errors[0]["extensions"]["opensAt"] == tomorrow.isoformat()
    assert tomorrow.isoformat() in refused.errors[0]["message"]
    assert await seen(session) == BOUND
    assert (await api(PERSON, as_=me, id=gid(people[0]))).errors == []


@pytest.mark.parametrize(
    ("selection", "shown"),
    [
        ("displayName", {"displayName": "Ada"}),
        ("bio", {"bio": 'says "__audit":["no"] and ,"__audit":null'}),
        ("id @skip(if: true)", {}),
    ],
)
async def test_a_profile_seen_today_is_read_by_one_statement_that_counts_nothing(
    session: AsyncSession, api: Api, db: LockedDatabase, selection: str, shown: dict[str, Any]
):
    """What notes look like may stand in a text; no note may stand in an answer."""
    me, person = await make_member(session), await make_person(session, "Ada")
    said = 'says "__audit":["no"] and ,"__audit":null'
    await make_fact(session, models.PersonText, person, kind=models.TextKind.BIO, text=said)
    query = "query($id: ID!) { person(id: $id) { %s } }" % selection
    statements: list[int] = []
    for _ in range(2):
        before = len(db.statements)
        assert (await api(query, as_=me, id=gid(person))).data == {"person": shown}
        statements.append(len(db.statements) - before)
    assert await seen(session) == 1
    assert statements[1] == 2, "who asks, and what was asked"


async def test_an_answer_with_too_many_shows_nothing_and_counts_nothing(session: AsyncSession, api: Api):
    me, people = await make_member(session), await make_people(session, BOUND + 1)
    each = " ".join(f'p{place}: person(id: "{gid(person)}") {{ id }}' for place, person in enumerate(people))
    for query in (f"{{ {each} }}", "{ people(first: 9) { nodes { bio } } }"):
        answer = await api(query, as_=me)
        assert (answer.status, answer.data, answer.codes) == (429, None, ["RATE_LIMITED"])
    assert await seen(session) == 0


HARVEST = [
    "bio", "photo", "b: bio", "contactPoints { value }", "links { url }", "texts { text }",
    "... on Node { ... on Person { links { kind } } }",
]  # fmt: skip


@pytest.mark.parametrize("selection", HARVEST)
async def test_what_one_would_harvest_counts_in_lists_nested_and_named(session: AsyncSession, api: Api, selection: str):
    me, people = await make_member(session), await make_people(session, BOUND)
    await connect(session, people[1], people[2], low_visibility=V.MEMBERS, high_visibility=V.MEMBERS)
    answer = await api("query { people(first: 9) { nodes { id %s } } }" % selection, as_=me)
    assert (answer.errors, await seen(session)) == ([], BOUND)
    other = await make_member(session)
    nested = "query($id: ID!) { person(id: $id) { connections(first: 9) { edges { node { %s } } } } }" % selection
    assert (await api(nested, as_=other, id=gid(people[1]))).errors == []
    assert await seen(session) == BOUND + 2


@pytest.mark.parametrize("kind", [models.ContactPoint, models.Link, models.PersonText])
async def test_a_fact_by_its_id_counts_as_its_persons_profile(session: AsyncSession, api: Api, kind: type[models.Fact]):
    me, person = await make_member(session), await make_person(session)
    fact = await make_fact(session, kind, person)
    named = encode_id(kind.__name__, fact.id)
    assert (await api("query($i: ID!) { node(id: $i) { id } }", as_=me, i=named)).data == {"node": {"id": named}}
    views = (await session.scalars(select(models.ProfileView))).all()
    assert [(view.viewer_id, view.person_id) for view in views] == [(me.person_id, person.id)]


@pytest.mark.parametrize(
    ("query", "counted"),
    [
        ('{ node(id: "$0") { id } }', 1),
        ('{ nodes(ids: ["$0", "$1"]) { id } }', 2),
        ('{ searchPeople(text: "Person", first: 9) { nodes { person { displayName headline } } } }', 0),
        ('{ searchPeople(text: "Person", first: 9) { nodes { person { bio } } } }', 3),
        ("{ peopleYouShouldMeet(first: 9) { nodes { person { displayName } } } }", 0),
        ("{ peopleYouShouldMeet(first: 9) { nodes { person { contactPoints { value } } } } }", 3),
        (f"mutation {{ {ASK} {{ person {{ id }} }} }} }}", 0),
        (f"mutation {{ {ASK} {{ person {{ bio }} }} }} }}", 1),
    ],
)
async def test_parts_that_python_answers_count_alike(session: AsyncSession, api: Api, query: str, counted: int):
    me, people = await make_member(session), await make_people(session, BOUND)
    await session.execute(update(models.Person).values(suggestable=True))
    for place, person in enumerate(people):
        await make_fact(session, models.Skill, person, name="knots")
        query = query.replace(f"${place}", gid(person))
    await make_fact(session, models.Skill, me.person_id or people[0].id, name="knots")
    answer = await api(query, as_=me)
    assert (answer.errors, await seen(session)) == ([], counted)


async def test_over_the_bound_nothing_of_a_search_is_shown(session: AsyncSession, api: Api):
    me = await make_member(session)
    await make_people(session, BOUND + 1)
    query = '{ searchPeople(text: "Person", first: 9) { nodes { score person { displayName bio } } } }'
    answer = await api(query, as_=me)
    assert (answer.status, answer.data, answer.codes) == (429, None, ["RATE_LIMITED"])
    assert await seen(session) == 0


async def test_a_mutation_whose_payload_goes_over_the_bound_changes_nothing(
    session: AsyncSession, api: Api, institution: models.Institution
):
    me, people = await make_member(session), await make_people(session, 2)
    institution.profiles_per_day = 1
    await session.flush()
    assert (await api(PERSON, as_=me, id=gid(people[0]))).errors == []
    asked = """mutation($id: ID!) { requestConnection(input: {personId: $id}) {
        ... on RequestConnectionPayload { person { bio } } } }"""
    answer = await api(asked, as_=me, id=gid(people[1]))
    assert (answer.data, answer.codes) == ({"requestConnection": None}, ["RATE_LIMITED"])
    assert (await session.scalars(select(models.Connection))).all() == []
    assert await seen(session) == 1


CARDS = """{ people(first: 9) { totalCount nodes { id displayName headline classYear educations { school }
    experiences { title } skills { name } interests { name } places { city } connectedToMe } } }"""


async def test_cards_do_not_count_and_their_bytes_pass_through(session: AsyncSession, api: Api):
    me = await make_member(session)
    await make_people(session, BOUND + 2)
    answer = await api(CARDS, as_=me)
    assert len(answer.data["people"]["nodes"]) == BOUND + 3
    assert len(answer.statements) == 2  # who is asking, and the whole answer, on a connection that only reads
    assert "__audit" not in answer.statements[1]
    assert await seen(session) == 0


async def test_what_is_hidden_absent_empty_ones_own_or_a_connections_does_not_count(session: AsyncSession, api: Api):
    me = await make_member(session)
    mine = await session.get_one(models.Person, me.person_id)
    await make_fact(session, models.ContactPoint, mine)
    await make_people(session, 1, V.ME)
    (friend,) = await make_people(session, 1)
    await connect(session, friend, mine)
    (blocked,) = await make_people(session, 1)
    await block(session, blocked, mine)
    hidden = await make_person(session, listed=False)
    everything = "{ people(first: 9) { nodes { bio photo contactPoints { value } links { url } texts { text } } } }"
    assert len((await api(everything, as_=me)).data["people"]["nodes"]) == 3
    for person in (hidden, blocked):
        assert (await api(PERSON, as_=me, id=gid(person))).data == {"person": None}
    for person in (mine, friend):
        assert (await api(PERSON, as_=me, id=gid(person))).data["person"] is not None
    assert await seen(session) == 0


async def test_guests_are_bounded_with_and_without_a_profile_and_staff_are_not(session: AsyncSession, api: Api):
    people = await make_people(session, BOUND + 1, V.PUBLIC)
    with_profile = await make_account(session, await make_person(session, alumnus=False))
    without = await make_account(session)
    for guest in (with_profile, without):
        answers = [await api(PERSON, as_=guest, id=gid(person)) for person in people]
        assert [answer.codes for answer in answers] == [[]] * BOUND + [["RATE_LIMITED"]]
    rows = {(view.viewer_id, view.visitor) for view in (await session.scalars(select(models.ProfileView))).all()}
    assert rows == {(with_profile.person_id, None), (None, without.id)}
    officer = await make_staff(session)
    assert (await api("{ people(first: 9) { nodes { bio } } }", as_=officer)).errors == []
    assert await seen(session) == 2 * BOUND


@pytest.mark.parametrize(("zone", "hours"), [("Pacific/Kiritimati", -14), ("Etc/GMT+12", 12)])
async def test_the_day_is_the_institutions(
    session: AsyncSession, api: Api, institution: models.Institution, zone: str, hours: int
):
    institution.time_zone, institution.profiles_per_day = zone, 1
    me, people = await make_member(session), await make_people(session, 2)
    assert (await api(PERSON, as_=me, id=gid(people[0]))).errors == []
    today = (datetime.now(UTC) - timedelta(hours=hours)).date()
    assert await session.scalar(select(models.ProfileView.day)) == today
    refused = await api(PERSON, as_=me, id=gid(people[1]))
    opens = datetime.combine(today + timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=hours)
    assert refused.errors[0]["extensions"]["opensAt"] == opens.isoformat()


async def test_the_next_day_begins_anew_and_the_office_finds_it_in_the_log(
    session: AsyncSession, api: Api, caplog: pytest.LogCaptureFixture
):
    me, people = await make_member(session), await make_people(session, BOUND + 1)
    answers = [await api(PERSON, as_=me, id=gid(person)) for person in people]
    assert answers[-1].codes == ["RATE_LIMITED"]
    (line,) = [record for record in caplog.records if record.getMessage() == "profile bound reached"]
    told: Any = vars(line)["fields"]
    assert told == {"viewer": str(me.person_id), "kind": "MEMBER", "bound": BOUND}
    await session.execute(update(models.ProfileView).values(day=date(2026, 1, 1)))
    assert (await api(PERSON, as_=me, id=gid(people[-1]))).errors == []


@pytest.mark.parametrize("alias", ["__audit: displayName", "links { __audit: url }"])
async def test_an_alias_cannot_stand_in_for_the_note(session: AsyncSession, api: Api, alias: str):
    me, people = await make_member(session), await make_people(session, 1)
    for account in (me, await make_staff(session)):
        answer = await api("query($id: ID!) { person(id: $id) { bio %s } }" % alias, as_=account, id=gid(people[0]))
        assert (answer.data, answer.codes) == ({"person": None}, ["BAD_USER_INPUT"])
    assert await seen(session) == 0
