"""How large a document may be: measured on the parsed text, before anything that takes long looks at it.

Every fragment is measured once and counted wherever it is spread, so the time is linear in the text, whatever that
would unfold to. What has passed is small enough to unfold, as the last measure does: graphql-core compares all fields
of one response key, and all fragments of one place, with each other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
)

from schema.limits.refusing import Limit, invalid
from schema.limits.values import MAX_VALUE_DEPTH, depth_of

OPERATIONS = Limit("operations", 100, "operations")
DEPTH = Limit("depth", 20, "fields within one another")
"""The usual introspection query has 15."""
NESTING = Limit("nesting", 100, "selections within one another, fragments counted")
FIELDS = Limit("fields", 3_000, "fields and fragments, each where it is used")
ALIASES = Limit("aliases", 1_500, "aliases, each where it is used")
DIRECTIVES = Limit("directives", 500, "directives, each where it is used")
VALUES = Limit("valueDepth", MAX_VALUE_DEPTH, "lists and objects within one another in a value")
COMPARISONS = Limit("comparisons", 10_000, "pairs of equal response keys, or of fragments in one place, to compare")

Definition = OperationDefinitionNode | FragmentDefinitionNode


@dataclass(frozen=True)
class Size:
    """What a part of a document unfolds to."""

    depth: int = 0
    """Fields within one another."""
    nesting: int = 0
    """Selections within one another, fragments included."""
    fields: int = 0
    """Fields and fragments: fragments without fields take time too."""
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "Size") -> "Size":
        """Both, one after the other."""
        depth, nesting = max(self.depth, other.depth), max(self.nesting, other.nesting)
        return self._sum(other, depth, nesting)

    def around(self, inner: "Size") -> "Size":
        """`inner` within this."""
        return self._sum(inner, self.depth + inner.depth, self.nesting + inner.nesting)

    def _sum(self, other: "Size", depth: int, nesting: int) -> "Size":
        aliases, directives = self.aliases + other.aliases, self.directives + other.directives
        return Size(depth, nesting, self.fields + other.fields, aliases, directives)


@dataclass
class Structure:
    """A document while it is measured."""

    fragments: dict[str, FragmentDefinitionNode]
    visited: int = 0
    """How many selections were looked at."""
    unfolded: int = 0
    """How many were looked at to count what is compared."""
    _known: dict[str, Size] = field(default_factory=dict[str, Size])
    _open: list[str] = field(default_factory=list[str])
    """The fragments around the selection at hand."""
    _spread: set[str] = field(default_factory=set[str])
    """The fragments that are used anywhere."""

    def roots(self, operations: Sequence[OperationDefinitionNode]) -> list[Definition]:
        """What the whole document unfolds from: the operations, and fragments that nothing uses."""
        return [*operations, *(node for name, node in self.fragments.items() if name not in self._spread)]

    def measure(self, definition: Definition) -> Size:
        """What an operation or a fragment unfolds to. Raises GraphQLError for what has no end."""
        if isinstance(definition, FragmentDefinitionNode):
            return self._fragment(definition.name.value, 0)
        own = Size(directives=len(definition.directives or ()))
        for variable in definition.variable_definitions or ():
            own = own.beside(Size(directives=len(variable.directives or ())))
            _check_value(variable.default_value)
        return own.beside(self._set(definition.selection_set, 0))

    def _set(self, chosen: SelectionSetNode, level: int) -> Size:
        NESTING.check(level)
        found = Size()
        for node in chosen.selections:
            self.visited += 1
            found = found.beside(self._selection(node, level + 1))
        return found

    def _selection(self, node: SelectionNode, level: int) -> Size:
        own = Size(nesting=1, fields=1, directives=len(node.directives or ()))
        if isinstance(node, FragmentSpreadNode):
            self._spread.add(node.name.value)
            return own.around(self._fragment(node.name.value, level))
        if isinstance(node, FieldNode):
            own = own.around(Size(depth=1, aliases=1 if node.alias else 0))
            for argument in node.arguments or ():
                _check_value(argument.value)
        inner = selected(node)
        return own.around(self._set(inner, level)) if inner else own

    def _fragment(self, name: str, level: int) -> Size:
        if name in self._open:
            circle = " > ".join([*self._open[self._open.index(name) :], name])
            raise invalid(f"These fragments contain themselves: {circle}.", self.fragments[name])
        fragment = self.fragments.get(name)
        if fragment is None:
            return Size()  # validation tells of it
        if name not in self._known:
            self._open.append(name)
            own = Size(directives=len(fragment.directives or ()))
            self._known[name] = own.beside(self._set(fragment.selection_set, level))
            self._open.pop()
        found = self._known[name]
        NESTING.check(level + found.nesting)
        return found

    def comparisons(self, definition: Definition) -> int:
        """How many pairs there are of fields of one response key, and of fragments in one place."""
        found = 0
        places: list[Sequence[SelectionSetNode]] = [[definition.selection_set]]
        while places:
            by_key: dict[str, list[FieldNode]] = {}
            spread: set[str] = set()
            for node in self._unfold(places.pop(), spread):
                by_key.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            found += _pairs(len(spread)) + sum(_pairs(len(nodes)) for nodes in by_key.values())
            inner = ([one for node in nodes if (one := selected(node))] for nodes in by_key.values())
            places.extend(sets for sets in inner if sets)
        return found

    def _unfold(self, sets: Sequence[SelectionSetNode], spread: set[str]) -> Iterator[FieldNode]:
        """The fields of some selection sets, fragments opened; their names go into `spread`."""
        todo = list(sets)
        while todo:
            for node in todo.pop().selections:
                self.unfolded += 1
                if isinstance(node, FieldNode):
                    yield node
                elif not isinstance(node, FragmentSpreadNode):
                    todo.extend([inner] if (inner := selected(node)) else [])
                elif node.name.value not in spread and node.name.value in self.fragments:
                    spread.add(node.name.value)
                    todo.append(self.fragments[node.name.value].selection_set)


def check_structure(document: DocumentNode) -> Structure:
    """Raise GraphQLError for a document that is too large in any way."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    OPERATIONS.check(len(operations))
    structure = Structure(_fragments(document))
    sizes = {id(node): structure.measure(node) for node in (*operations, *structure.fragments.values())}
    roots = structure.roots(operations)
    whole = reduce(Size.beside, (sizes[id(node)] for node in roots), Size())
    DEPTH.check(whole.depth)
    FIELDS.check(whole.fields)
    ALIASES.check(whole.aliases)
    DIRECTIVES.check(whole.directives)
    COMPARISONS.check(sum(structure.comparisons(node) for node in roots))
    return structure


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    found: dict[str, FragmentDefinitionNode] = {}
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode):
            if node.name.value in found:
                raise invalid(f"There can be only one fragment named {node.name.value!r}.", node)
            found[node.name.value] = node
    return found


def _check_value(value: ValueNode | None) -> None:
    if value is not None:
        VALUES.check(depth_of(value))


def _pairs(number: int) -> int:
    return number * (number - 1) // 2


def selected(node: SelectionNode) -> SelectionSetNode | None:
    """What is selected within a field or an inline fragment."""
    return node.selection_set if isinstance(node, FieldNode | InlineFragmentNode) else None
