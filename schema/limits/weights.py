"""What the schema declares of the cost of its fields, and of the length of its lists."""

from dataclasses import dataclass
from typing import Any, TypeVar, cast

from graphql import GraphQLField, GraphQLList, GraphQLNamedType, GraphQLNonNull, Undefined
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema.limits.directives import Cost, ListSize

D = TypeVar("D", Cost, ListSize)

INTROSPECTION_LIST = 800
"""What a list of what the schema has costs: of its types, of their fields. The usual introspection has ten."""


@dataclass(frozen=True)
class Lengths:
    """Where the length of a list is found: in arguments, or in none of them."""

    arguments: tuple[str, ...]
    assumed: int
    below: bool
    """Whether it is lists of the field's own fields that are so long, as of a connection."""


def weight_of(kind: GraphQLNamedType, definition: GraphQLField) -> int:
    """What a field of a type costs beside its objects."""
    if kind.name.startswith("__"):
        return INTROSPECTION_LIST if is_list(definition) else 0
    declared = declared_of(definition, Cost)
    return int(declared.weight) if declared else 0


def lengths_of(definition: GraphQLField) -> Lengths | None:
    """The declared length of a list; None for what is no list, and where the field above declares it."""
    declared = declared_of(definition, ListSize)
    if declared is None:
        return None
    return Lengths(tuple(declared.slicing_arguments or ()), declared.assumed_size or 0, bool(declared.sized_fields))


def declared_of(definition: GraphQLField, kind: type[D]) -> D | None:
    """The directive of one kind that a field bears."""
    declared: Any = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return next((one for one in getattr(declared, "directives", ()) if isinstance(one, kind)), None)


def is_list(definition: GraphQLField) -> bool:
    """Whether a field gives a list."""
    kind: Any = cast(Any, definition).type
    return isinstance(cast(Any, kind).of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


def default_of(definition: GraphQLField, argument: str) -> object:
    """The value of an argument that is left out; None if it has none."""
    value: object = definition.args[argument].default_value
    return None if value is Undefined else value
