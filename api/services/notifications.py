"""What people are told, and how those who listen at this moment learn of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Table, and_, exists, func, insert, not_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, sees_notification
from api.errors import Invalid, NotFound, Problem
from api.live import CHANNEL, spell
from api.models import FactVector, Notification, NotificationKind

MOST = 100
_IDS = ("input", "notificationIds")
_TABLE = cast(Table, Notification.__table__)
_VECTORS = cast(Table, FactVector.__table__)


async def notify(
    session: AsyncSession,
    person_id: UUID,
    kind: NotificationKind,
    *,
    connection_id: UUID | None = None,
    event_id: UUID | None = None,
) -> UUID:
    """Tell a person something; the notification's id.

    Whoever listens hears of it when the session's transaction commits, and else never.
    """
    number = uuid7()
    about = {"connection_id": connection_id, "event_id": event_id}
    await session.execute(insert(_TABLE).values(id=number, person_id=person_id, kind=kind, **about))
    await session.execute(select(func.pg_notify(CHANNEL, spell(person_id, number))))
    return number


async def tell_of_suggestions(session: AsyncSession, person_id: UUID, since: datetime) -> None:
    """Tell a person of new suggestions, if facts of theirs got vectors after `since` and after they were last told, and
    unless they have not read that yet. Of two that would tell them at the same time one does."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(person_id), 0))))
    told = _TABLE.c.person_id == person_id, _TABLE.c.kind == NotificationKind.NEW_SUGGESTIONS
    last = select(func.max(_TABLE.c.created_at)).where(*told).scalar_subquery()
    fresh = exists().where(
        _VECTORS.c.person_id == person_id,
        _VECTORS.c.created_at > since,
        _VECTORS.c.created_at > func.coalesce(last, since),
    )
    waits = exists().where(*told, _TABLE.c.read_at.is_(None))
    if await session.scalar(select(and_(fresh, not_(waits)))):
        await notify(session, person_id, NotificationKind.NEW_SUGGESTIONS)


async def mark_read(session: AsyncSession, viewer: Viewer, ids: Sequence[UUID]) -> None:
    """Note that the viewer has read these. Once more changes nothing.

    Raises Invalid for too many, and NotFound, changing nothing, if one is not the viewer's to see.
    """
    if len(ids) > MOST:
        raise Invalid([Problem(_IDS, f"has more than {MOST} ids")])
    mine = select(_TABLE.c.id).where(_TABLE.c.id.in_(ids), sees_notification(viewer, _TABLE))
    found = set(await session.scalars(mine))
    missing = [str(place) for place, one in enumerate(ids) if one not in found]
    if missing:
        raise NotFound("You have no such notification.", (*_IDS, missing[0]))
    unread = update(_TABLE).where(_TABLE.c.id.in_(found), _TABLE.c.read_at.is_(None))
    await session.execute(unread.values(read_at=func.now()))
