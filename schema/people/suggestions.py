"""Whom to meet, in the graph: suggestions of people with their evidence."""

import strawberry

from recommender.pages import Suggestion
from schema.context import Info
from schema.engine.resolving import ref
from schema.limits.directives import about
from schema.people.types import Person
from schema.permissions import MEMBER, query
from schema.recommendations import SUGGESTED, Connection, Evidence, evidence_of, read_page, suggestion_id


@strawberry.type(description="Somebody whom you should meet, and why.")
class PersonSuggestion:
    """See `pages.Suggestion`."""

    id: strawberry.ID = strawberry.field(description="What feedback refers to.")
    person: Person | None = strawberry.field(description="The person.")
    score: float | None = strawberry.field(
        description="How well you two fit each other, from 0 to 1; null in a list that is not profiled."
    )
    evidence: list[Evidence] = strawberry.field(
        description="What speaks for it, strongest first.", directives=[about(5)]
    )


async def find_people_to_meet(
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    profiled: bool | None = True,
) -> Connection[PersonSuggestion] | None:
    """One page of the viewer's list."""
    return await read_page(info, "PersonSuggestion", first, after, profiled, _shown)


def _shown(one: Suggestion) -> PersonSuggestion:
    return PersonSuggestion(
        id=suggestion_id("PersonSuggestion", one),
        person=ref(Person, one.item_id),
        score=one.score,
        evidence=evidence_of(one),
    )


@strawberry.type
class PeopleToMeetQuery:
    """Queries of people to meet."""

    people_you_should_meet: Connection[PersonSuggestion] | None = query(
        MEMBER,
        "People you should meet, each with the reasons for it.",
        resolver=find_people_to_meet,
        directives=SUGGESTED,
    )
