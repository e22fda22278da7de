"""How values enter a compiled statement: a plan's text is fixed, each request binds its own values.

While a plan is made, every argument value becomes a bind parameter that remembers where in the arguments it came from.
At run time the same places are read from the request's own arguments. What decides the text itself (which filters are
given, page sizes, enumeration members, flags) is part of the plan's key instead: see `shape`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from graphql import FieldNode, GraphQLField, VariableValues
from graphql.execution.values import get_argument_values
from sqlalchemy import BindParameter, bindparam
from sqlalchemy.types import TypeEngine

from api.access import Viewer

VIEWER = "viewer"
ACCOUNT = "account"
LANGUAGES = "languages"
KEYS = "keys"
"""The bind parameter for the ids of rows that are read because something else already named them."""


@dataclass(frozen=True)
class Slot:
    """Where a bind parameter's value is found: which call of a field, which path in its arguments."""

    call: int
    path: tuple[str | int, ...]
    transform: Callable[[Any], object]


@dataclass
class Scope:
    """What the plan of one statement collects while it is compiled."""

    viewer: Viewer
    variables: VariableValues
    calls: list[tuple[GraphQLField, FieldNode]] = field(default_factory=list[tuple[GraphQLField, FieldNode]])
    slots: dict[str, Slot] = field(default_factory=dict[str, Slot])
    audits: bool = False
    """Whether rows carry hidden notes of what is shown of whom, to be taken out and logged or counted."""

    def arguments(self, definition: GraphQLField, node: FieldNode) -> "Arguments":
        """The coerced arguments of one call of a field."""
        self.calls.append((definition, node))
        values = get_argument_values(definition, node, self.variables)
        return Arguments(self, len(self.calls) - 1, values)


@dataclass(frozen=True)
class Arguments:
    """Arguments of one call, or a part of them, with the place they stand at."""

    scope: Scope
    call: int
    value: Any
    path: tuple[str | int, ...] = ()

    def get(self, key: str | int) -> "Arguments":
        """The part under `key`; its value is None where nothing was given."""
        if isinstance(self.value, Mapping):
            found: Any = self.value.get(key)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        else:
            found = self.value[key]
        return Arguments(self.scope, self.call, found, (*self.path, key))

    def parameter(
        self, type_: TypeEngine[Any], transform: Callable[[Any], object] = lambda value: value
    ) -> BindParameter[Any]:
        """This value as a bind parameter; `transform` makes the database's value of the client's, and may refuse it."""
        name = f"p{len(self.scope.slots)}"
        self.scope.slots[name] = Slot(self.call, self.path, transform)
        return bindparam(name, transform(self.value), type_=type_)

    @property
    def place(self) -> tuple[str, ...]:
        """The path for error messages."""
        return tuple(str(part) for part in self.path)


def look_up(values: Mapping[str, Any], path: tuple[str | int, ...]) -> Any:
    """The value at `path` of coerced arguments."""
    found: Any = values
    for part in path:
        found = found[part]
    return found


def shape(value: Any, *, exact: bool = False) -> Any:
    """What of a variable's value decides the text of a statement: its structure, flags and enumeration members;
    with `exact`, all of it."""
    if value is None or isinstance(value, bool | Enum):
        return value
    if isinstance(value, Mapping):
        return tuple((key, shape(part)) for key, part in value.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list):
        if any(isinstance(part, Mapping | Enum) for part in value):  # pyright: ignore[reportUnknownVariableType]
            return tuple(shape(part) for part in value)  # pyright: ignore[reportUnknownVariableType]
        return list.__name__
    return value if exact else type(value).__name__
