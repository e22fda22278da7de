"""Whom to meet, in the graph: suggestions of people with their evidence."""

import strawberry

from schema.context import Info
from schema.engine.resolving import ref
from schema.pagination import PageInfo
from schema.people.types import Person
from schema.permissions import MEMBER, query
from schema.recommendations import Evidence, evidence_of, read_page, suggestion_id


@strawberry.type(description="Somebody whom you should meet, and why.")
class PersonSuggestion:
    """See `pages.Suggestion`."""

    id: strawberry.ID = strawberry.field(description="What feedback refers to.")
    person: Person | None = strawberry.field(description="The person.")
    score: float | None = strawberry.field(
        description="How well you two fit each other, from 0 to 1; null in a list that is not profiled."
    )
    evidence: list[Evidence] = strawberry.field(description="What speaks for it, strongest first.")


@strawberry.type(description="One suggestion of a page.")
class PersonSuggestionEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the suggestion stands in the list.")
    node: PersonSuggestion = strawberry.field(description="The suggestion.")


@strawberry.type(description="A page of suggestions, best first.")
class PersonSuggestionConnection:
    """As Relay defines it."""

    edges: list[PersonSuggestionEdge] = strawberry.field(description="The suggestions with their cursors.")
    nodes: list[PersonSuggestion] = strawberry.field(description="The suggestions.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


async def find_people_to_meet(
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    profiled: bool | None = True,
) -> PersonSuggestionConnection | None:
    """One page of the viewer's list."""
    shown = await read_page(info, "PersonSuggestion", first, after, profiled)
    edges = [
        PersonSuggestionEdge(
            cursor=cursor,
            node=PersonSuggestion(
                id=suggestion_id("PersonSuggestion", one),
                person=ref(Person, one.item_id),
                score=one.score,
                evidence=evidence_of(one),
            ),
        )
        for cursor, one in shown.items
    ]
    return PersonSuggestionConnection(edges=edges, nodes=[edge.node for edge in edges], page_info=shown.page_info)


@strawberry.type
class PeopleToMeetQuery:
    """Queries of people to meet."""

    people_you_should_meet: PersonSuggestionConnection | None = query(
        MEMBER, "People you should meet, each with the reasons for it.", resolver=find_people_to_meet
    )
