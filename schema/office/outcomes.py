"""Where the people of a class live, work and what they do, as counts."""

from typing import Annotated

import strawberry

from api.services import outcomes
from schema.context import Info
from schema.engine.resolving import ref
from schema.limits.directives import as_many_as, costs
from schema.people.facts import Organization
from schema.people.inputs import optional
from schema.permissions import MEMBER_OR_STAFF, query

CIP = "Only this field of study: the beginning of CIP codes; outside the office its first two digits."


@strawberry.input(
    description="Class years, both inclusive. Outside the office whole fives: 1995 to 1999, 2000 to 2004, and so on."
)
class ClassYearsInput:
    """See `outcomes.Cohort`."""

    from_: int | None = strawberry.field(default=strawberry.UNSET, name="from", description="The first year.")
    to: int | None = optional("The last year.")


@strawberry.type(description="One value, and how many of the class have it.")
class CohortOutcome:
    """See `outcomes.Cell`."""

    value: str = strawberry.field(description="The employer's name, the occupation's code or the country's.")
    system: str | None = strawberry.field(description="The system of an occupation's code.")
    organization: Organization | None = strawberry.field(description="The employer.")
    count: int | None = strawberry.field(
        description="How many people, as far as you may see. Outside the office it counts only groups of at least "
        f"{outcomes.FEWEST} with the same value, the same {outcomes.BAND} class years and the same field of study (two "
        "digits of CIP); null where there is no such group."
    )


@strawberry.type(description="What became of a class, most frequent first.")
class CohortOutcomes:
    """The cells."""

    cells: list[CohortOutcome] = strawberry.field(description="One entry a value.")


def _bound(year: int | None) -> int | None:
    return None if year is strawberry.UNSET else year


async def read_outcomes(
    info: Info,
    by: Annotated[outcomes.OutcomeKind, strawberry.argument(description="What to count by.")],
    cip: Annotated[str | None, strawberry.argument(description=CIP)] = None,
    years: Annotated[ClassYearsInput | None, strawberry.argument(description="Only these class years.")] = None,
    first: int | None = 20,
) -> CohortOutcomes | None:
    """The counts."""
    bounds = ClassYearsInput() if years is None else years
    cohort = outcomes.Cohort(_bound(bounds.from_), _bound(bounds.to), cip)
    async with info.context.db.write() as session, session.begin():
        found = await outcomes.cohort_outcomes(session, info.context.viewer, by, cohort, first=first or 0)
    return CohortOutcomes(
        cells=[
            CohortOutcome(
                value=cell.value,
                system=cell.system,
                organization=ref(Organization, cell.organization_id) if cell.organization_id else None,
                count=cell.count,
            )
            for cell in found
        ]
    )


@strawberry.type
class OutcomesQuery:
    """Queries of outcomes."""

    cohort_outcomes: CohortOutcomes | None = query(
        MEMBER_OR_STAFF,
        "Where people of a class work, what they do now, or where they live.",
        resolver=read_outcomes,
        directives=[costs(200), as_many_as("first", ["cells"])],
    )
