"""Free-text search of mentors in the graph."""

import strawberry

from recommender.search import Hit
from recommender.search.items import MENTORS, search_items
from schema.context import Info
from schema.engine.resolving import ref
from schema.mentoring.types import MentorProfile
from schema.permissions import SIGNED_IN, query
from schema.searches import MATCHED, SCORE, SEARCHED, Connection, read_found


@strawberry.type(description="A mentor that was found, and by what.")
class MentorHit:
    """See `search.Hit`."""

    mentor: MentorProfile | None = strawberry.field(description="The mentor.")
    score: float = strawberry.field(description=SCORE)
    matched_fields: list[str] = strawberry.field(
        description=f"{MATCHED}: topics, about, displayName; meaning, if it has none of the words."
    )


async def find_mentors(
    info: Info, text: str, first: int | None = strawberry.UNSET, after: str | None = strawberry.UNSET
) -> Connection[MentorHit] | None:
    """One page of those found."""
    viewer, embedder = info.context.viewer, info.context.query_embedder
    return await read_found(
        info, lambda session: search_items(session, viewer, MENTORS, text, embedder), text, first, after, _shown
    )


def _shown(hit: Hit) -> MentorHit:
    return MentorHit(mentor=ref(MentorProfile, hit.id), score=hit.score, matched_fields=list(hit.matched_fields))


@strawberry.type
class SearchMentorsQuery:
    """Search of mentors."""

    search_mentors: Connection[MentorHit] | None = query(
        SIGNED_IN, "Mentors that you may see, by words and by meaning.", resolver=find_mentors, directives=SEARCHED
    )
