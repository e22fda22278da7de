"""Suggestions in general: their evidence, their pages, what counts for them, and what the viewer makes of them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, TypeAlias, TypeVar
from uuid import UUID

import strawberry

from recommender import feedback
from recommender.events import PIPELINE as EVENTS
from recommender.evidence_kinds import EvidenceKind
from recommender.jobs import PIPELINE as JOBS
from recommender.mentors import PIPELINE as MENTORS
from recommender.pages import ListCursor, Pipeline, Suggestion, suggest
from recommender.people import PIPELINE as PEOPLE
from schema.context import Info
from schema.engine.cursors import decode_cursor, encode_cursor
from schema.engine.refusals import Refused
from schema.engine.resolving import read_ahead, ref
from schema.errors import Invalid, NotFound
from schema.ids import encode_id, split_id
from schema.limits.directives import FORWARD_PAGE, about, costs
from schema.pagination import PageInfo, check_size
from schema.people.inputs import optional
from schema.permissions import MEMBER, SIGNED_IN, mutation, query
from schema.viewer import Viewer

S = TypeVar("S")

PIPELINES: Mapping[str, tuple[str, Pipeline]] = {
    "PersonSuggestion": ("peopleYouShouldMeet", PEOPLE),
    "MentorSuggestion": ("suggestedMentors", MENTORS),
    "EventSuggestion": ("recommendedEvents", EVENTS),
    "JobSuggestion": ("recommendedJobs", JOBS),
}
"""Each kind of suggestion by the name of its type: the root field that gives them, and what it is made of."""
SUGGESTED = [costs(500), FORWARD_PAGE]
"""What making a list costs beside the suggestions of the page, and that it gives pages."""
MAX_POSITION = 10_000
CLOCKS_DIFFER = timedelta(minutes=5)
SUGGESTION = ("input", "suggestionId")


@strawberry.type(description="One reason for a suggestion, drawn from what you may see.")
class Evidence:
    """See `evidence.Evidence`."""

    kind: EvidenceKind = strawberry.field(description="What kind of reason it is.")
    text: str = strawberry.field(description="The reason in words.")
    weight: float = strawberry.field(description="How much the score would fall without it.")


@strawberry.type(description="One suggestion of a page.")
class Edge(Generic[S]):
    """As Relay defines it; in the graph it bears the name of its kind before its own."""

    cursor: str = strawberry.field(description="Where the suggestion stands in the list.")
    node: S = strawberry.field(description="The suggestion.")


@strawberry.type(description="A page of suggestions, best first.")
class Connection(Generic[S]):
    """As Relay defines it."""

    edges: list[Edge[S]] = strawberry.field(description="The suggestions with their cursors.")
    nodes: list[S] = strawberry.field(description="The suggestions.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


async def read_page(
    info: Info,
    type_name: str,
    first: int | None,
    after: str | None,
    profiled: bool | None,
    make: Callable[[Suggestion], S],
) -> Connection[S]:
    """One page of the viewer's list of a kind, each as `make` puts it. Raises Refused for a bad cursor or size."""
    size, (_, pipeline) = check_size(first), PIPELINES[type_name]
    cursor = read_cursor(after, type_name) if after else None
    async with info.context.db.write() as session, session.begin():
        page = await suggest(
            session, info.context.viewer, pipeline, first=size, after=cursor, profiled=profiled is not False
        )
    edges = [Edge(cursor=write_cursor(page.cursor(one), type_name), node=make(one)) for one in page.suggestions]
    page_info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=cursor is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges=edges, nodes=[edge.node for edge in edges], page_info=page_info)


def suggestion_id(type_name: str, suggestion: Suggestion) -> strawberry.ID:
    """What feedback refers to."""
    return strawberry.ID(encode_id(type_name, suggestion.id))


def evidence_of(suggestion: Suggestion) -> list[Evidence]:
    """The reasons as the graph has them."""
    return [Evidence(kind=why.kind, text=why.text, weight=why.weight) for why in suggestion.evidence]


def write_cursor(cursor: ListCursor, type_name: str) -> str:
    """The cursor as clients hold it."""
    return encode_cursor(type_name, str(cursor.list_id), cursor.as_of.isoformat(), cursor.position)


def read_cursor(given: str, type_name: str) -> ListCursor:
    """The cursor that a client gave back. Raises Refused."""
    try:
        list_id, as_of, position = decode_cursor(given, type_name)
        cursor = ListCursor(UUID(list_id), datetime.fromisoformat(as_of), position)
    except (ValueError, TypeError, AttributeError):
        cursor = None
    if cursor is None or not _began(cursor.as_of) or cursor.position not in range(MAX_POSITION):
        raise Refused("This is not a cursor of this list: pass one from pageInfo or an edge.", ("after",))
    return cursor


def _began(at: datetime) -> bool:
    """Whether a list may have begun then: servers' clocks may differ a little."""
    return at.tzinfo is not None and at < datetime.now(UTC) + CLOCKS_DIFFER


@strawberry.type(description="How much one feature counts for an order: nothing else does.")
class RankingParameter:
    """See `ranking.Weight`."""

    feature: str = strawberry.field(description="What is looked at.")
    weight: float = strawberry.field(description="What it adds at the most.")
    half_at: float = strawberry.field(description="The value at which it adds half of that.")


@strawberry.type(description="One kind of suggestion, and what decides its order.")
class Recommender:
    """See `ranking.RankingConfig`."""

    name: str = strawberry.field(
        description="The field that gives the suggestions. With `profiled: false` it looks at nothing about you."
    )
    digest: str = strawberry.field(description="Changes with anything that decides the order; logged with each list.")
    parameters: list[RankingParameter] = strawberry.field(
        description="What counts, most first.", directives=[about(20)]
    )


def list_recommenders() -> list[Recommender] | None:
    """Rule P21: the main parameters are public."""
    return [
        Recommender(
            name=field,
            digest=pipeline.config.digest.hex(),
            parameters=[
                RankingParameter(feature=str(feature), weight=weight.most, half_at=weight.half)
                for feature, weight in sorted(pipeline.config.weights.items(), key=lambda one: -one[1].most)
            ],
        )
        for field, pipeline in PIPELINES.values()
    ]


@strawberry.input(description="Which suggestion, and why not.")
class DismissSuggestionInput:
    """See `feedback.dismiss_suggestion`."""

    suggestion_id: strawberry.ID = strawberry.field(description="The suggestion.")
    reason: str | None = optional("Why, in your words; nobody else reads it.")


@strawberry.type(description="Done: this is not suggested to you again.")
class DismissSuggestionPayload:
    """The viewer."""

    viewer: Viewer | None = strawberry.field(description="You.")


DismissSuggestionResult: TypeAlias = Annotated[
    DismissSuggestionPayload | NotFound | Invalid,
    strawberry.union("DismissSuggestionResult", description="The payload, or what stood against it."),
]


@strawberry.type
class RecommendationsQuery:
    """Queries of suggestions in general. Those of each noun stand with the noun."""

    recommenders: list[Recommender] | None = query(
        SIGNED_IN,
        "What decides the order of each kind of suggestion.",
        resolver=list_recommenders,
        directives=[about(len(PIPELINES))],
    )


@strawberry.type
class RecommendationsMutation:
    """Mutations of suggestions."""

    @mutation(MEMBER, "Do not suggest this person or thing to me again.")
    async def dismiss_suggestion(self, info: Info, input: DismissSuggestionInput) -> DismissSuggestionResult:
        type_name, suggestion_id = split_id(input.suggestion_id, SUGGESTION)
        if type_name not in PIPELINES:
            raise Refused("This is not the id of a suggestion.", SUGGESTION)
        _, pipeline = PIPELINES[type_name]
        account_id = info.context.viewer.account_id
        async with info.context.db.write() as session, session.begin():
            reason = input.reason or None
            await feedback.dismiss_suggestion(session, info.context.viewer, suggestion_id, reason, pipeline.item)
            payload = DismissSuggestionPayload(viewer=ref(Viewer, account_id) if account_id else None)
            return await read_ahead(info, session, payload)
