"""Free-text search of openings in the graph."""

import strawberry

from recommender.search.items import JOBS, search_items
from schema.context import Info
from schema.engine.resolving import ref
from schema.jobs.types import Job
from schema.pagination import PageInfo
from schema.permissions import SIGNED_IN, query
from schema.searches import DEGRADED, MATCHED, SCORE, read_found


@strawberry.type(description="An opening that was found, and by what.")
class JobHit:
    """See `search.Hit`."""

    job: Job | None = strawberry.field(description="The opening.")
    score: float = strawberry.field(description=SCORE)
    matched_fields: list[str] = strawberry.field(
        description=f"{MATCHED}: title, organization, skills, place, description; meaning, if it has none of the words."
    )


@strawberry.type(description="One opening found.")
class JobHitEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the opening stands among those found.")
    node: JobHit = strawberry.field(description="The opening, and by what it was found.")


@strawberry.type(description="A page of openings found, best first.")
class JobHitConnection:
    """As Relay defines it."""

    edges: list[JobHitEdge] = strawberry.field(description="The openings found with their cursors.")
    nodes: list[JobHit] = strawberry.field(description="The openings found.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    degraded: bool = strawberry.field(description=DEGRADED)


async def find_jobs(
    info: Info, text: str, first: int | None = strawberry.UNSET, after: str | None = strawberry.UNSET
) -> JobHitConnection | None:
    """One page of those found."""
    viewer, embedder = info.context.viewer, info.context.query_embedder
    found = await read_found(
        info, lambda session: search_items(session, viewer, JOBS, text, embedder), text, first, after
    )
    edges = [
        JobHitEdge(
            cursor=cursor,
            node=JobHit(job=ref(Job, hit.id), score=hit.score, matched_fields=list(hit.matched_fields)),
        )
        for cursor, hit in found.page.items
    ]
    return JobHitConnection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=found.page.page_info,
        degraded=found.degraded,
    )


@strawberry.type
class SearchJobsQuery:
    """Search of openings."""

    search_jobs: JobHitConnection | None = query(
        SIGNED_IN, "Openings that you may see, by words and by meaning.", resolver=find_jobs
    )
