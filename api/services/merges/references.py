"""What refers to a row, and what must stay unique: read from the tables' metadata, so that no table is forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Table, UniqueConstraint
from sqlalchemy.sql.elements import TextClause

from api.db import Base

NATURAL_KEYS: dict[str, tuple[str, ...]] = {
    "educations": ("person_id", "school", "degree", "programme", "start_date", "end_date", "withheld"),
    "experiences": ("person_id", "organization_id", "title", "start_date", "end_date"),
}
"""Where no constraint says so: rows that say the same are one."""
BETWEEN_TWO = frozenset({"suggestions", "suggestion_outcomes", "profile_views"})
"""Tables of what is between two people, beside those whose constraints forbid that both are one."""
WITHOUT_FOREIGN_KEY: dict[tuple[str, str], str] = {
    ("connections", "requester_id"): "one of the two ends, moved with it",
    ("fact_vectors", "person_id"): "follows its fact by ON UPDATE CASCADE",
    ("person_merges", "dropped_id"): "a person who is no more: found by the alias",
}
"""Columns that name a person and have no foreign key to people, and why they need none. A test knows of all."""


@dataclass(frozen=True)
class Reference:
    """A column that refers to the id of another table's row."""

    table: Table
    column: str
    cleared: bool
    """Whether the column is emptied, and the row stays, when that row goes."""


@dataclass(frozen=True)
class Key:
    """Columns whose values together occur once."""

    columns: tuple[str, ...]
    where: str | None = None
    """The rows that this is about, for a partial index."""
    nulls_equal: bool = False
    moving: frozenset[str] = frozenset()
    """Those of the columns that change with the reference."""


def table_named(name: str) -> Table:
    """A table of the models."""
    return Base.metadata.tables[name]


def references(parent: Table) -> list[Reference]:
    """The columns that refer to `parent.id` alone, in the order of the tables' dependence."""
    return [
        Reference(table, key.column_keys[0], key.ondelete == "SET NULL")
        for table, key in _foreign_keys(parent)
        if len(key.column_keys) == 1
    ]


def parts(parent: Table) -> list[Reference]:
    """The columns that refer to `parent.id` together with others of its columns: rows that are part of the parent's."""
    found: list[Reference] = []
    for table, key in _foreign_keys(parent):
        if len(key.column_keys) > 1:
            column = next(one.parent.name for one in key.elements if one.column.name == "id")
            found.append(Reference(table, column, cleared=False))
    return found


def _foreign_keys(parent: Table) -> Iterator[tuple[Table, ForeignKeyConstraint]]:
    for table in Base.metadata.sorted_tables:
        for key in sorted(table.foreign_key_constraints, key=lambda one: list(one.column_keys)):
            if key.referred_table is parent:
                yield table, key


def keys(table: Table, column: str) -> list[Key]:
    """What must stay unique when `column` changes."""
    found = [
        Key(tuple(one.columns.keys()), nulls_equal=bool(one.dialect_options["postgresql"]["nulls_not_distinct"]))
        for one in table.constraints
        if isinstance(one, UniqueConstraint)
    ]
    found += [Key(tuple(one.columns.keys()), _where(one)) for one in table.indexes if one.unique]
    if table.name in NATURAL_KEYS:
        found.append(Key(NATURAL_KEYS[table.name], nulls_equal=True))
    moving = {column, *_derived(table, column)}
    found = [replace(one, moving=frozenset(moving)) for one in found if moving & {*one.columns}]
    return sorted((one for one in found if "id" not in one.columns), key=lambda one: one.columns)


def _derived(table: Table, column: str) -> list[str]:
    """Computed columns that follow the column."""
    return [one.name for one in table.c if one.computed is not None and column in str(one.computed.sqltext)]


def _where(index: Index) -> str | None:
    condition = index.dialect_options["postgresql"]["where"]
    return None if condition is None else cast(TextClause, condition).text


def other_end(table: Table, column: str, parent: Table) -> str | None:
    """The column of the other person, in a row that must be about two different ones."""
    others = [one.column for one in references(parent) if one.table is table and one.column != column]
    checks = [str(one.sqltext) for one in table.constraints if isinstance(one, CheckConstraint)]
    for other in others:
        if table.name in BETWEEN_TWO or any(column in text and other in text for text in checks):
            return other
    return None
