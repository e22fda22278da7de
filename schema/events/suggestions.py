"""Which events to come to, in the graph: suggestions with their evidence."""

import strawberry

from schema.context import Info
from schema.engine.resolving import ref
from schema.events.types import Event
from schema.pagination import PageInfo
from schema.permissions import MEMBER, query
from schema.recommendations import Evidence, evidence_of, read_page, suggestion_id


@strawberry.type(description="An event that you may like, and why.")
class EventSuggestion:
    """See `pages.Suggestion`."""

    id: strawberry.ID = strawberry.field(description="What feedback refers to.")
    event: Event | None = strawberry.field(description="The event.")
    score: float | None = strawberry.field(
        description="How well it fits you, from 0 to 1; null in a list that is not profiled."
    )
    evidence: list[Evidence] = strawberry.field(description="What speaks for it, strongest first.")


@strawberry.type(description="One suggestion of a page.")
class EventSuggestionEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the suggestion stands in the list.")
    node: EventSuggestion = strawberry.field(description="The suggestion.")


@strawberry.type(description="A page of suggestions, best first.")
class EventSuggestionConnection:
    """As Relay defines it."""

    edges: list[EventSuggestionEdge] = strawberry.field(description="The suggestions with their cursors.")
    nodes: list[EventSuggestion] = strawberry.field(description="The suggestions.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


async def find_recommended_events(
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    profiled: bool | None = True,
) -> EventSuggestionConnection | None:
    """One page of the viewer's list."""
    shown = await read_page(info, "EventSuggestion", first, after, profiled)
    edges = [
        EventSuggestionEdge(
            cursor=cursor,
            node=EventSuggestion(
                id=suggestion_id("EventSuggestion", one),
                event=ref(Event, one.item_id),
                score=one.score,
                evidence=evidence_of(one),
            ),
        )
        for cursor, one in shown.items
    ]
    return EventSuggestionConnection(edges=edges, nodes=[edge.node for edge in edges], page_info=shown.page_info)


@strawberry.type
class RecommendedEventsQuery:
    """Queries of events that one may like."""

    recommended_events: EventSuggestionConnection | None = query(
        MEMBER,
        "Events that you may like and can still come to, each with the reasons for it.",
        resolver=find_recommended_events,
    )
