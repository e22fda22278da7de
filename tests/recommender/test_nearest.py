"""Filtered vector search: never short, and as good as an exact scan."""

from collections.abc import Mapping, Sequence
from typing import cast
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Table, insert, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api import models
from api.access import visible_people
from api.db import AnySelect
from api.measuring.figures import COMPARED_EXACTLY
from recommender.nearest import Near, nearest_people, nearest_to_person
from tests.factories import LONG_AGO, make_member, viewer_of

pytestmark = pytest.mark.timeout(60)
PEOPLE = 1_500
V = models.Visibility


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
async def vectors(session: AsyncSession) -> NDArray[np.float32]:
    """So many people, each with one text; their vectors lie in forty clusters. Every tenth is unlisted."""
    random = np.random.default_rng(7)
    centres = random.normal(size=(40, models.DIMENSION))
    made = unit(centres[random.integers(0, 40, PEOPLE)] + 0.7 * random.normal(size=(PEOPLE, models.DIMENSION)))
    model = models.EmbeddingModel(name="planted", version="1", active=True)
    session.add(model)
    await session.flush()
    people = [
        {"id": uuid7(), "display_name": f"P{n}", "family_name": f"P{n}", "listed": n % 10 > 0} for n in range(PEOPLE)
    ]
    said = [
        {"id": uuid7(), "person_id": one["id"], "kind": "OFFERS", "text": str(place), "visibility": "MEMBERS"}
        for place, one in enumerate(people)
    ]
    rows = [
        {
            "person_id": one["person_id"],
            "visibility": "MEMBERS",
            "facet": "OFFERS",
            "text_id": one["id"],
            "model_id": model.id,
            "input_hash": place.to_bytes(16, "big"),
            "embedding": made[place].tolist(),
            "created_at": LONG_AGO,
        }
        for place, one in enumerate(said)
    ]
    await session.execute(insert(cast(Table, models.Person.__table__)), people)
    await session.execute(insert(cast(Table, models.PersonText.__table__)), said)
    await session.execute(insert(cast(Table, models.FactVector.__table__)), rows)
    return made


async def search(
    session: AsyncSession, query: NDArray[np.float32], people: AnySelect, limit: int, *, exact: bool = False
) -> list[Near]:
    viewer = viewer_of(await make_member(session))
    return await nearest_people(
        session, viewer, query[np.newaxis], people=lambda: people, limit=limit, exact=exact, shape=object()
    )


def distinct(found: Sequence[Near]) -> list[UUID]:
    return list(dict.fromkeys(near.person_id for near in found))


async def test_a_filtered_search_is_never_short_however_narrow_the_filter(
    session: AsyncSession, vectors: NDArray[np.float32]
):
    viewer = viewer_of(await make_member(session))
    for names, matching in (("P7", 1), ("P7%", 111), ("P%3", 150), ("P%", 1_350)):
        people = visible_people(viewer).where(models.Person.display_name.like(names), models.Person.listed)
        wanted = min(matching, 60)
        assert len(distinct(await search(session, vectors[42], people, 60))) >= wanted, names


async def test_the_index_finds_what_an_exact_scan_finds(session: AsyncSession, vectors: NDArray[np.float32]):
    viewer = viewer_of(await make_member(session))
    people = visible_people(viewer).where(models.Person.listed)
    found = wanted = 0
    for place in range(0, PEOPLE, 100):
        best = set(distinct(await search(session, vectors[place], people, 20, exact=True))[:20])
        near = set(distinct(await search(session, vectors[place], people, 20))[:20])
        found, wanted = found + len(best & near), wanted + len(best)
    assert wanted == 20 * 15
    assert found / wanted >= 0.95


async def test_an_index_that_gives_too_few_is_counted_by_whether_there_were_more(
    session: AsyncSession, vectors: NDArray[np.float32]
):
    viewer, counts = viewer_of(await make_member(session)), COMPARED_EXACTLY.counts
    for other in ("seqscan", "bitmapscan", "sort"):  # of so few the planner may think nothing of the index
        await session.execute(text(f"set local enable_{other} = off"))
    for scan, names, found in (("relaxed_order", "P7", "no_more"), ("off", "P%", "more"), ("relaxed_order", "P%", "")):
        await session.execute(text(f"set local hnsw.iterative_scan = {scan}"))
        before = dict(counts)
        people = visible_people(viewer).where(models.Person.display_name.like(names), models.Person.listed)
        await search(session, vectors[42], people, 300)
        assert {key: count - before.get(key, 0) for key, count in counts.items() if count != before.get(key)} == (
            {(found,): 1} if found else {}
        )


async def test_the_nearest_come_first_with_their_cosine(session: AsyncSession, vectors: NDArray[np.float32]):
    viewer = viewer_of(await make_member(session))
    found = await search(session, vectors[3], visible_people(viewer), 5, exact=True)
    assert found[0].similarity > 0.999
    assert [near.similarity for near in found] == sorted((near.similarity for near in found), reverse=True)
    expected = np.sort(vectors @ vectors[3])[::-1]
    assert found[1].similarity < found[0].similarity
    assert abs(found[1].similarity - float(expected[expected < 0.999][0])) < 0.05


async def test_no_query_finds_nobody(session: AsyncSession):
    viewer = viewer_of(await make_member(session))
    empty = np.zeros((0, models.DIMENSION), dtype=np.float32)
    assert await nearest_people(session, viewer, empty, people=lambda: visible_people(viewer), limit=3, shape=1) == []


async def test_within_a_statement_the_index_finds_whom_an_exact_scan_finds(
    session: AsyncSession, vectors: NDArray[np.float32]
):
    """For many people at once, each with its own neighbours."""
    viewer = viewer_of(await make_member(session))
    asked = [f"P{place}" for place in range(1, PEOPLE, 100)]
    found = await neighbours(session, asked, visible_people(viewer), 20)
    kept = 0
    for name in asked:
        nearness = vectors @ vectors[int(name[1:])]
        order = [f"P{place}" for place in np.argsort(-nearness) if place % 10 and f"P{place}" != name]
        kept += len({*order[:20]} & {*found[name]})
        assert len(found[name]) == 20
    assert kept / (20 * len(asked)) >= 0.95


async def test_within_a_statement_it_is_never_short_however_narrow_the_filter(
    session: AsyncSession, vectors: NDArray[np.float32]
):
    viewer = viewer_of(await make_member(session))
    for names, matching in (("P7", 1), ("P7%", 111), ("P%3", 149)):
        people = visible_people(viewer).where(models.Person.display_name.like(names))
        (found,) = (await neighbours(session, ["P3"], people, 50)).values()
        assert len(found) == min(matching, 50)
        assert "P3" not in found


async def neighbours(
    session: AsyncSession, names: Sequence[str], people: AnySelect, first: int
) -> Mapping[str, Sequence[str]]:
    """For each of those with these names, the names of the people nearest to them."""
    viewer = viewer_of(await make_member(session))
    person, other = models.Person.__table__.alias(), models.Person.__table__.alias()
    facets = {models.FacetKind.OFFERS}
    near = nearest_to_person(viewer, person, people=people, facets=facets, queries=8, first=first).lateral("near")
    rows = await session.execute(
        select(person.c.display_name, other.c.display_name)
        .select_from(person.join(near, true()).join(other, other.c.id == near.c.id))
        .where(person.c.display_name.in_(names))
        .order_by(person.c.id, near.c.distance)
    )
    found: dict[str, list[str]] = {name: [] for name in names}
    for name, neighbour in rows:
        found[name].append(neighbour)
    return found
