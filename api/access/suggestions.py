"""What a viewer may be pointed to."""

from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, not_, select

from api.access.events import sees_event, takes_registrations
from api.access.jobs import interested_oneself, job_is_open, posted, sees_job
from api.access.mentoring import in_pool, sees_mentor, takes_mentees
from api.access.people import some_row, visible_people
from api.access.viewers import Viewer, me
from api.db import AnySelect
from api.models import Connection, Event, Job, MentorProfile, Mentorship, Person, Registration, SuggestionOutcome

_DRAFT: ColumnElement[str] = literal_column("'STAFF'")


def _dismissed(viewer: Viewer, item_id: ColumnElement[Any]) -> ColumnElement[bool]:
    outcome = SuggestionOutcome.__table__.alias()
    return some_row(
        outcome,
        outcome.c.viewer_id == me(viewer),
        outcome.c.item_id == item_id,
        outcome.c.outcome == literal_column("'DISMISSED'"),
    )


def presentable_people(viewer: Viewer) -> AnySelect:
    """Whom the viewer may be shown as somebody to meet, whether they know them or not, as `SELECT people.id`: visible,
    listed, willing, profiled and alive."""
    person = Person.__table__
    return visible_people(viewer).where(
        person.c.listed, person.c.suggestable, person.c.profiled, not_(person.c.deceased)
    )


def suggestable_people(viewer: Viewer) -> AnySelect:
    """Whom the viewer may be pointed to, as `SELECT people.id`: presentable; neither oneself nor anybody the viewer has
    a tie or an open request with, has asked within living memory, or dismissed."""
    person, tie = Person.__table__, Connection.__table__.alias()
    tied = some_row(
        tie,
        tie.c.low_id == func.least(person.c.id, me(viewer)),
        tie.c.high_id == func.greatest(person.c.id, me(viewer)),
    )
    return presentable_people(viewer).where(
        person.c.id != me(viewer),
        not_(tied),
        not_(_dismissed(viewer, person.c.id)),
    )


def suggestable_events(viewer: Viewer) -> AnySelect:
    """Which events the viewer may be pointed to, as `SELECT events.id`: published, visible, with a seat to take; and
    neither taken, declined (a seat given back) nor dismissed by the viewer."""
    event, seat = Event.__table__, Registration.__table__.alias()
    answered = some_row(seat, seat.c.event_id == event.c.id, seat.c.person_id == me(viewer))
    return select(event.c.id).where(
        sees_event(viewer, event),
        event.c.audience != _DRAFT,
        takes_registrations(event),
        not_(answered),
        not_(_dismissed(viewer, event.c.id)),
    )


def suggestable_jobs(viewer: Viewer) -> AnySelect:
    """Which openings the viewer may be pointed to, as `SELECT jobs.id`: published, visible and open; and neither posted
    by the viewer, nor such as the viewer has shown interest in or dismissed."""
    job = Job.__table__
    return select(job.c.id).where(
        sees_job(viewer, job),
        job.c.audience != _DRAFT,
        job_is_open(job),
        not_(posted(viewer, job)),
        not_(interested_oneself(viewer, job)),
        not_(_dismissed(viewer, job.c.id)),
    )


def suggestable_mentors(viewer: Viewer) -> AnySelect:
    """Which mentors the viewer may be pointed to, as `SELECT mentor_profiles.id`: in the pool, visible, profiled, with
    a place; and neither the viewer nor a mentor whom the viewer has asked before or dismissed."""
    profile, person, ship = MentorProfile.__table__, Person.__table__.alias(), Mentorship.__table__.alias()
    asked = some_row(ship, ship.c.mentor_id == profile.c.person_id, ship.c.mentee_id == me(viewer))
    return select(profile.c.id).where(
        sees_mentor(viewer, profile),
        some_row(person, person.c.id == profile.c.person_id, in_pool(person), person.c.profiled),
        takes_mentees(profile),
        profile.c.person_id != me(viewer),
        not_(asked),
        not_(_dismissed(viewer, profile.c.id)),
    )
