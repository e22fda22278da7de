"""The four choices are each person's own, and separate (rule P18)."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import ANONYMOUS, Viewer, ViewerKind
from api.errors import NotFound
from api.models import Person
from api.services.choices import set_choices, set_listed
from tests.services.network import add_member, database_now, stored

CHOICES = ("listed", "suggestable", "show_attendance", "mentor_open")


@pytest.mark.parametrize("choice", CHOICES)
async def test_each_choice_is_separate(session: AsyncSession, choice: str) -> None:
    ada = await add_member(session, listed=False)
    bob = await add_member(session, "Bob", listed=False)

    await set_choices(session, ada, **{choice: True})

    [hers] = await stored(session, Person, id=ada.key)
    assert {name: hers[name] for name in CHOICES} == {name: name == choice for name in CHOICES}
    assert hers["choices_made_at"] == await database_now(session)
    [his] = await stored(session, Person, id=bob.key)
    assert {name: his[name] for name in CHOICES} == dict.fromkeys(CHOICES, False)
    assert his["choices_made_at"] is None


async def test_a_choice_can_be_taken_back(session: AsyncSession) -> None:
    ada = await add_member(session, listed=True, suggestable=True)

    await set_listed(session, ada, False)
    await set_choices(session, ada, suggestable=False, mentor_open=True)

    [person] = await stored(session, Person)
    assert [person[name] for name in CHOICES] == [False, False, False, True]


async def test_confirming_keeps_the_choices_and_notes_that_they_were_made(session: AsyncSession) -> None:
    ada = await add_member(session, listed=True, mentor_open=True)

    await set_choices(session, ada)

    [person] = await stored(session, Person)
    assert [person[name] for name in CHOICES] == [True, False, False, True]
    assert person["choices_made_at"] is not None


async def test_whoever_has_no_profile_has_no_choices(session: AsyncSession) -> None:
    await add_member(session)
    before = await stored(session, Person)

    for viewer in (ANONYMOUS, Viewer(ViewerKind.STAFF), Viewer(ViewerKind.GUEST), Viewer(ViewerKind.MEMBER, uuid7())):
        with pytest.raises(NotFound, match="You have no profile here yet"):
            await set_listed(session, viewer, False)

    assert await stored(session, Person) == before
