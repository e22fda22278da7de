"""Where a field's value comes from, declared beside its Strawberry type: one declaration for every way of reading."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, cast

import strawberry
from graphql import GraphQLField, GraphQLNamedType
from sqlalchemy import ColumnElement, FromClause
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from strawberry.schema.schema_converter import GraphQLCoreConverter

from api.access import Viewer
from api.db import AnySelect
from schema.engine.parameters import Arguments, Scope
from schema.limits.directives import PAGE, about, as_many_as, costs

T = TypeVar("T")
Predicate = Callable[[Viewer, FromClause], ColumnElement[bool]]
Joins = Callable[[Scope, FromClause, FromClause], ColumnElement[bool]]
"""(scope, the row at hand, the target's row) -> how they belong together."""
Ranking = Callable[[Scope, FromClause, int], AnySelect]
"""(scope, the row at hand, how many) -> SELECT of ids of the target's rows and their places: so many at most."""

MAX_RANKED, USUALLY_RANKED = 50, 10
"""How many rows of a ranking one may ask for, and gets without asking."""
RANKED_COSTS = 100
"""What a ranking costs beside its rows: vectors are compared, milliseconds for each."""
COMPUTED_COSTS = 1
"""What a value costs that is computed: most are drawn from other rows, and cost as much as one of them."""
SOURCE = "alumni.source"
"""The key of a field's source in its Strawberry metadata."""
TABLE = "__planned_table__"
"""The attribute of a Strawberry type that holds its table."""


@dataclass(frozen=True)
class Table:
    """Behind a type stands a table, and a rule that says which of its rows the viewer sees."""

    from_clause: FromClause
    visible: Predicate
    """The rule for rows reached from a row that the viewer already sees."""
    visible_alone: Predicate
    """The rule for rows reached by their id."""
    current: Callable[[ColumnElement[Any]], ColumnElement[Any]] | None = None
    """The id of the row that an id leads to which a client may have from before, where ids can be given up."""
    audited: bool = False
    """Whether rows carry a visibility, so that an officer's reading of restricted ones is logged."""
    profile_of: str | None = None
    """The column that names the person of whose profile a row is part, for the daily bound (rule P19)."""
    reveals: bool = False
    """Whether such a row alone makes the profile one that was seen."""


@dataclass(frozen=True)
class Column:
    """A column of the type's own row."""

    name: str


@dataclass(frozen=True)
class Expression:
    """A SQL expression over the type's own row."""

    build: Callable[[Scope, FromClause], ColumnElement[Any]]
    """(scope, the row) -> value"""
    reads: tuple[type[DeclarativeBase], ...] = ()
    """The kinds of fact that the value is drawn from, for the officers' log."""
    reveals: bool = False
    """Whether a value makes the profile one that was seen, for the daily bound."""


@dataclass(frozen=True)
class GlobalId:
    """The opaque id of the row: its type's name and its key."""


@dataclass(frozen=True)
class One:
    """At most one row of another type: the first in an order, where there can be several."""

    target: str
    joins: Joins
    order_by: Callable[[FromClause], Sequence[ColumnElement[Any]]] = lambda _row: ()


@dataclass(frozen=True)
class Many:
    """All rows of another type that belong to this one, bounded by nature (a person's own facts)."""

    target: str
    joins: Joins
    order_by: Callable[[FromClause], Sequence[ColumnElement[Any]]]
    about: int = 5
    """How many there are in a rich case, for the cost of an operation."""


@dataclass(frozen=True)
class Ranked:
    """Rows of another type in the order of a ranking, as many as the argument `first` says."""

    target: str
    ranking: Ranking


@dataclass(frozen=True)
class Page:
    """A connection: a page of rows of another type, in an order, after a filter."""

    target: str
    joins: Joins | None = None
    """None at the root: all rows that the viewer sees."""
    orders: Mapping[str, Callable[[Scope, FromClause], ColumnElement[Any]]] = field(default_factory=dict[str, Any])
    """What the fields of the `orderBy` terms sort by; each expression is never null."""
    order_reads: Mapping[str, FromClause] = field(default_factory=dict[str, FromClause])
    """The tables of the facts that some of them are drawn from, for the officers' log."""
    default_order: tuple[str, str] = ("id", "ASC")
    facets: Mapping[str, "Facet"] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Facet:
    """Counts of people by a value of their facts, over the rows that the page's filter leaves."""

    table: FromClause
    value: Callable[[FromClause], ColumnElement[Any]]
    visible: Predicate
    person_id: str = "person_id"
    where: Callable[[FromClause], ColumnElement[bool]] | None = None
    join: tuple[FromClause, Callable[[FromClause, FromClause], ColumnElement[bool]]] | None = None
    """Another table that the value is read from."""


@dataclass(frozen=True)
class Root:
    """At most one row, found by the field's arguments or by who is asking."""

    target: str
    where: Callable[[Scope, Arguments, FromClause], ColumnElement[bool]]


@dataclass(frozen=True)
class Anything:
    """At most one row of any type, named by the global id in the argument `id`."""


Source = Column | Expression | GlobalId | One | Many | Ranked | Page | Root | Anything


def table(
    model: type[DeclarativeBase], visible: Predicate, visible_alone: Predicate | None = None, **more: Any
) -> Callable[[type[T]], type[T]]:
    """Say which table stands behind a Strawberry type; `more` are the other parts of a `Table`."""
    declared = Table(from_clause(model), visible, visible_alone or visible, **more)

    def declare(kind: type[T]) -> type[T]:
        setattr(kind, TABLE, declared)
        return kind

    return declare


def from_clause(model: type[DeclarativeBase]) -> FromClause:
    """The table of a model."""
    return model.__table__


def planned(source: Source, description: str, *, arguments: Callable[..., None] | None = None, **options: Any) -> Any:
    """A Strawberry field that the engine answers. `arguments` is a function whose parameters are the field's."""
    metadata = {SOURCE: source, **options.pop("metadata", {})}
    directives = [*_costs_of(source), *options.pop("directives", ())]
    return cast(Any, strawberry.field)(
        resolver=arguments, description=description, metadata=metadata, directives=directives, **options
    )


def _costs_of(source: Source) -> Sequence[object]:
    """What the source of a field says of its cost, and of the length of its list."""
    match source:
        case Page():
            return [PAGE]
        case Ranked():
            return [costs(RANKED_COSTS), as_many_as("first")]
        case Many():
            return [about(source.about)]
        case Expression():
            return [costs(COMPUTED_COSTS)]
        case _:
            return []


def column(attribute: InstrumentedAttribute[Any], description: str) -> Any:
    """A field that is a column."""
    return planned(Column(attribute.key), description)


def expression(
    build: Callable[[Scope, FromClause], ColumnElement[Any]],
    description: str,
    *,
    reads: tuple[type[DeclarativeBase], ...] = (),
    reveals: bool = False,
) -> Any:
    """A field that is computed by PostgreSQL from its row."""
    return planned(Expression(build, reads, reveals), description)


def global_id() -> Any:
    """The field `id`."""
    return planned(GlobalId(), "The opaque global id.")


def one(
    target: str,
    joins: Joins,
    description: str,
    order_by: Callable[[FromClause], Sequence[ColumnElement[Any]]] = lambda _row: (),
) -> Any:
    """A field that is another type's row, or null. With `order_by` it is the first of several."""
    return planned(One(target, joins, order_by), description)


def many(
    target: str,
    joins: Joins,
    order_by: Callable[[FromClause], Sequence[ColumnElement[Any]]],
    description: str,
    *,
    about: int = 5,
) -> Any:
    """A field that is a short list of another type's rows, `about` so many in a rich case."""
    return planned(Many(target, joins, order_by, about), description)


def _ranked_arguments(
    first: Annotated[int, strawberry.argument(description=f"How many at most: 1 to {MAX_RANKED}.")] = USUALLY_RANKED,
):
    """The arguments of a ranked list."""


def ranked(target: str, ranking: Ranking, description: str) -> Any:
    """A field that is a list of another type's rows in the order of a ranking."""
    return planned(Ranked(target, ranking), description, arguments=_ranked_arguments)


def source_of(definition: GraphQLField) -> Source | None:
    """The declared source of a field of the schema; None where Python answers."""
    strawberry_field = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return strawberry_field.metadata.get(SOURCE) if strawberry_field is not None else None


def table_or_none(kind: GraphQLNamedType) -> Table | None:
    """The table behind a type of the schema, if there is one."""
    declared = kind.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return getattr(getattr(declared, "origin", None), TABLE, None)


def table_of(kind: GraphQLNamedType) -> Table:
    """The table behind a type that is known to have one."""
    found = table_or_none(kind)
    if found is None:
        raise TypeError(f"{kind.name} declares no table: decorate it with @table(...).")
    return found
