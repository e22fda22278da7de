"""Retries: what a caller creates with an idempotency key is created once, however often the request arrives."""

from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import cast
from uuid import UUID

from sqlalchemy import Table, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer
from api.errors import Conflict, Invalid, Problem
from api.models import IdempotencyKey

LONGEST_KEY = 200
KEY = ("input", "idempotencyKey")
_KEYS = cast(Table, IdempotencyKey.__table__)


async def once(
    session: AsyncSession, viewer: Viewer, key: str | None, asked: object, create: Callable[[], Awaitable[UUID]]
) -> UUID:
    """The id of what `create` makes, or made when this viewer gave the same key before; without a key it just creates.

    `asked` stands for the operation and its input, by its `repr`. The key commits or rolls back with what was created;
    a request that comes meanwhile waits. Raises Invalid for a bad key, and Conflict if it came with another input.
    """
    if key is None or viewer.account_id is None:
        return await create()
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid([Problem(KEY, f"must have 1 to {LONGEST_KEY} printable characters")])
    digest = blake2b(repr(asked).encode("utf-8", "surrogatepass"), digest_size=16).digest()
    given: dict[str, UUID | str] = {"account_id": viewer.account_id, "key": key}
    row_id = await session.scalar(
        insert(_KEYS).values(id=uuid7(), input_digest=digest, **given).on_conflict_do_nothing().returning(_KEYS.c.id)
    )
    if row_id is None:
        return await _known(session, given, digest)
    made = await create()
    await session.execute(update(_KEYS).where(_KEYS.c.id == row_id).values(result_id=made))
    return made


async def _known(session: AsyncSession, given: dict[str, UUID | str], digest: bytes) -> UUID:
    found = (await session.execute(select(_KEYS.c.input_digest, _KEYS.c.result_id).filter_by(**given))).one()
    if bytes(found.input_digest) != digest:
        raise Conflict("This key came with another input before: take a new one.", KEY)
    return cast(UUID, found.result_id)
