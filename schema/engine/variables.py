"""Variables of a request, coerced: the plain ones at once, all others by graphql-core."""

from collections.abc import Mapping
from typing import Any, cast

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInt,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    VariableValues,
    get_variable_values,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValueSource
from graphql.type import GraphQLNonNull

from schema.limits.values import check_variables

MAX_ERRORS = 10
PLAIN: Mapping[Any, type] = {GraphQLID: str, GraphQLString: str, GraphQLInt: int, GraphQLBoolean: bool}
"""Types whose values stay as they come, if they are of this type."""
INTEGERS = range(-(2**31), 2**31)
_Expected = dict[str, tuple[Any, type]]
"""Variable -> its signature, and the type that its value must have to be plain."""


class InvalidVariables(Exception):
    """The variables do not fit the operation."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class Variables:
    """Reads the variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._schema, self._operation = schema, operation
        self._expected = _expected(schema, operation)

    def read(self, given: dict[str, Any]) -> VariableValues:
        """The coerced values. Raises InvalidVariables."""
        return self._plain(given) or self._checked(given)

    def _plain(self, given: dict[str, Any]) -> VariableValues | None:
        if self._expected is None:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, (signature, kind) in self._expected.items():
            value = given.get(name)
            if type(value) is not kind or (kind is int and value not in INTEGERS):
                return None
            sources[name] = VariableValueSource(signature, value)
            coerced[name] = value
        return VariableValues(sources, coerced)

    def _checked(self, given: dict[str, Any]) -> VariableValues:
        try:
            check_variables(given)
        except GraphQLError as error:
            raise InvalidVariables([error]) from None
        definitions = self._operation.variable_definitions or ()
        found = get_variable_values(self._schema, definitions, given, max_errors=MAX_ERRORS, hide_suggestions=True)
        if not isinstance(found, VariableValues):
            raise InvalidVariables(found)
        return found


def _expected(schema: GraphQLSchema, operation: OperationDefinitionNode) -> _Expected | None:
    found: _Expected = {}
    for definition in operation.variable_definitions or ():
        signature: Any = get_variable_signature(schema, definition)
        kind: Any = getattr(signature, "type", None)
        kind = cast(Any, kind).of_type if isinstance(kind, GraphQLNonNull) else kind
        if kind not in PLAIN:
            return None
        found[signature.name] = signature, PLAIN[kind]
    return found
