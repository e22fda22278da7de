"""Candidates and signals as of a moment: nothing later takes part, which is what makes an evaluation honest."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer
from recommender.asking import Asking
from recommender.candidates import find_candidates
from recommender.candidates.facts import COMMON
from recommender.embeddings import HashEmbedder
from recommender.people import rank_people
from recommender.vectors import embed_missing
from recommender.weights.people import PEOPLE
from tests.databases import LockedDatabase
from tests.factories import LONG_AGO, connect, make_fact, make_member, make_organization, make_person, viewer_of

THEN = datetime(2021, 1, 1, tzinfo=UTC)
LATER = datetime(2022, 1, 1, tzinfo=UTC)
FACTS = (models.Education, models.Experience, models.Skill, models.Interest, models.Place, models.PersonText)


@pytest.fixture
async def me(session: AsyncSession) -> Viewer:
    """A member of long standing with one fact of each kind."""
    account = await make_member(session, created_at=LONG_AGO)
    viewer = viewer_of(account)
    await one_of_each(session, viewer.key, LONG_AGO)
    return viewer


async def one_of_each(session: AsyncSession, person_id: UUID, at: datetime) -> None:
    """Facts that are the same for everybody who has them."""
    acme = await make_organization(session, f"Acme {person_id}")
    shared: dict[type[models.Fact], dict[str, Any]] = {
        models.Education: {"programme": "Physics", "end_date": "2010"},
        models.Experience: {"organization_id": acme.id, "title": "Welder"},
        models.Skill: {"name": "chess"},
        models.Interest: {"name": "sailing"},
        models.Place: {"city": "Bergen", "country": "NO"},
        models.PersonText: {"text": "builds wooden boats", "kind": models.TextKind.BIO},
    }
    for kind, columns in shared.items():
        await make_fact(session, kind, person_id, created_at=at, **columns)


async def ranked(session: AsyncSession, viewer: Viewer, as_of: datetime) -> list[tuple[UUID, float]]:
    asking = Asking(viewer, as_of, PEOPLE, exact=True)
    return [(one.id, round(score, 9)) for one, score in await rank_people(session, asking, most=50)]


async def embed(session: AsyncSession, db: LockedDatabase, at: datetime) -> None:
    """Give the vectors that are missing, as if it were then."""
    await session.flush()
    await embed_missing(db, HashEmbedder())
    fresh = models.FactVector.created_at > LATER
    await session.execute(update(models.FactVector).where(fresh).values(created_at=at))


async def test_what_came_later_changes_no_earlier_ranking(session: AsyncSession, db: LockedDatabase, me: Viewer):
    known, friend = [await make_person(session, created_at=LONG_AGO) for _ in range(2)]
    await one_of_each(session, known.id, LONG_AGO)
    await connect(session, me.key, friend)
    await embed(session, db, LONG_AGO)
    before = await ranked(session, me, THEN)
    assert known.id in dict(before)

    newcomer = await make_person(session, created_at=LATER)
    await one_of_each(session, newcomer.id, LATER)
    late = await make_person(session, created_at=LONG_AGO)
    await one_of_each(session, late.id, LATER)
    await connect(session, friend, known, at=LATER)
    await embed(session, db, LATER)

    now = await ranked(session, me, LATER)
    assert {newcomer.id, late.id} <= set(dict(now))
    then = dict(await ranked(session, me, THEN))
    assert newcomer.id not in then
    assert {key: score for key, score in then.items() if key != late.id} == dict(before)
    assert dict(now)[known.id] > then[known.id]  # the tie with the friend counts by now


async def test_candidates_stay_few_when_everybody_shares_everything(session: AsyncSession, me: Viewer):
    for _ in range(30):
        person = await make_person(session, created_at=LONG_AGO)
        await one_of_each(session, person.id, LONG_AGO)
    quotas = PEOPLE.quotas
    found = await find_candidates(session, Asking(me, THEN, PEOPLE))
    assert len(found) == len(set(found)) == 30
    assert sum(quotas.values()) <= 400
    assert quotas["shared"] <= COMMON
