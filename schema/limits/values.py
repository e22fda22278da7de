"""How large a value may be that a request carries, in its variables or in its document: before anything coerces it.

What coerces values calls itself for each level of them, and takes many times as long for a list as JSON does.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from graphql import GraphQLError, ListValueNode, ObjectValueNode, ValueNode

MAX_VALUE_DEPTH = 32
"""Lists and objects within one another."""
MAX_LIST = 5_000
"""As many as the longest list has that any field takes: who came to an event, in an import."""


def check_variables(given: Mapping[str, Any]) -> None:
    """Raise GraphQLError, which names the place, for a variable that nests too deeply or has too long a list."""
    level: list[tuple[str, Any]] = [(f"${name}", one) for name, one in given.items() if isinstance(one, list | dict)]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_VALUE_DEPTH:
            name = level[0][0].split(".", maxsplit=1)[0]
            message = f"The variable {name} nests more than {MAX_VALUE_DEPTH} deep."
            raise _too_large(message, "valueDepth", MAX_VALUE_DEPTH)
        level = [inner for place, value in level for inner in _within(place, value)]


def _within(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The lists and objects in a list or an object, each with its place."""
    if isinstance(value, list):
        members = cast(list[Any], value)
        if len(members) > MAX_LIST:
            message = f"The variable {place} has {len(members):,} values. At most {MAX_LIST:,} are allowed."
            raise _too_large(message, "list", MAX_LIST)
        named = enumerate(members)
    else:
        named = cast(dict[str, Any], value).items()
    yield from ((f"{place}.{name}", inner) for name, inner in named if isinstance(inner, list | dict))


def _too_large(message: str, limit: str, allowed: int) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT", "limit": limit, "allowed": allowed})


def depth_of(node: ValueNode) -> int:
    """How many lists and objects of a document stand within one another here."""
    level, depth = [node], 0
    while level := [one for one in level if isinstance(one, ListValueNode | ObjectValueNode)]:
        depth += 1
        level = [inner for one in level for inner in _parts(one)]
    return depth


def _parts(node: ListValueNode | ObjectValueNode) -> Sequence[ValueNode]:
    return node.values if isinstance(node, ListValueNode) else [field.value for field in node.fields]
