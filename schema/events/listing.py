"""What lists of events are filtered and sorted by, and what is counted over them."""

from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, FromClause

from api import access, models
from schema.comparators import InstantFilter, IntFilter, TextFilter, WordsFilter
from schema.engine.filters import compare, compare_folded, compare_member, condition, contains_words
from schema.engine.parameters import Arguments, Scope
from schema.engine.sources import Facet, Page, from_clause, planned
from schema.facets import FacetCount, facet_field
from schema.pagination import Direction


def _open(scope: Scope, given: Arguments, event: FromClause) -> ColumnElement[bool]:
    takes = access.takes_registrations(event)
    return takes if given.value else ~takes


def _mine(scope: Scope, given: Arguments, event: FromClause) -> ColumnElement[bool]:
    mine = access.holds_seat(scope.viewer, event)
    return mine if given.value else ~mine


@strawberry.input(description="Compares the status of an event.")
class EventStatusFilter:
    """Comparators of statuses."""

    eq: models.EventStatus | None = strawberry.field(default=strawberry.UNSET, description="This one.")
    in_: list[models.EventStatus] | None = strawberry.field(
        default=strawberry.UNSET, name="in", description="One of these."
    )


@strawberry.input(description="Compares how one takes part in an event.")
class AttendanceModeFilter:
    """Comparators of modes."""

    eq: models.AttendanceMode | None = strawberry.field(default=strawberry.UNSET, description="This one.")
    in_: list[models.AttendanceMode] | None = strawberry.field(
        default=strawberry.UNSET, name="in", description="One of these."
    )


@strawberry.input(description="Which events. All that is given must hold.")
class EventFilter:
    """Conditions on an event."""

    words: WordsFilter | None = condition(
        lambda _scope, given, event: contains_words(given, event.c.search),
        "Words of the name, the description, the organiser, the venue or the city.",
    )
    starts_at: InstantFilter | None = condition(
        lambda _scope, given, event: compare(given, event.c.starts_at), "When it begins."
    )
    ends_at: InstantFilter | None = condition(
        lambda _scope, given, event: compare(given, event.c.ends_at), "When it ends."
    )
    weekday: IntFilter | None = condition(
        lambda _scope, given, event: compare(given, event.c.weekday), "The weekday at the place: 1 (Monday) to 7."
    )
    organizer: TextFilter | None = condition(
        lambda _scope, given, event: compare_folded(given, event.c.organizer_folded),
        "Who holds it. Case and accents do not matter.",
    )
    city: TextFilter | None = condition(
        lambda _scope, given, event: compare_folded(given, event.c.city_folded),
        "The city. Case and accents do not matter.",
    )
    country: TextFilter | None = condition(
        lambda _scope, given, event: compare(given, event.c.country), "The country: ISO 3166-1 alpha-2."
    )
    status: EventStatusFilter | None = condition(
        lambda _scope, given, event: compare_member(given, event.c.status), "Where it stands."
    )
    attendance_mode: AttendanceModeFilter | None = condition(
        lambda _scope, given, event: compare_member(given, event.c.attendance_mode), "How one takes part."
    )
    open: bool | None = condition(_open, "Whether one can register now: to come, not called off, with a free seat.")
    registered: bool | None = condition(_mine, "Whether you are registered.")
    and_: list["EventFilter"] | None = strawberry.field(
        default=strawberry.UNSET, name="and", description="All of these hold."
    )
    or_: list["EventFilter"] | None = strawberry.field(
        default=strawberry.UNSET, name="or", description="One of these holds."
    )
    not_: "EventFilter | None" = strawberry.field(
        default=strawberry.UNSET, name="not", description="This does not hold."
    )


@strawberry.input(one_of=True, description="What events are sorted by: one field of it, several terms in a list.")
class EventOrder:
    """One term of an order."""

    starts_at: Direction | None = strawberry.field(default=strawberry.UNSET, description="When they begin.")
    name: Direction | None = strawberry.field(default=strawberry.UNSET, description="The name.")


ORDERS: Mapping[str, Callable[[Scope, FromClause], ColumnElement[Any]]] = {
    "startsAt": lambda _scope, event: event.c.starts_at,
    "name": lambda _scope, event: event.c.name,
}


def _events(column: str) -> Facet:
    return Facet(from_clause(models.Event), lambda event: event.c[column], access.sees_event, person_id="id")


FACETS: Mapping[str, Facet] = {
    "organizers": _events("organizer"),
    "cities": _events("city"),
    "countries": _events("country"),
    "weekdays": _events("weekday"),
    "attendanceModes": _events("attendance_mode"),
}


@strawberry.type(description="Counts over a whole filtered list of events. Most frequent values first.")
class EventFacets:
    """The facets of events."""

    organizers: list[FacetCount] = facet_field("By who holds them.")
    cities: list[FacetCount] = facet_field("By city.")
    countries: list[FacetCount] = facet_field("By country: ISO 3166-1 alpha-2.")
    weekdays: list[FacetCount] = facet_field("By weekday at the place: 1 (Monday) to 7.")
    attendance_modes: list[FacetCount] = facet_field("By how one takes part.")


def page_of_events(
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: int | None = strawberry.UNSET,
    before: str | None = strawberry.UNSET,
    filter: EventFilter | None = strawberry.UNSET,
    order_by: list[EventOrder] | None = strawberry.UNSET,
):
    """The arguments of a connection of events."""


def events_page(joins: Any, description: str, **options: Any) -> Any:
    """A connection field of events."""
    source = Page("Event", joins, orders=ORDERS, default_order=("startsAt", "ASC"), facets=FACETS)
    return planned(source, description, arguments=page_of_events, **options)
