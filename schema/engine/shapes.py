"""The forms that rows take in PostgreSQL's JSON. Measured: an aliased subselect is the fastest of them."""

from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.types import JSON

from api.db import AnySelect

NO_ROWS = literal_column("'[]'::json", JSON)


def as_row(inner: AnySelect) -> ColumnElement[Any]:
    """The one row of `inner` as a JSON object with its labels as keys, or null."""
    row = inner.subquery("t")
    return select(func.row_to_json(row.table_valued())).select_from(row).scalar_subquery()


def as_list(inner: AnySelect) -> ColumnElement[Any]:
    """The rows of `inner`, in its order, as a JSON array of objects."""
    row = inner.subquery("t")
    return select(func.coalesce(func.json_agg(row.table_valued()), NO_ROWS)).select_from(row).scalar_subquery()


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
