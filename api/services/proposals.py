"""Corrections that members propose of one another's records: what may be proposed, and what an answer does."""

import re
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, sees_proposal
from api.errors import Conflict, Invalid, NotAllowed, NotFound
from api.models import ContactKind, LinkKind, PlaceKind, ProposalState, ProposedChange, UpdateProposal
from api.services.callers import own_person_id
from api.services.facts import lock_people
from api.services.inputs import Checker, input_path
from api.services.lost_people import forget_lost
from api.services.profile_changes import (
    NAMES,
    ContactPointEntry,
    EducationEntry,
    ExperienceEntry,
    LinkEntry,
    PlaceEntry,
    ProfileChanges,
    Wanted,
    check_changes,
)
from api.services.profiles import amend_profile, refuse_foreign_facts

MOST_OPEN = 20
"""How many open proposals one person may have."""
ENTRIES: Mapping[str, type[Any]] = {
    "educations": EducationEntry,
    "experiences": ExperienceEntry,
    "places": PlaceEntry,
    "contact_points": ContactPointEntry,
    "links": LinkEntry,
}
"""What others may know of somebody. What people say of themselves (texts, skills, interests) is theirs to say."""
_KINDS: Mapping[str, type[Any]] = {"places": PlaceKind, "contact_points": ContactKind, "links": LinkKind}
_PERSON, _PROPOSAL = ("input", "personId"), ("input", "proposalId")
_PROPOSALS, _CHANGES = cast(Table, UpdateProposal.__table__), cast(Table, ProposedChange.__table__)


async def propose_update(
    session: AsyncSession, viewer: Viewer, person_id: UUID, changes: ProfileChanges, note: str | None
) -> UUID:
    """Propose to correct somebody's record; the proposal's id. An entry adds a fact, or continues the one it names.

    Raises NotFound for whom the viewer does not see, Invalid, and Conflict with too many open proposals.
    """
    own = own_person_id(viewer)
    seen = await lock_people(session, viewer, [own, person_id])
    if person_id not in seen:
        raise NotFound("There is no such person.", _PERSON)
    check = Checker()
    words = check.text(("input", "note"), note, most=2000, multiline=True)
    wanted = check_changes(check, changes, may_set_visibility=False)
    await refuse_foreign_facts(session, viewer, person_id, check, wanted)
    rows = _rows(wanted)
    if person_id == own:
        check.note(_PERSON, "is your own: change your profile yourself")
    elif not rows and words is None and not check.problems:
        check.note(("input", "note"), "is required where no change is given")
    check.raise_problems()
    await _refuse_too_many(session, own)
    proposal_id = uuid7()
    head = {"id": proposal_id, "proposer_id": own, "person_id": person_id, "note": words, "state": ProposalState.OPEN}
    await session.execute(insert(_PROPOSALS).values(**head))
    if rows:
        numbered = [{**row, "proposal_id": proposal_id, "position": place} for place, row in enumerate(rows)]
        await session.execute(insert(_CHANGES), numbered)
    return proposal_id


async def answer_proposal(session: AsyncSession, viewer: Viewer, proposal_id: UUID, *, accept: bool) -> None:
    """Accept a proposal, which applies it as an officer's edit and is noted for the person, or decline it.

    Whoever is corrected counts as found. Raises NotAllowed, NotFound, and Conflict if it is answered already or the
    record has changed so that the proposal does not fit it.
    """
    if not viewer.is_staff:
        raise NotAllowed("The office answers proposals.")
    proposal = await _open(session, viewer, proposal_id)
    if accept:
        try:
            await amend_profile(session, viewer, proposal.person_id, await _changes(session, proposal_id))
        except Invalid as wrong:
            why = "; ".join(problem.message for problem in wrong.problems)
            raise Conflict(f"It does not fit the record as it is now: {why}", _PROPOSAL) from None
        await forget_lost(session, proposal.person_id)
    state = ProposalState.ACCEPTED if accept else ProposalState.DECLINED
    await session.execute(
        update(_PROPOSALS)
        .where(_PROPOSALS.c.id == proposal_id)
        .values(state=state, answered_at=func.now(), updated_at=func.now())
    )


async def _open(session: AsyncSession, viewer: Viewer, proposal_id: UUID) -> Row[Any]:
    """The proposal, held until the transaction ends: two answers at once come one after the other."""
    held = select(_PROPOSALS).where(_PROPOSALS.c.id == proposal_id, sees_proposal(viewer, _PROPOSALS))
    proposal = (await session.execute(held.with_for_update())).one_or_none()
    if proposal is None:
        raise NotFound("There is no such proposal.", _PROPOSAL)
    if proposal.state != ProposalState.OPEN:
        raise Conflict(f"It was {proposal.state.lower()} before.", _PROPOSAL)
    return proposal


async def _refuse_too_many(session: AsyncSession, own: UUID) -> None:
    open_ = select(func.count()).where(_PROPOSALS.c.proposer_id == own, _PROPOSALS.c.state == ProposalState.OPEN)
    if (await session.scalar(open_) or 0) >= MOST_OPEN:
        raise Conflict(f"{MOST_OPEN} proposals of yours wait for an answer: that is as many as may.")


# ---------------------------------------------------------------- how changes are kept


def _rows(wanted: Wanted) -> list[dict[str, Any]]:
    names = [
        {"id": uuid7(), "part": NAMES[field][0], "fact_id": None, "content": {NAMES[field][0]: value}}
        for field, value in wanted.names.items()
    ]
    facts = [
        {
            "id": uuid7(),
            "part": input_path(field)[1],
            "fact_id": row.get("id"),
            "content": {input_path(name)[1]: value for name, value in row.items() if name != "id"},
        }
        for field, rows in wanted.lists.items()
        for row in rows
    ]
    return names + facts


async def _changes(session: AsyncSession, proposal_id: UUID) -> ProfileChanges:
    """The proposed changes as they were given."""
    rows = await session.execute(
        select(_CHANGES).where(_CHANGES.c.proposal_id == proposal_id).order_by(_CHANGES.c.position)
    )
    values: dict[str, Any] = {}
    for row in rows:
        field = _field(row.part)
        if field in ENTRIES:
            values.setdefault(field, []).append(_entry(field, row))
        else:
            values[field] = row.content[row.part]
    return ProfileChanges(**values)


def _entry(field: str, row: Row[Any]) -> Any:
    given = {_field(name): value for name, value in row.content.items()}
    if field in _KINDS:
        given["kind"] = _KINDS[field](given["kind"])
    return ENTRIES[field](id=row.fact_id, **given)


def _field(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
