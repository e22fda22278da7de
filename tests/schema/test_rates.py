"""How much one may ask for in a while: by account and by address, whatever the process."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.app import create_app
from api.auth import DevelopmentIssuer
from api.services.rates import Bucket
from api.settings import Settings
from schema.http.rates import Purse, network_of
from schema.ids import encode_id
from tests.databases import LockedDatabase
from tests.factories import impersonate, make_account, make_member

FREE = {"query": "{ __typename }"}
OF_ACCOUNT, OF_ADDRESS = 6, 60
"""Requests that cost 10 each, of 60 and 600."""


@pytest.fixture
def few(settings: Settings) -> Settings:
    return settings.model_copy(update={"cost_per_second": 1})


@asynccontextmanager
async def process(
    db: LockedDatabase, settings: Settings, address: str = "10.0.0.1"
) -> AsyncGenerator[httpx.AsyncClient]:
    """An API process of its own on the test's database, as a client at this address sees it."""
    transport = httpx.ASGITransport(create_app(settings, db), client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def signed_in(issuer: DevelopmentIssuer, account: models.Account) -> dict[str, str]:
    return {"authorization": f"Bearer {issuer.token(account.id, timedelta(minutes=5))}"}


async def test_an_account_has_a_bucket_in_all_processes_together(
    session: AsyncSession, db: LockedDatabase, few: Settings, issuer: DevelopmentIssuer
):
    me, other = await make_member(session), await make_member(session)
    await session.flush()
    async with process(db, few) as one, process(db, few) as two:
        for place in range(OF_ACCOUNT):
            answer = await (one, two)[place % 2].post("/graphql", json=FREE, headers=signed_in(issuer, me))
            assert answer.status_code == 200
        for client in (one, two, one):
            refused = await client.post("/graphql", json=FREE, headers=signed_in(issuer, me))
            assert refused.status_code == 429
            assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
            assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert (await one.post("/graphql", json=FREE, headers=signed_in(issuer, other))).status_code == 200
        await session.execute(text("update rate_buckets set filled_at = filled_at - interval '10 s'"))
    async with process(db, few) as later:
        assert (await later.post("/graphql", json=FREE, headers=signed_in(issuer, me))).status_code == 200


async def test_what_is_left_is_told_with_what_it_cost(
    session: AsyncSession, db: LockedDatabase, settings: Settings, issuer: DevelopmentIssuer
):
    me = await make_member(session)
    await session.flush()
    async with process(db, settings.model_copy(update={"cost_per_second": 100})) as client:
        query = {"query": "{ people(first: 100) { nodes { id } } }"}
        costs = [
            (await client.post("/graphql", json=query, headers=signed_in(issuer, me))).json()["extensions"]["cost"]
            for _ in range(3)
        ]
    price = costs[0]["requestedQueryCost"] + 10
    left = [one["throttleStatus"]["currentlyAvailable"] for one in costs]
    assert {one["throttleStatus"]["maximumAvailable"] for one in costs} == {6000}
    assert {one["throttleStatus"]["restoreRate"] for one in costs} == {100}
    assert 6000 - price - 1 <= left[0] < 6000
    assert left[0] > left[1] > left[2]


async def test_what_costs_more_than_a_bucket_holds_takes_all_of_it(
    session: AsyncSession, db: LockedDatabase, few: Settings, issuer: DevelopmentIssuer
):
    me = await make_member(session)
    await session.flush()
    async with process(db, few) as client:
        query = {"query": "{ people(first: 100) { nodes { id } } }"}
        found = [(await client.post("/graphql", json=query, headers=signed_in(issuer, me))).status_code for _ in "ab"]
    assert found == [200, 429]


async def test_an_address_has_a_bucket_whoever_asks_from_it(db: LockedDatabase, few: Settings):
    tokens = {"authorization": "Bearer nonsense"}
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(process(db, few))
        there = await stack.enter_async_context(process(db, few, "10.0.0.2"))
        found = [(await here.post("/graphql", json=FREE, headers=tokens)).status_code for _ in range(OF_ADDRESS + 3)]
        assert found == [401] * OF_ADDRESS + [429] * 3
        assert (await there.post("/graphql", json=FREE)).status_code == 200


async def test_what_is_no_document_is_paid_for_too(db: LockedDatabase, few: Settings):
    async with process(db, few) as client:
        client.headers["accept"] = "application/graphql-response+json"
        asked = ({"query": f"{{ nothing{place} }}"} for place in range(99))
        found = [(await client.post("/graphql", json=one)).status_code for one in asked]
    assert found[0] == 400
    assert found[-1] == 429


async def test_what_is_too_dear_now_does_not_stop_what_is_not(
    session: AsyncSession, db: LockedDatabase, few: Settings, issuer: DevelopmentIssuer
):
    me = await make_member(session)
    await session.flush()
    async with process(db, few) as client:
        dear = {"query": "{ people(first: 40) { nodes { id } } }"}
        found = [
            (await client.post("/graphql", json=one, headers=signed_in(issuer, me))).status_code
            for one in (FREE, FREE, dear, FREE)
        ]
    assert found == [200, 200, 429, 200]


async def test_an_impersonation_does_not_use_up_what_is_the_persons(
    session: AsyncSession, db: LockedDatabase, few: Settings, issuer: DevelopmentIssuer
):
    me, admin = await make_member(session), await make_account(session, role=models.AccountRole.ADMIN)
    going = await impersonate(session, admin, await session.get_one(models.Person, me.person_id))
    await session.flush()
    async with process(db, few) as client:
        as_me = signed_in(issuer, admin) | {"x-impersonate": encode_id("Impersonation", going.id)}
        found = [(await client.post("/graphql", json=FREE, headers=as_me)).status_code for _ in range(OF_ACCOUNT + 1)]
        assert found == [200] * OF_ACCOUNT + [429]
        assert (await client.post("/graphql", json=FREE, headers=signed_in(issuer, me))).status_code == 200


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::nonsense", "::nonsense"),
        ("", ""),
    ],
)
def test_a_household_is_one_address(address: str, network: str):
    assert network_of(address) == network


async def test_nothing_of_who_asked_stands_in_the_database(session: AsyncSession, db: LockedDatabase, few: Settings):
    async with process(db, few) as client:
        await client.post("/graphql", json=FREE)
    keys = (await session.scalars(text("select encode(key, 'escape') from rate_buckets"))).all()
    assert len(keys) == 2
    assert not any("10.0" in key for key in keys)


def test_a_process_that_counts_alone_grants_what_a_bucket_holds_and_gains():
    purse, bucket = Purse(), Bucket(60, 2)
    granted: list[float] = []
    for now in (100, 100, 100, 110, 110):
        lease = purse.alone(bucket, 20, now)
        granted.append(lease.granted)
        purse.elsewhere, purse.leased_at = lease.left, now
    assert granted == [20, 20, 20, 20, 0]
