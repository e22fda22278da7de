"""Who sees what was merged, and whose an id is that was given up."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, false, func, select

from api.access.people import person_visible
from api.access.viewers import Viewer
from api.models import PersonAlias


def sees_merge(viewer: Viewer, merge: FromClause) -> ColumnElement[bool]:
    """Merges are the office's, as long as it sees the person who was kept."""
    return person_visible(viewer, merge.c.kept_id) if viewer.is_staff else false()


def current_person_id(key: ColumnElement[Any]) -> ColumnElement[Any]:
    """The id of the person whose this id is or was: one that was given up in a merge leads to the one kept."""
    alias = PersonAlias.__table__.alias()
    kept = select(alias.c.kept_id).where(alias.c.id == key).correlate_except(alias).scalar_subquery()
    return func.coalesce(kept, key)
