"""Free-text search of people in the graph."""

import strawberry

from recommender.search import Hit, search_people
from schema.context import Info
from schema.engine.resolving import ref
from schema.people.types import Person
from schema.permissions import SIGNED_IN, query
from schema.searches import MATCHED, SCORE, SEARCHED, Connection, read_found


@strawberry.type(description="Somebody who was found, and by what.")
class PersonHit:
    """See `search.Hit`."""

    person: Person | None = strawberry.field(description="The person.")
    score: float = strawberry.field(description=SCORE)
    matched_fields: list[str] = strawberry.field(description=f"{MATCHED}: displayName, experiences, skills, seeks, ...")


async def find_people(
    info: Info, text: str, first: int | None = strawberry.UNSET, after: str | None = strawberry.UNSET
) -> Connection[PersonHit] | None:
    """One page of those found."""
    viewer, embedder = info.context.viewer, info.context.query_embedder
    return await read_found(
        info, lambda session: search_people(session, viewer, text, embedder), text, first, after, _shown
    )


def _shown(hit: Hit) -> PersonHit:
    return PersonHit(person=ref(Person, hit.id), score=hit.score, matched_fields=list(hit.matched_fields))


@strawberry.type
class SearchQuery:
    """Queries by free text."""

    search_people: Connection[PersonHit] | None = query(
        SIGNED_IN,
        "People by free text: what they are called, did, learned, can, seek and offer, as far as you may see it.",
        resolver=find_people,
        directives=SEARCHED,
    )
