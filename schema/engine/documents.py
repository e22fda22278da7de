"""Documents, parsed and validated once: the same text is never parsed twice while it is remembered."""

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    VisitorAction,
    parse,
    validate,
    visit,
)

MAX_TOKENS = 10_000
MAX_ERRORS = 10
MAX_REMEMBERED = 1_000
MAX_REMEMBERED_SOURCE = 64_000
"""Longer documents are parsed each time: remembering them would let a client fill the memory."""
MAX_PLANS = 200
PAGE_SIZES = frozenset({"first", "last"})


@dataclass
class Document:
    """One document that is valid for the schema, and the plans made for it so far."""

    node: DocumentNode
    operations: dict[str | None, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    page_size_variables: frozenset[str]
    """Variables that are page sizes: their value is part of a plan, since PostgreSQL plans poorly for `LIMIT $1`."""
    plans: OrderedDict[Any, Any] = field(default_factory=OrderedDict[Any, Any])

    def remember(self, key: Any, plan: Any) -> None:
        """Keep a plan, and forget the one unused for longest when there are too many."""
        self.plans[key] = plan
        if len(self.plans) > MAX_PLANS:
            self.plans.popitem(last=False)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run; without a name there must be exactly one."""
        if name is not None:
            if name not in self.operations:
                raise request_error(f"The document has no operation named {name!r}.", "OPERATION_RESOLUTION_FAILURE")
            return self.operations[name]
        if len(self.operations) != 1:
            raise request_error(
                "The document has several operations: name one in operationName.", "OPERATION_RESOLUTION_FAILURE"
            )
        return next(iter(self.operations.values()))


def request_error(message: str, code: str) -> GraphQLError:
    """An error about the request as a whole."""
    return GraphQLError(message, extensions={"code": code})


class InvalidDocument(Exception):
    """The document cannot be run; `errors` say why."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class Documents:
    """The documents seen lately."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: OrderedDict[bytes, Document] = OrderedDict()

    def get(self, source: str) -> Document:
        """The document with this text. Raises InvalidDocument."""
        key = blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        document = self._known.get(key)
        if document is not None:
            self._known.move_to_end(key)
            return document
        document = self._prepare(source)
        if len(source) <= MAX_REMEMBERED_SOURCE:
            self._known[key] = document
            if len(self._known) > MAX_REMEMBERED:
                self._known.popitem(last=False)
        return document

    def _prepare(self, source: str) -> Document:
        try:
            node = parse(source, max_tokens=MAX_TOKENS, no_location=False)
        except GraphQLError as error:
            error.extensions = {"code": "GRAPHQL_PARSE_FAILED"}
            raise InvalidDocument([error]) from None
        errors = validate(self._schema, node, max_errors=MAX_ERRORS)
        if errors:
            for error in errors:
                error.extensions = {"code": "GRAPHQL_VALIDATION_FAILED"}
            raise InvalidDocument(errors)
        operations: dict[str | None, OperationDefinitionNode] = {}
        fragments: dict[str, FragmentDefinitionNode] = {}
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                operations[definition.name.value if definition.name else None] = definition
            elif isinstance(definition, FragmentDefinitionNode):
                fragments[definition.name.value] = definition
        sizes = _PageSizes()
        visit(node, sizes)
        return Document(node, operations, fragments, frozenset(sizes.names))


class _PageSizes(Visitor):
    """Collects the variables that page sizes are given by."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_argument(self, node: ArgumentNode, *_place: object) -> VisitorAction:
        """Note `first: $n`."""
        if node.name.value in PAGE_SIZES and isinstance(node.value, VariableNode):
            self.names.add(node.value.name.value)
        return None
