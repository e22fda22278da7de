"""Pages of every kind of suggestion: none is short, repeats or loses anything, however it is asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer
from api.db import PooledDatabase
from api.measuring.figures import SHORT_PAGES
from recommender.asking import AHEAD, Asking
from recommender.events import PIPELINE as EVENTS
from recommender.jobs import PIPELINE as JOBS
from recommender.mentors import PIPELINE as MENTORS
from recommender.pages import ListCursor, Pipeline, SuggestionPage, suggest
from recommender.people import PIPELINE as PEOPLE
from schema.engine.cursors import decode_cursor, encode_cursor
from schema.engine.pages import MAX_PAGE
from schema.recommendations import PIPELINES
from tests.conftest import Api
from tests.factories import connect, make_event, make_job, make_member, make_mentor, make_person, register, viewer_of


async def mentor(session: AsyncSession) -> models.MentorProfile:
    return await make_mentor(session, await make_person(session))


MAKE: Mapping[str, tuple[Pipeline, Callable[[AsyncSession], Awaitable[Any]]]] = {
    "PersonSuggestion": (PEOPLE, make_person),
    "MentorSuggestion": (MENTORS, mentor),
    "EventSuggestion": (EVENTS, make_event),
    "JobSuggestion": (JOBS, make_job),
}


async def ask(
    session: AsyncSession, viewer: Viewer, kind: str, first: int, after: ListCursor | None = None
) -> SuggestionPage:
    await session.flush()
    return await suggest(session, viewer, MAKE[kind][0], first=first, after=after, exact=True)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", MAKE)
async def test_the_largest_pages_are_full_and_say_that_the_list_goes_on(session: AsyncSession, kind: str):
    """Also for whoever has said nothing, and when there is but one more."""
    viewer = viewer_of(await make_member(session))
    for _ in range(MAX_PAGE + 1):
        await MAKE[kind][1](session)
    pages = [await ask(session, viewer, kind, MAX_PAGE)]
    while pages[-1].has_next:
        pages.append(await ask(session, viewer, kind, MAX_PAGE, pages[-1].cursor(pages[-1].suggestions[-1])))
    assert [len(page.suggestions) for page in pages] == [MAX_PAGE, 1]
    assert len({one.item_id for page in pages for one in page.suggestions}) == MAX_PAGE + 1
    assert set(MAKE) == set(PIPELINES)
    assert AHEAD > MAX_PAGE


@pytest.mark.parametrize("kind", MAKE)
async def test_a_short_page_is_counted_when_its_source_ran_dry_and_not_when_that_was_all(
    session: AsyncSession, kind: str
):
    viewer, (pipeline, make) = viewer_of(await make_member(session)), MAKE[kind]
    for _ in range(3):
        await make(session)
    item = pipeline.item.removesuffix("_id")

    async def counted_by(pipeline: Pipeline, first: int) -> int:
        await session.flush()
        before = SHORT_PAGES.counts.get((item,), 0)
        page = await suggest(session, viewer, pipeline, first=first, exact=True)
        assert len(page.suggestions) > 0
        return SHORT_PAGES.counts.get((item,), 0) - before

    async def two(session: AsyncSession, asking: Asking, beyond: int) -> list[UUID]:
        return (await pipeline.find(session, asking, beyond))[:2]

    dry = replace(pipeline, find=two)
    assert [await counted_by(*case) for case in ((pipeline, 3), (pipeline, 9), (dry, 2), (dry, 9))] == [0, 0, 0, 1]


async def test_what_may_not_be_shown_again_is_followed_by_what_comes_after(session: AsyncSession):
    """Else a client would be told that there is more, and not where."""
    viewer = viewer_of(await make_member(session))
    for _ in range(9):
        await make_event(session)
    first = await ask(session, viewer, "EventSuggestion", 3)
    after = first.cursor(first.suggestions[-1])
    second = await ask(session, viewer, "EventSuggestion", 3, after)
    gone = models.Event.id.in_([one.item_id for one in second.suggestions])
    await session.execute(update(models.Event).where(gone).values(status=models.EventStatus.CANCELLED))
    again = await ask(session, viewer, "EventSuggestion", 3, after)
    assert [one.position for one in again.suggestions] == [6, 7, 8]
    assert not again.has_next
    assert await ask(session, viewer, "EventSuggestion", 3, after) == again
    shown = {one.item_id for page in (first, second, again) for one in page.suggestions}
    assert len(shown) == 9


@pytest.mark.real
@pytest.mark.timeout(60)
async def test_a_page_asked_for_many_times_at_once_is_one(real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        viewer = viewer_of(await make_member(session))
        for _ in range(20):
            await make_event(session)
    async with real_db.write() as session, session.begin():
        page = await ask(session, viewer, "EventSuggestion", 5)
        after = page.cursor(page.suggestions[-1])

    async def next_page() -> SuggestionPage:
        async with real_db.write() as session, session.begin():
            return await ask(session, viewer, "EventSuggestion", 5, after)

    pages = await asyncio.gather(*(next_page() for _ in range(6)))
    assert len({page.suggestions for page in pages}) == 1
    assert len(pages[0].suggestions) == 5


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-14:00", "9000-01-01T00:00:00+00:00", "2026-01-01T00:00:00"])
async def test_a_cursor_of_a_list_that_cannot_have_begun_is_refused(
    session: AsyncSession, api: Api, kind: str, at: str
):
    me, friend = await make_member(session), await make_person(session, show_attendance=True)
    await connect(session, me.person_id or friend.id, friend)
    past, to_come = await make_event(session, starts_at=datetime(2020, 1, 1, tzinfo=UTC)), await make_event(session)
    for event in (past, to_come):
        await register(session, event, friend)
    await register(session, past, me.person_id or friend.id)
    await MAKE[kind][1](session)
    field = PIPELINES[kind][0]
    query = "query($after: String) { %s(first: 1, after: $after) { pageInfo { endCursor } } }" % field
    given = (await api(query, as_=me)).data[field]["pageInfo"]["endCursor"]
    list_id, _, position = decode_cursor(given, kind)
    refused = await api(query, as_=me, after=encode_cursor(kind, list_id, at, position))
    assert (refused.data[field], refused.codes) == (None, ["BAD_USER_INPUT"])
