"""From selected fields to one SELECT: each row becomes a JSON object with the client's own response keys.

A to-one relation is a scalar subselect, a to-many relation a subselect that aggregates, so siblings never multiply rows
and the whole tree is one statement. Access rules are part of the statement wherever rows of another type are reached.
"""

from typing import Any, cast

from graphql import FieldNode, GraphQLField, GraphQLObjectType
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Label,
    Uuid,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase

from api import access
from api.db import AnySelect
from schema.engine.pages import compile_page
from schema.engine.parameters import KEYS, Scope
from schema.engine.refusals import Refused, Unplanned
from schema.engine.selections import Fields, Selections
from schema.engine.shapes import as_list, as_row, global_id
from schema.engine.sources import (
    Column,
    Expression,
    GlobalId,
    Many,
    One,
    Page,
    Root,
    from_clause,
    source_of,
    table_of,
)

AUDIT = "__audit"
"""The hidden key under which a row names the person whose restricted facts it shows, and their kinds."""
MAX_KEY_BYTES = 63
"""PostgreSQL cuts longer names."""


class Compiler:
    """Compiles selections of one document, for one kind of viewer, with one shape of variables."""

    def __init__(self, selections: Selections, scope: Scope) -> None:
        self.selections = selections
        self.scope = scope

    def root(self, definition: GraphQLField, nodes: list[FieldNode]) -> ColumnElement[Any]:
        """One root field as one JSON value."""
        source = source_of(definition)
        if isinstance(source, Root):
            kind = self.object_type(source.target)
            arguments = self.scope.arguments(definition, nodes[0])
            table = table_of(kind)
            row = table.from_clause.alias()
            columns = self.columns(kind, self.selections.below(nodes, kind), row)
            found = source.where(self.scope, arguments, row)
            return as_row(select(*columns).select_from(row).where(found, table.visible_alone(self.scope.viewer, row)))
        if isinstance(source, Page):
            return self._page(source, definition, nodes, None)
        raise Unplanned(f"{nodes[0].name.value} is answered by Python.")

    def by_keys(self, kind: GraphQLObjectType, fields: Fields) -> AnySelect:
        """Rows of `kind` by their ids, as (id, JSON): those among them that the viewer sees."""
        table = table_of(kind)
        row = table.from_clause.alias()
        keys = bindparam(KEYS, None, type_=ARRAY(Uuid()))
        body = as_row(select(*self.columns(kind, fields, row)).correlate(row))
        return select(row.c.id, body).where(row.c.id == any_(keys), table.visible_alone(self.scope.viewer, row))

    def columns(self, kind: GraphQLObjectType, fields: Fields, row: FromClause) -> list[Label[Any]]:
        """The selected fields of a row, each labelled with its response key."""
        columns = [self._column(kind, key, nodes, row).label(key) for key, nodes in fields.items()]
        note = self._note(kind, fields, row)
        if note is not None:
            self.scope.audits = True
            columns.append(note.label(AUDIT))
        return columns

    def object_type(self, name: str) -> GraphQLObjectType:
        """The object type of this name."""
        return cast(GraphQLObjectType, self.selections.schema.type_map[name])

    def _column(self, kind: GraphQLObjectType, key: str, nodes: list[FieldNode], row: FromClause) -> ColumnElement[Any]:
        if len(key) > MAX_KEY_BYTES:
            raise Refused(f"The alias {key[:20]}... is too long: at most {MAX_KEY_BYTES} characters.")
        name = nodes[0].name.value
        if name == "__typename":
            return literal_column(f"'{kind.name}'")
        definition = kind.fields[name]
        source = source_of(definition)
        match source:
            case Column():
                return row.c[source.name]
            case Expression():
                return source.build(self.scope, row)
            case GlobalId():
                return global_id(kind.name, row.c.id)
            case One() | Many():
                return self._related(source, nodes, row)
            case Page():
                return self._page(source, definition, nodes, row)
            case _:
                raise Unplanned(f"{kind.name}.{name} is answered by Python.")

    def _related(self, source: One | Many, nodes: list[FieldNode], parent: FromClause) -> ColumnElement[Any]:
        kind = self.object_type(source.target)
        table = table_of(kind)
        row = table.from_clause.alias()
        inner = (
            select(*self.columns(kind, self.selections.below(nodes, kind), row))
            .select_from(row)
            .where(source.joins(self.scope, parent, row), table.visible(self.scope.viewer, row))
            .correlate(parent)
        )
        if isinstance(source, One):
            return as_row(inner.limit(literal_column("1")))
        return as_list(inner.order_by(*source.order_by(row), row.c.id))

    def _page(
        self, source: Page, definition: GraphQLField, nodes: list[FieldNode], parent: FromClause | None
    ) -> ColumnElement[Any]:
        return compile_page(self, source, definition, nodes, parent)

    def _note(self, kind: GraphQLObjectType, fields: Fields, row: FromClause) -> ColumnElement[Any] | None:
        """For officers: [person id, kinds of the restricted facts that this row shows]."""
        if not self.scope.viewer.is_staff:
            return None
        if table_of(kind).audited:
            kinds = func.json_build_array(literal_column(f"'{kind.name}'"))
            return case((access.restricted(row), func.json_build_array(row.c.person_id, kinds)), else_=null())
        reads: set[type[DeclarativeBase]] = set()
        for nodes in fields.values():
            definition = kind.fields.get(nodes[0].name.value)
            source = source_of(definition) if definition else None
            if isinstance(source, Expression):
                reads.update(source.reads)
        if not reads:
            return None
        shown = union_all(*(_restricted_kind(model, row) for model in sorted(reads, key=lambda one: one.__name__)))
        return func.json_build_array(row.c.id, func.array_to_json(func.array(shown.scalar_subquery())))


def _restricted_kind(model: type[DeclarativeBase], person: FromClause) -> AnySelect:
    fact = from_clause(model).alias()
    shown = select(1).where(fact.c.person_id == person.c.id, access.restricted(fact)).correlate(person).exists()
    name: ColumnElement[str] = literal_column(f"'{model.__name__}'")
    return select(name).where(shown)
