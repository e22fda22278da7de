"""Whom to ask, in the graph: suggestions of mentors with their evidence."""

import strawberry

from schema.context import Info
from schema.engine.resolving import ref
from schema.mentoring.types import MentorProfile
from schema.pagination import PageInfo
from schema.permissions import MEMBER, query
from schema.recommendations import Evidence, evidence_of, read_page, suggestion_id


@strawberry.type(description="Somebody who could be your mentor, and why.")
class MentorSuggestion:
    """See `pages.Suggestion`."""

    id: strawberry.ID = strawberry.field(description="What feedback refers to.")
    mentor: MentorProfile | None = strawberry.field(description="The mentor.")
    score: float | None = strawberry.field(
        description="How well you two fit each other, from 0 to 1; null in a list that is not profiled."
    )
    evidence: list[Evidence] = strawberry.field(description="What speaks for it, strongest first.")


@strawberry.type(description="One suggestion of a page.")
class MentorSuggestionEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the suggestion stands in the list.")
    node: MentorSuggestion = strawberry.field(description="The suggestion.")


@strawberry.type(description="A page of suggestions, best first.")
class MentorSuggestionConnection:
    """As Relay defines it."""

    edges: list[MentorSuggestionEdge] = strawberry.field(description="The suggestions with their cursors.")
    nodes: list[MentorSuggestion] = strawberry.field(description="The suggestions.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


async def find_mentors_to_ask(
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    profiled: bool | None = True,
) -> MentorSuggestionConnection | None:
    """One page of the viewer's list."""
    shown = await read_page(info, "MentorSuggestion", first, after, profiled)
    edges = [
        MentorSuggestionEdge(
            cursor=cursor,
            node=MentorSuggestion(
                id=suggestion_id("MentorSuggestion", one),
                mentor=ref(MentorProfile, one.item_id),
                score=one.score,
                evidence=evidence_of(one),
            ),
        )
        for cursor, one in shown.items
    ]
    return MentorSuggestionConnection(edges=edges, nodes=[edge.node for edge in edges], page_info=shown.page_info)


@strawberry.type
class SuggestedMentorsQuery:
    """Queries of mentors to ask."""

    suggested_mentors: MentorSuggestionConnection | None = query(
        MEMBER,
        "Mentors with places free whom you could ask, each with the reasons for it.",
        resolver=find_mentors_to_ask,
    )
