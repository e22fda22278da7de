"""People you should meet: what the pipeline of `recommender.pages` is made of for them."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer
from api.db import AnySelect
from api.models import Person
from recommender.asking import Asking
from recommender.candidates import find_candidates
from recommender.features import Candidate
from recommender.pages import ListCursor, Pipeline, SuggestionPage, rank_candidates, suggest
from recommender.signals import quote, read_signals
from recommender.weights.people import PEOPLE


def _newest_first(asking: Asking) -> AnySelect:
    return asking.people.order_by(Person.created_at.desc(), Person.id)


PIPELINE = Pipeline(
    item="person_id",
    config=PEOPLE,
    allowed=lambda asking: asking.people,
    find=find_candidates,
    read=read_signals,
    plain=_newest_first,
    quote=quote,
)


async def people_to_meet(
    session: AsyncSession,
    viewer: Viewer,
    *,
    first: int,
    after: ListCursor | None = None,
    profiled: bool = True,
    exact: bool = False,
) -> SuggestionPage:
    """A page of people whom the viewer should meet: see `pages.suggest`."""
    return await suggest(session, viewer, PIPELINE, first=first, after=after, profiled=profiled, exact=exact)


async def rank_people(
    session: AsyncSession, asking: Asking, *, most: int, without: Collection[UUID] = ()
) -> list[tuple[Candidate, float]]:
    """The best `most` people with their scores: see `pages.rank_candidates`."""
    return await rank_candidates(session, asking, PIPELINE, most=most, without=without)
