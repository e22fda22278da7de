"""The forms that rows take in PostgreSQL's JSON. Measured: an aliased subselect is the fastest of them."""

from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.types import JSON

from api.db import AnySelect

NO_ROWS = literal_column("'[]'::json", JSON)
ROW = "__row"
"""What a row is called as a whole. A column of that name would be taken for it, so no response key may be."""


def as_row(inner: AnySelect) -> ColumnElement[Any]:
    """The one row of `inner` as a JSON object with its labels as keys, or null."""
    row = inner.subquery(ROW)
    return select(func.row_to_json(row.table_valued())).select_from(row).scalar_subquery()


def as_list(inner: AnySelect) -> ColumnElement[Any]:
    """The rows of `inner`, in its order, as a JSON array of objects."""
    row = inner.subquery(ROW)
    return select(func.coalesce(func.json_agg(row.table_valued()), NO_ROWS)).select_from(row).scalar_subquery()


def as_texts(text: ColumnElement[Any], order: ColumnElement[Any], *conditions: ColumnElement[bool]) -> AnySelect:
    """All values of a column of the rows that meet the conditions, in an order, as one JSON array: a SELECT of it."""
    values = func.array_agg(aggregate_order_by(text, order))
    return select(func.coalesce(func.array_to_json(values), func.json_build_array())).where(*conditions)


def base64(text: ColumnElement[Any]) -> ColumnElement[str]:
    """Text as one line of base64: PostgreSQL breaks lines after 76 characters."""
    return func.translate(
        func.encode(func.convert_to(text, literal_column("'UTF8'")), literal_column("'base64'")),
        literal_column(r"E'\n'"),
        literal_column("''"),
    )


def global_id(type_name: str, key: ColumnElement[Any]) -> ColumnElement[str]:
    """The opaque id of a row, as `schema.ids` reads it."""
    head: ColumnElement[str] = literal_column(f"'{type_name}:'")
    return base64(head.concat(key))
