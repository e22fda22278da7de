"""Which openings are for me, in the graph: suggestions of jobs with their evidence."""

import strawberry

from schema.context import Info
from schema.engine.resolving import ref
from schema.jobs.types import Job
from schema.pagination import PageInfo
from schema.permissions import MEMBER, query
from schema.recommendations import Evidence, evidence_of, read_page, suggestion_id


@strawberry.type(description="An opening for you, and why.")
class JobSuggestion:
    """See `pages.Suggestion`."""

    id: strawberry.ID = strawberry.field(description="What feedback refers to.")
    job: Job | None = strawberry.field(description="The opening.")
    score: float | None = strawberry.field(
        description="How well it fits you, from 0 to 1; null in a list that is not profiled."
    )
    evidence: list[Evidence] = strawberry.field(description="What speaks for it, strongest first.")


@strawberry.type(description="One suggestion of a page.")
class JobSuggestionEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the suggestion stands in the list.")
    node: JobSuggestion = strawberry.field(description="The suggestion.")


@strawberry.type(description="A page of suggestions, best first.")
class JobSuggestionConnection:
    """As Relay defines it."""

    edges: list[JobSuggestionEdge] = strawberry.field(description="The suggestions with their cursors.")
    nodes: list[JobSuggestion] = strawberry.field(description="The suggestions.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


async def find_recommended_jobs(
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    profiled: bool | None = True,
) -> JobSuggestionConnection | None:
    """One page of the viewer's list."""
    shown = await read_page(info, "JobSuggestion", first, after, profiled)
    edges = [
        JobSuggestionEdge(
            cursor=cursor,
            node=JobSuggestion(
                id=suggestion_id("JobSuggestion", one),
                job=ref(Job, one.item_id),
                score=one.score,
                evidence=evidence_of(one),
            ),
        )
        for cursor, one in shown.items
    ]
    return JobSuggestionConnection(edges=edges, nodes=[edge.node for edge in edges], page_info=shown.page_info)


@strawberry.type
class RecommendedJobsQuery:
    """Queries of openings for the viewer."""

    recommended_jobs: JobSuggestionConnection | None = query(
        MEMBER, "Openings for you, each with the reasons for it.", resolver=find_recommended_jobs
    )
