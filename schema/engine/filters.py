"""Filter inputs in SQL: each field of an input type declares what it compares, beside its type."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLInputObjectType
from sqlalchemy import (
    ColumnElement,
    FromClause,
    String,
    Text,
    Uuid,
    and_,
    any_,
    cast,
    false,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.types import TypeEngine
from strawberry.schema.schema_converter import GraphQLCoreConverter

from api.folding import fold, prefix_query
from schema.engine.parameters import Arguments, Scope
from schema.engine.refusals import Refused
from schema.ids import decode_id

CONDITION = "alumni.condition"
"""The key of a filter field's condition in its Strawberry metadata."""
MAX_DEPTH = 5
MAX_CONDITIONS = 60
MAX_VALUES = 200
MAX_TEXT = 200

Condition = Callable[[Scope, Arguments, FromClause], ColumnElement[bool]]
"""(scope, the comparators given, the row) -> the condition."""


def condition(build: Condition, description: str, name: str | None = None) -> Any:
    """A field of a filter input."""
    return strawberry.field(default=strawberry.UNSET, description=description, name=name, metadata={CONDITION: build})


def compile_filter(
    scope: Scope, kind: GraphQLInputObjectType, given: Arguments, row: FromClause, depth: int = 0
) -> ColumnElement[bool]:
    """All conditions of one filter object, joined by and."""
    if depth > MAX_DEPTH:
        raise Refused(f"Filters nest at most {MAX_DEPTH} deep.", given.place)
    found: list[ColumnElement[bool]] = []
    for name in given.value:
        part = given.get(name)
        if part.value is None:
            raise Refused("null compares with nothing: leave the field out instead.", part.place)
        match name:
            case "and" | "or":
                if len(part.value) > MAX_CONDITIONS:
                    raise Refused(f"At most {MAX_CONDITIONS} conditions.", part.place)
                each = [compile_filter(scope, kind, part.get(i), row, depth + 1) for i in range(len(part.value))]
                found.append(and_(true(), *each) if name == "and" else or_(false(), *each))
            case "not":
                found.append(not_(compile_filter(scope, kind, part, row, depth + 1)))
            case _:
                found.append(_condition_of(kind, name)(scope, part, row))
    return and_(true(), *found)


def tables_asked(kind: GraphQLInputObjectType, given: Any) -> set[FromClause]:
    """The tables of the facts that a filter asks about."""
    found: set[FromClause] = set()
    for name, value in given.items():
        if name in {"and", "or", "not"}:
            found.update(*(tables_asked(kind, part) for part in ([value] if name == "not" else value)))
        elif isinstance(condition := _condition_of(kind, name), OfFact):
            found.add(condition.table)
    return found


def _condition_of(kind: GraphQLInputObjectType, name: str) -> Condition:
    declared = kind.fields[name].extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    return declared.metadata[CONDITION]


def compare(given: Arguments, value: ColumnElement[Any], type_: TypeEngine[Any] | None = None) -> ColumnElement[bool]:
    """`value` meets all comparators given: eq, in, gte, lte."""
    kind = type_ or value.type
    transform = bounded_text if isinstance(kind, String) else _same
    return comparisons(given, value, kind, transform)


def compare_folded(given: Arguments, folded: ColumnElement[Any]) -> ColumnElement[bool]:
    """As `compare`, on a folded column: case and accents of the client's value do not matter."""
    return comparisons(given, folded, Text(), lambda value: fold(bounded_text(value)))


def compare_id(given: Arguments, value: ColumnElement[Any], type_name: str) -> ColumnElement[bool]:
    """As `compare`, on the key behind a global id of one type."""
    return comparisons(given, value, Uuid(), lambda text: decode_id(text, type_name))


def compare_member(given: Arguments, value: ColumnElement[Any]) -> ColumnElement[bool]:
    """`value` is the enumeration member given by eq, or one of those given by in. Members are part of the text."""
    found: list[ColumnElement[bool]] = []
    for name in given.value:
        part = given.get(name)
        if part.value is None:
            raise Refused("null compares with nothing: leave the comparator out instead.", part.place)
        members = [part.value] if name == "eq" else part.value
        named: list[ColumnElement[Any]] = [literal_column(f"'{member.value}'") for member in members]
        found.append(value.in_(named) if named else false())
    return and_(true(), *found)


def _same(value: Any) -> object:
    if isinstance(value, int) and abs(value) > 2**31 - 1:
        raise Refused("The number is too large.")
    return value


def bounded_text(value: Any) -> str:
    """Text as a filter takes it."""
    text = str(value)
    if len(text) > MAX_TEXT:
        raise Refused(f"At most {MAX_TEXT} characters.")
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Refused("The text has a character that cannot be stored.")
    return text


def comparisons(
    given: Arguments, value: ColumnElement[Any], type_: TypeEngine[Any], transform: Callable[[Any], object]
) -> ColumnElement[bool]:
    """The comparators of one field, joined by and; `transform` prepares each client value."""

    def located(place: tuple[str, ...]) -> Callable[[Any], object]:
        def apply(raw: Any) -> object:
            try:
                return transform(raw)
            except Refused as refused:
                raise Refused(refused.message, place) from None

        return apply

    found: list[ColumnElement[bool]] = []
    for name in given.value:
        part = given.get(name)
        if part.value is None:
            raise Refused("null compares with nothing: leave the comparator out instead.", part.place)
        one = located(part.place)
        if name == "in":
            found.append(value == any_(part.parameter(ARRAY(type_), _each(one, part.place))))
        else:
            found.append(COMPARATORS[name](value, part.parameter(type_, one)))
    return and_(true(), *found)


COMPARATORS: Mapping[str, Callable[[Any, Any], Any]] = {"eq": operator.eq, "gte": operator.ge, "lte": operator.le}
"""The comparators that filter inputs may have, but for `in`."""


def _each(transform: Callable[[Any], object], place: tuple[str, ...]) -> Callable[[Any], object]:
    def apply(values: Any) -> object:
        if len(values) > MAX_VALUES:
            raise Refused(f"At most {MAX_VALUES} values.", place)
        return [transform(value) for value in values]

    return apply


def contains_words(given: Arguments, search: ColumnElement[Any]) -> ColumnElement[bool]:
    """`{contains: "..."}`: every word occurs in the full-text column, as a prefix, folded."""
    part = given.get("contains")
    if part.value is None:
        raise Refused("Give the words to look for.", given.place)

    def query(text: Any) -> str:
        try:
            return prefix_query(bounded_text(text)) or ""
        except Refused as refused:
            raise Refused(refused.message, part.place) from None

    return search.bool_op("@@")(cast(part.parameter(Text(), query), TSQUERY))


@dataclass(frozen=True)
class OfFact:
    """A condition on a person: some visible fact of theirs meets the comparators."""

    table: FromClause
    visible: Callable[[Any, FromClause], ColumnElement[bool]]
    meets: Callable[[Arguments, FromClause], ColumnElement[bool]]

    def __call__(self, scope: Scope, given: Arguments, row: FromClause) -> ColumnElement[bool]:
        """The condition for the person `row`."""
        fact = self.table.alias()
        return (
            select(1)
            .where(fact.c.person_id == row.c.id, self.visible(scope.viewer, fact), self.meets(given, fact))
            .correlate(row)
            .exists()
        )
