"""Whom to meet: suggestions with their evidence, and what the viewer makes of them."""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from recommender import feedback
from recommender.evidence_kinds import EvidenceKind
from recommender.people import ListCursor, people_to_meet
from schema.context import Info
from schema.engine.cursors import decode_cursor, encode_cursor
from schema.engine.refusals import Refused
from schema.engine.resolving import read_ahead, ref
from schema.errors import Invalid, NotFound
from schema.ids import decode_id, encode_id
from schema.pagination import PageInfo, check_size
from schema.people.inputs import optional
from schema.people.types import Person
from schema.permissions import MEMBER, mutation, query
from schema.viewer import Viewer

SIGNATURE = "peopleYouShouldMeet"
MAX_POSITION = 10_000


@strawberry.type(description="One reason for a suggestion, drawn from what you may see.")
class Evidence:
    """See `evidence.Evidence`."""

    kind: EvidenceKind = strawberry.field(description="What kind of reason it is.")
    text: str = strawberry.field(description="The reason in words.")
    weight: float = strawberry.field(description="How much the score would fall without it.")


@strawberry.type(description="Somebody whom you should meet, and why.")
class PersonSuggestion:
    """See `people.Suggestion`."""

    id: strawberry.ID = strawberry.field(description="What feedback refers to.")
    person: Person | None = strawberry.field(description="The person.")
    score: float = strawberry.field(description="How well you two fit each other, from 0 to 1.")
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
    info: Info, first: int | None = strawberry.UNSET, after: str | None = strawberry.UNSET
) -> PersonSuggestionConnection | None:
    """One page of the viewer's list."""
    size = check_size(first)
    cursor = read_cursor(after) if after else None
    async with info.context.db.write() as session, session.begin():
        page = await people_to_meet(session, info.context.viewer, first=size, after=cursor)
    edges = [
        PersonSuggestionEdge(
            cursor=write_cursor(page.cursor(one)),
            node=PersonSuggestion(
                id=strawberry.ID(encode_id("PersonSuggestion", one.id)),
                person=ref(Person, one.person_id),
                score=one.score,
                evidence=[Evidence(kind=why.kind, text=why.text, weight=why.weight) for why in one.evidence],
            ),
        )
        for one in page.suggestions
    ]
    page_info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=cursor is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return PersonSuggestionConnection(edges=edges, nodes=[edge.node for edge in edges], page_info=page_info)


def write_cursor(cursor: ListCursor) -> str:
    """The cursor as clients hold it."""
    return encode_cursor(SIGNATURE, str(cursor.list_id), cursor.as_of.isoformat(), cursor.position)


def read_cursor(given: str) -> ListCursor:
    """The cursor that a client gave back. Raises Refused."""
    try:
        list_id, as_of, position = decode_cursor(given, SIGNATURE)
        cursor = ListCursor(UUID(list_id), datetime.fromisoformat(as_of), position)
    except (ValueError, TypeError, AttributeError):
        cursor = None
    if cursor is None or cursor.as_of.tzinfo is None or cursor.position not in range(MAX_POSITION):
        raise Refused("This is not a cursor of this list: pass one from pageInfo or an edge.", ("after",))
    return cursor


@strawberry.input(description="Which suggestion, and why not.")
class DismissSuggestionInput:
    """See `feedback.dismiss_suggestion`."""

    suggestion_id: strawberry.ID = strawberry.field(description="The suggestion.")
    reason: str | None = optional("Why, in your words; nobody else reads it.")


@strawberry.type(description="Done: this person is not suggested to you again.")
class DismissSuggestionPayload:
    """The viewer."""

    viewer: Viewer | None = strawberry.field(description="You.")


DismissSuggestionResult: TypeAlias = Annotated[
    DismissSuggestionPayload | NotFound | Invalid,
    strawberry.union("DismissSuggestionResult", description="The payload, or what stood against it."),
]


@strawberry.type
class RecommendationsQuery:
    """Queries of suggestions."""

    people_you_should_meet: PersonSuggestionConnection | None = query(
        MEMBER, "People you should meet, each with the reasons for it.", resolver=find_people_to_meet
    )


@strawberry.type
class RecommendationsMutation:
    """Mutations of suggestions."""

    @mutation(MEMBER, "Do not suggest this person to me again.")
    async def dismiss_suggestion(self, info: Info, input: DismissSuggestionInput) -> DismissSuggestionResult:
        suggestion_id = decode_id(input.suggestion_id, "PersonSuggestion", ("input", "suggestionId"))
        account_id = info.context.viewer.account_id
        async with info.context.db.write() as session, session.begin():
            await feedback.dismiss_suggestion(session, info.context.viewer, suggestion_id, input.reason or None)
            payload = DismissSuggestionPayload(viewer=ref(Viewer, account_id) if account_id else None)
            return await read_ahead(info, session, payload)
