"""Free-text search of openings in the graph."""

import strawberry

from recommender.search import Hit
from recommender.search.items import JOBS, search_items
from schema.context import Info
from schema.engine.resolving import ref
from schema.jobs.types import Job
from schema.permissions import SIGNED_IN, query
from schema.searches import MATCHED, SCORE, SEARCHED, Connection, read_found


@strawberry.type(description="An opening that was found, and by what.")
class JobHit:
    """See `search.Hit`."""

    job: Job | None = strawberry.field(description="The opening.")
    score: float = strawberry.field(description=SCORE)
    matched_fields: list[str] = strawberry.field(
        description=f"{MATCHED}: title, organization, skills, place, description; meaning, if it has none of the words."
    )


async def find_jobs(
    info: Info, text: str, first: int | None = strawberry.UNSET, after: str | None = strawberry.UNSET
) -> Connection[JobHit] | None:
    """One page of those found."""
    viewer, embedder = info.context.viewer, info.context.query_embedder
    return await read_found(
        info, lambda session: search_items(session, viewer, JOBS, text, embedder), text, first, after, _shown
    )


def _shown(hit: Hit) -> JobHit:
    return JobHit(job=ref(Job, hit.id), score=hit.score, matched_fields=list(hit.matched_fields))


@strawberry.type
class SearchJobsQuery:
    """Search of openings."""

    search_jobs: Connection[JobHit] | None = query(
        SIGNED_IN, "Openings that you may see, by words and by meaning.", resolver=find_jobs, directives=SEARCHED
    )
