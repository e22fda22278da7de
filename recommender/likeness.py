"""Whose work, studies and words are most like somebody's: a ranking that stands within the read engine's statement."""

from sqlalchemy import FromClause

from api import access
from api.access import Viewer
from api.db import AnySelect
from recommender.candidates.texts import LIKENESS, MAX_QUERIES
from recommender.nearest import nearest_to_person


def most_alike(viewer: Viewer, person: FromClause, first: int) -> AnySelect:
    """SELECT (id, distance) of the `first` people most like the row `person`, of those whom the viewer may be shown."""
    return nearest_to_person(
        viewer,
        person,
        people=access.presentable_people(viewer),
        facets=LIKENESS,
        queries=MAX_QUERIES,
        first=first,
    )
