"""What the directory office tells: outcomes of classes."""

from collections import Counter
from typing import Any
from uuid import UUID

from api import models
from api.access import ViewerKind
from tests.schema.access_checks.cases import Case
from tests.schema.worlds import Asker, World

OUTCOMES = """{ employers: cohortOutcomes(by: EMPLOYER, first: 100) { cells { value count } }
    countries: cohortOutcomes(by: COUNTRY, first: 100) { cells { value count } } }"""
NAMES = ("Sharedworks", "Otherworks", "Unseen")
"""How the organisations of a world are called."""


async def check_outcomes(case: Case, asker: Asker) -> None:
    """Counts are of visible facts of visible people, and never tell others than staff of fewer than five."""
    if asker.kind is ViewerKind.GUEST:
        assert (await case.api(OUTCOMES, as_=asker.account)).codes == ["FORBIDDEN", "FORBIDDEN"]
        return
    told = await case.ask(OUTCOMES, asker)
    names = dict(zip(case.world.organizations, NAMES, strict=True))
    work = {
        (fact.owner.id, names[fact.organization_id])
        for fact in case.world.facts
        if fact.organization_id and case.world.sees_fact(asker, fact)
    }
    homes = {
        (fact.owner.id, "PT")
        for fact in case.world.facts
        if fact.kind is models.Place and case.world.sees_fact(asker, fact)
    }
    for field, held in (("employers", work), ("countries", homes)):
        cells = {cell["value"]: cell["count"] for cell in told[field]["cells"]}
        assert cells == _expected(case.world, asker, held), (asker.kind, field)


def _expected(world: World, asker: Asker, held: set[tuple[UUID, str]]) -> dict[str, Any]:
    classes: dict[UUID, int] = {}
    for fact in world.facts:
        if fact.year is not None and not fact.owner.deceased and world.sees_fact(asker, fact):
            classes[fact.owner.id] = max(fact.year, classes.get(fact.owner.id, 0))
    atoms = Counter((classes[person] // 5, value) for person, value in held if person in classes)
    fewest = 1 if asker.kind is ViewerKind.STAFF else 5
    values = {value for _, value in atoms}
    return {value: sum(n for (_, one), n in atoms.items() if one == value and n >= fewest) or None for value in values}
