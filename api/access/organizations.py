"""Through what an organisation is known."""

from sqlalchemy import ColumnElement, FromClause, or_

from api.access.jobs import sees_job
from api.access.people import sees_fact_alone, some_row
from api.access.viewers import Viewer, ViewerKind
from api.models import Experience, Job


def sees_organization(viewer: Viewer, organization: FromClause) -> ColumnElement[bool]:
    """An organisation is known through the experiences at it that the viewer may read, and through its openings."""
    if viewer.kind is ViewerKind.STAFF:
        return organization.c.id.is_not(None)
    experience, job = Experience.__table__.alias(), Job.__table__.alias()
    return or_(
        some_row(experience, experience.c.organization_id == organization.c.id, sees_fact_alone(viewer, experience)),
        some_row(job, job.c.organization_id == organization.c.id, sees_job(viewer, job)),
    )
