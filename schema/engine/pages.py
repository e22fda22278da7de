"""Connections in SQL: a page of rows in an order after a filter, its cursors, and what is counted over all of them.

The page is one subselect of `size + 1` rows; edges, nodes and pageInfo are aggregates over it, so that however often a
client asks for its parts the rows are found once. Cursors are keysets: the sort keys and the id of the row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from graphql import FieldNode, GraphQLField, GraphQLObjectType
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Subquery,
    Text,
    and_,
    desc,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR, aggregate_order_by
from sqlalchemy.types import TypeEngine

from api.db import AnySelect
from schema.engine.cursors import CURSOR_VERSION, read_cursor
from schema.engine.filters import compile_filter, tables_asked
from schema.engine.parameters import Arguments
from schema.engine.refusals import Refused, Unplanned
from schema.engine.selections import named_type
from schema.engine.shapes import NO_ROWS, as_list, as_row, base64
from schema.engine.sources import Facet, Page, Table, table_of

if TYPE_CHECKING:
    from schema.engine.compiler import Compiler

MAX_PAGE = 100
MAX_ORDER_TERMS = 4
MAX_FACET_VALUES = 100
MAX_PAGE_INFO = 50
"""PostgreSQL's functions take at most 100 arguments, two of them a field."""
NUMBER = "__number"
KEY = "__key"


@dataclass(frozen=True)
class Term:
    """One key that rows are sorted by."""

    name: str
    descending: bool

    @property
    def signature(self) -> str:
        """How cursors name the key: a cursor of another order is refused."""
        return ("-" if self.descending else "+") + self.name


@dataclass(frozen=True)
class Request:
    """What one call of a connection asks for."""

    target: str
    """The type of the rows."""
    size: int
    backward: bool
    terms: tuple[Term, ...]
    after: Arguments | None
    before: Arguments | None

    @property
    def signature(self) -> str:
        """Rows of which type in which order, in one word: cursors of others are refused."""
        return f"{self.target}:{','.join(term.signature for term in self.terms)}"


class PageCompiler:
    """Compiles one call of one connection."""

    def __init__(
        self,
        compiler: "Compiler",
        source: Page,
        definition: GraphQLField,
        nodes: list[FieldNode],
        parent: FromClause | None,
    ) -> None:
        self.compiler = compiler
        self.scope = compiler.scope
        self.source = source
        self.parent = parent
        self.kind = cast(GraphQLObjectType, named_type(definition))
        self.fields = compiler.below(nodes, self.kind)
        self.target = compiler.object_type(source.target)
        self.table: Table = table_of(self.target)
        self.arguments = self.scope.arguments(definition, nodes[0])
        self.request = read_request(source, self.arguments)
        self.asked: set[FromClause] = set()

    def compile(self) -> ColumnElement[Any]:
        """The connection as one JSON value."""
        page = self.page()
        self.asked = self.tables_asked()  # the filter is sound, or making the page has refused it
        parts = {key: self.part(nodes, page) for key, nodes in self.fields.items()}
        whole = select(*(value.label(key) for key, value in parts.items()))
        names = {nodes[0].name.value for nodes in self.fields.values()}
        if names & {"edges", "nodes", "pageInfo"}:
            whole = whole.select_from(page).having(true())  # one row, also of what needs no aggregate
        if self.parent is not None:
            whole = whole.correlate(self.parent)
        return as_row(whole)

    # -------------------------------------------------- rows

    def conditions(self, row: FromClause) -> list[ColumnElement[bool]]:
        """What a row must meet to be in the list at all: the access rule, the relation, the filter."""
        visible = self.table.visible_alone if self.parent is None else self.table.visible
        found = [visible(self.scope.viewer, row)]
        if self.source.joins is not None and self.parent is not None:
            found.append(self.source.joins(self.scope, self.parent, row))
        wanted = self.arguments.get("filter")
        if wanted.value is not None:
            found.append(compile_filter(self.scope, self.input_type("filter"), wanted, row))
        return found

    def input_type(self, argument: str) -> Any:
        """The input type of an argument of this field."""
        definition, _node = self.scope.calls[self.arguments.call]
        return named_type(definition.args[argument])

    def tables_asked(self) -> set[FromClause]:
        """The tables of the facts by which rows come into the list and to their places."""
        found = {self.source.order_reads[one.name] for one in self.request.terms if one.name in self.source.order_reads}
        wanted = self.arguments.get("filter").value
        return found | tables_asked(self.input_type("filter"), wanted) if wanted else found

    def matching(self, row: FromClause) -> AnySelect:
        """The ids of all rows of the list."""
        return self._correlated(select(row.c.id).where(*self.conditions(row)))

    def page(self) -> Subquery:
        """The rows of the page and one more, numbered in the direction of reading."""
        row = self.table.from_clause.alias()
        keys = [self.key(term, row) for term in self.request.terms] + [row.c.id]
        descending = [term.descending != self.request.backward for term in self.request.terms]
        directions = [*descending, descending[-1]]
        wanted = select(
            *(column for column in row.c if not isinstance(column.type, TSVECTOR)),
            *(key.label(f"{KEY}{number}") for number, key in enumerate(keys[:-1])),
        ).where(*self.conditions(row), *self.bounds(keys))
        ordered = self._correlated(
            wanted.order_by(
                *(key.desc() if down else key.asc() for key, down in zip(keys, directions, strict=True))
            ).limit(literal_column(str(self.request.size + 1)))
        ).subquery("ordered")
        return select(ordered, func.row_number().over().label(NUMBER)).subquery()

    def _correlated(self, statement: AnySelect) -> AnySelect:
        return statement if self.parent is None else statement.correlate(self.parent)

    def key(self, term: Term, row: FromClause) -> ColumnElement[Any]:
        """What a term sorts by."""
        return row.c.id if term.name == "id" else self.source.orders[term.name](self.scope, row)

    def bounds(self, keys: Sequence[ColumnElement[Any]]) -> list[ColumnElement[bool]]:
        """Rows strictly after `after` and before `before`, in the list's own order."""
        found: list[ColumnElement[bool]] = []
        for cursor, forward in ((self.request.after, True), (self.request.before, False)):
            if cursor is not None:
                found.append(self._beyond(keys, cursor, forward))
        return found

    def _beyond(self, keys: Sequence[ColumnElement[Any]], cursor: Arguments, forward: bool) -> ColumnElement[bool]:
        types: list[TypeEngine[Any]] = [key.type for key in keys]
        values = [
            cursor.parameter(types[index], read_cursor(self.request.signature, types, index, cursor.place))
            for index in range(len(keys))
        ]
        terms = self.request.terms
        ascending = [(not term.descending) == forward for term in terms]
        ascending.append(ascending[-1])
        if len(set(ascending)) == 1:
            left, right = tuple_(*keys), tuple_(*values)
            return left > right if ascending[0] else left < right
        steps: list[ColumnElement[bool]] = []
        for index, (key, value, up) in enumerate(zip(keys, values, ascending, strict=True)):
            equal = [one == other for one, other in zip(keys[:index], values[:index], strict=True)]
            steps.append(and_(true(), *equal, key > value if up else key < value))
        return or_(false(), *steps)

    # -------------------------------------------------- parts of the answer

    def part(self, nodes: list[FieldNode], page: Subquery) -> ColumnElement[Any]:
        """One selected field of the connection."""
        match nodes[0].name.value:
            case "edges":
                return self.collected(self.edge(nodes, page), page)
            case "nodes":
                fields = self.compiler.below(nodes, self.target)
                columns = self.compiler.columns(self.target, fields, page, asked=self.asked)
                return self.collected(as_row(select(*columns).correlate(page)), page)
            case "pageInfo":
                return self.page_info(nodes, page)
            case "totalCount":
                inner = self.matching(self.table.from_clause.alias()).subquery("matching")
                return select(func.count()).select_from(inner).scalar_subquery()
            case "facets":
                return self.facets(nodes)
            case "__typename":
                return literal_column(f"'{self.kind.name}'")
            case name:
                raise Unplanned(f"{self.kind.name}.{name} is answered by Python.")

    def collected(self, each: ColumnElement[Any], page: Subquery) -> ColumnElement[Any]:
        """One value per row of the page as an array in the list's own order."""
        number = page.c[NUMBER]
        ordered = aggregate_order_by(each, number.desc() if self.request.backward else number.asc())
        return func.coalesce(func.json_agg(ordered).filter(number <= self.size), NO_ROWS)

    @property
    def size(self) -> ColumnElement[int]:
        """The page size, as a literal."""
        return literal_column(str(self.request.size))

    def cursor(self, page: Subquery) -> ColumnElement[str]:
        """The cursor of a row of the page."""
        keys = [page.c[f"{KEY}{number}"] for number in range(len(self.request.terms))]
        head: ColumnElement[str] = literal_column(f"'{CURSOR_VERSION}:{self.request.signature}'")
        return base64(func.json_build_array(head, *keys, page.c.id).cast(Text))

    def edge(self, nodes: list[FieldNode], page: Subquery) -> ColumnElement[Any]:
        """One edge as a JSON object."""
        kind = cast(GraphQLObjectType, named_type(self.kind.fields["edges"]))
        columns: list[Any] = [*self.compiler.told(self.asked, page)]
        value: ColumnElement[Any]
        for key, chosen in self.compiler.below(nodes, kind).items():
            name = chosen[0].name.value
            if name == "node":
                fields = self.compiler.below(chosen, self.target)
                inner = select(*self.compiler.columns(self.target, fields, page)).correlate(page)
                value = as_row(inner)
            elif name == "cursor":
                value = self.cursor(page)
            elif name == "__typename":
                value = literal_column(f"'{kind.name}'")
            else:
                raise Unplanned(f"{kind.name}.{name} is answered by Python.")
            columns.append(value.label(key))
        return as_row(select(*columns).correlate(page))

    def page_info(self, nodes: list[FieldNode], page: Subquery) -> ColumnElement[Any]:
        """Whether there is more, and the page's first and last cursor."""
        kind = cast(GraphQLObjectType, named_type(self.kind.fields["pageInfo"]))
        fields = self.compiler.below(nodes, kind)
        if len(fields) > MAX_PAGE_INFO:
            raise Refused(f"At most {MAX_PAGE_INFO} fields of pageInfo.")
        backward = self.request.backward
        more = func.count() > self.size
        first, last = self._outermost(page, "asc"), self._outermost(page, "desc")
        values: dict[str, ColumnElement[Any]] = {
            "hasNextPage": (true() if self.request.before is not None else false()) if backward else more,
            "hasPreviousPage": more if backward else (true() if self.request.after is not None else false()),
            "startCursor": last if backward else first,
            "endCursor": first if backward else last,
            "__typename": literal_column(f"'{kind.name}'"),
        }
        pairs: list[ColumnElement[Any]] = []
        for key, chosen in fields.items():
            pairs += [literal_column(f"'{key}'"), values[chosen[0].name.value]]
        return func.json_build_object(*pairs)

    def _outermost(self, page: Subquery, direction: str) -> ColumnElement[Any]:
        number = page.c[NUMBER]
        order = number.asc() if direction == "asc" else number.desc()
        cursors = func.array_agg(aggregate_order_by(self.cursor(page), order)).filter(number <= self.size)
        return type_coerce(cursors, ARRAY(Text))[1]

    def facets(self, nodes: list[FieldNode]) -> ColumnElement[Any]:
        """Counts by value, each facet over the whole filtered list."""
        kind = cast(GraphQLObjectType, named_type(self.kind.fields["facets"]))
        columns: list[Any] = []
        for key, chosen in self.compiler.below(nodes, kind).items():
            name = chosen[0].name.value
            value: ColumnElement[Any] = (
                literal_column(f"'{kind.name}'")
                if name == "__typename"
                else self.facet(kind.fields[name], self.source.facets[name], chosen)
            )
            columns.append(value.label(key))
        return as_row(self._correlated(select(*columns)))

    def facet(self, definition: GraphQLField, facet: Facet, nodes: list[FieldNode]) -> ColumnElement[Any]:
        """The most frequent values of one facet, with the number of people who have them."""
        most = self.scope.arguments(definition, nodes[0]).get("first").value
        if not isinstance(most, int) or not 1 <= most <= MAX_FACET_VALUES:
            raise Refused(f"first must be from 1 to {MAX_FACET_VALUES}.", ("first",))
        fact = facet.table.alias()
        people = self.matching(self.table.from_clause.alias())
        joined: FromClause = fact
        values = fact
        if facet.join is not None:
            values = facet.join[0].alias()
            joined = fact.join(values, facet.join[1](fact, values))
        person_id, value = fact.c[facet.person_id], facet.value(values).cast(Text)
        counted = (
            select(value.label("value"), func.count(person_id.distinct()).label("count"))
            .select_from(joined)
            .where(facet.visible(self.scope.viewer, fact), person_id.in_(people), value.is_not(None))
            .group_by(value)
            .order_by(desc("count"), "value")
            .limit(literal_column(str(most)))
        )
        if facet.where is not None:
            counted = counted.where(facet.where(fact))
        counts = self._correlated(counted).subquery("counts")
        kind = cast(GraphQLObjectType, named_type(definition))
        columns: list[Any] = []
        for key, chosen in self.compiler.below(nodes, kind).items():
            name = chosen[0].name.value
            found: ColumnElement[Any] = literal_column(f"'{kind.name}'") if name == "__typename" else counts.c[name]
            columns.append(found.label(key))
        return as_list(select(*columns).select_from(counts))


def compile_page(
    compiler: "Compiler",
    source: Page,
    definition: GraphQLField,
    nodes: list[FieldNode],
    parent: FromClause | None,
) -> ColumnElement[Any]:
    """A connection as one JSON value."""
    return PageCompiler(compiler, source, definition, nodes, parent).compile()


def read_request(source: Page, arguments: Arguments) -> Request:
    """Check the arguments that every connection has. Raises Refused."""
    first, last = arguments.get("first").value, arguments.get("last").value
    if (first is None) == (last is None):
        raise Refused("Give exactly one of first and last.", ("first",))
    name, size = ("first", first) if first is not None else ("last", last)
    if not 1 <= size <= MAX_PAGE:
        raise Refused(f"{name} must be from 1 to {MAX_PAGE}, not {size}.", (name,))
    after, before = arguments.get("after"), arguments.get("before")
    return Request(
        target=source.target,
        size=size,
        backward=first is None,
        terms=read_order(source, arguments.get("orderBy")),
        after=after if after.value is not None else None,
        before=before if before.value is not None else None,
    )


def read_order(source: Page, given: Arguments) -> tuple[Term, ...]:
    """The keys to sort by: the client's terms, or the connection's default."""
    if not given.value:
        return (Term(source.default_order[0], source.default_order[1] == "DESC"),)
    if len(given.value) > MAX_ORDER_TERMS:
        raise Refused(f"At most {MAX_ORDER_TERMS} terms.", given.place)
    terms: list[Term] = []
    for index, chosen in enumerate(given.value):
        name, direction = next(iter(chosen.items()))
        if direction is None:
            raise Refused("The direction must not be null.", (*given.place, str(index), name))
        if any(term.name == name for term in terms):
            raise Refused(f"{name} is named twice.", (*given.place, str(index)))
        terms.append(Term(name, direction.value == "DESC"))
    return tuple(terms)
