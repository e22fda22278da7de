"""Corrections that members propose of one another's records, and the office's answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry
from sqlalchemy import ColumnElement, FromClause, Text, case, literal_column, null
from strawberry.scalars import JSON

from api import access, models
from api.services import proposals
from api.services.retries import once
from schema.context import Info
from schema.engine.filters import compare_member, condition
from schema.engine.parameters import Scope
from schema.engine.resolving import read_ahead, ref
from schema.engine.shapes import global_id
from schema.engine.sources import Page, column, expression, many, one, planned, table
from schema.errors import Conflict, Invalid, NotAllowed, NotFound
from schema.ids import decode_id, decode_person
from schema.node import Node
from schema.pagination import PageInfo, total_count
from schema.people.inputs import (
    ContactPointInput,
    EducationInput,
    ExperienceInput,
    LinkInput,
    PlaceInput,
    needed,
    optional,
    read_changes,
)
from schema.people.types import Person
from schema.permissions import MEMBER, STAFF, mutation, requires

FACT_TYPES: Mapping[str, str] = {
    "educations": "Education",
    "experiences": "Experience",
    "places": "Place",
    "contactPoints": "ContactPoint",
    "links": "Link",
}
ADDS = "To add, or with an id to correct that one; the others stay as they are."


def _fact_id(_scope: Scope, change: FromClause) -> ColumnElement[Any]:
    whens = [
        (change.c.part == literal_column(f"'{part}'"), global_id(name, change.c.fact_id))
        for part, name in FACT_TYPES.items()
    ]
    return case((change.c.fact_id.is_(None), null().cast(Text)), *whens)


@strawberry.type(description="One part of a proposal: a name, or a fact to add or to correct.")
@table(models.ProposedChange, access.sees_all, access.sees_proposed_change)
class ProposedChange(Node):
    """See `models.ProposedChange`."""

    part: str = column(models.ProposedChange.part, "The field of the input: displayName, educations, ...")
    fact_id: strawberry.ID | None = expression(_fact_id, "The fact to correct; null for one to add.")
    content: JSON = column(models.ProposedChange.content, "What it is to be, by the names of the input.")


def _changes(_scope: Scope, proposal: FromClause, change: FromClause) -> ColumnElement[bool]:
    return change.c.proposal_id == proposal.c.id


@strawberry.type(description="A correction that a member proposed of somebody's record.")
@table(models.UpdateProposal, access.sees_proposal)
class UpdateProposal(Node):
    """See `models.UpdateProposal`."""

    person: Person | None = one(
        "Person", lambda _scope, proposal, person: person.c.id == proposal.c.person_id, "Whose record."
    )
    proposer: Person | None = one(
        "Person", lambda _scope, proposal, person: person.c.id == proposal.c.proposer_id, "Who proposed it."
    )
    note: str | None = column(models.UpdateProposal.note, "What the proposer wrote.")
    state: models.ProposalState = column(models.UpdateProposal.state, "Where it stands.")
    changes: list[ProposedChange] = many(
        "ProposedChange", _changes, lambda change: [change.c.position], "What is proposed."
    )
    proposed_at: datetime = column(models.UpdateProposal.created_at, "When it was proposed.")
    answered_at: datetime | None = column(models.UpdateProposal.answered_at, "When the office answered.")


@strawberry.type(description="One proposal of a page.")
class UpdateProposalEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the proposal stands in the list.")
    node: UpdateProposal = strawberry.field(description="The proposal.")


@strawberry.type(description="A page of proposals, newest first.")
class UpdateProposalConnection:
    """As Relay defines it."""

    edges: list[UpdateProposalEdge] = strawberry.field(description="The proposals with their cursors.")
    nodes: list[UpdateProposal] = strawberry.field(description="The proposals.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = total_count("How many there are in all.")


@strawberry.input(description="Compares the state of a proposal.")
class ProposalStateFilter:
    """Comparators of states."""

    eq: models.ProposalState | None = strawberry.field(default=strawberry.UNSET, description="This one.")
    in_: list[models.ProposalState] | None = strawberry.field(
        default=strawberry.UNSET, name="in", description="One of these."
    )


@strawberry.input(description="Which proposals.")
class UpdateProposalFilter:
    """Conditions on a proposal."""

    state: ProposalStateFilter | None = condition(
        lambda _scope, given, proposal: compare_member(given, proposal.c.state), "Where it stands."
    )


def page_of_proposals(
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: int | None = strawberry.UNSET,
    before: str | None = strawberry.UNSET,
    filter: UpdateProposalFilter | None = strawberry.UNSET,
):
    """The arguments of a connection of proposals."""


def proposals_page(joins: Any, description: str, **options: Any) -> Any:
    """A connection field of proposals."""
    source = Page("UpdateProposal", joins, default_order=("id", "DESC"))
    return planned(source, description, arguments=page_of_proposals, **options)


# ---------------------------------------------------------------- inputs and payloads


@strawberry.input(description="What to correct of somebody's record. Give changes, a note, or both.")
class ProposeUpdateInput:
    """See `proposals.propose_update`."""

    person_id: strawberry.ID = needed("Whose record.")
    note: str | None = optional("What the office should know: how you know it, or what no field is for.")
    display_name: str | None = optional("The name as it should be written.")
    given_name: str | None = optional("The given name.")
    family_name: str | None = optional("The family name.")
    name_at_graduation: str | None = optional("The name on the diploma.")
    educations: list[EducationInput] | None = optional(ADDS)
    experiences: list[ExperienceInput] | None = optional(ADDS)
    places: list[PlaceInput] | None = optional("Where they live, work or come from: replaces the one of its kind.")
    contact_points: list[ContactPointInput] | None = optional(ADDS)
    links: list[LinkInput] | None = optional(ADDS)
    idempotency_key: str | None = optional("Your key for this request: a retry with it makes no second proposal.")


@strawberry.input(description="Which proposal, and the answer.")
class AnswerProposalInput:
    """See `proposals.answer_proposal`."""

    proposal_id: strawberry.ID = needed("The proposal.")
    accept: bool = needed("Yes applies it to the record; no changes nothing.")


@strawberry.type(description="The proposal as it is now.")
class UpdateProposalPayload:
    """The proposal."""

    proposal: UpdateProposal | None = strawberry.field(description="The proposal.")


UpdateProposalResult: TypeAlias = Annotated[
    UpdateProposalPayload | NotFound | NotAllowed | Conflict | Invalid,
    strawberry.union("UpdateProposalResult", description="The payload, or what stood against it."),
]


@strawberry.type
class ProposalsQuery:
    """Queries of proposals."""

    update_proposals: UpdateProposalConnection | None = proposals_page(
        None, f"Corrections that members proposed. {STAFF.sentence}", metadata=requires(STAFF)
    )


@strawberry.type
class ProposalsMutation:
    """Mutations of proposals."""

    @mutation(MEMBER, "Propose to correct somebody's record. The office decides; the person does not learn of you.")
    async def propose_update(self, info: Info, input: ProposeUpdateInput) -> UpdateProposalResult:
        viewer, changes, note = info.context.viewer, read_changes(input), input.note or None
        key = input.idempotency_key or None
        async with info.context.db.write() as session, session.begin():
            person_id = await decode_person(session, input.person_id, ("input", "personId"))
            asked = ("proposeUpdate", input.person_id, changes, note)
            proposal_id = await once(
                session, viewer, key, asked, lambda: proposals.propose_update(session, viewer, person_id, changes, note)
            )
            return await read_ahead(info, session, UpdateProposalPayload(proposal=ref(UpdateProposal, proposal_id)))

    @mutation(STAFF, "Answer a proposal. A yes is an edit of the office, noted for the person.")
    async def answer_proposal(self, info: Info, input: AnswerProposalInput) -> UpdateProposalResult:
        proposal_id = decode_id(input.proposal_id, "UpdateProposal", ("input", "proposalId"))
        async with info.context.db.write() as session, session.begin():
            await proposals.answer_proposal(session, info.context.viewer, proposal_id, accept=input.accept)
            return await read_ahead(info, session, UpdateProposalPayload(proposal=ref(UpdateProposal, proposal_id)))
