"""Whom to ask, in the graph: suggestions of mentors with their evidence."""

import strawberry

from recommender.pages import Suggestion
from schema.context import Info
from schema.engine.resolving import ref
from schema.limits.directives import about
from schema.mentoring.types import MentorProfile
from schema.permissions import MEMBER, query
from schema.recommendations import SUGGESTED, Connection, Evidence, evidence_of, read_page, suggestion_id


@strawberry.type(description="Somebody who could be your mentor, and why.")
class MentorSuggestion:
    """See `pages.Suggestion`."""

    id: strawberry.ID = strawberry.field(description="What feedback refers to.")
    mentor: MentorProfile | None = strawberry.field(description="The mentor.")
    score: float | None = strawberry.field(
        description="How well you two fit each other, from 0 to 1; null in a list that is not profiled."
    )
    evidence: list[Evidence] = strawberry.field(
        description="What speaks for it, strongest first.", directives=[about(5)]
    )


async def find_mentors_to_ask(
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    profiled: bool | None = True,
) -> Connection[MentorSuggestion] | None:
    """One page of the viewer's list."""
    return await read_page(info, "MentorSuggestion", first, after, profiled, _shown)


def _shown(one: Suggestion) -> MentorSuggestion:
    return MentorSuggestion(
        id=suggestion_id("MentorSuggestion", one),
        mentor=ref(MentorProfile, one.item_id),
        score=one.score,
        evidence=evidence_of(one),
    )


@strawberry.type
class SuggestedMentorsQuery:
    """Queries of mentors to ask."""

    suggested_mentors: Connection[MentorSuggestion] | None = query(
        MEMBER,
        "Mentors with places free whom you could ask, each with the reasons for it.",
        resolver=find_mentors_to_ask,
        directives=SUGGESTED,
    )
