"""What is changed in a generated operation so that it gets beyond the bounds that GraphQL's types cannot say."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, cast

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLInputObjectType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    SelectionSetNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    Visitor,
    get_named_type,
    visit,
)

Ids = Mapping[str, Sequence[str]]
"""Global ids of what there is, by type."""
MOST_ROWS = 3
FITTING = 0.75
"""How often an id is one of the type that its argument is named after."""
MEANT = {"keep": "person", "drop": "person", "fact": "skill"}
"""Where the name of an argument does not say the type."""
SIZES = {"first": "last", "last": "first"}
CURSORS = {"after", "before"}


class Tamer(Visitor):
    """Page sizes from 1 to 3, one of `first` and `last`; ids of what there is; one term of a `@oneOf` input; some
    cursors left out; and `__typename` everywhere, so that answers can be read."""

    def __init__(self, info: TypeInfo, ids: Ids, random: Random) -> None:
        super().__init__()
        self._info, self._ids, self._random = info, ids, random
        self._names: list[str] = []

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        """Ask for the type."""
        typename = FieldNode(name=NameNode(value="__typename"), arguments=(), directives=())
        return SelectionSetNode(selections=(*node.selections, typename))

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode:
        """Choose one size for a page, and whether it begins at a cursor."""
        given = {one.name.value: one for one in node.arguments or ()}
        if set(SIZES) & set(given):
            sizes = sorted(set(SIZES) & set(given))
            size = next((name for name in sizes if not isinstance(given[name].value, NullValueNode)), sizes[0])
            left_out = CURSORS if self._random.random() < 0.5 else set[str]()
            kept = [one for name, one in given.items() if name not in SIZES.keys() | left_out]
            rows = IntValueNode(value=str(self._random.randint(1, MOST_ROWS)))
            kept.append(ArgumentNode(name=NameNode(value=size), value=rows))
            return FieldNode(
                alias=node.alias,
                name=node.name,
                arguments=tuple(kept),
                directives=node.directives,
                selection_set=node.selection_set,
            )
        return node

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        """Remember for what a value is."""
        self._names.append(node.name.value)

    def leave_argument(self, *_: Any) -> None:
        """Forget it."""
        self._names.pop()

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        """Remember for what a value is."""
        self._names.append(node.name.value)

    def leave_object_field(self, *_: Any) -> None:
        """Forget it."""
        self._names.pop()

    def leave_object_value(self, node: ObjectValueNode, *_: Any) -> ObjectValueNode:
        """One field where only one is allowed."""
        kind: Any = cast(Any, get_named_type)(cast(Any, self._info).get_input_type())
        if isinstance(kind, GraphQLInputObjectType) and kind.is_one_of:
            told = [one for one in node.fields if not isinstance(one.value, NullValueNode)]
            return ObjectValueNode(fields=tuple(told[:1]))
        return node

    def leave_string_value(self, node: StringValueNode, *_: Any) -> StringValueNode:
        """An id, if it is one that is asked for."""
        return self._id_or(node)

    def leave_int_value(self, node: IntValueNode, *_: Any) -> ValueNode:
        """An id, if it is one that is asked for."""
        return self._id_or(node)

    def leave_list_value(self, node: ListValueNode, *_: Any) -> ListValueNode:
        """Without terms that ask for no order."""
        kept = (one for one in node.values if not (isinstance(one, ObjectValueNode) and not one.fields))
        return ListValueNode(values=tuple(kept))

    def _id_or(self, node: Any) -> Any:
        kind: Any = cast(Any, get_named_type)(cast(Any, self._info).get_input_type())
        if kind is None or kind.name != "ID" or not self._ids:
            return node
        said = self._names[-1].removesuffix("s").removesuffix("Id").lower() if self._names else ""
        wanted = MEANT.get(said, said)
        fitting = [name for name in self._ids if name.lower() == wanted]
        fitting = fitting or [name for name in self._ids if wanted and wanted in name.lower()]
        if self._random.random() > FITTING:
            fitting = []
        return StringValueNode(value=self._random.choice(self._ids[self._random.choice(fitting or list(self._ids))]))


def tame(schema: GraphQLSchema, document: DocumentNode, ids: Ids, random: Random) -> DocumentNode:
    """The operation as the Tamer leaves it."""
    info = TypeInfo(schema)
    return visit(document, TypeInfoVisitor(info, Tamer(info, ids, random)))
