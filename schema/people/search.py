"""Free-text search of people in the graph."""

from hashlib import blake2b

import strawberry

from api.folding import fold
from recommender.search import search_people
from schema.context import Info
from schema.engine.resolving import ref
from schema.pagination import PageInfo, check_size, slice_list
from schema.people.types import Person
from schema.permissions import SIGNED_IN, query


@strawberry.type(description="Somebody who was found, and by what.")
class PersonHit:
    """See `search.Hit`."""

    person: Person | None = strawberry.field(description="The person.")
    score: float = strawberry.field(description="How well they match: comparable within one search only.")
    matched_fields: list[str] = strawberry.field(
        description="The fields that matched, of those that you may see: displayName, experiences, skills, seeks, ..."
    )


@strawberry.type(description="One person found.")
class PersonHitEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the person stands among those found.")
    node: PersonHit = strawberry.field(description="The person, and by what they were found.")


@strawberry.type(description="A page of people found, best first.")
class PersonHitConnection:
    """As Relay defines it."""

    edges: list[PersonHitEdge] = strawberry.field(description="The people found with their cursors.")
    nodes: list[PersonHit] = strawberry.field(description="The people found.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    degraded: bool = strawberry.field(
        description="True while the language model is away: then only words are compared, not meaning."
    )


async def find_people(
    info: Info, text: str, first: int | None = strawberry.UNSET, after: str | None = strawberry.UNSET
) -> PersonHitConnection | None:
    """Search, and cut the page out of the result."""
    size = check_size(first)
    async with info.context.db.write() as session, session.begin():
        found = await search_people(session, info.context.viewer, text, info.context.query_embedder)
    signature = blake2b(fold(text).encode(), digest_size=6).hexdigest()
    page = slice_list(found.hits, size, after or None, signature)
    edges = [
        PersonHitEdge(
            cursor=cursor,
            node=PersonHit(person=ref(Person, hit.person_id), score=hit.score, matched_fields=list(hit.matched_fields)),
        )
        for cursor, hit in page.items
    ]
    return PersonHitConnection(
        edges=edges, nodes=[edge.node for edge in edges], page_info=page.page_info, degraded=found.degraded
    )


@strawberry.type
class SearchQuery:
    """Queries by free text."""

    search_people: PersonHitConnection | None = query(
        SIGNED_IN,
        "People by free text: what they are called, did, learned, can, seek and offer, as far as you may see it.",
        resolver=find_people,
    )
