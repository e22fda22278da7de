"""Who sees a fact is its owner's choice alone, and vectors follow it at once (row 6)."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import ANONYMOUS, Viewer, ViewerKind
from api.db import PooledDatabase
from api.errors import NotAllowed, NotFound
from api.models import (
    Block,
    Connection,
    ConnectionState,
    Education,
    FacetKind,
    Interest,
    Skill,
    TagKind,
    Visibility,
)
from api.services.facts import (
    lock_people,
    replace_facts,
    set_visibility,
)
from tests.services.network import add_member, add_officer, counted, database_now, embed, jobs, stored, vectors

BSC = {"school": "Example University", "degree": "BSc", "programme": "Mathematics", "end_date": "2005-06"}


async def test_the_owner_sets_the_visibility_and_an_opened_fact_is_queued(session: AsyncSession) -> None:
    ada = await add_member(session)
    await replace_facts(session, ada.key, Education, [BSC], source=None)
    await embed(session, Education, "education_id", FacetKind.EDUCATION)
    [education] = await stored(session, Education)

    await set_visibility(session, ada, Education, education["id"], Visibility.CONNECTIONS)

    assert await vectors(session) == set()
    assert await jobs(session) == []
    await set_visibility(session, ada, Education, education["id"], Visibility.PUBLIC)
    assert (await stored(session, Education))[0]["visibility"] is Visibility.PUBLIC
    assert await jobs(session) == [("embed_person", f"embed:{ada.key}", {"person_id": str(ada.key)})]


async def test_a_vector_follows_its_fact_from_level_to_level(session: AsyncSession) -> None:
    ada = await add_member(session)
    await replace_facts(session, ada.key, Education, [BSC], source=None)
    await embed(session, Education, "education_id", FacetKind.EDUCATION)
    [education] = await stored(session, Education)

    await set_visibility(session, ada, Education, education["id"], Visibility.STAFF)

    assert await vectors(session) == {education["id"]}


async def test_nobody_but_the_owner_sets_a_visibility(session: AsyncSession) -> None:
    ada, bob, officer = await add_member(session), await add_member(session, "Bob"), await add_officer(session)
    await replace_facts(session, ada.key, Skill, [{"name": "Latin", "kind": TagKind.HAVE}], source=None)
    hidden = {"name": "Greek", "kind": TagKind.HAVE, "visibility": Visibility.ME}
    await replace_facts(session, ada.key, Interest, [hidden], source=None)
    before = await stored(session, Skill), await stored(session, Interest)
    latin, greek = before[0][0]["id"], before[1][0]["id"]

    async def answer(viewer: Viewer, table: type[Skill] | type[Interest], fact_id: UUID) -> tuple[str, str, int]:
        async with counted(session) as statements:
            with pytest.raises((NotFound, NotAllowed)) as refused:
                await set_visibility(session, viewer, table, fact_id, Visibility.PUBLIC)
        return refused.value.code, refused.value.message, len(statements)

    unknown = ("NOT_FOUND", "There is no such fact of yours.", 2)
    guest = Viewer(ViewerKind.GUEST)
    for viewer in (bob, guest, ANONYMOUS):
        assert await answer(viewer, Skill, latin) == unknown
        assert await answer(viewer, Interest, greek) == unknown
        assert await answer(viewer, Interest, uuid7()) == unknown
    assert await answer(officer, Interest, greek) == unknown
    assert await answer(officer, Skill, latin) == ("FORBIDDEN", "Only the owner of a fact decides who sees it.", 2)
    assert (await stored(session, Skill), await stored(session, Interest)) == before


async def test_each_end_of_a_connection_has_its_own_visibility(session: AsyncSession) -> None:
    ada, bob, eve = [await add_member(session, name) for name in ("Ada", "Bob", "Eve")]
    officer = await add_officer(session)
    now = await database_now(session)
    low, high = sorted([ada.key, bob.key])
    tie = Connection(
        id=uuid7(), low_id=low, high_id=high, requester_id=low, state=ConnectionState.ACCEPTED, requested_at=now
    )
    tie.connected_at = now
    session.add(tie)
    await session.flush()

    await set_visibility(session, Viewer(ViewerKind.MEMBER, low), Connection, tie.id, Visibility.ME)
    await set_visibility(session, Viewer(ViewerKind.MEMBER, high), Connection, tie.id, Visibility.PUBLIC)

    [row] = await stored(session, Connection)
    assert (row["low_visibility"], row["high_visibility"]) == (Visibility.ME, Visibility.PUBLIC)
    for viewer in (eve, officer):
        with pytest.raises(NotFound):
            await set_visibility(session, viewer, Connection, tie.id, Visibility.MEMBERS)
    await set_visibility(session, Viewer(ViewerKind.MEMBER, low), Connection, tie.id, Visibility.MEMBERS)
    with pytest.raises(NotAllowed):
        await set_visibility(session, officer, Connection, tie.id, Visibility.ME)


async def test_a_tie_that_is_none_has_no_visibility(session: AsyncSession) -> None:
    ada, bob = await add_member(session), await add_member(session, "Bob")
    now = await database_now(session)
    low, high = sorted([ada.key, bob.key])
    tie = Connection(
        id=uuid7(), low_id=low, high_id=high, requester_id=low, state=ConnectionState.PENDING, requested_at=now
    )
    session.add(tie)
    await session.flush()

    with pytest.raises(NotFound):
        await set_visibility(session, ada, Connection, tie.id, Visibility.ME)
    await session.execute(
        update(Connection).where(Connection.id == tie.id).values(state=ConnectionState.ACCEPTED, connected_at=now)
    )
    session.add(Block(id=uuid7(), blocker_id=bob.key, blocked_id=ada.key))
    await session.flush()
    with pytest.raises(NotFound):
        await set_visibility(session, ada, Connection, tie.id, Visibility.ME)


@pytest.mark.real
async def test_closing_and_editing_a_fact_at_once_come_one_after_the_other(real_db: PooledDatabase) -> None:
    async with real_db.write() as session, session.begin():
        ada = await add_member(session)
        await replace_facts(session, ada.key, Education, [BSC], source=None)
        await embed(session, Education, "education_id", FacetKind.EDUCATION)
        [education] = await stored(session, Education)

    async def close() -> None:
        async with real_db.write() as session, session.begin():
            await set_visibility(session, ada, Education, education["id"], Visibility.ME)

    async with real_db.write() as session, session.begin():
        await lock_people(session, ada, [ada.key])
        waiting = asyncio.create_task(close())
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await replace_facts(session, ada.key, Education, [{**BSC, "honours": "First"}], source=None)

    await waiting
    async with real_db.write() as session:
        [after] = await stored(session, Education)
        assert (after["honours"], after["visibility"]) == ("First", Visibility.ME)
        assert await vectors(session) == set()
