"""Which tables are ours: the queue's belong to Procrastinate, whose own SQL makes them."""

from typing import Any

from sqlalchemy.schema import SchemaItem


def include(_item: SchemaItem, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Alembic's `include_object`."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))
