"""Where the viewer's contacts work or worked, as far as the viewer may know of the tie, the person and the work."""

from sqlalchemy import FromClause, func, not_, select

from api import access
from api.models import Experience, Person
from recommender.asking import Asking
from recommender.candidates.ties import tie_ends


def contacts_at_work(asking: Asking) -> FromClause:
    """(organization_id, person_id, display_name, current) of living contacts, once for each employer."""
    ends = tie_ends(asking, access.me(asking.viewer)).subquery("ends")
    work, contact = Experience.__table__.alias(), Person.__table__.alias()
    return (
        select(
            work.c.organization_id,
            contact.c.id.label("person_id"),
            contact.c.display_name,
            func.bool_or(work.c.end_date.is_(None)).label("current"),
        )
        .join_from(ends, contact, contact.c.id == ends.c.other)
        .join(work, work.c.person_id == contact.c.id)
        .where(
            access.sees_person(asking.viewer, contact),
            access.sees_fact(asking.viewer, work),
            work.c.created_at <= asking.moment,
            not_(contact.c.deceased),
        )
        .group_by(work.c.organization_id, contact.c.id, contact.c.display_name)
        .subquery("colleagues")
    )
