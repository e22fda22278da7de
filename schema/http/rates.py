"""How much each caller may ask for in a while: by account, and by address whoever it is.

A process leases from the caller's bucket in PostgreSQL and spends what it has in memory: the bound holds across all
processes, and most requests cost nothing for it. While the database's disk is full, each process counts by itself.
"""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from ipaddress import IPv6Address, IPv6Network
from math import ceil

from sqlalchemy.exc import DBAPIError

from api.db import Database, found_a_full_disk
from api.errors import RateLimited
from api.measuring.figures import RATE_REFUSALS
from api.services.rates import Bucket, Lease, lease
from schema.engine.remembering import Remembered

BASE = 10
"""What a request costs beside its operation."""
BURST_SECONDS = 60
"""A bucket holds what comes in so many seconds."""
OF_ADDRESS = 10
"""So many accounts' worth may come from one address: a campus is behind it, or one who tries out tokens."""
LEASE_SECONDS = 30.0
"""What was leased and not spent by then is given up."""
MOST_REMEMBERED = 10_000


@dataclass
class Purse:
    """What one caller has leased."""

    left: float = 0.0
    elsewhere: float = 0.0
    """What was left in the bucket at the last lease."""
    leased_at: float = 0.0
    empty_until: float = 0.0
    refused: float = 0.0
    """What cost too much, until then."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def alone(self, bucket: Bucket, need: float, now: float) -> Lease:
        """What this process grants while PostgreSQL cannot write down what any of them does: readers need not wait."""
        left = self.elsewhere + bucket.per_second * (now - self.leased_at) if self.leased_at else bucket.most
        left = min(bucket.most, left)
        return Lease(need, left - need) if left >= need else Lease(0.0, left)


@dataclass(frozen=True)
class Throttle:
    """What the caller can still ask for, as far as this process knows."""

    most: int
    now: int
    per_second: int


class Rates:
    """The purses of this process. `per_second` is what an account may ask for; 0 means as much as it likes."""

    def __init__(self, db: Database, per_second: float) -> None:
        self._db = db
        self._account = Bucket(per_second * BURST_SECONDS, per_second)
        self._address = Bucket(per_second * BURST_SECONDS * OF_ADDRESS, per_second * OF_ADDRESS)
        self._purses: Remembered[Purse] = Remembered(MOST_REMEMBERED)

    async def arrive(self, address: str, price: float = BASE) -> None:
        """Count a request from this address, whoever sent it, or more work that it makes. Raises RateLimited."""
        await self._spend(f"address {network_of(address)}", self._address, price)

    async def spend(self, caller: str, cost: int) -> Throttle | None:
        """Count an operation of this caller. Raises RateLimited, which says from when there is enough."""
        return await self._spend(caller, self._account, BASE + cost)

    async def _spend(self, caller: str, bucket: Bucket, price: float) -> Throttle | None:
        if not bucket.per_second:
            return None
        try:
            return await self._paid(caller, bucket, min(price, bucket.most))
        except RateLimited:
            RATE_REFUSALS.add("address" if bucket is self._address else "account")
            raise

    async def _paid(self, caller: str, bucket: Bucket, price: float) -> Throttle:
        purse = self._purses.get(caller)
        if purse is None:
            purse = Purse()
            self._purses.keep(caller, purse, 1)
        now = time.monotonic()
        if now < purse.empty_until and price >= purse.refused:
            raise _limited(purse.empty_until - now)
        while purse.left < price or now - purse.leased_at > LEASE_SECONDS:
            await self._fill(caller, purse, bucket, price)
            now = time.monotonic()
        purse.left -= price
        refilled = purse.elsewhere + bucket.per_second * (now - purse.leased_at)
        return Throttle(
            int(bucket.most), int(min(bucket.most, purse.left + max(0.0, refilled))), int(bucket.per_second)
        )

    async def _fill(self, caller: str, purse: Purse, bucket: Bucket, price: float) -> None:
        """Lease enough for `price`. Requests of one caller take turns: the next may find that enough was leased."""
        async with purse.turn:
            now = time.monotonic()
            if now - purse.leased_at > LEASE_SECONDS:
                purse.left = 0.0
            if purse.left >= price:
                return
            key = blake2b(caller.encode(), digest_size=16).digest()
            need = price - purse.left
            try:
                async with self._db.write() as session, session.begin():
                    taken = await lease(session, key, bucket, need=need)
            except DBAPIError as error:
                if not found_a_full_disk(error):
                    raise
                taken = purse.alone(bucket, need, now)
            purse.left += taken.granted
            purse.elsewhere, purse.leased_at = taken.left, now
            if not taken.granted:
                wait = max(1.0, (need - taken.left) / bucket.per_second)
                purse.empty_until, purse.refused = now + wait, price
                raise _limited(wait)


def network_of(address: str) -> str:
    """Whom an address stands for: in IPv6 a household has as many as it likes, all with the same beginning."""
    if ":" not in address:
        return address
    try:
        found = IPv6Address(address)
    except ValueError:
        return address
    return str(found.ipv4_mapped or IPv6Network((found, 64), strict=False))


def _limited(seconds: float) -> RateLimited:
    wait = max(1, ceil(seconds))
    message = f"You have asked for as much as one may for now. Try again in {wait} s."
    return RateLimited(message, datetime.now(UTC) + timedelta(seconds=wait))
