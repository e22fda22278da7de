"""What is asked of a network of a size, over the application's own HTTP, and how long each answer takes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx
import numpy as np
from sqlalchemy import Boolean, literal_column
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.access import Viewer, ViewerKind
from api.app import create_app
from api.db import AnySelect, PooledDatabase, SessionReader
from bench.database import Caller, Network
from bench.vectors import Clusters
from recommender.embeddings import Vectors
from recommender.nearest import Near, nearest_people

FOUND = 50
LONGEST, FEWEST = 45.0, 10
"""Seconds after which a work is asked no more, once it was so many times."""
SELECTIVITIES = (1.0, 0.1, 0.01, 0.001)
PARTS = 1 << 20
WORKS = {
    "suggestions, first 10": """{ peopleYouShouldMeet(first: 10) {
        nodes { score person { displayName headline } evidence { kind text weight } } } }""",
    "similar people, first 10": """{ viewer { person { similarPeople(first: 10) {
        displayName headline } } } }""",
    "a page of 50": "{ people(first: 50) { nodes { displayName headline classYear } } }",
    "a page of 50, filtered, counted": """{ people(first: 50, filter: {classYear: {gte: 2010}}) {
        totalCount nodes { displayName headline classYear } } }""",
    "facets": "{ people(first: 1) { totalCount facets { skills { value count } cities { value count } } } }",
    "search, first 10": """query($text: String!) { searchPeople(text: $text, first: 10) {
        nodes { score matchedFields person { displayName headline } } } }""",
}
TEXTS = ("nurse", "teaching mathematics", "solar energy", "legal advice", "museum", "start a company", "data", "garden")


@dataclass
class Times:
    """Seconds of each request, and of the vector statements within it."""

    whole: list[float] = field(default_factory=list[float])
    vectors: list[float] = field(default_factory=list[float])
    short: int = 0
    """Answers with fewer rows than were asked for."""


async def ask_all(network: Network, rounds: int, tick: Any) -> dict[str, Times]:
    """Each work by each caller, one request after the other; the first two of each are not counted."""
    found = {name: Times() for name in WORKS}
    async with running(network) as (client, watch):
        for name, query in WORKS.items():
            until = time.perf_counter() + LONGEST
            for number in range(-2, rounds):
                if number >= FEWEST and time.perf_counter() > until:
                    break
                caller = network.callers[number % len(network.callers)]
                watch.seconds = 0.0
                began = time.perf_counter()
                rows = await _ask(client, caller, query, TEXTS[number % len(TEXTS)])
                taken = time.perf_counter() - began
                if number >= 0:
                    found[name].whole.append(taken)
                    found[name].vectors.append(watch.seconds)
                    found[name].short += name.startswith("suggestions") and rows < 10  # noqa: PLR2004
                tick()
    return found


class Watch:
    """Adds up how long vector statements take."""

    seconds = 0.0


@asynccontextmanager
async def running(network: Network) -> AsyncGenerator[tuple[httpx.AsyncClient, Watch]]:
    """The application in this process, its statements that compare vectors timed."""
    watch, plain = Watch(), SessionReader.rows

    async def timed(self: SessionReader, text: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        began = time.perf_counter()
        try:
            return await plain(self, text, values)
        finally:
            if "<=>" in text:
                watch.seconds += time.perf_counter() - began

    db = PooledDatabase(network.url, 2)
    try:
        app = create_app(network.settings, db, Clusters())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=600) as client:
            with patch.object(SessionReader, "rows", timed):
                yield client, watch
    finally:
        await db.close()


async def _ask(client: httpx.AsyncClient, caller: Caller, query: str, text: str) -> int:
    given = {"query": query, "variables": {"text": text} if "$text" in query else {}}
    answer = await client.post("/graphql", json=given, headers={"authorization": f"Bearer {caller.token}"})
    said = answer.json()
    if "errors" in said:
        raise AssertionError(f"{query} answers {said}")
    (page,) = said["data"].values()
    return len(page.get("nodes", ()))


@dataclass
class Recall:
    """How filtered vector search by index compares with an exact scan of the same people."""

    selectivity: float
    recall: float
    index: float
    """Median seconds by index."""
    exact: float
    short: int
    """Answers with fewer people than were asked for though there are more."""


async def recalls(network: Network, queries: Vectors, tick: Any) -> list[Recall]:
    """The nearest people among those a member sees and a filter lets pass, at each selectivity."""
    db = PooledDatabase(network.url, 2)
    viewer = Viewer(ViewerKind.MEMBER, person_id=network.callers[0].person_id)
    try:
        return [await _recall(db, viewer, share, queries, tick) for share in SELECTIVITIES]
    finally:
        await db.close()


async def _recall(db: PooledDatabase, viewer: Viewer, share: float, queries: Vectors, tick: Any) -> Recall:
    chance = f"(hashtext(people.id::text) & {PARTS - 1}) < {int(share * PARTS)}"
    people = access.visible_people(viewer).where(literal_column(chance, Boolean()))
    kept: list[float] = []
    times: dict[bool, list[float]] = {True: [], False: []}
    short = 0
    for query in queries:
        found: dict[bool, list[UUID]] = {}
        for exact in (False, True):
            async with db.write() as session:
                began = time.perf_counter()
                found[exact] = _first(await _nearest(session, viewer, query, people, share, exact=exact))
                times[exact].append(time.perf_counter() - began)
        kept.append(len({*found[False]} & {*found[True]}) / len(found[True]) if found[True] else 1.0)
        short += len(found[False]) < len(found[True])
        tick()
    return Recall(share, float(np.mean(kept)), float(np.median(times[False])), float(np.median(times[True])), short)


async def _nearest(
    session: AsyncSession, viewer: Viewer, query: Any, people: AnySelect, share: float, *, exact: bool
) -> list[Near]:
    return await nearest_people(
        session, viewer, query[np.newaxis], people=lambda: people, limit=FOUND, exact=exact, shape=("bench", share)
    )


def _first(found: Sequence[Near]) -> list[UUID]:
    return list(dict.fromkeys(one.person_id for one in found))[:FOUND]


def run(network: Network, rounds: int, queries: Vectors, tick: Any) -> tuple[dict[str, Times], list[Recall]]:
    """All of it, in an event loop of its own."""

    async def everything() -> tuple[dict[str, Times], list[Recall]]:
        return await ask_all(network, rounds, tick), await recalls(network, queries, tick)

    return asyncio.run(everything())
