"""Who sees a mentor's profile, and who knows of a mentorship."""

from sqlalchemy import ColumnElement, FromClause, and_, false, func, literal_column, not_, or_

from api.access.people import not_blocked, person_visible, sees_person, some_row
from api.access.viewers import Viewer, ViewerKind, me
from api.models import Person


def takes_mentees(profile: FromClause) -> ColumnElement[bool]:
    """Whether there is a place now: not paused, and not full."""
    awake = or_(profile.c.paused_until.is_(None), profile.c.paused_until <= func.now())
    return and_(awake, profile.c.active_mentees < profile.c.max_mentees)


def in_pool(person: FromClause) -> ColumnElement[bool]:
    """Whether the person is there to be asked as a mentor: the fourth of their choices."""
    return and_(person.c.mentor_open, person.c.listed, not_(person.c.deceased))


def sees_mentor(viewer: Viewer, profile: FromClause) -> ColumnElement[bool]:
    """Whether the profile is there for this viewer: members see the pool, the office all, everybody the own."""
    if viewer.kind is ViewerKind.ANONYMOUS:
        return false()
    person, own = Person.__table__.alias(), profile.c.person_id == me(viewer)
    match viewer.kind:
        case ViewerKind.STAFF:
            allowed = person.c.id.is_not(None)
        case ViewerKind.MEMBER:
            allowed = or_(own, in_pool(person))
        case _:
            allowed = own
    return some_row(person, person.c.id == profile.c.person_id, sees_person(viewer, person), allowed)


def sees_mentorship(viewer: Viewer, mentorship: FromClause) -> ColumnElement[bool]:
    """A mentorship concerns its two people; the office knows of it. Both people must be visible, but while it is open
    its own two may end it though one has left the directory meanwhile: of whom they see no more than that."""
    if viewer.kind is ViewerKind.ANONYMOUS:
        return false()
    ends = mentorship.c.mentor_id, mentorship.c.mentee_id
    mine = or_(*(end == me(viewer) for end in ends))
    concerned = mentorship.c.id.is_not(None) if viewer.is_staff else mine
    is_open = mentorship.c.state.in_([literal_column("'PENDING'"), literal_column("'ACCEPTED'")])
    return or_(
        and_(concerned, *(person_visible(viewer, end) for end in ends)),
        and_(mine, is_open, *(not_blocked(viewer, end) for end in ends)),
    )
