"""The four choices that are each person's own: listed, suggestable, named at events, open to mentoring (rule P18)."""

from typing import cast

from sqlalchemy import Table, func, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, visible_people
from api.errors import NotFound
from api.models import Person


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

    A call without any choice confirms the ones in place, as a form shown at the first sign-in does. Raises NotFound if
    the viewer has no profile.
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
    if changed.one_or_none() is None:
        raise NotFound("You have no profile here yet.")
