"""Free-text search of events in the graph."""

import strawberry

from recommender.search import Hit
from recommender.search.items import EVENTS, search_items
from schema.context import Info
from schema.engine.resolving import ref
from schema.events.types import Event
from schema.permissions import SIGNED_IN, query
from schema.searches import MATCHED, SCORE, SEARCHED, Connection, read_found


@strawberry.type(description="An event that was found, and by what.")
class EventHit:
    """See `search.Hit`."""

    event: Event | None = strawberry.field(description="The event.")
    score: float = strawberry.field(description=SCORE)
    matched_fields: list[str] = strawberry.field(
        description=f"{MATCHED}: name, organizer, place, description; meaning, if it has none of the words."
    )


async def find_events(
    info: Info, text: str, first: int | None = strawberry.UNSET, after: str | None = strawberry.UNSET
) -> Connection[EventHit] | None:
    """One page of those found."""
    viewer, embedder = info.context.viewer, info.context.query_embedder
    return await read_found(
        info, lambda session: search_items(session, viewer, EVENTS, text, embedder), text, first, after, _shown
    )


def _shown(hit: Hit) -> EventHit:
    return EventHit(event=ref(Event, hit.id), score=hit.score, matched_fields=list(hit.matched_fields))


@strawberry.type
class SearchEventsQuery:
    """Search of events."""

    search_events: Connection[EventHit] | None = query(
        SIGNED_IN,
        "Events that you may see, past ones too, by words and by meaning.",
        resolver=find_events,
        directives=SEARCHED,
    )
