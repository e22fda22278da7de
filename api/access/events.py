"""Who sees an event, its link, and who comes to it."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, case, false, func, literal_column, null, or_

from api.access.people import sees_person, some_row
from api.access.viewers import Viewer, ViewerKind, level, me
from api.models import Event, Person, Registration, RegistrationState, Visibility

_CONFIRMED: ColumnElement[str] = literal_column(f"'{RegistrationState.CONFIRMED.value}'")


def sees_event(viewer: Viewer, event: FromClause) -> ColumnElement[bool]:
    """Whether the event is there for this viewer: a draft is for staff, others for members or for all."""
    match viewer.kind:
        case ViewerKind.ANONYMOUS:
            return false()
        case ViewerKind.GUEST:
            return event.c.audience.in_(level(Visibility.PUBLIC))
        case ViewerKind.MEMBER:
            return event.c.audience.in_(level(Visibility.MEMBERS, Visibility.PUBLIC))
        case ViewerKind.STAFF:
            return event.c.id.is_not(None)


def sees_event_translation(viewer: Viewer, translation: FromClause) -> ColumnElement[bool]:
    """What an event says in another language is there for whoever sees the event."""
    event = Event.__table__.alias()
    return some_row(event, event.c.id == translation.c.event_id, sees_event(viewer, event))


def sees_registration(viewer: Viewer, registration: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may know that this person comes to this event: a fact of two sides.

    The organiser shows who comes, and the person is willing to be named; staff and the person need no such leave.
    """
    if viewer.kind is ViewerKind.ANONYMOUS:
        return false()
    own = registration.c.person_id == me(viewer)
    event, person = Event.__table__.alias(), Person.__table__.alias()
    shown = [or_(own, event.c.attendees_shown)] if not viewer.is_staff else []
    willing = [or_(own, person.c.show_attendance)] if not viewer.is_staff else []
    return and_(
        or_(own, registration.c.state == _CONFIRMED),
        some_row(event, event.c.id == registration.c.event_id, sees_event(viewer, event), *shown),
        some_row(person, person.c.id == registration.c.person_id, sees_person(viewer, person), *willing),
    )


def any_member_sees_registration(viewer: Viewer, registration: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may know that this person comes, and every other member too: what rankings may use.

    One's own seat is no exception: what the person or the organiser keeps back counts for neither of two people.
    """
    event, person = Event.__table__.alias(), Person.__table__.alias()
    told = event.c.audience.in_(level(Visibility.MEMBERS, Visibility.PUBLIC))
    return and_(
        registration.c.state == _CONFIRMED,
        some_row(
            event, event.c.id == registration.c.event_id, sees_event(viewer, event), told, event.c.attendees_shown
        ),
        some_row(
            person,
            person.c.id == registration.c.person_id,
            sees_person(viewer, person),
            person.c.listed,
            person.c.show_attendance,
        ),
    )


def takes_registrations(event: FromClause) -> ColumnElement[bool]:
    """Whether one can register now: to come, not called off or postponed, with a free seat."""
    free = or_(event.c.capacity.is_(None), event.c.seats_taken < event.c.capacity)
    return and_(event.c.status == literal_column("'SCHEDULED'"), event.c.starts_at > func.now(), free)


def comes(viewer: Viewer, event: FromClause, person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the person comes to the event, and the viewer may know it."""
    registration = Registration.__table__.alias()
    return some_row(
        registration,
        registration.c.event_id == event.c.id,
        registration.c.person_id == person_id,
        registration.c.state == _CONFIRMED,
        sees_registration(viewer, registration),
    )


def holds_seat(viewer: Viewer, event: FromClause) -> ColumnElement[bool]:
    """Whether the viewer is registered."""
    registration = Registration.__table__.alias()
    return some_row(
        registration,
        registration.c.event_id == event.c.id,
        registration.c.person_id == me(viewer),
        registration.c.state == _CONFIRMED,
    )


def open_link(viewer: Viewer, event: FromClause) -> ColumnElement[Any]:
    """The link to take part by, for those who are registered and for staff; null once the event is called off."""
    allowed = event.c.id.is_not(None) if viewer.is_staff else holds_seat(viewer, event)
    return case((and_(event.c.status == literal_column("'SCHEDULED'"), allowed), event.c.join_url), else_=null())
