"""Who sees that somebody was told something: that person, while what it is about is there for them."""

from sqlalchemy import ColumnElement, FromClause, and_, false, or_

from api.access.events import sees_event
from api.access.people import some_row
from api.access.ties import owns_tie, sees_request
from api.access.viewers import Viewer, ViewerKind, me
from api.models import Connection, Event


def sees_notification(viewer: Viewer, notification: FromClause) -> ColumnElement[bool]:
    """Whether it is the viewer's, and the request, connection or event that it tells of is one that they see. What an
    administrator sees through somebody's eyes is decided by these alone."""
    if viewer.kind is ViewerKind.ANONYMOUS:
        return false()
    tie, event = Connection.__table__.alias(), Event.__table__.alias()
    told = or_(sees_request(viewer, tie), owns_tie(viewer, tie))
    return and_(
        notification.c.person_id == me(viewer),
        or_(notification.c.connection_id.is_(None), some_row(tie, tie.c.id == notification.c.connection_id, told)),
        or_(
            notification.c.event_id.is_(None),
            some_row(event, event.c.id == notification.c.event_id, sees_event(viewer, event)),
        ),
    )
