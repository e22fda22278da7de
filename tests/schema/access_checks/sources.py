"""The sources of candidates each by itself: in a small world everybody is a candidate, whatever a source reads."""

from datetime import UTC, datetime, timedelta
from typing import Any

from api.access import Viewer
from recommender.asking import Asking
from recommender.candidates.careers import colleagues
from recommender.candidates.cohorts import anybody, popular_in_cohort
from recommender.candidates.facts import sharing_something
from recommender.candidates.gatherings import going_together
from recommender.candidates.texts import contacts_vectors
from recommender.candidates.ties import contacts_of_contacts
from recommender.weights.people import PEOPLE
from tests.schema.access_checks.cases import Case
from tests.schema.worlds import Asker

SOON = datetime.now(UTC) + timedelta(days=1)
"""One moment for all: by itself nothing fades."""
SOURCES = (anybody, colleagues, contacts_of_contacts, going_together, popular_in_cohort, sharing_something)


async def sources_of(case: Case, asker: Asker) -> dict[str, Any]:
    """Whom each source brings, in its order, and the averages of the asker's circles."""
    assert asker.someone is not None
    seeking = Asking(Viewer(asker.kind, asker.someone.id), SOON, PEOPLE, exact=True)
    found: dict[str, Any] = {source.__name__: await source(case.session, seeking, 10) for source in SOURCES}
    return found | {"circles": (await contacts_vectors(case.session, seeking)).tolist()}
