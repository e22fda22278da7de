"""Seeing the network as somebody else, for administrators."""

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from api import access, models
from api.services import impersonations
from api.services.retries import once
from schema.context import Info
from schema.engine.resolving import read_ahead, ref
from schema.engine.sources import column, one, table
from schema.errors import Conflict, Invalid, NotAllowed, NotFound
from schema.ids import decode_id, decode_person
from schema.node import Node
from schema.people.inputs import needed, optional
from schema.people.types import Person
from schema.permissions import ADMIN, mutation


@strawberry.type(description="Your leave to read as somebody else for a while. The person sees that, when and why.")
@table(models.Impersonation, access.owns_impersonation)
class Impersonation(Node):
    """See `models.Impersonation`."""

    person: Person | None = one("Person", lambda _scope, row, person: person.c.id == row.c.person_id, "Who it is.")
    reason: str = column(models.Impersonation.reason, "Why.")
    started_at: datetime = column(models.Impersonation.created_at, "Since when.")
    expires_at: datetime = column(models.Impersonation.expires_at, "Until when at most.")
    ended_at: datetime | None = column(models.Impersonation.ended_at, "When it was ended before that.")


@strawberry.input(description="As whom, why and for how long.")
class StartImpersonationInput:
    """See `impersonations.start_impersonation`."""

    person_id: strawberry.ID = needed("The person. Not an officer, nor yourself.")
    reason: str = needed("Why. The person reads it.")
    minutes: int = needed(f"For how long: at most {impersonations.MOST_MINUTES}.")
    idempotency_key: str | None = optional("Your key for this request: a retry with it starts no second one.")


@strawberry.input(description="Which one.")
class EndImpersonationInput:
    """See `impersonations.end_impersonation`."""

    impersonation_id: strawberry.ID = needed("The impersonation.")


@strawberry.type(description="The impersonation as it is now.")
class ImpersonationPayload:
    """The impersonation."""

    impersonation: Impersonation | None = strawberry.field(
        description="Send its id in the header X-Impersonate with your own token to read as the person."
    )


ImpersonationResult: TypeAlias = Annotated[
    ImpersonationPayload | NotFound | NotAllowed | Conflict | Invalid,
    strawberry.union("ImpersonationResult", description="The payload, or what stood against it."),
]


@strawberry.type
class ImpersonationsMutation:
    """Mutations of impersonations."""

    @mutation(ADMIN, "See the network as somebody else for a while, reading only: what is for them alone stays closed.")
    async def start_impersonation(self, info: Info, input: StartImpersonationInput) -> ImpersonationResult:
        viewer, asked = info.context.viewer, ("startImpersonation", input.person_id, input.reason, input.minutes)
        async with info.context.db.write() as session, session.begin():
            person_id = await decode_person(session, input.person_id, ("input", "personId"))
            key = await once(
                session,
                viewer,
                input.idempotency_key or None,
                asked,
                lambda: impersonations.start_impersonation(session, viewer, person_id, input.reason, input.minutes),
            )
            return await read_ahead(info, session, ImpersonationPayload(impersonation=ref(Impersonation, key)))

    @mutation(ADMIN, "Stop seeing the network as somebody else before the time is over.")
    async def end_impersonation(self, info: Info, input: EndImpersonationInput) -> ImpersonationResult:
        key = decode_id(input.impersonation_id, "Impersonation", ("input", "impersonationId"))
        async with info.context.db.write() as session, session.begin():
            await impersonations.end_impersonation(session, info.context.viewer, key)
            return await read_ahead(info, session, ImpersonationPayload(impersonation=ref(Impersonation, key)))
