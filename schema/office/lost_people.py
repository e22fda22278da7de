"""People whom the office has lost: nobody else learns who they are."""

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from api import access, models
from api.services import lost_people
from schema.context import Info
from schema.engine.resolving import read_ahead, ref
from schema.engine.sources import Page, column, one, planned, table
from schema.errors import Invalid, NotAllowed, NotFound
from schema.ids import decode_person
from schema.node import Node
from schema.pagination import PageInfo, total_count
from schema.people.inputs import needed, optional
from schema.people.types import Person
from schema.permissions import STAFF, mutation, requires
from schema.viewer import page_arguments


@strawberry.type(description="Somebody whom the office cannot reach.")
@table(models.LostPerson, access.sees_lost)
class LostPerson(Node):
    """See `models.LostPerson`."""

    person: Person | None = one("Person", lambda _scope, lost, person: person.c.id == lost.c.person_id, "The person.")
    note: str | None = column(models.LostPerson.note, "What the office noted.")
    since: datetime = column(models.LostPerson.created_at, "Since when.")


@strawberry.type(description="One entry of a page.")
class LostPersonEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the entry stands in the list.")
    node: LostPerson = strawberry.field(description="The entry.")


@strawberry.type(description="A page of lost people, latest first.")
class LostPersonConnection:
    """As Relay defines it."""

    edges: list[LostPersonEdge] = strawberry.field(description="The entries with their cursors.")
    nodes: list[LostPerson] = strawberry.field(description="The entries.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = total_count("How many there are in all.")


@strawberry.input(description="Whether somebody is lost.")
class SetLostInput:
    """See `lost_people.set_lost`."""

    person_id: strawberry.ID = needed("The person.")
    lost: bool = needed("Whether the office cannot reach them.")
    note: str | None = optional("What was tried, for colleagues.")


@strawberry.type(description="The person, after the change.")
class SetLostPayload:
    """The person."""

    person: Person | None = strawberry.field(description="The person.")


SetLostResult: TypeAlias = Annotated[
    SetLostPayload | NotFound | NotAllowed | Invalid,
    strawberry.union("SetLostResult", description="The payload, or what stood against it."),
]


@strawberry.type
class LostPeopleQuery:
    """Queries of lost people."""

    lost_people: LostPersonConnection | None = planned(
        Page("LostPerson", default_order=("id", "DESC")),
        f"People whom the office cannot reach. {STAFF.sentence}",
        arguments=page_arguments,
        metadata=requires(STAFF),
    )


@strawberry.type
class LostPeopleMutation:
    """Mutations of lost people."""

    @mutation(STAFF, "Mark somebody as lost or found. An own edit or an accepted correction finds them too.")
    async def set_lost(self, info: Info, input: SetLostInput) -> SetLostResult:
        async with info.context.db.write() as session, session.begin():
            person_id = await decode_person(session, input.person_id, ("input", "personId"))
            viewer, note = info.context.viewer, input.note or None
            await lost_people.set_lost(session, viewer, person_id, input.lost, note)
            return await read_ahead(info, session, SetLostPayload(person=ref(Person, person_id)))
