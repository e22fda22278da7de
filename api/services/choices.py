"""The choices that are each person's own: listed, suggestable, named at events, open to mentoring (rule P18); and
whether to be profiled at all (rule P8)."""

from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, visible_people
from api.errors import NotFound
from api.models import FactVector, ItemVector, MentorProfile, Person, Suggestion
from api.queue import EMBED_MISSING, enqueue
from api.services.callers import NO_PROFILE, own_person_id
from api.services.facts import enqueue_embedding
from api.services.mentoring import decline_open


async def set_listed(session: AsyncSession, viewer: Viewer, listed: bool) -> None:
    """Put the viewer into the directory, or take them out of it, of search, suggestions and mutual lists."""
    await set_choices(session, viewer, listed=listed)


async def set_choices(
    session: AsyncSession,
    viewer: Viewer,
    *,
    listed: bool | None = None,
    suggestable: bool | None = None,
    show_attendance: bool | None = None,
    mentor_open: bool | None = None,
) -> None:
    """Set the choices that are given; the others stay. Either way the viewer has now made them: `choices_made_at`.

    A call without any choice confirms the ones in place, as a form shown at the first sign-in does. Who leaves the
    mentor pool, or the directory and so the pool, has said no to those who wait for an answer. Raises NotFound if the
    viewer has no profile.
    """
    choices = {
        "listed": listed,
        "suggestable": suggestable,
        "show_attendance": show_attendance,
        "mentor_open": mentor_open,
    }
    given = {name: value for name, value in choices.items() if value is not None}
    people = cast(Table, Person.__table__)
    own = visible_people(viewer).where(Person.id == viewer.key).correlate(None).scalar_subquery()
    changed = await session.execute(
        update(people).where(people.c.id == own).values(**given, choices_made_at=func.now()).returning(people.c.id)
    )
    person_id = changed.scalar_one_or_none()
    if person_id is None:
        raise NotFound("You have no profile here yet.")
    if listed is False or mentor_open is False:
        await decline_open(session, person_id)


async def set_profiling(session: AsyncSession, viewer: Viewer, profiled: bool) -> None:
    """Let suggestions be computed from what is known of the viewer, or object to it.

    Who objects is neither scored nor a candidate: their vectors and the log of what was suggested to them, and of
    where they were suggested, go at once. What they dismissed stays away. Raises NotFound without a profile, also if it
    was merged into another meanwhile.
    """
    own, people = own_person_id(viewer), cast(Table, Person.__table__)
    written = update(people).where(people.c.id == own).values(profiled=profiled).returning(people.c.id)
    if await session.scalar(written) is None:
        raise NotFound(NO_PROFILE)
    if not profiled:
        await forget_profiling(session, own)
        return
    await enqueue_embedding(session, own)
    await enqueue(session, EMBED_MISSING, lock=EMBED_MISSING)


async def forget_profiling(session: AsyncSession, person_id: UUID) -> None:
    """Remove what suggestions of and for a person were computed from, and the log of them."""
    profile = select(MentorProfile.id).where(MentorProfile.person_id == person_id).scalar_subquery()
    await session.execute(delete(FactVector).where(FactVector.person_id == person_id))
    await session.execute(delete(ItemVector).where(ItemVector.mentor_id == profile))
    about = or_(Suggestion.viewer_id == person_id, Suggestion.person_id == person_id, Suggestion.mentor_id == profile)
    await session.execute(delete(Suggestion).where(about))
