"""What an operation costs, before it is run: a sum over what it selects, by the `@cost` and `@listSize` of the schema.

Each object costs 1, a scalar nothing; a field that is more work than its objects has a weight beside them. A list
counts as many objects as it may have, and all within it as often. What is skipped on a condition counts, and what is
selected twice counts twice: the sum is the most that the server may have to do. Nodes are not counted apart: there are
never more of them.

The sum is made once for each operation. Where page sizes are variables it is a row of steps of arithmetic: each
fragment is looked at once, and each request only adds and multiplies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from schema.engine.selections import named_type
from schema.limits.refusing import VERY_MANY, told
from schema.limits.structure import selected
from schema.limits.weights import Lengths, default_of, is_list, lengths_of, weight_of

MAX_LENGTH = 100
"""No field gives longer lists: what asks for more is refused by the field itself, in its own words."""


@dataclass(frozen=True)
class Sum:
    """A cost that depends on variables: a number, and multiples of earlier steps."""

    number: int = 0
    steps: Mapping[int, int] = field(default_factory=dict[int, int])
    """Step -> how often it counts."""

    def plus(self, other: "Sum") -> "Sum":
        """Both."""
        if not other.steps:
            return Sum(self.number + other.number, self.steps)
        steps = dict(self.steps)
        for step, times in other.steps.items():
            steps[step] = steps.get(step, 0) + times
        return Sum(self.number + other.number, steps)

    def times(self, factor: int) -> "Sum":
        """So many of it."""
        return Sum(self.number * factor, {step: times * factor for step, times in self.steps.items()})

    def at(self, values: Sequence[int]) -> int:
        """The cost, given the values of the steps."""
        return self.number + sum(times * values[step] for step, times in self.steps.items())


@dataclass(frozen=True)
class Length:
    """How long a list is: the largest of some numbers, of which some are variables."""

    known: int
    variables: tuple[str, ...] = ()
    otherwise: int = 0
    """Where the variable is left out."""

    def at(self, variables: Mapping[str, Any]) -> int:
        """The length in one request."""
        given = (_number(variables[name]) if name in variables else self.otherwise for name in self.variables)
        return max(self.known, *given)


@dataclass(frozen=True)
class Parts:
    """What a selection costs: once, and once more for each row of the connection that it may be selected in."""

    once: Sum = field(default_factory=Sum)
    each: Sum = field(default_factory=Sum)

    def plus(self, other: "Parts") -> "Parts":
        """Both."""
        return Parts(self.once.plus(other.once), self.each.plus(other.each))


@dataclass(frozen=True)
class OperationCost:
    """The cost of one operation, for any values of its variables."""

    whole: Sum
    steps: tuple[tuple[Length, Sum], ...]

    def at(self, variables: Mapping[str, Any]) -> int:
        """The cost in one request with these variables, coerced."""
        values: list[int] = []
        for length, each in self.steps:
            values.append(length.at(variables) * each.at(values))
        return self.whole.at(values)


class CostCompiler:
    """Makes the sum for operations of one document."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema, self._fragments = schema, fragments
        self._known: dict[str, Parts] = {}
        self._steps: list[tuple[Length, Sum]] = []

    def compile(self, operation: OperationDefinitionNode) -> OperationCost:
        """The cost of an operation of a valid document."""
        root = self._schema.get_root_type(operation.operation)
        found = self._set(operation.selection_set, root)
        return OperationCost(found.once.plus(found.each), tuple(self._steps))

    def _set(self, chosen: SelectionSetNode, kind: Any) -> Parts:
        found = Parts()
        for node in chosen.selections:
            if isinstance(node, FieldNode):
                found = found.plus(self._field(node, kind))
            elif isinstance(node, FragmentSpreadNode):
                found = found.plus(self._fragment(node.name.value))
            elif isinstance(node, InlineFragmentNode):
                narrowed = node.type_condition
                within = self._schema.type_map[narrowed.name.value] if narrowed else kind
                found = found.plus(self._set(node.selection_set, within))
        return found

    def _fragment(self, name: str) -> Parts:
        if name not in self._known:
            fragment = self._fragments[name]
            kind = self._schema.type_map[fragment.type_condition.name.value]
            self._known[name] = self._set(fragment.selection_set, kind)
        return self._known[name]

    def _field(self, node: FieldNode, kind: Any) -> Parts:
        definition = self._schema.get_field(kind, node.name.value)
        if definition is None:
            raise TypeError(f"{kind} has no field {node.name.value}: the document is not valid.")
        weight = Sum(weight_of(kind, definition))
        chosen = selected(node)
        if chosen is None:
            return Parts(weight)
        inner = self._set(chosen, named_type(definition))
        lengths = lengths_of(definition)
        one = Sum(1).plus(inner.once)
        if lengths is not None:
            length = _length_of(node, definition, lengths)
            if lengths.below:
                return Parts(weight.plus(one).plus(self._times(length, inner.each)))
            return Parts(weight.plus(self._times(length, one.plus(inner.each))))
        whole = one.plus(inner.each)
        return Parts(weight, whole) if is_list(definition) else Parts(weight.plus(whole))

    def _times(self, length: "Length", each: Sum) -> Sum:
        """So many of it: at once, or by a step where that depends on variables."""
        if not length.variables:
            return each.times(length.known)
        self._steps.append((length, each))
        return Sum(0, {len(self._steps) - 1: 1})


def _length_of(node: FieldNode, definition: GraphQLField, lengths: Lengths) -> Length:
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    known, otherwise = 0, 0
    variables: list[str] = []
    for name in lengths.arguments:
        default = _number(default_of(definition, name))
        value = given.get(name)
        if isinstance(value, VariableNode):
            variables.append(value.name.value)
            otherwise = max(otherwise, default)
        else:
            known = max(known, default if value is None else _written(value))
    return Length(known if lengths.arguments else lengths.assumed, tuple(variables), otherwise)


def _written(value: ValueNode) -> int:
    """The number that stands in the document, or how many are listed there."""
    if isinstance(value, IntValueNode):
        return _number(int(value.value))
    if isinstance(value, NullValueNode):
        return 0
    return _number([None] * len(value.values)) if isinstance(value, ListValueNode) else 1


def _number(value: object) -> int:
    """The number, or how many are listed, as far as any field gives so many."""
    found = len(cast(list[object], value)) if isinstance(value, list) else value
    return min(max(found, 0), MAX_LENGTH) if isinstance(found, int) else 0


def check_cost(cost: int, most: int) -> None:
    """Raise GraphQLError for an operation that costs more than is allowed."""
    if cost > most:
        message = f"The operation costs {told(cost)}. At most {most:,} are allowed: ask for smaller pages, or in parts."
        more = {"requestedQueryCost": min(cost, VERY_MANY), "allowed": most}
        raise GraphQLError(message, extensions={"code": "COST_EXCEEDED", "limit": "cost", **more})
