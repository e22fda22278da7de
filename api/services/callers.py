"""As whom a caller acts."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, visible_people
from api.errors import NotFound
from api.models import Person

NO_PROFILE = "You have no profile here any more."
"""What whoever was erased or merged away meanwhile is told."""


def own_person_id(viewer: Viewer) -> UUID:
    """The caller's own person. Raises NotFound for officers and others without a profile."""
    if viewer.person_id is None:
        raise NotFound("You have no profile here yet.")
    return viewer.person_id


async def hold_own_person(session: AsyncSession, viewer: Viewer) -> UUID:
    """The caller's own person, held until the transaction ends: an erasure waits, and one that was sooner is told.

    Whoever writes rows about the caller and holds others' rows for it does this first, as an erasure does: who takes
    them in opposite orders waits forever. Raises NotFound for officers and others without a profile.
    """
    own = own_person_id(viewer)
    held = visible_people(viewer).where(Person.id == own).with_for_update(of=Person, read=True, key_share=True)
    if await session.scalar(held) is None:
        raise NotFound(NO_PROFILE)
    return own
