"""Which fields a selection asks of a type: fragments opened, conditions decided, repeated fields merged."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableValues,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.values import get_directive_values

Fields = dict[str, list[FieldNode]]
"""Response key -> the nodes that select it; their sub-selections are to be merged."""


class Selections:
    """Reads selections of one document with one set of variables."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: VariableValues
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables

    def below(self, nodes: Iterable[FieldNode], kind: GraphQLObjectType) -> Fields:
        """The fields selected under `nodes`, for a value of type `kind`."""
        return self.of((node.selection_set for node in nodes if node.selection_set), kind)

    def of(self, sets: Iterable[SelectionSetNode], kind: GraphQLObjectType) -> Fields:
        """The fields that the selection sets ask of `kind`, in the order of first appearance."""
        found: Fields = {}
        seen: set[str] = set()
        for selection_set in sets:
            self._collect(selection_set, kind, found, seen)
        return found

    def _collect(self, chosen: SelectionSetNode, kind: GraphQLObjectType, found: Fields, seen: set[str]) -> None:
        for node in chosen.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                found.setdefault(key, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._applies(node.type_condition.name.value, kind):
                    self._collect(node.selection_set, kind, found, seen)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                fragment = self.fragments[name]
                if name not in seen and self._applies(fragment.type_condition.name.value, kind):
                    seen.add(name)
                    self._collect(fragment.selection_set, kind, found, seen)

    def _included(self, node: SelectionNode) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        if skip and skip["if"] is True:
            return False
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (include and include["if"] is False)

    def _applies(self, condition: str, kind: GraphQLObjectType) -> bool:
        if condition == kind.name:
            return True
        abstract = self.schema.type_map[condition]
        return is_abstract_type(abstract) and self.schema.is_sub_type(abstract, kind)


def named_type(typed: Any) -> Any:
    """The named type of a field, argument or input field, without its list and non-null wrappers."""
    return cast(Any, get_named_type)(typed.type)
