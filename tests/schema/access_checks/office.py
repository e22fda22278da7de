"""What the directory office tells: outcomes of classes, corrections proposed, and who is lost."""

import json
from collections import Counter
from typing import Any
from uuid import UUID

from api import models
from api.access import ViewerKind
from schema.ids import encode_id
from tests.schema.access_checks.cases import Case, ids
from tests.schema.access_checks.people import NODES
from tests.schema.worlds import Asker, World
from tests.schema.worlds.office import sees_lost, sees_proposal

OUTCOMES = """{ employers: cohortOutcomes(by: EMPLOYER, first: 100) { cells { value count } }
    countries: cohortOutcomes(by: COUNTRY, first: 100) { cells { value count } } }"""
PROPOSED = """{ viewer { updateProposals(first: 100) { totalCount nodes { id note person { id } proposer { id }
    changes { content } } } } }"""
OFFICE = """{ updateProposals(first: 100) { totalCount nodes { id note person { id } proposer { id }
    changes { content } } } lostPeople(first: 100) { totalCount nodes { id note person { id } } } }"""
NAMES = ("Sharedworks", "Otherworks", "Unseen")
"""How the organisations of a world are called."""


async def check_outcomes(case: Case, asker: Asker) -> None:
    """Counts are of visible facts of visible people, and never tell others than staff of fewer than five."""
    if asker.kind is ViewerKind.GUEST:
        assert (await case.answer(OUTCOMES, asker)).codes == ["FORBIDDEN", "FORBIDDEN"]
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


async def check_office(case: Case, asker: Asker) -> None:
    """A proposal is known to who made it and to the office; who is lost, and what was merged, to the office alone. An
    id that was given up leads to whom the asker may see."""
    world = case.world
    mine = (await case.ask(PROPOSED, asker))["viewer"]["updateProposals"]
    own = {one.id for one in world.proposals if asker.owns(one.proposer.id) and sees_proposal(world, asker, one)}
    assert ids(mine) == {encode_id("UpdateProposal", one) for one in own}
    assert mine["totalCount"] == len(own)
    named = [
        *(("UpdateProposal", one.id, sees_proposal(world, asker, one)) for one in world.proposals),
        *(("ProposedChange", one.change_id, sees_proposal(world, asker, one)) for one in world.proposals),
        *(("Person", given_up, world.sees_person(asker, person)) for _, given_up, person in world.merges),
        *(("PersonMerge", key, sees_lost(world, asker, person.id)) for key, _, person in world.merges),
        *(("LostPerson", key, sees_lost(world, asker, person)) for key, person in world.lost.items()),
    ]
    nodes = (await case.ask(NODES, asker, ids=[encode_id(kind, key) for kind, key, _ in named]))["nodes"]
    assert [node is not None for node in nodes] == [seen for *_, seen in named]
    if asker.kind is not ViewerKind.STAFF:
        assert (await case.answer(OFFICE, asker)).codes == ["FORBIDDEN", "FORBIDDEN"]
        return
    told = await case.ask(OFFICE, asker)
    seen = [one for one in world.proposals if sees_proposal(world, asker, one)]
    assert ids(told["updateProposals"]) == {encode_id("UpdateProposal", one.id) for one in seen}
    said = json.dumps(told["updateProposals"])
    for one in world.proposals:
        assert (one.token in said) == (one in seen)
    lost = {key for key, person in world.lost.items() if sees_lost(world, asker, person)}
    assert ids(told["lostPeople"]) == {encode_id("LostPerson", key) for key in lost}
    assert told["lostPeople"]["totalCount"] == len(lost)
