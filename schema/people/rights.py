"""What people can do about all that is held about them: take it away, or have it erased, also by the office."""

from datetime import datetime
from typing import Annotated, TypeAlias

import orjson
import strawberry
from strawberry.scalars import JSON

from api.services import erasures, exports
from schema.context import Info
from schema.errors import Invalid, NotAllowed, NotFound
from schema.ids import decode_id
from schema.people.inputs import optional
from schema.permissions import ADMIN, PERSON, mutation


@strawberry.input(description="Which part of long logs.")
class RequestExportInput:
    """See `exports.export_person`."""

    until: datetime | None = optional(
        "Of the logs only what is from this moment or earlier: of more than 10,000 entries the latest 10,000 are given."
    )


@strawberry.type(description="All that is held about you.")
class RequestExportPayload:
    """The document."""

    export: JSON = strawberry.field(description="The document. docs/export.md tells its form.")


@strawberry.input(description="That you want to be erased, and that it is no slip.")
class EraseMeInput:
    """See `erasures.erase_me`."""

    display_name: str = strawberry.field(description="Your name as your profile has it. Any other changes nothing.")


@strawberry.input(description="Whom to erase, and on what ground.")
class ErasePersonInput:
    """See `erasures.erase_person`."""

    person_id: strawberry.ID = strawberry.field(description="The person.")
    reason: erasures.ErasureReason = strawberry.field(description="The ground. It goes to the server's log.")


@strawberry.type(description="It is done, and cannot be undone.")
class ErasePayload:
    """What remains."""

    digests_kept: int = strawberry.field(
        description="How many keyed digests (of the id in the source system, and of e-mail addresses) were kept, so"
        " that no import brings the person back. Nothing else was."
    )


RequestExportResult: TypeAlias = Annotated[
    RequestExportPayload | NotFound,
    strawberry.union("RequestExportResult", description="The payload, or what stood against it."),
]
EraseMeResult: TypeAlias = Annotated[
    ErasePayload | NotFound | Invalid,
    strawberry.union("EraseMeResult", description="The payload, or what stood against it."),
]
ErasePersonResult: TypeAlias = Annotated[
    ErasePayload | NotFound | NotAllowed,
    strawberry.union("ErasePersonResult", description="The payload, or what stood against it."),
]


@strawberry.type
class RightsMutation:
    """Mutations of a person's rights."""

    @mutation(PERSON, "All that is held about you, as one document to take away. It changes nothing.")
    async def request_export(self, info: Info, input: RequestExportInput) -> RequestExportResult:
        async with info.context.db.read() as reader:
            document = await exports.export_person(reader, info.context.viewer, input.until or None)
        return RequestExportPayload(export=JSON(orjson.Fragment(document)))

    @mutation(
        PERSON,
        "Erase all that is held about you, your account included, in this moment and for good. Tokens of yours are then"
        " those of somebody unknown.",
    )
    async def erase_me(self, info: Info, input: EraseMeInput) -> EraseMeResult:
        async with info.context.db.write() as session, session.begin():
            return ErasePayload(digests_kept=await erasures.erase_me(session, info.context.viewer, input.display_name))

    @mutation(ADMIN, "Erase all that is held about somebody, for good: on their written request, or on another ground.")
    async def erase_person(self, info: Info, input: ErasePersonInput) -> ErasePersonResult:
        person_id = decode_id(input.person_id, "Person", ("input", "personId"))
        async with info.context.db.write() as session, session.begin():
            return ErasePayload(
                digests_kept=await erasures.erase_person(session, info.context.viewer, person_id, input.reason)
            )
