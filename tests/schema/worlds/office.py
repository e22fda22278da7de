"""What the office keeps about the people of a world: corrections proposed by others, who is lost, what was merged."""

from random import Random
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import ViewerKind
from tests.schema.worlds.rules import Asker, Proposal, Someone, World


async def make_office(session: AsyncSession, random: Random, world: World) -> None:
    """Each proposes something about another; half of the people are lost, and some had two records."""
    for person in world.people[:3]:
        given_up = uuid4()
        merge = models.PersonMerge(kept_id=person.id, dropped_id=given_up)
        session.add(merge)
        await session.flush()
        session.add(models.PersonAlias(id=given_up, kept_id=person.id, merge_id=merge.id))
        await session.flush()
        world.merges.append((merge.id, given_up, person))
    for place, proposer in enumerate(world.people):
        person = random.choice([one for one in world.people if one is not proposer])
        token = f"zq{random.getrandbits(40):x}"
        row = models.UpdateProposal(
            proposer_id=proposer.id, person_id=person.id, note=token, state=models.ProposalState.OPEN
        )
        session.add(row)
        await session.flush()
        change = models.ProposedChange(
            proposal_id=row.id, position=0, part="displayName", content={"displayName": f"{token} too"}
        )
        session.add(change)
        await session.flush()
        world.proposals.append(Proposal(row.id, change.id, proposer, person, token))
        if place % 2:
            lost = models.LostPerson(person_id=person.id, note=token)
            if person.id not in world.lost.values():
                session.add(lost)
                await session.flush()
                world.lost[lost.id] = person.id


def sees_proposal(world: World, asker: Asker, proposal: Proposal) -> bool:
    concerned = asker.kind is ViewerKind.STAFF or asker.owns(proposal.proposer.id)
    return concerned and world.sees_person(asker, proposal.person)


def sees_lost(world: World, asker: Asker, person_id: UUID) -> bool:
    person: Someone = world.person(person_id)
    return asker.kind is ViewerKind.STAFF and world.sees_person(asker, person)
