"""Who must not come back: keyed digests of what erased people were known by, written at erasure, read by imports."""

import hmac
import json
from collections.abc import Collection
from typing import TypeAlias, cast

from sqlalchemy import LargeBinary, Table, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import Suppression, SuppressionSalt

Mark: TypeAlias = tuple[str, ...]
"""Something that a person is known by."""
_DIGESTS = cast(Table, Suppression.__table__)


def mark_of_record(source: str, external_id: str) -> Mark:
    """What another system knows a person by."""
    return ("record", source, external_id)


def mark_of_address(email: str) -> Mark:
    """An e-mail address, however it is written."""
    return ("address", email.strip().lower())


async def suppress(session: AsyncSession, marks: Collection[Mark]) -> int:
    """Keep the digests of these marks, and nothing else of them; how many there are."""
    digests = await _digests(session, marks)
    if digests:
        rows = [{"digest": digest} for digest in sorted(set(digests.values()))]
        await session.execute(insert(_DIGESTS).on_conflict_do_nothing(), rows)
    return len(digests)


async def suppressed(session: AsyncSession, marks: Collection[Mark]) -> set[Mark]:
    """Which of these marks were those of somebody who was erased."""
    digests = await _digests(session, marks)
    given = bindparam("digests", list(digests.values()), ARRAY(LargeBinary()))
    kept = set(await session.scalars(select(_DIGESTS.c.digest).where(_DIGESTS.c.digest == any_(given))))
    return {mark for mark, digest in digests.items() if digest in kept}


async def _digests(session: AsyncSession, marks: Collection[Mark]) -> dict[Mark, bytes]:
    salt = (await session.scalars(select(SuppressionSalt.salt))).one()
    return {mark: hmac.digest(salt, json.dumps(mark).encode(), "sha256") for mark in set(marks)}
