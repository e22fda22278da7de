"""Organisations are known by their folded names: two spellings are one, whoever comes first."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import PooledDatabase
from api.models import (
    Organization,
)
from api.services.facts import (
    organization_named,
    organizations_named,
)
from tests.services.network import stored


async def test_names_that_fold_alike_are_one_organisation(session: AsyncSession) -> None:
    found = await organizations_named(session, {"Łódź AG": {"industry": "Textiles", "country": "PL"}, "lodz ag": {}})

    assert len(set(found.values())) == 1
    again = await organizations_named(session, {"LODZ AG": {"industry": "Other"}}, source="crm")
    assert set(again.values()) == set(found.values())
    assert len(await stored(session, Organization)) == 1


async def test_a_new_organisation_has_its_details(session: AsyncSession) -> None:
    made = await organization_named(session, "Analytical Engines", source="crm", industry="Computing", country="GB")

    [row] = await stored(session, Organization)
    assert (row["id"], row["name"], row["source"]) == (made, "Analytical Engines", "crm")
    assert (row["industry"], row["country"]) == ("Computing", "GB")


@pytest.mark.real
async def test_transactions_that_make_the_same_organisations_agree_and_never_wait_in_a_circle(
    real_db: PooledDatabase,
) -> None:
    async def make(names: list[str]) -> dict[str, UUID]:
        async with real_db.write() as session, session.begin():
            return await organizations_named(session, {name: {} for name in names})

    async with real_db.write() as session, session.begin():
        middle = await organization_named(session, "Middle")
        one, other = (asyncio.create_task(make(names)) for names in (["A", "Middle", "Z"], ["Z", "Middle", "A"]))
        await asyncio.sleep(0.3)
        assert not one.done()
        assert not other.done()

    first, second = await asyncio.gather(one, other)
    assert first == second
    assert first["Middle"] == middle
    async with real_db.write() as session:
        assert len(await stored(session, Organization)) == 3
