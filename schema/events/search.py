"""Free-text search of events in the graph."""

import strawberry

from recommender.search.items import EVENTS, search_items
from schema.context import Info
from schema.engine.resolving import ref
from schema.events.types import Event
from schema.pagination import PageInfo
from schema.permissions import SIGNED_IN, query
from schema.searches import DEGRADED, MATCHED, SCORE, read_found


@strawberry.type(description="An event that was found, and by what.")
class EventHit:
    """See `search.Hit`."""

    event: Event | None = strawberry.field(description="The event.")
    score: float = strawberry.field(description=SCORE)
    matched_fields: list[str] = strawberry.field(
        description=f"{MATCHED}: name, organizer, place, description; meaning, if it has none of the words."
    )


@strawberry.type(description="One event found.")
class EventHitEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the event stands among those found.")
    node: EventHit = strawberry.field(description="The event, and by what it was found.")


@strawberry.type(description="A page of events found, best first.")
class EventHitConnection:
    """As Relay defines it."""

    edges: list[EventHitEdge] = strawberry.field(description="The events found with their cursors.")
    nodes: list[EventHit] = strawberry.field(description="The events found.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    degraded: bool = strawberry.field(description=DEGRADED)


async def find_events(
    info: Info, text: str, first: int | None = strawberry.UNSET, after: str | None = strawberry.UNSET
) -> EventHitConnection | None:
    """One page of those found."""
    viewer, embedder = info.context.viewer, info.context.query_embedder
    found = await read_found(
        info, lambda session: search_items(session, viewer, EVENTS, text, embedder), text, first, after
    )
    edges = [
        EventHitEdge(
            cursor=cursor,
            node=EventHit(event=ref(Event, hit.id), score=hit.score, matched_fields=list(hit.matched_fields)),
        )
        for cursor, hit in found.page.items
    ]
    return EventHitConnection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=found.page.page_info,
        degraded=found.degraded,
    )


@strawberry.type
class SearchEventsQuery:
    """Search of events."""

    search_events: EventHitConnection | None = query(
        SIGNED_IN, "Events that you may see, past ones too, by words and by meaning.", resolver=find_events
    )
