"""Who might be worth meeting: named sources, each one statement grown from `access.suggestable_people`, with a quota.

Every source takes `as_of` and reads nothing later. Only facts that every member may see take part, on both sides, so
the score of a pair is the same in both directions and no hidden fact moves anything.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.models import FacetKind
from recommender.asking import AHEAD, Asking
from recommender.candidates.careers import colleagues
from recommender.candidates.cohorts import anybody, of_the_time, popular_in_cohort
from recommender.candidates.facts import SHARED, sharing_something
from recommender.candidates.gatherings import going_together
from recommender.candidates.texts import LIKENESS, contacts_vectors, near, own_vectors
from recommender.candidates.ties import contacts_of_contacts

BUT_EMPLOYERS = tuple(kind for kind in SHARED if kind != "employer")
"""Those of the same employers come from `colleagues`."""
MOST = 400
"""So many candidates are scored for a list."""


async def find_candidates(session: AsyncSession, asking: Asking, beyond: int = 0) -> list[UUID]:
    """The union of all sources, in the order of their first mention; at most MOST, unless more have been shown.

    What sources leave of their quotas goes to further contacts of contacts. `beyond` is how many of them have been
    shown already: when the sources run dry, others of the time follow.
    """
    quotas = asking.config.quotas
    own, circles = await own_vectors(session, asking), await contacts_vectors(session, asking)
    contacts = await contacts_of_contacts(session, asking, MOST)
    found: dict[UUID, None] = {}
    for source in (
        contacts[: quotas["contacts"]],
        await going_together(session, asking, quotas["events"]),
        await colleagues(session, asking, quotas["colleagues"]),
        await sharing_something(session, asking, quotas["shared"], BUT_EMPLOYERS),
        await near(session, asking, own.of(LIKENESS), LIKENESS, quotas["similar"]),
        await near(session, asking, circles, LIKENESS, quotas["circles"]),
        await near(session, asking, own.of({FacetKind.SEEKS}), {FacetKind.OFFERS}, quotas["receives"]),
        await near(session, asking, own.of({FacetKind.OFFERS}), {FacetKind.SEEKS}, quotas["gives"]),
        await popular_in_cohort(session, asking, quotas["popular"]),
        await anybody(session, asking, quotas["chance"]),
    ):
        found.update(dict.fromkeys(source))
    further = [one for one in contacts if one not in found]
    found.update(dict.fromkeys(further[: MOST - len(found)]))
    if len(found) < beyond + AHEAD:
        found.update(dict.fromkeys(await of_the_time(session, asking, beyond + AHEAD)))
    return list(found)
