"""From selected fields to one SELECT: each row becomes a JSON object with the client's own response keys.

A to-one relation is a scalar subselect, a to-many relation a subselect that aggregates, so siblings never multiply rows
and the whole tree is one statement. Access rules are part of the statement wherever rows of another type are reached.
"""

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any, cast

from graphql import FieldNode, GraphQLField, GraphQLObjectType
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Label,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    not_,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase

from api import access
from api.db import AnySelect
from api.services.profile_views import counts, seen_today
from schema.engine.pages import compile_page
from schema.engine.parameters import KEYS, Arguments, Scope
from schema.engine.refusals import Refused, Unplanned
from schema.engine.selections import Fields, Selections
from schema.engine.shapes import as_list, as_row, global_id
from schema.engine.sources import (
    MAX_RANKED,
    Anything,
    Column,
    Expression,
    GlobalId,
    Many,
    One,
    Page,
    Ranked,
    Root,
    from_clause,
    source_of,
    table_of,
)
from schema.ids import find_named, split_id

AUDIT = "__audit"
"""The hidden key under which a row names the person of whom it shows something, and what: see `_restricted` and
`_profile`."""
RESERVED = "__"
"""Client's own keys that begin so could hide a note."""
MAX_KEY_BYTES = 63
"""PostgreSQL cuts longer names."""
MAX_KEYS = 1_000
"""PostgreSQL has no rows of more than some 1,600 columns."""


class Compiler:
    """Compiles selections of one document, for one kind of viewer, with one shape of variables."""

    def __init__(self, selections: Selections, scope: Scope) -> None:
        self.selections = selections
        self.scope = scope

    def root(self, definition: GraphQLField | None, nodes: list[FieldNode]) -> ColumnElement[Any]:
        """One root field as one JSON value. Raises Unplanned for what is not read from tables."""
        source = source_of(definition) if definition is not None else None
        if definition is None or source is None:
            raise Unplanned(f"{nodes[0].name.value} is answered by Python.")
        if isinstance(source, Anything):
            return self._anything(definition, nodes)
        if isinstance(source, Root):
            kind = self.object_type(source.target)
            arguments = self.scope.arguments(definition, nodes[0])
            return self._alone(kind, nodes, lambda row: source.where(self.scope, arguments, row))
        if isinstance(source, Page):
            return self._page(source, definition, nodes, None)
        raise TypeError(f"{nodes[0].name.value} is no field of the root.")

    def _anything(self, definition: GraphQLField, nodes: list[FieldNode]) -> ColumnElement[Any]:
        """The row that the argument `id` names, whose type the id says."""
        given = self.scope.arguments(definition, nodes[0]).get("id")
        kind, _ = find_named(self.selections.schema, given.value, given.place)
        key: ColumnElement[Any] = given.parameter(Uuid(), lambda text: split_id(text)[1])
        current = table_of(kind).current
        return self._alone(kind, nodes, lambda row: row.c.id == (current(key) if current else key))

    def _alone(
        self, kind: GraphQLObjectType, nodes: list[FieldNode], found: Callable[[FromClause], ColumnElement[bool]]
    ) -> ColumnElement[Any]:
        """The one row that `found` finds and that the viewer may see by itself."""
        table = table_of(kind)
        row = table.from_clause.alias()
        columns = self.columns(kind, self.below(nodes, kind), row, named=True)
        visible = table.visible_alone(self.scope.viewer, row)
        return as_row(select(*columns).select_from(row).where(found(row), visible))

    def by_keys(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], *, named: bool) -> AnySelect:
        """Rows of `kind` by their ids, as (id, JSON): those among them that the viewer sees, with what `nodes` select
        below them. `named`: the client gave the ids."""
        table = table_of(kind)
        row = table.from_clause.alias()
        keys = bindparam(KEYS, None, type_=ARRAY(Uuid()))
        body = as_row(select(*self.columns(kind, self.below(nodes, kind), row, named=named)).correlate(row))
        visible = table.visible_alone(self.scope.viewer, row)
        if not named or table.current is None:
            return select(row.c.id, body).where(row.c.id == any_(keys), visible)
        given = func.unnest(keys).table_valued(column("id", Uuid()), name="given").render_derived()
        return select(given.c.id, body).join_from(given, row, row.c.id == table.current(given.c.id)).where(visible)

    def columns(
        self,
        kind: GraphQLObjectType,
        fields: Fields,
        row: FromClause,
        *,
        named: bool = False,
        asked: Collection[FromClause] = (),
    ) -> list[Label[Any]]:
        """The selected fields of a row, each labelled with its response key; and the hidden note, if there is one.

        `named`: the client gave the row's id. `asked`: tables of the facts by which the row came into its list.
        """
        columns = [self._column(kind, nodes, row).label(key) for key, nodes in fields.items()]
        staff = self.scope.viewer.is_staff
        note = self._restricted(kind, fields, row, asked) if staff else self._profile(kind, fields, row, named=named)
        if note is not None:
            self.scope.audits = True
            columns.append(note.label(AUDIT))
        return columns

    def below(self, nodes: Sequence[FieldNode], kind: GraphQLObjectType) -> Fields:
        """The fields selected under `nodes`. Raises Refused for keys that cannot be columns."""
        fields = self.selections.below(nodes, kind)
        if len(fields) > MAX_KEYS:
            raise Refused(f"Too many fields of one {kind.name}: at most {MAX_KEYS}.")
        for key in fields:
            _check_key(key)
        return fields

    def object_type(self, name: str) -> GraphQLObjectType:
        """The object type of this name."""
        return cast(GraphQLObjectType, self.selections.schema.type_map[name])

    def _column(self, kind: GraphQLObjectType, nodes: list[FieldNode], row: FromClause) -> ColumnElement[Any]:
        name = nodes[0].name.value
        if name == "__typename":
            return typename(kind)
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
            case Ranked():
                return self._ranked(source, self.scope.arguments(definition, nodes[0]), nodes, row)
            case Page():
                return self._page(source, definition, nodes, row)
            case _:
                raise Unplanned(f"{kind.name}.{name} is answered by Python.")

    def _related(self, source: One | Many, nodes: list[FieldNode], parent: FromClause) -> ColumnElement[Any]:
        kind = self.object_type(source.target)
        table = table_of(kind)
        row = table.from_clause.alias()
        inner = (
            select(*self.columns(kind, self.below(nodes, kind), row))
            .select_from(row)
            .where(source.joins(self.scope, parent, row), table.visible(self.scope.viewer, row))
            .correlate(parent)
        )
        order = source.order_by(row)
        ordered = inner.order_by(*order, row.c.id) if order or isinstance(source, Many) else inner
        return as_list(ordered) if isinstance(source, Many) else as_row(ordered.limit(literal_column("1")))

    def _ranked(
        self, source: Ranked, arguments: Arguments, nodes: list[FieldNode], parent: FromClause
    ) -> ColumnElement[Any]:
        kind = self.object_type(source.target)
        table = table_of(kind)
        row = table.from_clause.alias()
        ranking = source.ranking(self.scope, parent, read_length(arguments)).subquery("ranking")
        key, place = ranking.c
        inner = (
            select(*self.columns(kind, self.below(nodes, kind), row))
            .select_from(row.join(ranking, key == row.c.id))
            .where(table.visible(self.scope.viewer, row))
            .correlate(parent)
        )
        return as_list(inner.order_by(place, row.c.id))

    def _page(
        self, source: Page, definition: GraphQLField, nodes: list[FieldNode], parent: FromClause | None
    ) -> ColumnElement[Any]:
        return compile_page(self, source, definition, nodes, parent)

    def told(self, asked: Collection[FromClause], row: FromClause) -> list[Label[Any]]:
        """For officers: the note that a row's place in a list tells of restricted facts of these tables."""
        if not (asked and self.scope.viewer.is_staff):
            return []
        self.scope.audits = True
        return [_kinds(asked, row).label(AUDIT)]

    def _restricted(
        self, kind: GraphQLObjectType, fields: Fields, row: FromClause, asked: Collection[FromClause]
    ) -> ColumnElement[Any] | None:
        """For officers: [person id, kinds of the restricted facts that this row shows]."""
        if table_of(kind).audited:
            kinds = func.json_build_array(literal_column(f"'{kind.name}'"))
            return case((access.restricted(row), func.json_build_array(row.c.person_id, kinds)), else_=null())
        reads = set(asked)
        for nodes in fields.values():
            definition = kind.fields.get(nodes[0].name.value)
            source = source_of(definition) if definition else None
            if isinstance(source, Expression):
                reads.update(from_clause(model) for model in source.reads)
        return _kinds(reads, row) if reads else None

    def _profile(
        self, kind: GraphQLObjectType, fields: Fields, row: FromClause, *, named: bool
    ) -> ColumnElement[Any] | None:
        """For all others: [person id, keys of which one must have a value for the profile to count as seen]; null where
        it does not count, or has been counted today.

        No keys: it counts as it is, being asked for by its id, or being a row of what one would harvest.
        """
        table = table_of(kind)
        if table.profile_of is None or not self.scope.viewer.signed_in:
            return None
        whole = named or table.reveals
        keys = [] if whole else [key for key, nodes in fields.items() if _reveals(kind, nodes)]
        if not (whole or keys):
            return None
        shown: ColumnElement[Any] = literal_column(f"'{json.dumps(keys)}'::json")
        person_id = row.c[table.profile_of]
        counting = and_(counts(self.scope.viewer, person_id), not_(seen_today(self.scope.viewer, person_id)))
        return case((counting, func.json_build_array(person_id, shown)), else_=null())


def read_length(arguments: Arguments) -> int:
    """How many rows of a ranking are asked for. Raises Refused."""
    first = arguments.get("first").value
    if not 1 <= first <= MAX_RANKED:
        raise Refused(f"first must be from 1 to {MAX_RANKED}, not {first}.", ("first",))
    return first


def typename(kind: GraphQLObjectType) -> ColumnElement[Any]:
    """The field `__typename`."""
    return literal_column(f"'{kind.name}'")


def _check_key(key: str) -> None:
    """Refuse aliases that cannot be a column's name, or could stand in for a hidden note."""
    if len(key) > MAX_KEY_BYTES:
        raise Refused(f"The alias {key[:20]}... is too long: at most {MAX_KEY_BYTES} characters.")
    if key.startswith(RESERVED) and key != "__typename":
        raise Refused(f"The alias {key} is not yours to give: choose one that does not begin with {RESERVED}.")


def _reveals(kind: GraphQLObjectType, nodes: list[FieldNode]) -> bool:
    definition = kind.fields.get(nodes[0].name.value)
    source = source_of(definition) if definition else None
    return isinstance(source, Expression) and source.reveals


def _kinds(tables: Collection[FromClause], person: FromClause) -> ColumnElement[Any]:
    """[person id, the kinds of facts among the tables of which the person has restricted ones]."""
    shown = union_all(*(_restricted_kind(model, person) for model in access.FACTS if from_clause(model) in tables))
    return func.json_build_array(person.c.id, func.array_to_json(func.array(shown.scalar_subquery())))


def _restricted_kind(model: type[DeclarativeBase], person: FromClause) -> AnySelect:
    fact = from_clause(model).alias()
    shown = select(1).where(fact.c.person_id == person.c.id, access.restricted(fact)).correlate(person).exists()
    name: ColumnElement[str] = literal_column(f"'{model.__name__}'")
    return select(name).where(shown)
