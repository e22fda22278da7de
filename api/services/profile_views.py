"""How many profiles of others somebody may see in a day: the bound that keeps the directory from being harvested.

A day is one of the institution's: it begins at midnight in its time zone.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid5

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    column,
    delete,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import NOBODY, Viewer, connected, local_today, local_tomorrow, me, some_row
from api.db import AnySelect
from api.errors import RateLimited
from api.models import Institution, ProfileView

logger = logging.getLogger(__name__)

BOUND = 200
"""Profiles a day, until the institution says otherwise."""
IDENTITIES = UUID("5b0c62a6-9a07-4a4c-8f4a-0d1d3c1b6a55")
"""The namespace of the numbers that identities without an account are told apart by."""
_VIEWS = cast(Table, ProfileView.__table__)


async def see_profiles(session: AsyncSession, viewer: Viewer, people: Collection[UUID]) -> None:
    """Count these people as seen by the viewer today (rule P19). What is read in this transaction may then be shown.

    Raises RateLimited when that is more than the institution allows a day; the transaction then ends without a trace.
    Neither oneself nor one's connections count, nor whom one has seen today already. Officers are not bounded: what
    they read is logged.
    """
    if viewer.is_staff or not people:
        return
    key = func.hashtextextended(bindparam("who", f"views {_number(viewer)}", type_=Text()), 0, type_=BigInteger())
    await session.execute(select(func.pg_advisory_xact_lock(key)))  # parallel requests of one viewer add up
    given: dict[str, object] = {"ids": [uuid7() for _ in people], "people": sorted(people)}
    found = (await session.execute(_count_in(viewer), given)).one()
    if found.new and found.known + found.new > found.bound:
        _refuse(viewer, found.bound, found.tomorrow)


def counts(viewer: Viewer, person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether this person's profile counts when the viewer sees it: it is neither one's own nor a connection's."""
    return and_(person_id != me(viewer), ~connected(me(viewer), person_id))


def seen_today(viewer: Viewer, person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the viewer's person has seen this person's profile today, and so sees it again at no cost."""
    view = _VIEWS.alias()
    return some_row(view, view.c.viewer_id == me(viewer), view.c.day == local_today(), view.c.person_id == person_id)


async def forget_views(session: AsyncSession) -> None:
    """Delete the views of days that are over: nothing is counted by them any more."""
    await session.execute(delete(_VIEWS).where(_VIEWS.c.day < local_today()))


def _number(viewer: Viewer) -> UUID:
    """What a viewer is told apart by: their person, else their account, else their identity at its issuer."""
    if viewer.person_id or viewer.account_id:
        return viewer.person_id or viewer.account_id or NOBODY
    return uuid5(IDENTITIES, f"{viewer.claim.issuer} {viewer.claim.subject}") if viewer.claim else NOBODY


def _count_in(viewer: Viewer) -> AnySelect:
    """Insert who is seen for the first time today: how many they are, how many were known, the bound and its end."""
    given = (
        func.unnest(bindparam("ids", type_=ARRAY(Uuid())), bindparam("people", type_=ARRAY(Uuid())))
        .table_valued(column("id", Uuid()), column("person_id", Uuid()), name="given")
        .render_derived()
    )
    number = bindparam("number", _number(viewer), type_=Uuid())
    person, visitor = (number, null()) if viewer.person_id else (null(), number)
    new = (
        insert(_VIEWS)
        .from_select(
            ["id", "viewer_id", "visitor", "day", "person_id"],
            select(given.c.id, person, visitor, local_today(), given.c.person_id).where(
                counts(viewer, given.c.person_id)
            ),
            include_defaults=False,
        )
        .on_conflict_do_nothing()
        .returning(_VIEWS.c.id)
        .cte("new")
    )
    mine = _VIEWS.c.viewer_id if viewer.person_id else _VIEWS.c.visitor
    known = select(func.count()).select_from(_VIEWS).where(mine == number, _VIEWS.c.day == local_today())
    bound = func.coalesce(select(Institution.profiles_per_day).scalar_subquery(), literal_column(str(BOUND)))
    return select(
        select(func.count()).select_from(new).scalar_subquery().label("new"),
        known.scalar_subquery().label("known"),
        bound.label("bound"),
        local_tomorrow().label("tomorrow"),
    )


def _refuse(viewer: Viewer, bound: int, tomorrow: datetime) -> None:
    """Say it to the viewer, and to the office in the log: somebody who comes so far may be collecting."""
    fields = {"viewer": str(_number(viewer)), "kind": viewer.kind.value, "bound": bound}
    logger.warning("profile bound reached", extra={"fields": fields})
    raise RateLimited(
        f"You have seen as many profiles as one may in a day ({bound}), or this would be more. Those seen today stay "
        f"open; new ones open again at {tomorrow.isoformat()}.",
        tomorrow,
    )
