"""Who might be worth meeting: named sources, each one statement grown from `access.suggestable_people`, with a quota.

Every source takes `as_of` and reads nothing later. Only facts that every member may see take part, on both sides, so
the score of a pair is the same in both directions and no hidden fact moves anything.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.models import FacetKind
from recommender.asking import Asking
from recommender.candidates.cohorts import of_the_time
from recommender.candidates.facts import sharing_something
from recommender.candidates.texts import LIKENESS, near, own_vectors
from recommender.candidates.ties import contacts_of_contacts


async def find_candidates(session: AsyncSession, asking: Asking, beyond: int = 0) -> list[UUID]:
    """The union of all sources, in the order of their first mention; at most the quotas' sum.

    `beyond` is how many of them have been shown already: when the sources run dry, others of the time follow.
    """
    quotas = asking.config.quotas
    own = await own_vectors(session, asking)
    found: dict[UUID, None] = {}
    for source in (
        await contacts_of_contacts(session, asking, quotas["contacts"]),
        await sharing_something(session, asking, quotas["shared"]),
        await near(session, asking, own.of(LIKENESS), LIKENESS, quotas["similar"]),
        await near(session, asking, own.of({FacetKind.SEEKS}), {FacetKind.OFFERS}, quotas["receives"]),
        await near(session, asking, own.of({FacetKind.OFFERS}), {FacetKind.SEEKS}, quotas["gives"]),
    ):
        found.update(dict.fromkeys(source))
    if len(found) < beyond + quotas["shared"]:
        found.update(dict.fromkeys(await of_the_time(session, asking, beyond + quotas["shared"])))
    return list(found)
