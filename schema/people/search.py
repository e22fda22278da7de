"""Free-text search of people in the graph."""

import strawberry

from recommender.search import search_people
from schema.context import Info
from schema.engine.resolving import ref
from schema.pagination import PageInfo
from schema.people.types import Person
from schema.permissions import SIGNED_IN, query
from schema.searches import DEGRADED, MATCHED, SCORE, read_found


@strawberry.type(description="Somebody who was found, and by what.")
class PersonHit:
    """See `search.Hit`."""

    person: Person | None = strawberry.field(description="The person.")
    score: float = strawberry.field(description=SCORE)
    matched_fields: list[str] = strawberry.field(description=f"{MATCHED}: displayName, experiences, skills, seeks, ...")


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
    degraded: bool = strawberry.field(description=DEGRADED)


async def find_people(
    info: Info, text: str, first: int | None = strawberry.UNSET, after: str | None = strawberry.UNSET
) -> PersonHitConnection | None:
    """One page of those found."""
    viewer, embedder = info.context.viewer, info.context.query_embedder
    found = await read_found(info, lambda session: search_people(session, viewer, text, embedder), text, first, after)
    edges = [
        PersonHitEdge(
            cursor=cursor,
            node=PersonHit(person=ref(Person, hit.id), score=hit.score, matched_fields=list(hit.matched_fields)),
        )
        for cursor, hit in found.page.items
    ]
    return PersonHitConnection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=found.page.page_info,
        degraded=found.degraded,
    )


@strawberry.type
class SearchQuery:
    """Queries by free text."""

    search_people: PersonHitConnection | None = query(
        SIGNED_IN,
        "People by free text: what they are called, did, learned, can, seek and offer, as far as you may see it.",
        resolver=find_people,
    )
