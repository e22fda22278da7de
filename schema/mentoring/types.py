"""The types of mentors and mentorships: each field says where its value comes from."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, FromClause

from api import access, models
from schema.engine.parameters import Scope
from schema.engine.shapes import as_texts
from schema.engine.sources import Page, column, expression, from_clause, one, planned, table
from schema.mentoring.listing import MentorFacets, mentors_page
from schema.node import Node
from schema.pagination import PageInfo, total_count
from schema.people.types import Person
from schema.permissions import SIGNED_IN, requires
from schema.viewer import page_arguments


def _topics(_scope: Scope, profile: FromClause) -> ColumnElement[Any]:
    topic = from_clause(models.MentorTopic).alias()
    named = as_texts(topic.c.name, topic.c.name_folded, topic.c.profile_id == profile.c.id)
    return named.correlate(profile).scalar_subquery()


def _person(_scope: Scope, profile: FromClause, person: FromClause) -> ColumnElement[bool]:
    return person.c.id == profile.c.person_id


def _mentor(_scope: Scope, ship: FromClause, person: FromClause) -> ColumnElement[bool]:
    return person.c.id == ship.c.mentor_id


def _mentee(_scope: Scope, ship: FromClause, person: FromClause) -> ColumnElement[bool]:
    return person.c.id == ship.c.mentee_id


@strawberry.type(description="Somebody who can be asked for advice, and on what.")
@table(models.MentorProfile, access.sees_mentor)
class MentorProfile(Node):
    """See `models.MentorProfile`."""

    person: Person | None = one("Person", _person, "The mentor.")
    about: str | None = column(models.MentorProfile.about, "What they say to those who look for a mentor.")
    topics: list[str] = expression(_topics, "What they can be asked about.")
    max_mentees: int = column(models.MentorProfile.max_mentees, "How many they take at a time.")
    places_left: int = expression(
        lambda _scope, profile: profile.c.max_mentees - profile.c.active_mentees, "How many places are free."
    )
    paused_until: datetime | None = column(models.MentorProfile.paused_until, "Until then nobody new is taken.")
    available: bool = expression(
        lambda _scope, profile: access.takes_mentees(profile), "Whether they take somebody new now."
    )


@strawberry.type(description="One mentor of a page.")
class MentorProfileEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the mentor stands in the list.")
    node: MentorProfile = strawberry.field(description="The mentor.")


@strawberry.type(description="A page of mentors, with what is counted over the whole list.")
class MentorProfileConnection:
    """As Relay defines it, with counts."""

    edges: list[MentorProfileEdge] = strawberry.field(description="The mentors of the page with their cursors.")
    nodes: list[MentorProfile] = strawberry.field(description="The mentors of the page.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = total_count("How many mentors the whole list has.")
    facets: MentorFacets = strawberry.field(description="Counts by value over the whole list.")


@strawberry.type(description="A mentorship, or the request for one. Its two people and the office know of it.")
@table(models.Mentorship, access.sees_mentorship)
class Mentorship(Node):
    """See `models.Mentorship`."""

    mentor: Person | None = one("Person", _mentor, "Who was asked.")
    mentee: Person | None = one("Person", _mentee, "Who asked.")
    state: models.MentorshipState = column(models.Mentorship.state, "Where it stands.")
    message: str | None = column(models.Mentorship.message, "What was written with the request.")
    requested_at: datetime = column(models.Mentorship.created_at, "When it was asked for.")
    answered_at: datetime | None = column(models.Mentorship.answered_at, "When the mentor answered.")
    ended_at: datetime | None = column(models.Mentorship.ended_at, "When it ended.")


@strawberry.type(description="One mentorship of a page.")
class MentorshipEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the mentorship stands in the list.")
    node: Mentorship = strawberry.field(description="The mentorship.")


@strawberry.type(description="A page of mentorships.")
class MentorshipConnection:
    """As Relay defines it."""

    edges: list[MentorshipEdge] = strawberry.field(description="The mentorships with their cursors.")
    nodes: list[Mentorship] = strawberry.field(description="The mentorships.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = total_count("How many there are in all.")


@strawberry.type
class MentoringQuery:
    """Queries of mentoring."""

    mentors: MentorProfileConnection | None = mentors_page(
        None, f"Mentors that you may see. {SIGNED_IN.sentence}", metadata=requires(SIGNED_IN)
    )
    mentorships: MentorshipConnection | None = planned(
        Page("Mentorship", default_order=("id", "DESC")),
        f"Mentorships that you are part of, for staff all; newest first. {SIGNED_IN.sentence}",
        arguments=page_arguments,
        metadata=requires(SIGNED_IN),
    )
