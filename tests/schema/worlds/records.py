"""What a world's people and its institution keep back of the records of studies."""

from datetime import UTC, datetime
from random import Random

from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.services.disclosures import keep_back
from tests.factories import make_fact
from tests.schema.worlds.rules import Fact, V, World

Field = models.DirectoryField
WIDE = {V.CONNECTIONS, V.MEMBERS, V.PUBLIC}


async def keep_records(session: AsyncSession, random: Random, world: World) -> None:
    """Some hold back what they studied; the registrar recorded some studies; some people released theirs."""
    directory = {Field.DEGREE, Field.HONOURS}
    directory |= {field for field in (Field.SCHOOL, Field.DATES) if random.random() < 0.8}
    session.add(models.Institution(name="Northbridge University", directory_information=sorted(directory)))
    recorded = next(person for person in world.people[2:] if person.listed)  # of one, most of the others see something
    row = await make_fact(session, models.Education, recorded.id, programme="zqrecorded", end_date="1995")
    world.facts.append(Fact(row.id, models.Education, recorded, V.MEMBERS, "zqrecorded", year=1995))
    for person in world.people:
        person.held = person is not recorded and random.random() < 0.5
        (await session.get_one(models.Person, person.id)).ferpa_hold = person.held
    for fact in world.facts:
        if fact.kind is models.Education:
            sure = fact.token == "zqrecorded"
            await _record(session, fact, directory, sure or random.random() < 0.6, not sure and random.random() < 0.3)
    await session.flush()
    await keep_back(session)
    session.expunge_all()


async def _record(
    session: AsyncSession, fact: Fact, directory: set[models.DirectoryField], registrar: bool, released: bool
) -> None:
    fact.registrar = registrar
    row = await session.get_one(models.Education, fact.id)
    row.registrar_sourced, row.released_at = fact.registrar, datetime.now(UTC) if released else None
    unreleased = set(Field) - directory if fact.registrar and not released else set[models.DirectoryField]()
    if fact.level in WIDE and (fact.owner.held or Field.SCHOOL in unreleased):
        fact.level = V.STAFF
    fact.kept = Field.PROGRAMME in unreleased
    if Field.DATES in unreleased:
        fact.year = None
