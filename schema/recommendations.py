"""Whom to meet: suggestions with their evidence, and what the viewer makes of them."""

from typing import Annotated, TypeAlias

import strawberry

from recommender import feedback
from recommender.evidence import EvidenceKind
from recommender.people import Suggestion, people_to_meet, read_cursor, write_cursor
from schema.context import Info
from schema.engine.resolving import ref
from schema.errors import Invalid, NotFound
from schema.ids import decode_id, encode_id
from schema.pagination import PageInfo, check_size
from schema.people.inputs import optional
from schema.people.types import Person
from schema.permissions import MEMBER, mutation, query

strawberry.enum(EvidenceKind, description="What speaks for a suggestion.")


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
    score: float = strawberry.field(description="How well you fit each other: comparable within one list only.")
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
