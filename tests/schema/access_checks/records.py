"""What is told of holds and of the registrar's records, and that a held fact cannot be opened."""

from typing import Any

from api import models
from schema.ids import encode_id
from tests.schema.access_checks.cases import Case, ids, person_id
from tests.schema.worlds import Asker, Someone, World

ALUMNI = "{ people(first: 100, filter: {role: {eq: ALUMNUS}}) { totalCount nodes { id } } }"
OPEN = "mutation($id: ID!) { setVisibility(input: {factId: $id, level: PUBLIC}) { __typename } }"


def check_records(world: World, asker: Asker, person: Someone, node: Any) -> None:
    """A person's node tells of a hold, of having studied here and of the registrar only whom it concerns."""
    close = world.is_close(asker, person)
    assert node["ferpaHold"] == (person.held if close else None)
    assert node["roles"] == ([{"kind": "ALUMNUS"}] if world.knows_alumnus(asker, person) else [])
    marks = {encode_id("Education", fact.id): fact.registrar if close else None for fact in world.facts}
    assert [one["registrarSourced"] for one in node["educations"]] == [marks[one["id"]] for one in node["educations"]]


async def check_holds(case: Case, asker: Asker) -> None:
    """Whom a role finds, and that the owner of a held fact must lift the hold first."""
    world = case.world
    alumni = [one for one in world.people if world.sees_person(asker, one) and world.knows_alumnus(asker, one)]
    found = (await case.ask(ALUMNI, asker))["people"]
    assert ids(found) == {person_id(one) for one in alumni}
    assert found["totalCount"] == len(alumni)
    for fact in world.facts if asker.through is None else ():
        if fact.kind is models.Education and fact.owner.held and asker.owns(fact.owner.id):
            answer = await case.ask(OPEN, asker, id=encode_id("Education", fact.id))
            assert answer["setVisibility"]["__typename"] == "Conflict"
