"""Who may call a root field: each carries one of these, and a test walks them all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter

from api.access import Viewer, ViewerKind
from schema.limits.directives import costs

MUTATION_COSTS = 10
REQUIRES = "alumni.requires"
"""The key of a root field's requirement in its Strawberry metadata."""


@dataclass(frozen=True)
class Requirement:
    """A condition on the caller, the same for all objects. What of them the caller sees is up to `api.access`."""

    name: str
    holds: Callable[[Viewer], bool]
    sentence: str
    """What the field's description says."""

    def check(self, viewer: Viewer) -> None:
        """Raise the error that a caller gets who does not meet the condition."""
        if self.holds(viewer):
            return
        if not viewer.signed_in:
            raise GraphQLError("Sign in first.", extensions={"code": "UNAUTHENTICATED"})
        raise GraphQLError(f"{self.sentence}", extensions={"code": "FORBIDDEN"})


PUBLIC = Requirement("PUBLIC", lambda _viewer: True, "Open to everybody.")
SIGNED_IN = Requirement("SIGNED_IN", lambda viewer: viewer.signed_in, "For signed-in callers.")
PERSON = Requirement("PERSON", lambda viewer: viewer.person_id is not None, "For people with a profile here.")
"""Also those who are members no longer: what is theirs stays theirs to change."""
MEMBER = Requirement(
    "MEMBER",
    lambda viewer: viewer.person_id is not None and viewer.kind is not ViewerKind.GUEST,
    "For members with a profile here.",
)
MEMBER_OR_STAFF = Requirement(
    "MEMBER_OR_STAFF",
    lambda viewer: viewer.kind in {ViewerKind.MEMBER, ViewerKind.STAFF},
    "For members and staff.",
)
STAFF = Requirement("STAFF", lambda viewer: viewer.is_staff, "For staff.")
ADMIN = Requirement("ADMIN", lambda viewer: viewer.admin, "For administrators.")


def check_may_change(viewer: Viewer) -> None:
    """Raise for whoever sees the network as somebody else: nothing is done in another's name."""
    if viewer.impersonated:
        message = "As somebody else you can only read. Leave the header out to act as yourself."
        raise GraphQLError(message, extensions={"code": "FORBIDDEN"})


def requires(requirement: Requirement) -> dict[str, Requirement]:
    """The metadata of a root field."""
    return {REQUIRES: requirement}


def required_of(definition: GraphQLField) -> Requirement:
    """The requirement of a root field. Every root field has one."""
    declared = definition.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    return declared.metadata[REQUIRES]


def query(requirement: Requirement, description: str, **options: Any) -> Any:
    """A root query field that has a resolver."""
    metadata = requires(requirement) | options.pop("metadata", {})
    return strawberry.field(description=f"{description} {requirement.sentence}", metadata=metadata, **options)


def subscription(requirement: Requirement, description: str) -> Any:
    """A subscription. The requirement is checked when it begins, and again for each event."""
    return strawberry.subscription(description=f"{description} {requirement.sentence}", metadata=requires(requirement))


def mutation(requirement: Requirement, description: str) -> Any:
    """A mutation."""
    metadata = requires(requirement)
    sentence = f"{description} {requirement.sentence}"
    return strawberry.mutation(description=sentence, metadata=metadata, directives=[costs(MUTATION_COSTS)])
