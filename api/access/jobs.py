"""Who sees an opening, and who is interested in it."""

from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, and_, false, func, literal_column, or_, select

from api.access.people import not_blocked, sees_person, some_row
from api.access.viewers import Viewer, ViewerKind, level, me
from api.db import AnySelect
from api.models import Job, JobInterest, Person, Visibility

FEWEST: ColumnElement[int] = literal_column("5")
"""Interest of fewer people than these moves nothing, and more is told in steps of as many."""


def job_is_open(job: FromClause) -> ColumnElement[bool]:
    """Whether the opening is still one: the same moment for every list, search and suggestion."""
    return and_(job.c.valid_through > func.now(), job.c.withdrawn_at.is_(None))


def posted(viewer: Viewer, job: FromClause) -> ColumnElement[bool]:
    """Whether the viewer posted it."""
    return func.coalesce(job.c.poster_id == me(viewer), False)


def sees_job(viewer: Viewer, job: FromClause) -> ColumnElement[bool]:
    """Whether the opening is there for this viewer. Once it is over, only its poster and staff see it; what somebody
    posted who has blocked the viewer, or whom the viewer has blocked, is not there."""
    unblocked = or_(job.c.poster_id.is_(None), not_blocked(viewer, job.c.poster_id))
    match viewer.kind:
        case ViewerKind.ANONYMOUS:
            return false()
        case ViewerKind.GUEST:
            for_them = and_(job.c.audience.in_(level(Visibility.PUBLIC)), job_is_open(job))
        case ViewerKind.MEMBER:
            for_them = and_(job.c.audience.in_(level(Visibility.MEMBERS, Visibility.PUBLIC)), job_is_open(job))
        case ViewerKind.STAFF:
            for_them = job.c.id.is_not(None)
    return or_(posted(viewer, job), and_(for_them, unblocked))


def sees_job_translation(viewer: Viewer, translation: FromClause) -> ColumnElement[bool]:
    """What an opening says in another language is there for whoever sees the opening."""
    job = Job.__table__.alias()
    return some_row(job, job.c.id == translation.c.job_id, sees_job(viewer, job))


def sees_interest(viewer: Viewer, interest: FromClause) -> ColumnElement[bool]:
    """Interest is between the one who has it and the one who posted the opening; the office knows too."""
    if viewer.kind is ViewerKind.ANONYMOUS:
        return false()
    job, person = Job.__table__.alias(), Person.__table__.alias()
    own = interest.c.person_id == me(viewer)
    told = job.c.id.is_not(None) if viewer.is_staff else or_(own, posted(viewer, job))
    return and_(
        some_row(job, job.c.id == interest.c.job_id, sees_job(viewer, job), told),
        some_row(person, person.c.id == interest.c.person_id, sees_person(viewer, person)),
    )


def interested(viewer: Viewer, job: FromClause, person: FromClause) -> ColumnElement[bool]:
    """Whether the person is interested in the opening, and the viewer may know it."""
    interest = JobInterest.__table__.alias()
    return some_row(
        interest, interest.c.job_id == job.c.id, interest.c.person_id == person.c.id, sees_interest(viewer, interest)
    )


def interested_oneself(viewer: Viewer, job: FromClause) -> ColumnElement[bool]:
    """Whether the viewer said so."""
    interest = JobInterest.__table__.alias()
    return some_row(interest, interest.c.job_id == job.c.id, interest.c.person_id == me(viewer))


def demand(moment: ColumnElement[datetime]) -> AnySelect:
    """How much openings were in demand at a moment, as (job_id, wanted): for rankings only.

    Who is interested is between two. So the number is the same for whoever asks, the interest of fewer than five counts
    for nothing, and from there it grows in steps of five: one interest more or less is hardly ever noticed, and a block
    never.
    """
    interest = JobInterest.__table__.alias()
    steps = func.count() // FEWEST * FEWEST
    return (
        select(interest.c.job_id, steps.label("wanted"))
        .where(interest.c.created_at <= moment)
        .group_by(interest.c.job_id)
        .having(func.count() >= FEWEST)
    )
