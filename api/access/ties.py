"""Who may know that two people are connected, or that one asked the other."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Text,
    and_,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from api.access.people import connected, not_blocked, person_visible, some_row
from api.access.viewers import Viewer, ViewerKind, level, me
from api.models import Connection, Visibility

_ONCE_CONNECTED: list[ColumnElement[str]] = [literal_column("'ACCEPTED'"), literal_column("'ENDED'")]


def sees_tie(viewer: Viewer, tie: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may know that these two are connected: both ends allow it, and both people are visible."""
    if viewer.kind is ViewerKind.ANONYMOUS:
        return false()
    open_to_viewer = and_(
        _end_allows(viewer, tie.c.low_visibility, tie.c.low_id),
        _end_allows(viewer, tie.c.high_visibility, tie.c.high_id),
    )
    return and_(
        tie.c.state == literal_column("'ACCEPTED'"),
        or_(_told_as_ones_own(viewer, tie), open_to_viewer),
        person_visible(viewer, tie.c.low_id),
        person_visible(viewer, tie.c.high_id),
    )


def _end_allows(viewer: Viewer, visibility: ColumnElement[Any], person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    match viewer.kind:
        case ViewerKind.STAFF:
            return visibility.not_in(level(Visibility.ME))
        case ViewerKind.MEMBER:
            return or_(
                visibility.in_(level(Visibility.MEMBERS, Visibility.PUBLIC)),
                and_(visibility.in_(level(Visibility.CONNECTIONS)), connected(me(viewer), person_id)),
            )
        case _:
            return visibility.in_(level(Visibility.PUBLIC))


def sees_request(viewer: Viewer, tie: FromClause) -> ColumnElement[bool]:
    """Requests concern their two people only: the one who asked sees it until it is withdrawn or answered with yes
    (a decline stays silent), the one who was asked sees it while it is open. They may take it back or answer it though
    the other has left the directory meanwhile: of whom they see no more than that."""
    asked_by_me = and_(
        tie.c.requester_id == me(viewer),
        tie.c.state.in_([literal_column("'PENDING'"), literal_column("'DECLINED'")]),
    )
    asked_of_me = and_(
        or_(tie.c.low_id == me(viewer), tie.c.high_id == me(viewer)),
        tie.c.requester_id != me(viewer),
        tie.c.state == literal_column("'PENDING'"),
    )
    return and_(
        or_(asked_by_me, asked_of_me),
        not_blocked(viewer, tie.c.low_id),
        not_blocked(viewer, tie.c.high_id),
    )


def contacts_of(viewer: Viewer, person_id: ColumnElement[Any]) -> CompoundSelect[Any]:
    """The ids of the people whom `person_id` is connected with, as far as the viewer may know of these ties."""
    low, high = Connection.__table__.alias(), Connection.__table__.alias()
    return union_all(
        select(low.c.high_id).where(low.c.low_id == person_id, sees_tie(viewer, low)).correlate_except(low),
        select(high.c.low_id).where(high.c.high_id == person_id, sees_tie(viewer, high)).correlate_except(high),
    )


def connected_to(viewer: Viewer, person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the viewer is told to be connected with the person."""
    if not viewer.impersonated:
        return connected(me(viewer), person_id)
    tie = Connection.__table__.alias()
    low, high = func.least(me(viewer), person_id), func.greatest(me(viewer), person_id)
    return some_row(tie, tie.c.low_id == low, tie.c.high_id == high, sees_tie(viewer, tie))


def owns_tie(viewer: Viewer, tie: FromClause) -> ColumnElement[bool]:
    """Whether it is a connection of the viewer's own. Either of the two may end it though the other has left the
    directory meanwhile: of whom they see no more than that. For all else `sees_tie` decides."""
    mine = _told_as_ones_own(viewer, tie)
    unblocked = not_blocked(viewer, tie.c.low_id), not_blocked(viewer, tie.c.high_id)
    return and_(tie.c.state == literal_column("'ACCEPTED'"), mine, *unblocked)


def _told_as_ones_own(viewer: Viewer, tie: FromClause) -> ColumnElement[bool]:
    """Through somebody's eyes an officer does not see what one end keeps to itself."""
    mine = or_(tie.c.low_id == me(viewer), tie.c.high_id == me(viewer))
    if not viewer.impersonated:
        return mine
    return and_(mine, *(end.not_in(level(Visibility.ME)) for end in (tie.c.low_visibility, tie.c.high_visibility)))


def concerns_oneself(viewer: Viewer, tie: FromClause) -> ColumnElement[bool]:
    """Whether it is the viewer's own and was told to the viewer: connections, now or once, and requests; of requests to
    the viewer not those that were taken back. What is over goes with who left the directory."""
    mine = or_(tie.c.low_id == me(viewer), tie.c.high_id == me(viewer))
    told = or_(tie.c.requester_id == me(viewer), tie.c.state != literal_column("'WITHDRAWN'"))
    visible = person_visible(viewer, tie.c.low_id), person_visible(viewer, tie.c.high_id)
    return or_(sees_request(viewer, tie), owns_tie(viewer, tie), and_(mine, told, *visible))


def told_state(viewer: Viewer, tie: FromClause) -> ColumnElement[Any]:
    """The state as the viewer may know it: a request of the viewer's that was declined still waits."""
    waiting: ColumnElement[str] = literal_column("'PENDING'")
    return case((_silently_declined(viewer, tie), waiting), else_=tie.c.state.cast(Text))


def told_answer(viewer: Viewer, tie: FromClause) -> ColumnElement[Any]:
    """When it was answered, as far as the viewer may know that it was."""
    answered = or_(tie.c.requester_id != me(viewer), tie.c.state.in_(_ONCE_CONNECTED))
    return case((answered, tie.c.answered_at))


def _silently_declined(viewer: Viewer, tie: FromClause) -> ColumnElement[bool]:
    return and_(tie.c.requester_id == me(viewer), tie.c.state == literal_column("'DECLINED'"))
