"""What a viewer may be pointed to."""

from sqlalchemy import func, literal_column, not_

from api.access.people import some_row, visible_people
from api.access.viewers import Viewer, me
from api.db import AnySelect
from api.models import Connection, Person, SuggestionOutcome


def suggestable_people(viewer: Viewer) -> AnySelect:
    """Whom the viewer may be pointed to, as `SELECT people.id`: visible, listed, willing and alive; and neither the
    viewer nor anybody the viewer has a tie or an open request with, has asked within living memory, or dismissed."""
    person = Person.__table__
    tie, outcome = Connection.__table__.alias(), SuggestionOutcome.__table__.alias()
    tied = some_row(
        tie,
        tie.c.low_id == func.least(person.c.id, me(viewer)),
        tie.c.high_id == func.greatest(person.c.id, me(viewer)),
    )
    dismissed = some_row(
        outcome,
        outcome.c.viewer_id == me(viewer),
        outcome.c.suggested_id == person.c.id,
        outcome.c.outcome == literal_column("'DISMISSED'"),
    )
    return visible_people(viewer).where(
        person.c.listed,
        person.c.suggestable,
        not_(person.c.deceased),
        person.c.id != me(viewer),
        not_(tied),
        not_(dismissed),
    )
