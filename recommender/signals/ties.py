"""Who knows both."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.db import AnySelect
from api.models import Person
from recommender.asking import Asking, among, ask
from recommender.candidates.ties import adamic_adar, paths
from recommender.evidence_kinds import EvidenceKind
from recommender.features import Signal
from recommender.weights.people import Feature


async def mutual_contacts(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], _total: int
) -> list[tuple[UUID, Signal]]:
    """Who of the viewer's living contacts knows each of the people."""
    rows = await ask(session, asking, _knowing_both, ids=list(people))
    return [
        (
            row.other,
            Signal(
                Feature.CONTACTS,
                EvidenceKind.MUTUAL_CONNECTION,
                float(row.value),
                f"contact:{row.contact}",
                f"{row.display_name} knows you both",
            ),
        )
        for row in rows
    ]


def _knowing_both(asking: Asking) -> AnySelect:
    steps, degrees = paths(asking)
    contact = Person.__table__.alias()
    return (
        select(steps.c.other, steps.c.contact, contact.c.display_name, adamic_adar(steps, degrees).label("value"))
        .join_from(steps, degrees, degrees.c.contact == steps.c.contact)
        .join(contact, contact.c.id == steps.c.contact)
        .where(among(steps.c.other), access.sees_person(asking.viewer, contact), not_(contact.c.deceased))
    )
