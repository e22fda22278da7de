"""Which events to come to, in the graph: suggestions with their evidence."""

import strawberry

from recommender.pages import Suggestion
from schema.context import Info
from schema.engine.resolving import ref
from schema.events.types import Event
from schema.limits.directives import about
from schema.permissions import MEMBER, query
from schema.recommendations import SUGGESTED, Connection, Evidence, evidence_of, read_page, suggestion_id


@strawberry.type(description="An event that you may like, and why.")
class EventSuggestion:
    """See `pages.Suggestion`."""

    id: strawberry.ID = strawberry.field(description="What feedback refers to.")
    event: Event | None = strawberry.field(description="The event.")
    score: float | None = strawberry.field(
        description="How well it fits you, from 0 to 1; null in a list that is not profiled."
    )
    evidence: list[Evidence] = strawberry.field(
        description="What speaks for it, strongest first.", directives=[about(5)]
    )


async def find_recommended_events(
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    profiled: bool | None = True,
) -> Connection[EventSuggestion] | None:
    """One page of the viewer's list."""
    return await read_page(info, "EventSuggestion", first, after, profiled, _shown)


def _shown(one: Suggestion) -> EventSuggestion:
    return EventSuggestion(
        id=suggestion_id("EventSuggestion", one),
        event=ref(Event, one.item_id),
        score=one.score,
        evidence=evidence_of(one),
    )


@strawberry.type
class RecommendedEventsQuery:
    """Queries of events that one may like."""

    recommended_events: Connection[EventSuggestion] | None = query(
        MEMBER,
        "Events that you may like and can still come to, each with the reasons for it.",
        resolver=find_recommended_events,
        directives=SUGGESTED,
    )
