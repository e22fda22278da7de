"""What became of a class, over HTTP: exact counts, small cells, and what two answers tell when subtracted."""

from collections import Counter
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from tests.conftest import Api
from tests.databases import LockedDatabase
from tests.factories import connect, make_fact, make_member, make_organization, make_person, make_staff

V = models.Visibility
OUTCOMES = """query($by: OutcomeKind!, $cip: String, $years: ClassYearsInput, $first: Int = 20) {
    cohortOutcomes(by: $by, cip: $cip, years: $years, first: $first) {
        cells { value system organization { id } count } } }"""


async def graduate(
    session: AsyncSession, year: int, cip: str, country: str = "PT", level: models.Visibility = V.MEMBERS, **more: Any
) -> models.Person:
    """Somebody with a degree of that year and field, who lives in that country."""
    person = await make_person(session, **more)
    await make_fact(session, models.Education, person, end_date=str(year), cip_code=cip)
    await make_fact(session, models.Place, person, level, country=country)
    return person


async def counts(api: Api, account: models.Account, by: str = "COUNTRY", **asked: Any) -> dict[str, int | None]:
    answer = await api(OUTCOMES, as_=account, by=by, **asked)
    assert answer.errors == []
    return {cell["value"]: cell["count"] for cell in answer.data["cohortOutcomes"]["cells"]}


async def test_counts_are_of_current_visible_facts_of_visible_people_who_live(session: AsyncSession, api: Api):
    staff, me = await make_staff(session), await make_member(session)
    works, other = await make_organization(session, "Acme"), await make_organization(session, "Other")
    for number in range(5):
        person = await graduate(session, 1995 + number, "11.0701")
        await make_fact(
            session,
            models.Experience,
            person,
            organization_id=works.id,
            occupation_system="ISCO-08",
            occupation_code="2512",
        )
        await make_fact(session, models.Experience, person, organization_id=works.id, title="Lead")
        await make_fact(session, models.Experience, person, organization_id=other.id, end_date="2001")
    for level in (V.STAFF, V.ME):
        hidden = await graduate(session, 1996, "11.0701", level=level)
        await make_fact(session, models.Experience, hidden, level, organization_id=works.id)
    unlisted = await graduate(session, 1996, "11.0701", "DE", listed=False)
    dead = await graduate(session, 1996, "11.0701", "FR", deceased=True)
    elsewhere = await make_person(session)
    await make_fact(session, models.Education, elsewhere, end_date="1996", home=False)
    unfinished = await make_person(session)
    await make_fact(session, models.Education, unfinished, end_date="1996", completed=False)
    for person in (unlisted, dead, elsewhere, unfinished):
        await make_fact(session, models.Experience, person, organization_id=works.id)
    assert await counts(api, me, "EMPLOYER") == {"Acme": 5}
    assert await counts(api, staff, "EMPLOYER") == {"Acme": 7}
    assert await counts(api, me) == {"PT": 5}
    assert await counts(api, staff) == {"PT": 6, "DE": 1}
    answer = await api(OUTCOMES, as_=me, by="OCCUPATION", cip="11", years={"from": 1995, "to": 1999})
    cell = {"value": "2512", "system": "ISCO-08", "organization": None, "count": 5}
    assert answer.data["cohortOutcomes"]["cells"] == [cell]
    answer = await api(OUTCOMES, as_=staff, by="EMPLOYER", cip="11.07", years={"from": 1996, "to": 1997})
    cell = {"value": "Acme", "system": None, "organization": {"id": encode_id("Organization", works.id)}, "count": 4}
    assert answer.data["cohortOutcomes"]["cells"] == [cell]


async def test_the_last_degree_decides_and_cells_of_fewer_than_five_are_null(session: AsyncSession, api: Api):
    staff, me = await make_staff(session), await make_member(session)
    for number in range(9):
        person = await graduate(session, 1990, "11.0701", "PT" if number < 5 else "ES")
        await make_fact(session, models.Education, person, end_date="2003", cip_code="52.0201")
    await graduate(session, 1992, "11.0101")
    assert await counts(api, me) == {"PT": 5, "ES": None}
    assert await counts(api, staff) == {"PT": 6, "ES": 4}
    assert await counts(api, me, cip="52", years={"from": 2000, "to": 2004}) == {"PT": 5, "ES": None}
    assert await counts(api, me, cip="11") == {"PT": None}
    assert await counts(api, me, first=1) == {"PT": 5}
    friend = await graduate(session, 2001, "52.0101", "ES", V.CONNECTIONS)
    await connect(session, friend, me.person_id or friend.id)
    assert await counts(api, me) == {"PT": 5, "ES": 5}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"years": {"from": 2003}}, "years.from: must be the first of 5 years that count together: 2000"),
    ({"years": {"to": 2011}}, "years.to: must be the last of 5 years that count together: 2014"),
    ({"years": {"from": 2005, "to": 1999}}, "years.to: is before the first year"),
    ({"years": {"from": 0}}, "years.from: must be from 1900 to 2099"),
    ({"cip": "11.07"}, "cip: must have the two digits of a family: 11"),
    ({"cip": "1%"}, 'cip: "1%" is no part of a CIP code: must have two, four or six digits, like 11, 11.07 or 11.0701'),
    ({"first": 101}, "first: must be from 1 to 100"),
]


@pytest.mark.parametrize(("asked", "message"), WRONG)
async def test_members_ask_for_whole_bands_and_families(
    session: AsyncSession, api: Api, asked: dict[str, Any], message: str
):
    answer = await api(OUTCOMES, as_=await make_member(session), by="COUNTRY", **asked)
    assert (answer.codes, answer.errors[0]["message"]) == (["BAD_USER_INPUT"], message)


async def test_as_many_statements_for_1_and_20_values(session: AsyncSession, api: Api, db: LockedDatabase):
    staff = await make_staff(session)
    for number in range(20):
        person = await graduate(session, 1990, "11.0701")
        organization = await make_organization(session, f"Works {number}")
        await make_fact(session, models.Experience, person, organization_id=organization.id)
    one = await api(OUTCOMES, as_=staff, by="EMPLOYER", first=1)
    twenty = await api(OUTCOMES, as_=staff, by="EMPLOYER", first=20)
    assert len(twenty.data["cohortOutcomes"]["cells"]) == 20
    assert len(one.statements) == len(twenty.statements)


BANDS = (1990, 1995, 2000)
QUERIES: list[dict[str, Any]] = [
    {"cip": cip, "years": {"from": start, "to": end + 4}}
    for cip in (None, "11", "52")
    for start, end in product(BANDS, BANDS)
    if start <= end
] + [{"cip": None, "years": None}, {"cip": "11", "years": {"from": 1995}}, {"cip": None, "years": {"to": 1994}}]


@pytest.mark.property
@pytest.mark.timeout(120)
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
async def test_no_two_answers_subtracted_tell_of_one_to_four_people(seed: int, session: AsyncSession, api: Api):
    """Every answer is a sum of whole atoms, each of five or more, so that what one holds beyond another is too."""
    random = Random(seed)
    async with session.begin_nested() as world:
        staff, me = await make_staff(session), await make_member(session)
        atoms: Counter[tuple[int, str, str]] = Counter()
        for _ in range(60):
            start, cip = random.choice(BANDS), random.choice(("11.0701", "11.0101", "52.0201"))
            country = random.choice(("PT", "PT", "DE"))
            await graduate(session, start + random.randrange(5), cip, country)
            atoms[start, cip[:2], country] += 1
        answers = [(asked, await counts(api, me, **asked)) for asked in QUERIES]
        exact = [await counts(api, staff, **asked) for asked in QUERIES]
        await world.rollback()
    for (asked, told), known in zip(answers, exact, strict=True):
        assert {country for country in known if known[country]} == set(told)
        for country, count in told.items():
            held = [n for atom, n in atoms.items() if atom[2] == country and _in(asked, atom)]
            assert known[country] == sum(held)
            assert count == (sum(n for n in held if n >= 5) or None)
    for (one, told), (other, also) in product(answers, answers):
        inside = all(_in(other, atom) for atom in atoms if _in(one, atom))
        for country in {*told} | {*also}:
            more, less = also.get(country) or 0, told.get(country) or 0
            if inside:
                assert more - less not in {-4, -3, -2, -1, 1, 2, 3, 4}, (one, other, country)


def _in(asked: dict[str, Any], atom: tuple[int, str, str]) -> bool:
    years: dict[str, int] = asked["years"] or {}
    fits = years.get("from", 0) <= atom[0] <= years.get("to", 9999)
    return fits and asked["cip"] in {None, atom[1]}
