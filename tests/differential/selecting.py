"""Operations as trees, before they are text: fields with their arguments, and the fragments that hold them."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from graphql import GraphQLEnumType, get_named_type


@dataclass
class Given:
    """A value of an argument or a part of one: the value, or a variable that stands for it."""

    type: Any
    """Of graphql-core."""
    value: Any
    """A scalar, an enumeration member's name, a list of Given, or a dictionary of Given."""
    variable: str | None = None

    def __deepcopy__(self, known: dict[int, Any]) -> "Given":
        """A copy of the value; types are what they are."""
        known[id(self)] = copied = Given(self.type, copy.deepcopy(self.value, known), self.variable)
        return copied

    def literal(self) -> str:
        """As it stands in a document."""
        if self.variable is not None:
            return f"${self.variable}"
        return self.constant()

    def constant(self) -> str:
        """As it stands in a document, without variables for the whole of it."""
        if isinstance(self.value, dict):
            return "{" + ", ".join(f"{name}: {part.literal()}" for name, part in self.members.items()) + "}"
        if isinstance(self.value, list):
            return "[" + ", ".join(part.literal() for part in self.elements) + "]"
        if isinstance(get_named_type(self.type), GraphQLEnumType) and self.value is not None:
            return str(self.value)
        return json.dumps(self.value)

    def plain(self) -> Any:
        """As it stands in the variables of a request."""
        if isinstance(self.value, dict):
            return {name: part.plain() for name, part in self.members.items()}
        if isinstance(self.value, list):
            return [part.plain() for part in self.elements]
        return self.value

    @property
    def members(self) -> "dict[str, Given]":
        """The parts of an input object."""
        return cast("dict[str, Given]", {}) if not isinstance(self.value, dict) else cast(Any, self).value

    @property
    def elements(self) -> "list[Given]":
        """The parts of a list."""
        return cast("list[Given]", []) if not isinstance(self.value, list) else cast(Any, self).value

    def parts(self) -> Iterator["Given"]:
        """This and all within it."""
        yield self
        for part in (*self.members.values(), *self.elements):
            yield from part.parts()

    def whole(self) -> bool:
        """Whether no variable stands within it."""
        return all(part.variable is None for part in self.parts())


@dataclass
class Field:
    """A field of a selection."""

    name: str
    arguments: dict[str, Given] = field(default_factory=dict[str, Given])
    selections: "list[Selection]" = field(default_factory=list["Selection"])
    type_name: str = ""
    """The object or interface type that is selected from, where there are selections."""
    alias: str | None = None
    directives: str = ""

    @property
    def key(self) -> str:
        """The response key."""
        return self.alias or self.name

    def text(self) -> str:
        """As it stands in a document."""
        arguments = ", ".join(f"{name}: {given.literal()}" for name, given in self.arguments.items())
        return "".join(
            [
                f"{self.alias}: " if self.alias else "",
                self.name,
                f"({arguments})" if arguments else "",
                self.directives,
                block(self.selections) if self.selections else "",
            ]
        )


@dataclass
class Fragment:
    """Some selections under a condition: inline, or by the name of a definition."""

    condition: str | None
    selections: "list[Selection]"
    name: str | None = None
    directives: str = ""

    def text(self) -> str:
        """As it stands in a selection."""
        if self.name is not None:
            return f"...{self.name}{self.directives}"
        on = f" on {self.condition}" if self.condition else ""
        return f"...{on}{self.directives}{block(self.selections)}"


Selection: TypeAlias = Field | Fragment


def block(selections: list[Selection]) -> str:
    """Selections in braces."""
    return " { " + " ".join(one.text() for one in selections) + " }"


@dataclass
class Operation:
    """A query with its variables."""

    selections: list[Selection]
    declared: dict[str, str] = field(default_factory=dict[str, str])
    """Variable -> type and default."""
    variables: dict[str, Any] = field(default_factory=dict[str, Any])

    def text(self) -> str:
        """The document."""
        declared = ", ".join(f"${name}: {kind}" for name, kind in self.declared.items())
        named = {one.name: one for one in fragments(self.selections) if one.name is not None}
        return "".join(
            [
                f"query({declared})" if declared else "query",
                block(self.selections),
                *(f" fragment {name} on {one.condition}{block(one.selections)}" for name, one in named.items()),
            ]
        )


def fragments(selections: list[Selection]) -> Iterator[Fragment]:
    """All fragments at any depth."""
    for one in selections:
        if isinstance(one, Fragment):
            yield one
        yield from fragments(one.selections)


def sets(selections: list[Selection], type_name: str) -> Iterator[tuple[list[Selection], str]]:
    """All selection sets of fields, with the type that each selects from."""
    yield selections, type_name
    for one in selections:
        if isinstance(one, Fragment):
            yield from sets(one.selections, one.condition or type_name)
        elif one.selections:
            yield from sets(one.selections, one.type_name)


def fields(selections: list[Selection]) -> Iterator[Field]:
    """All fields at any depth."""
    for one in selections:
        if isinstance(one, Field):
            yield one
        yield from fields(one.selections)
