"""What can be asked about people."""

import strawberry
from sqlalchemy import ColumnElement, FromClause

from api import access
from schema.engine.parameters import Arguments, Scope
from schema.engine.sources import Root, planned
from schema.ids import id_argument
from schema.people.types import Person, PersonConnection, people_page
from schema.permissions import SIGNED_IN, requires


def _with_id(_scope: Scope, given: Arguments, row: FromClause) -> ColumnElement[bool]:
    return row.c.id == access.current_person_id(id_argument(given, "Person"))


def _id(id: strawberry.ID):
    """The arguments of a field that finds one thing by its id."""


@strawberry.type
class PeopleQuery:
    """Queries of people."""

    person: Person | None = planned(
        Root("Person", _with_id), "One person. For signed-in callers.", arguments=_id, metadata=requires(SIGNED_IN)
    )
    people: PersonConnection | None = people_page(
        None, "The directory: everybody you may see. For signed-in callers.", metadata=requires(SIGNED_IN)
    )
