"""Free-text search of mentors in the graph."""

import strawberry

from recommender.search.items import MENTORS, search_items
from schema.context import Info
from schema.engine.resolving import ref
from schema.mentoring.types import MentorProfile
from schema.pagination import PageInfo
from schema.permissions import SIGNED_IN, query
from schema.searches import DEGRADED, MATCHED, SCORE, read_found


@strawberry.type(description="A mentor that was found, and by what.")
class MentorHit:
    """See `search.Hit`."""

    mentor: MentorProfile | None = strawberry.field(description="The mentor.")
    score: float = strawberry.field(description=SCORE)
    matched_fields: list[str] = strawberry.field(
        description=f"{MATCHED}: topics, about, displayName; meaning, if it has none of the words."
    )


@strawberry.type(description="One mentor found.")
class MentorHitEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the mentor stands among those found.")
    node: MentorHit = strawberry.field(description="The mentor, and by what it was found.")


@strawberry.type(description="A page of mentors found, best first.")
class MentorHitConnection:
    """As Relay defines it."""

    edges: list[MentorHitEdge] = strawberry.field(description="The mentors found with their cursors.")
    nodes: list[MentorHit] = strawberry.field(description="The mentors found.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    degraded: bool = strawberry.field(description=DEGRADED)


async def find_mentors(
    info: Info, text: str, first: int | None = strawberry.UNSET, after: str | None = strawberry.UNSET
) -> MentorHitConnection | None:
    """One page of those found."""
    viewer, embedder = info.context.viewer, info.context.query_embedder
    found = await read_found(
        info, lambda session: search_items(session, viewer, MENTORS, text, embedder), text, first, after
    )
    edges = [
        MentorHitEdge(
            cursor=cursor,
            node=MentorHit(mentor=ref(MentorProfile, hit.id), score=hit.score, matched_fields=list(hit.matched_fields)),
        )
        for cursor, hit in found.page.items
    ]
    return MentorHitConnection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=found.page.page_info,
        degraded=found.degraded,
    )


@strawberry.type
class SearchMentorsQuery:
    """Search of mentors."""

    search_mentors: MentorHitConnection | None = query(
        SIGNED_IN, "Mentors that you may see, by words and by meaning.", resolver=find_mentors
    )
