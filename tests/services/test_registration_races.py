"""Many who want the same seats at the same moment, on real connections."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, select

from api import models
from api.access import Viewer
from api.db import PooledDatabase
from api.errors import Conflict
from api.services.events import EventChanges, cancel_registration, create_event, register
from api.services.retries import once
from tests.factories import make_event, make_member, make_staff, viewer_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
PEOPLE, SEATS = 200, 50


async def people_and_event(database: PooledDatabase, people: int, seats: int) -> tuple[list[Viewer], models.Event]:
    async with database.write() as session, session.begin():
        viewers = [viewer_of(await make_member(session)) for _ in range(people)]
        return viewers, await make_event(session, capacity=seats)


async def attempt(database: PooledDatabase, viewer: Viewer, event: models.Event) -> str:
    try:
        async with database.write() as session, session.begin():
            await register(session, viewer, event.id)
    except Conflict as refused:
        return refused.message
    return "a seat"


async def counted(database: PooledDatabase, event: models.Event) -> tuple[int | None, int | None]:
    """(seats taken, people who hold one)."""
    held = models.Registration.state == models.RegistrationState.CONFIRMED
    async with database.write() as session:
        taken = await session.scalar(select(models.Event.seats_taken).where(models.Event.id == event.id))
        return taken, await session.scalar(select(func.count()).select_from(models.Registration).where(held))


async def test_200_at_once_on_50_seats_give_exactly_50(real_db: PooledDatabase):
    viewers, event = await people_and_event(real_db, PEOPLE, SEATS)
    told = Counter(await asyncio.gather(*(attempt(real_db, viewer, event) for viewer in viewers)))
    assert told == {"a seat": SEATS, "All seats are taken.": PEOPLE - SEATS}
    assert await counted(real_db, event) == (SEATS, SEATS)


async def test_one_person_many_times_takes_one_seat(real_db: PooledDatabase):
    (viewer,), event = await people_and_event(real_db, 1, 5)
    assert set(await asyncio.gather(*(attempt(real_db, viewer, event) for _ in range(20)))) == {"a seat"}
    assert await counted(real_db, event) == (1, 1)


async def test_seats_given_back_and_taken_at_once_add_up(real_db: PooledDatabase):
    viewers, event = await people_and_event(real_db, 30, 10)
    await asyncio.gather(*(attempt(real_db, viewer, event) for viewer in viewers[:10]))

    async def leave(viewer: Viewer) -> None:
        async with real_db.write() as session, session.begin():
            await cancel_registration(session, viewer, event.id)

    await asyncio.gather(
        *(leave(viewer) for viewer in viewers[:10]),
        *(leave(viewer) for viewer in viewers[:10]),
        *(attempt(real_db, viewer, event) for viewer in viewers[10:]),
    )
    taken, held = await counted(real_db, event)
    assert taken == held
    assert taken is not None
    assert taken <= 10


async def test_one_key_at_once_makes_one_event(real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        officer = viewer_of(await make_staff(session))
        seats = await make_event(session)
    changes = EventChanges(name="Gala", starts_at=seats.starts_at, ends_at=seats.ends_at, time_zone="UTC")

    async def create() -> object:
        async with real_db.write() as session, session.begin():
            return await once(session, officer, "key", changes, lambda: create_event(session, officer, changes))

    assert len(set(await asyncio.gather(*(create() for _ in range(10))))) == 1
    async with real_db.write() as session:
        assert await session.scalar(select(func.count()).select_from(models.Event)) == 2
