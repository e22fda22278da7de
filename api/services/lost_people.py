"""Whom the office has lost, and by what they are found again: rule P20 keeps it to the office."""

from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer
from api.errors import NotAllowed, NotFound
from api.models import LostPerson
from api.services.facts import lock_people
from api.services.inputs import Checker

_LOST = cast(Table, LostPerson.__table__)


async def set_lost(session: AsyncSession, viewer: Viewer, person_id: UUID, lost: bool, note: str | None = None) -> None:
    """Mark somebody as lost, or as found. Raises NotAllowed, NotFound, and Invalid for a bad note.

    The person's own log says nothing of it: it is no change of their record, and told to nobody but the office.
    """
    if not viewer.is_staff:
        raise NotAllowed("Who is lost is for the office to say.")
    check = Checker()
    words = check.text(("input", "note"), note, most=2000, multiline=True)
    check.raise_problems()
    if not await lock_people(session, viewer, [person_id]):
        raise NotFound("There is no such person.", ("input", "personId"))
    if not lost:
        await forget_lost(session, person_id)
        return
    marked = insert(_LOST).values(id=uuid7(), person_id=person_id, note=words)
    await session.execute(
        marked.on_conflict_do_update(index_elements=["person_id"], set_={"note": words, "updated_at": func.now()})
    )


async def forget_lost(session: AsyncSession, person_id: UUID) -> None:
    """Somebody is found: the office says so, they edited their own profile, or a correction of it was accepted."""
    await session.execute(delete(_LOST).where(_LOST.c.person_id == person_id))
