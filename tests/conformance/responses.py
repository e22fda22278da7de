"""Whether a response is one of this API: data as document and schema say, errors with codes that are documented."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeNameMetaFieldDef,
    is_abstract_type,
    is_composite_type,
    is_object_type,
)

CODES = {
    "BAD_REQUEST",
    "BAD_USER_INPUT",
    "COST_EXCEEDED",
    "FORBIDDEN",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "NOT_FOUND",
    "RATE_LIMITED",
    "UNAUTHENTICATED",
}
"""What may be said of one request at a time: nothing failed, nothing took too long, nobody else was there."""
Place = tuple[str | int, ...]


def faults(schema: GraphQLSchema, document: DocumentNode | None, status: int, body: Any) -> list[str]:
    """What is wrong with a response. Each selection set of the document must ask for `__typename`; without a document
    only the errors are looked at."""
    errors: list[Any] = body.get("errors", [])
    found = [f"error {error}" for error in errors if not _is_coded(error)]
    if status not in {200, 400, 401, 403, 429}:
        found.append(f"status {status}")
    if "data" not in body and not errors:
        found.append("neither data nor errors")
    if body.get("data") is None or document is None:
        return found
    (operation,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    root = schema.get_root_type(operation.operation)
    assert root is not None
    found += _Reading(schema).object(root, operation.selection_set, body["data"], ())
    return found + [f"error without null at {one['path']}" for one in errors if not _ends_in_null(one, body["data"])]


def _is_coded(error: Any) -> bool:
    return isinstance(error["message"], str) and error["extensions"]["code"] in CODES


def _ends_in_null(error: Mapping[str, Any], data: Any) -> bool:
    for key in error.get("path", ()):
        if data is None:
            return True
        data = data[key]
    return data is None


class _Reading:
    """Reads data beside the document."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    def object(self, kind: GraphQLObjectType, chosen: SelectionSetNode, value: Any, place: Place) -> Iterator[str]:
        """What is wrong with an object."""
        fields: dict[str, list[FieldNode]] = {}
        self._collect(kind, chosen, fields)
        if set(value) != set(fields):
            yield f"{place}: {sorted(value)} where {sorted(fields)} were asked for"
            return
        for key, nodes in fields.items():
            name = nodes[0].name.value
            definition: Any = TypeNameMetaFieldDef if name == "__typename" else kind.fields[name]
            yield from self._value(definition.type, nodes, value[key], (*place, key))

    def _value(self, kind: Any, nodes: Sequence[FieldNode], value: Any, place: Place) -> Iterator[str]:
        if isinstance(kind, GraphQLNonNull):
            kind = cast(Any, kind).of_type
            if value is None:
                yield f"{place}: null"
        if value is None:
            return
        if isinstance(kind, GraphQLList):
            yield from self._list(cast(Any, kind).of_type, nodes, value, place)
        elif is_composite_type(kind):
            yield from self._composite(kind, nodes, value, place)
        elif not _fits(kind, value):
            yield f"{place}: {value!r} is no {kind}"

    def _list(self, kind: Any, nodes: Sequence[FieldNode], value: Any, place: Place) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{place}: no list"
            return
        for number, one in enumerate(cast(list[Any], value)):
            yield from self._value(kind, nodes, one, (*place, number))

    def _composite(self, kind: Any, nodes: Sequence[FieldNode], value: Any, place: Place) -> Iterator[str]:
        concrete = self._schema.type_map.get(value["__typename"])
        possible = self._schema.get_possible_types(kind) if is_abstract_type(kind) else [kind]
        if concrete not in possible or not is_object_type(concrete):
            yield f"{place}: {value['__typename']} is no {kind}"
            return
        chosen = [one.selection_set for one in nodes if one.selection_set]
        merged = SelectionSetNode(selections=tuple(node for one in chosen for node in one.selections))
        yield from self.object(concrete, merged, value, place)

    def _collect(self, kind: GraphQLObjectType, chosen: SelectionSetNode, into: dict[str, list[FieldNode]]) -> None:
        for node in chosen.selections:
            if isinstance(node, FieldNode):
                into.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode) and self._holds(node, kind):
                self._collect(kind, node.selection_set, into)

    def _holds(self, node: InlineFragmentNode, kind: GraphQLObjectType) -> bool:
        if node.type_condition is None:
            return True
        named = self._schema.type_map[node.type_condition.name.value]
        return named is kind or (is_abstract_type(named) and kind in self._schema.get_possible_types(named))


def _fits(kind: Any, value: Any) -> bool:
    """Whether a value is one of a leaf type, as JSON has it."""
    if isinstance(kind, GraphQLEnumType):
        return value in kind.values
    match cast(str, kind.name):
        case "Int":
            return type(value) is int and -(2**31) <= value < 2**31
        case "Float":
            return type(value) in {int, float}
        case "Boolean":
            return type(value) is bool
        case "Date":
            return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
        case "DateTime":
            return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
        case "JSON":
            return True
        case _:
            return isinstance(value, str)
