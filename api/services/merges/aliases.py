"""What is known of records that were merged: by callers who bring an old id, by imports, so that they do not come back,
and by an erasure."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, Table, Text, Uuid, bindparam, column, func, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import current_person_id
from api.models import ContactKind, PersonAlias, PersonMerge
from api.services.merges.acts import among
from api.services.suppressions import Mark, mark_of_address, mark_of_record

_ALIASES, _MERGES = cast(Table, PersonAlias.__table__), cast(Table, PersonMerge.__table__)


async def merged_records(session: AsyncSession, source: str, external_ids: Collection[str]) -> dict[str, UUID]:
    """Which of these records of another system were merged here, and into whom."""
    known = select(_ALIASES.c.external_id, _ALIASES.c.kept_id).where(
        _ALIASES.c.source == source, among(_ALIASES.c.external_id, external_ids)
    )
    return {row.external_id: row.kept_id for row in await session.execute(known)}


async def persons_named(session: AsyncSession, keys: Sequence[UUID]) -> list[UUID]:
    """The ids of the people whom a caller means by these ids, in the order given: one that was given up in a merge
    leads to the person kept. It says nothing of whether there is such a person, or whether the caller sees them.
    """
    given = (
        func.unnest(bindparam("given", list(keys), type_=ARRAY(Uuid())))
        .table_valued(column("id", Uuid()), name="given")
        .render_derived()
    )
    meant = select(given.c.id, current_person_id(given.c.id).label("person_id"))
    known: dict[UUID, UUID] = {row.id: row.person_id for row in await session.execute(meant)}
    return [known[key] for key in keys]


async def forget_merged(session: AsyncSession, person_id: UUID) -> tuple[set[UUID], set[Mark]]:
    """Before a person is erased: the ids that they had, and what their merged records were known by.

    Their own merges go with them. Where a merge of others mentions them, what it takes to undo it is forgotten.
    """
    aliases = (await session.execute(select(_ALIASES).where(_ALIASES.c.kept_id == person_id))).all()
    marks = {mark_of_record(row.source, row.external_id) for row in aliases if row.source and row.external_id}
    contents = await session.scalars(select(_MERGES.c.content).where(_MERGES.c.kept_id == person_id))
    marks |= {mark_of_address(email) for content in contents if content for email in _addresses(content)}
    ids = {person_id, *(row.id for row in aliases)}
    mentioned = [func.strpos(_MERGES.c.content.cast(Text), str(key)) > 0 for key in ids]
    await session.execute(update(_MERGES).where(or_(*mentioned)).values(content=null()))
    return ids, marks


def _addresses(content: dict[str, Any]) -> Iterator[str]:
    for act in content.get("acts", ()):
        for row in act["rows"]:
            if act["table"] == "accounts":
                yield row["email"]
            elif act["table"] == "contact_points" and row["kind"] == ContactKind.EMAIL:
                yield row["value"]
