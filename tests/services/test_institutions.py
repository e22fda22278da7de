"""Whose network this is, and its officers."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.errors import Invalid
from api.services.institutions import InstitutionChanges, make_officer, set_institution
from tests.factories import make_account, make_fact, make_person


async def institution(session: AsyncSession) -> models.Institution:
    session.expunge_all()
    return (await session.scalars(select(models.Institution))).one()


async def test_naming_it_again_changes_what_is_given_and_keeps_the_rest(session: AsyncSession):
    await set_institution(
        session, InstitutionChanges("Northbridge", "Europe/Lisbon", default_listed=False, profiles_per_day=50)
    )
    await set_institution(session, InstitutionChanges("Northbridge University"))
    found = await institution(session)
    assert (found.name, found.time_zone, found.default_listed) == ("Northbridge University", "Europe/Lisbon", False)
    assert (found.default_suggestable, found.profiles_per_day) == (True, 50)


async def test_degrees_of_its_name_are_its_own(session: AsyncSession):
    person = await make_person(session)
    ours = await make_fact(session, models.Education, person, school="NORTHBRIDGE university", home=False)
    other = await make_fact(session, models.Education, person, school="Elsewhere", home=True)
    await set_institution(session, InstitutionChanges("Northbridge University"))
    await session.refresh(ours)
    await session.refresh(other)
    assert (ours.home, other.home) == (True, False)


async def test_every_wrong_value_is_named_and_nothing_is_written(session: AsyncSession):
    with pytest.raises(Invalid) as refused:
        await set_institution(session, InstitutionChanges(" ", "Lisbon", "portuguese!"))
    assert {problem.path for problem in refused.value.problems} == {("name",), ("timeZone",), ("locale",)}
    for bound in (0, 100_001):
        with pytest.raises(Invalid) as refused:
            await set_institution(session, InstitutionChanges("Northbridge", profiles_per_day=bound))
        assert [problem.path for problem in refused.value.problems] == [("profilesPerDay",)]
    assert (await session.scalars(select(models.Institution))).all() == []


async def test_an_officer_is_made_promoted_and_let_go(session: AsyncSession):
    account = await make_account(session, await make_person(session), email="ana@example.edu")
    account_id = await make_officer(session, "Ana@Example.edu", models.AccountRole.STAFF)
    assert account_id == account.id
    await session.refresh(account)
    assert (account.role, account.person_id is not None) == (models.AccountRole.STAFF, True)
    await make_officer(session, "ana@example.edu", models.AccountRole.MEMBER)
    await session.refresh(account)
    assert account.role is models.AccountRole.MEMBER
    assert await make_officer(session, "new@example.edu", models.AccountRole.ADMIN) != account_id


@pytest.mark.parametrize("email", ["", "nobody", "a@b\x00.c"])
async def test_an_officer_needs_an_address(session: AsyncSession, email: str):
    with pytest.raises(Invalid) as refused:
        await make_officer(session, email, models.AccountRole.STAFF)
    assert [problem.path for problem in refused.value.problems] == [("email",)]
