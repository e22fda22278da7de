"""Who sees a proposed correction, and who knows whom the office has lost."""

from sqlalchemy import ColumnElement, FromClause, and_, false

from api.access.people import person_visible, some_row
from api.access.viewers import Viewer, ViewerKind, me
from api.models import UpdateProposal


def sees_proposal(viewer: Viewer, proposal: FromClause) -> ColumnElement[bool]:
    """A proposal is between the one who made it and the office, as long as they see the person it is about."""
    if viewer.kind is ViewerKind.ANONYMOUS:
        return false()
    concerned = proposal.c.id.is_not(None) if viewer.is_staff else proposal.c.proposer_id == me(viewer)
    return and_(concerned, person_visible(viewer, proposal.c.person_id))


def sees_proposed_change(viewer: Viewer, change: FromClause) -> ColumnElement[bool]:
    """A proposed change that is reached by its own id is seen with its proposal."""
    proposal = UpdateProposal.__table__.alias()
    return some_row(proposal, proposal.c.id == change.c.proposal_id, sees_proposal(viewer, proposal))


def sees_lost(viewer: Viewer, lost: FromClause) -> ColumnElement[bool]:
    """Who is lost is known to the office alone (rule P20)."""
    return person_visible(viewer, lost.c.person_id) if viewer.is_staff else false()
