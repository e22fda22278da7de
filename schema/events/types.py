"""The type Event: each field says where its value comes from."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, FromClause, case, func, null, true

from api import access, models
from schema.engine.parameters import Arguments, Scope
from schema.engine.sources import Root, column, expression, many, planned, table
from schema.events.listing import EventFacets, events_page
from schema.ids import id_argument
from schema.node import Node
from schema.pagination import PageInfo, total_count
from schema.people.types import PersonConnection, people_page
from schema.permissions import SIGNED_IN, requires
from schema.translations import LANGUAGE, SHOWN, shown


def _comes(scope: Scope, event: FromClause, person: FromClause) -> ColumnElement[bool]:
    return access.comes(scope.viewer, event, person.c.id)


def _seats_left(_scope: Scope, event: FromClause) -> ColumnElement[Any]:
    return case((event.c.capacity.is_(None), null()), else_=event.c.capacity - event.c.seats_taken)


def _full(_scope: Scope, event: FromClause) -> ColumnElement[bool]:
    return func.coalesce(event.c.seats_taken >= event.c.capacity, ~true())


@strawberry.type(description="Something that happens, somewhere or behind a link.")
@table(models.Event, access.sees_event)
class Event(Node):
    """See `models.Event`."""

    name: str = shown(models.EventTranslation, "event_id", "name", f"What it is called. {SHOWN}")
    description: str | None = shown(models.EventTranslation, "event_id", "description", f"What it is about. {SHOWN}")
    language: str | None = shown(models.EventTranslation, "event_id", "language", LANGUAGE)
    translations: list["EventTranslation"] | None = many(
        "EventTranslation",
        lambda _scope, event, translation: translation.c.event_id == event.c.id,
        lambda translation: (translation.c.language,),
        "The texts in all other languages that they are there in.",
    )
    organizer: str | None = column(models.Event.organizer, "The chapter, club or office that holds it.")
    status: models.EventStatus = column(models.Event.status, "Where it stands.")
    attendance_mode: models.AttendanceMode = column(models.Event.attendance_mode, "How one takes part.")
    audience: models.Visibility = column(models.Event.audience, "Who sees it: STAFF is a draft.")
    starts_at: datetime = column(models.Event.starts_at, "When it begins.")
    ends_at: datetime = column(models.Event.ends_at, "When it ends.")
    time_zone: str = column(models.Event.time_zone, "The zone of the place: an IANA name.")
    weekday: int = column(models.Event.weekday, "The weekday at the place: 1 (Monday) to 7.")
    venue: str | None = column(models.Event.venue, "The house or hall.")
    city: str | None = column(models.Event.city, "The city.")
    region: str | None = column(models.Event.region, "The region or state.")
    country: str | None = column(models.Event.country, "The country: ISO 3166-1 alpha-2.")
    join_url: str | None = expression(
        lambda scope, event: access.open_link(scope.viewer, event),
        "The link to take part by; null unless you are registered, and once the event is called off.",
    )
    capacity: int | None = column(models.Event.capacity, "How many seats there are; null without a limit.")
    seats_left: int | None = expression(_seats_left, "How many seats are free; null without a limit.")
    full: bool = expression(_full, "Whether all seats are taken.")
    registered: bool = expression(
        lambda scope, event: access.holds_seat(scope.viewer, event), "Whether you are registered."
    )
    attendees: PersonConnection | None = people_page(
        _comes, "Who comes, as far as the organiser shows it and they are willing to be named."
    )


@strawberry.type(description="What an event is called in another language, and what it says there.")
@table(models.EventTranslation, access.sees_event_translation)
class EventTranslation:
    """See `models.EventTranslation`."""

    language: str = column(models.EventTranslation.language, "The language: BCP 47.")
    name: str = column(models.EventTranslation.name, "What the event is called.")
    description: str | None = column(
        models.EventTranslation.description, "What it is about; null where only the original says it."
    )


@strawberry.type(description="One event of a page.")
class EventEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the event stands in the list.")
    node: Event = strawberry.field(description="The event.")


@strawberry.type(description="A page of events, with what is counted over the whole list.")
class EventConnection:
    """As Relay defines it, with counts."""

    edges: list[EventEdge] = strawberry.field(description="The events of the page with their cursors.")
    nodes: list[Event] = strawberry.field(description="The events of the page.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = total_count("How many events the whole list has.")
    facets: EventFacets = strawberry.field(description="Counts by value over the whole list.")


def _with_id(_scope: Scope, given: Arguments, row: FromClause) -> ColumnElement[bool]:
    return row.c.id == id_argument(given, "Event")


def _id(id: strawberry.ID):
    """The arguments of a field that finds one thing by its id."""


@strawberry.type
class EventsQuery:
    """Queries of events."""

    event: Event | None = planned(
        Root("Event", _with_id), f"One event. {SIGNED_IN.sentence}", arguments=_id, metadata=requires(SIGNED_IN)
    )
    events: EventConnection | None = events_page(
        None, f"Events that you may see, earliest first. {SIGNED_IN.sentence}", metadata=requires(SIGNED_IN)
    )
