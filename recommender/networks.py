"""Reads a whole network as it was known at one time, for the evaluation's baselines: an officer's view of all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Float, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.access import Viewer, ViewerKind
from api.db import AnySelect
from api.errors import Conflict
from api.models import Person
from recommender.baselines import Network
from recommender.nearest import active_model, vector_table

OFFICER = Viewer(ViewerKind.STAFF)


async def date_back(session: AsyncSession, source: str, as_of: datetime) -> None:
    """Let all people, facts and vectors count as known at `as_of`: an import stamps them with today.

    Only where nobody comes from elsewhere, that is in a database made for an evaluation. Raises Conflict.
    """
    others = await session.scalar(
        select(func.count()).select_from(
            access.visible_people(OFFICER).where(Person.source.is_distinct_from(source)).subquery()
        )
    )
    if others:
        raise Conflict(f"{others} people here do not come from '{source}'. Evaluate in a database made for it.")
    for model in (Person, *access.FACTS, models.FactVector, models.ItemVector):
        await session.execute(update(model).where(model.created_at > as_of).values(created_at=as_of))


async def external_ids(session: AsyncSession, source: str) -> dict[str, UUID]:
    """Who is who: the ids that the source knows people by."""
    rows = await session.execute(
        access.visible_people(OFFICER).where(Person.source == source).add_columns(Person.external_id)
    )
    return {row.external_id: row.id for row in rows}


async def item_vectors(session: AsyncSession, column: str, items: Sequence[UUID]) -> NDArray[np.float32]:
    """The vectors of items in their order, shape (items, 384); zeros without one. `column` names their kind."""
    places, vector = {item_id: place for place, item_id in enumerate(items)}, models.ItemVector.__table__
    rows = await session.execute(
        select(vector.c[column].label("item"), vector.c.embedding).where(
            vector.c[column].is_not(None), vector.c.model_id == active_model()
        )
    )
    found = np.zeros((len(items), models.DIMENSION), dtype=np.float32)
    for row in rows:
        found[places[row.item]] = row.embedding
    return found


async def read_network(session: AsyncSession, as_of: datetime) -> Network:
    """All people with their ties, years and vectors at `as_of`."""
    rows = await session.execute(access.visible_people(OFFICER).where(Person.created_at <= as_of).order_by(Person.id))
    ids = tuple(rows.scalars())
    places = {person_id: place for place, person_id in enumerate(ids)}
    owners, vectors = await _vectors(session, places, as_of)
    return Network(
        ids,
        contacts=await _contacts(session, places, as_of),
        years=await _years(session, places, as_of),
        owners=owners,
        vectors=vectors,
    )


async def _contacts(session: AsyncSession, places: Mapping[UUID, int], as_of: datetime) -> tuple[frozenset[int], ...]:
    tie = models.Connection.__table__.alias()
    rows = await session.execute(
        select(tie.c.low_id, tie.c.high_id).where(access.sees_tie(OFFICER, tie), tie.c.connected_at <= as_of)
    )
    contacts: list[set[int]] = [set() for _ in places]
    for low_id, high_id in rows:
        low, high = places[low_id], places[high_id]
        contacts[low].add(high)
        contacts[high].add(low)
    return tuple(frozenset(some) for some in contacts)


async def _years(session: AsyncSession, places: Mapping[UUID, int], as_of: datetime) -> Any:
    """The first and the last year of any education or experience, shape (people, 2). Current ones last until now."""
    years = np.full((len(places), 2), np.nan)
    for model in (models.Education, models.Experience):
        fact = model.__table__.alias()
        start, end = fact.c.start_date, fact.c.end_date
        if model is models.Experience:
            end = func.coalesce(end, f"{as_of.year:04}")
        rows = await session.execute(
            _of_people(fact, as_of)
            .add_columns(
                cast(func.left(func.min(func.coalesce(start, end)), 4), Float),
                cast(func.left(func.max(func.coalesce(end, start)), 4), Float),
            )
            .group_by(Person.id)
        )
        for person_id, first, last in rows:
            place = places[person_id]
            years[place] = np.fmin(years[place, 0], _number(first)), np.fmax(years[place, 1], _number(last))
    return years


def _number(year: float | None) -> float:
    return np.nan if year is None else year


def _of_people(fact: Any, as_of: datetime) -> AnySelect:
    return (
        access.visible_people(OFFICER)
        .join(fact, fact.c.person_id == Person.id)
        .where(access.any_member_sees(fact), fact.c.created_at <= as_of)
    )


async def _vectors(session: AsyncSession, places: Mapping[UUID, int], as_of: datetime) -> Any:
    """All vectors that every member may see, ordered by place: (owners, vectors)."""
    vector = vector_table()
    rows = (
        await session.execute(
            _of_people(vector, as_of).where(vector.c.model_id == active_model()).add_columns(vector.c.embedding)
        )
    ).all()
    owners = np.array([places[row.id] for row in rows], dtype=np.int64)
    vectors = np.zeros((len(rows), models.DIMENSION), dtype=np.float32)
    for number, row in enumerate(rows):
        vectors[number] = row.embedding
    order = np.argsort(owners, kind="stable")
    return owners[order], vectors[order]
