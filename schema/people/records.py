"""What can be done about the records of studies: hold them back, and release what the registrar recorded."""

from typing import Annotated, TypeAlias

import strawberry

from api.services import holds
from schema.context import Info
from schema.engine.resolving import read_ahead, ref
from schema.errors import Conflict, Invalid, NotAllowed, NotFound
from schema.ids import decode_id, decode_person
from schema.people.facts import Education
from schema.people.inputs import needed
from schema.people.profile import UpdateProfilePayload, UpdateProfileResult
from schema.people.types import Person
from schema.permissions import PERSON, STAFF, mutation


@strawberry.input(description="Whether what you studied here is kept to the office.")
class SetFerpaHoldInput:
    """See `holds.set_hold`."""

    hold: bool = needed("True to keep it to the office, false to lift the hold.")


@strawberry.input(description="Whose studies are to be kept to the office.")
class PlaceFerpaHoldInput:
    """See `holds.place_hold`."""

    person_id: strawberry.ID = needed("Who asked for it. Only they can lift it.")


@strawberry.input(
    description="Whether the registrar's record of studies of yours is shown beyond directory information."
)
class ReleaseEducationInput:
    """See `holds.release_education`."""

    education_id: strawberry.ID = needed("The education.")
    release: bool = needed("True to agree, false to take that back.")


@strawberry.type(description="The education as it is now.")
class ReleaseEducationPayload:
    """The changed fact."""

    education: Education | None = strawberry.field(description="The education.")


ReleaseEducationResult: TypeAlias = Annotated[
    ReleaseEducationPayload | NotFound | NotAllowed | Conflict | Invalid,
    strawberry.union("ReleaseEducationResult", description="The payload, or what stood against it."),
]


@strawberry.type
class RecordsMutation:
    """Mutations about records of studies."""

    @mutation(
        PERSON,
        "Keep what you studied here, and when, to the office: at once, and until you lift it. Also long after leaving.",
    )
    async def set_ferpa_hold(self, info: Info, input: SetFerpaHoldInput) -> UpdateProfileResult:
        viewer = info.context.viewer
        async with info.context.db.write() as session, session.begin():
            await holds.set_hold(session, viewer, input.hold)
            return await read_ahead(info, session, UpdateProfilePayload(person=ref(Person, viewer.key)))

    @mutation(STAFF, "Keep somebody's studies to the office, as the person asked. The person sees that it was done.")
    async def place_ferpa_hold(self, info: Info, input: PlaceFerpaHoldInput) -> UpdateProfileResult:
        async with info.context.db.write() as session, session.begin():
            person_id = await decode_person(session, input.person_id, ("input", "personId"))
            await holds.place_hold(session, info.context.viewer, person_id)
            return await read_ahead(info, session, UpdateProfilePayload(person=ref(Person, person_id)))

    @mutation(PERSON, "Agree that the registrar's record of studies of yours is shown in full, or no more.")
    async def release_education(self, info: Info, input: ReleaseEducationInput) -> ReleaseEducationResult:
        education_id = decode_id(input.education_id, "Education", ("input", "educationId"))
        async with info.context.db.write() as session, session.begin():
            await holds.release_education(session, info.context.viewer, education_id, input.release)
            return await read_ahead(info, session, ReleaseEducationPayload(education=ref(Education, education_id)))
