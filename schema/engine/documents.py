"""Documents, parsed and validated once: the same text is never parsed twice while it is remembered."""

from dataclasses import dataclass, field
from hashlib import blake2b

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
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

from schema.engine.remembering import Remembered
from schema.engine.variables import MAX_ERRORS, Variables
from schema.limits.costs import CostCompiler, OperationCost
from schema.limits.structure import check_structure

MAX_TOKENS = 10_000
MAX_SOURCE = 200_000
"""In characters: also of what gives no tokens, which takes time all the same."""
MAX_REMEMBERED = 1_000_000
"""How many characters of source: parsed they take 90 times as many bytes."""
MAX_REMEMBERED_SOURCE = 64_000
"""Longer documents are parsed each time: remembering them would let one client push out all others."""
PAGE_SIZES = frozenset({"first", "last"})


@dataclass
class Document:
    """One document that is valid for the schema."""

    node: DocumentNode
    operations: dict[str | None, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    page_size_variables: frozenset[str]
    """Variables that are page sizes: their value is part of a plan, since PostgreSQL plans poorly for `LIMIT $1`."""
    node_id_variables: frozenset[str]
    """Variables that name something of any type: the type is part of a plan."""
    size: int
    """Characters of its source."""
    _variables: dict[int, Variables] = field(default_factory=dict[int, Variables])
    _costs: dict[int, OperationCost] = field(default_factory=dict[int, OperationCost])

    def variables_of(self, operation: OperationDefinitionNode, schema: GraphQLSchema) -> Variables:
        """What reads the variables of one of its operations."""
        found = self._variables.get(id(operation))
        if found is None:
            found = self._variables[id(operation)] = Variables(schema, operation)
        return found

    def cost_of(self, operation: OperationDefinitionNode, schema: GraphQLSchema) -> OperationCost:
        """What one of its operations costs."""
        found = self._costs.get(id(operation))
        if found is None:
            found = self._costs[id(operation)] = CostCompiler(schema, self.fragments).compile(operation)
        return found

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
        self.known: Remembered[Document] = Remembered(MAX_REMEMBERED)

    def get(self, source: str) -> Document:
        """The document with this text. Raises InvalidDocument."""
        return self.remembered(source) or self.read(source)

    def remembered(self, source: str) -> Document | None:
        """The same if it is known: this takes no time."""
        return self.known.get(_key(source))

    def read(self, source: str) -> Document:
        """The same, parsed and validated now, and remembered."""
        document = self._prepare(source)
        if document.size <= MAX_REMEMBERED_SOURCE:
            self.known.keep(_key(source), document, document.size)
        return document

    def _prepare(self, source: str) -> Document:
        try:
            node = parse(source, max_tokens=MAX_TOKENS, max_source_length=MAX_SOURCE, no_location=False)
        except GraphQLError as error:
            error.extensions = {"code": "GRAPHQL_PARSE_FAILED"}
            raise InvalidDocument([error]) from None
        try:
            check_structure(node)  # before validation, which can take seconds for a document within all other bounds
        except GraphQLError as error:
            raise InvalidDocument([error]) from None
        errors = validate(self._schema, node, max_errors=MAX_ERRORS, hide_suggestions=True)
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
        deciding = _Deciding()
        visit(node, deciding)
        sizes, ids = frozenset(deciding.page_sizes), frozenset(deciding.node_ids)
        return Document(node, operations, fragments, sizes, ids, len(source))


def _key(source: str) -> bytes:
    return blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class _Deciding(Visitor):
    """Collects the variables whose values decide what a plan is, and not only what it is bound to."""

    def __init__(self) -> None:
        super().__init__()
        self.page_sizes: set[str] = set()
        self.node_ids: set[str] = set()

    def enter_argument(self, node: ArgumentNode, *_place: object) -> VisitorAction:
        """Note `first: $n`."""
        if node.name.value in PAGE_SIZES and isinstance(node.value, VariableNode):
            self.page_sizes.add(node.value.name.value)
        return None

    def enter_field(self, node: FieldNode, *_place: object) -> VisitorAction:
        """Note `node(id: $id)`."""
        if node.name.value == "node":
            given = (argument.value for argument in node.arguments or ())
            self.node_ids.update(value.name.value for value in given if isinstance(value, VariableNode))
        return None
