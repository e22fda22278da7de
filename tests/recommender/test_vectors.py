"""Vectors follow their facts: embedded once, hidden and deleted with them, replaced with the model."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from recommender.embeddings import HashEmbedder
from recommender.embeddings.protocol import Vectors
from recommender.vectors import embed_missing, missing_count
from tests.databases import LockedDatabase
from tests.factories import LONG_AGO, make_event, make_fact, make_job, make_mentor, make_organization, make_person

V = models.Visibility


class Counting(HashEmbedder):
    """Remembers which texts it was given."""

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return super().embed(texts)


async def kept(session: AsyncSession) -> list[tuple[str, str]]:
    """(facet, visibility) of all vectors."""
    vector = models.FactVector
    found = await session.execute(select(vector.facet, vector.visibility).order_by(vector.facet, vector.visibility))
    return [(row.facet.value, row.visibility.value) for row in found]


async def bio(session: AsyncSession, visibility: models.Visibility, text: str = "Builds boats.") -> models.PersonText:
    person = await make_person(session)
    return await make_fact(session, models.PersonText, person, visibility, kind=models.TextKind.BIO, text=text)


async def test_each_fact_has_a_vector_of_its_own_with_its_visibility(session: AsyncSession, db: LockedDatabase):
    person = await make_person(session)
    acme = await make_organization(session, "Acme")
    embedder = Counting()
    await make_fact(session, models.Experience, person, V.PUBLIC, title="Welder", organization_id=acme.id)
    await make_fact(session, models.Education, person, V.STAFF, degree="BSc", programme="Physics", school="Northbridge")
    await make_fact(session, models.PersonText, person, kind=models.TextKind.SEEKS, text="A mentor.")
    await session.flush()
    assert await missing_count(session) == 3
    assert await embed_missing(db, embedder) == 3
    assert await missing_count(session) == 0
    assert await kept(session) == [("EDUCATION", "STAFF"), ("EXPERIENCE", "PUBLIC"), ("SEEKS", "MEMBERS")]
    assert sorted(embedder.texts) == ["A mentor.", "BSc in Physics, Northbridge", "Welder at Acme"]


@pytest.mark.parametrize("level", [V.ME, V.CONNECTIONS])
async def test_what_not_every_member_nor_staff_may_see_is_never_embedded(
    session: AsyncSession, db: LockedDatabase, level: models.Visibility
):
    embedder = Counting()
    await bio(session, level)
    assert await embed_missing(db, embedder) == 0
    assert embedder.texts == []


async def test_a_text_is_embedded_once_for_whomever(session: AsyncSession, db: LockedDatabase):
    embedder = Counting()
    await bio(session, V.MEMBERS)
    assert await embed_missing(db, embedder) == 1
    await bio(session, V.STAFF)
    assert await embed_missing(db, embedder) == 1
    assert embedder.texts == ["Builds boats."]
    assert await kept(session) == [("BIO", "MEMBERS"), ("BIO", "STAFF")]


async def test_a_vector_goes_with_its_fact_and_follows_its_level(session: AsyncSession, db: LockedDatabase):
    fact, other = await bio(session, V.MEMBERS), await bio(session, V.MEMBERS, "Mends nets.")
    await embed_missing(db, HashEmbedder())
    await session.execute(update(models.PersonText).where(models.PersonText.id == fact.id).values(visibility=V.STAFF))
    assert await kept(session) == [("BIO", "MEMBERS"), ("BIO", "STAFF")]
    await session.delete(other)
    await session.flush()
    assert await kept(session) == [("BIO", "STAFF")]


async def test_another_model_serves_when_all_its_vectors_are_there(session: AsyncSession, db: LockedDatabase):
    one, two = await bio(session, V.MEMBERS), await bio(session, V.MEMBERS, "Mends nets.")
    await embed_missing(db, Counting("1"))
    newer = Counting("2")
    await embed_missing(db, newer, person_ids=[one.person_id])
    assert await active(session) == ["1"]
    await embed_missing(db, newer)
    assert await active(session) == ["2"]
    assert sorted(newer.texts) == sorted([one.text, two.text])
    assert await session.scalar(select(func.count()).select_from(models.FactVector)) == 2


async def active(session: AsyncSession) -> list[str]:
    chosen = select(models.EmbeddingModel.version).where(models.EmbeddingModel.active)
    return list(await session.scalars(chosen))


class Editing(HashEmbedder):
    """While it works, somebody edits."""

    def __init__(self, edit: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.edit, self.loop = edit, asyncio.get_running_loop()

    def embed(self, texts: Sequence[str]) -> Vectors:
        asyncio.run_coroutine_threadsafe(self.edit(), self.loop).result()
        return super().embed(texts)


@pytest.mark.parametrize("change", [{"text": "Sails now."}, {"visibility": V.ME}])
async def test_a_fact_that_is_edited_or_hidden_meanwhile_gets_no_vector_of_what_it_was(
    session: AsyncSession, db: LockedDatabase, change: dict[str, Any]
):
    fact = await bio(session, V.MEMBERS)

    async def edit() -> None:
        await session.execute(update(models.PersonText).where(models.PersonText.id == fact.id).values(**change))

    await embed_missing(db, Editing(edit))
    assert await kept(session) == []


async def test_events_openings_and_mentors_have_vectors_of_what_they_say(session: AsyncSession, db: LockedDatabase):
    event = await make_event(session, "Sailing day", organizer="Lisbon chapter", description="Bring a coat.")
    await make_event(session, "Draft", audience=V.STAFF)
    job = await make_job(session, title="Welder", organization_id=(await make_organization(session, "Acme")).id)
    session.add_all(models.JobSkill(job_id=job.id, name=name) for name in ("TIG", "Drawing"))
    await make_mentor(session, await make_person(session), ("sales", "boats"), about="Ask me anything.")
    await make_mentor(session, await make_person(session, profiled=False), ("hidden",))
    await make_mentor(session, await make_person(session))  # says nothing
    await session.flush()
    embedder = Counting()
    assert await missing_count(session) == 3
    assert await embed_missing(db, embedder) == 3
    assert await missing_count(session) == 0
    assert sorted(embedder.texts) == [
        "Sailing day. Lisbon chapter. Bring a coat.",
        "Welder at Acme. Drawing, TIG",
        "boats, sales. Ask me anything.",
    ]

    await session.execute(update(models.ItemVector).values(created_at=LONG_AGO))
    event.description = "It rains."
    await session.flush()
    assert await embed_missing(db, embedder) == 1
    renewed = select(models.ItemVector.event_id).where(models.ItemVector.created_at > LONG_AGO)
    assert (await session.scalars(renewed)).all() == [event.id]
    assert embedder.texts[-1] == "Sailing day. Lisbon chapter. It rains."
    assert await session.scalar(select(func.count()).select_from(models.ItemVector)) == 3
    await session.delete(job)
    await session.flush()
    assert await session.scalar(select(func.count()).select_from(models.ItemVector)) == 2
