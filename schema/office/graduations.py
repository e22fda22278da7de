"""Making alumni of students, for staff."""

import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from api.services import graduations
from schema.context import Info
from schema.engine.refusals import Refused
from schema.engine.resolving import ref
from schema.errors import Invalid, NotAllowed, NotFound
from schema.ids import decode_people
from schema.limits.directives import about
from schema.people.inputs import needed, optional
from schema.people.types import Person
from schema.permissions import STAFF, mutation


@strawberry.input(description="Everybody with a degree of this institution that ends in a year.")
class CohortInput:
    """See `graduations.Cohort`."""

    end_year: int = needed("The year in which the degree ends.")
    programme: str | None = optional("Only this field of study, in words. Case and accents do not matter.")
    cip_code: str | None = optional("Only this field of study: two, four or six digits of CIP 2020.")


@strawberry.input(description="Who graduates, and when. Give either cohort or personIds.")
class GraduateCohortInput:
    """See `graduations.graduate_cohort`."""

    date: datetime.date = needed("The day: they are alumni from midnight on, in the institution's time zone.")
    cohort: CohortInput | None = optional("A whole class.")
    person_ids: list[strawberry.ID] | None = optional(f"Certain people, at most {graduations.MOST_GRADUATES:,}.")
    dry_run: bool | None = optional("Tell what would happen, and change nothing.")


@strawberry.type(description="What graduation did for one person.")
class Graduation:
    """One person of the cohort."""

    person: Person | None = strawberry.field(description="The person.")
    status: graduations.GraduationStatus = strawberry.field(description="What was done.")


@strawberry.type(description="What was done for each.")
class GraduateCohortPayload:
    """The people of the cohort."""

    graduations: list[Graduation] = strawberry.field(description="One entry a person.", directives=[about(100)])
    dry_run: bool = strawberry.field(description="Whether nothing was written.")


GraduateCohortResult: TypeAlias = Annotated[
    GraduateCohortPayload | NotFound | NotAllowed | Invalid,
    strawberry.union("GraduateCohortResult", description="The payload, or what stood against it."),
]


async def _whom(session: AsyncSession, given: GraduateCohortInput) -> graduations.Cohort | list[UUID]:
    if bool(given.cohort) == bool(given.person_ids):
        raise Refused("Give exactly one of cohort and personIds.", ("input",))
    if given.cohort:
        return graduations.Cohort(given.cohort.end_year, given.cohort.programme or None, given.cohort.cip_code or None)
    return await decode_people(session, given.person_ids or [], ("input", "personIds"))


@strawberry.type
class GraduationsMutation:
    """Mutations of graduations."""

    @mutation(STAFF, "Make alumni of students. The same again changes nothing; a FERPA hold stays.")
    async def graduate_cohort(self, info: Info, input: GraduateCohortInput) -> GraduateCohortResult:
        dry_run, viewer = bool(input.dry_run), info.context.viewer
        async with info.context.db.write() as session, session.begin():
            whom = await _whom(session, input)
            done = await graduations.graduate_cohort(session, viewer, input.date, whom, dry_run=dry_run)
        people = [Graduation(person=ref(Person, key), status=status) for key, status in done]
        return GraduateCohortPayload(graduations=people, dry_run=dry_run)
