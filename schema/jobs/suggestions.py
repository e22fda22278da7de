"""Which openings are for me, in the graph: suggestions of jobs with their evidence."""

import strawberry

from recommender.pages import Suggestion
from schema.context import Info
from schema.engine.resolving import ref
from schema.jobs.types import Job
from schema.limits.directives import about
from schema.permissions import MEMBER, query
from schema.recommendations import SUGGESTED, Connection, Evidence, evidence_of, read_page, suggestion_id


@strawberry.type(description="An opening for you, and why.")
class JobSuggestion:
    """See `pages.Suggestion`."""

    id: strawberry.ID = strawberry.field(description="What feedback refers to.")
    job: Job | None = strawberry.field(description="The opening.")
    score: float | None = strawberry.field(
        description="How well it fits you, from 0 to 1; null in a list that is not profiled."
    )
    evidence: list[Evidence] = strawberry.field(
        description="What speaks for it, strongest first.", directives=[about(5)]
    )


async def find_recommended_jobs(
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    profiled: bool | None = True,
) -> Connection[JobSuggestion] | None:
    """One page of the viewer's list."""
    return await read_page(info, "JobSuggestion", first, after, profiled, _shown)


def _shown(one: Suggestion) -> JobSuggestion:
    return JobSuggestion(
        id=suggestion_id("JobSuggestion", one),
        job=ref(Job, one.item_id),
        score=one.score,
        evidence=evidence_of(one),
    )


@strawberry.type
class RecommendedJobsQuery:
    """Queries of openings for the viewer."""

    recommended_jobs: Connection[JobSuggestion] | None = query(
        MEMBER, "Openings for you, each with the reasons for it.", resolver=find_recommended_jobs, directives=SUGGESTED
    )
