"""Who may change somebody's profile: the owner and officers, who leave the owner's own secrets alone (row 2)."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import ANONYMOUS, Viewer, ViewerKind
from api.errors import DomainError, Invalid, NotAllowed, NotFound, Problem
from api.models import (
    AuditAction,
    AuditEvent,
    Block,
    ContactPoint,
    Education,
    Experience,
    Interest,
    Link,
    Organization,
    Person,
    PersonText,
    Place,
    Skill,
    Visibility,
)
from api.services.profile_changes import (
    ProfileChanges,
    SkillEntry,
    TextEntry,
)
from api.services.profiles import update_my_profile, update_profile
from tests.services.network import add_member, add_officer, stored

FACTS = (Education, Experience, Skill, Interest, Place, ContactPoint, Link, PersonText)
CHANGES = ProfileChanges(display_name="Eve", skills=[SkillEntry(name="Stealth")], bio=TextEntry(text="Mine now."))


async def everything(session: AsyncSession) -> list[Any]:
    """All people, facts and organisations, to see that nothing has changed."""
    return [await stored(session, model) for model in (Person, Organization, AuditEvent, *FACTS)]


async def test_an_officers_edit_is_logged_and_leaves_the_owners_secrets_and_marks_alone(session: AsyncSession) -> None:
    ada, officer = await add_member(session), await add_officer(session)
    mine = [SkillEntry(name="Python", visibility=Visibility.ME), SkillEntry(name="Latin")]
    await update_my_profile(session, ada, ProfileChanges(skills=mine))

    await update_profile(
        session,
        officer,
        ada.key,
        ProfileChanges(skills=[SkillEntry(name="python"), SkillEntry(name="Greek")], bio=TextEntry(text="She counts.")),
    )

    assert {row["name"]: row["visibility"].value for row in await stored(session, Skill)} == {
        "Python": "ME",
        "Greek": "MEMBERS",
    }
    [person] = await stored(session, Person, id=ada.key)
    assert person["member_edited"] == ["skills"]
    [event] = await stored(session, AuditEvent)
    assert (event["actor_id"], event["person_id"], event["action"], event["facts"]) == (
        officer.account_id,
        ada.person_id,
        AuditAction.EDITED,
        ["bio", "skills"],
    )


async def test_an_officer_neither_names_hidden_facts_nor_sets_visibility(session: AsyncSession) -> None:
    ada, officer = await add_member(session), await add_officer(session)
    await update_my_profile(session, ada, ProfileChanges(skills=[SkillEntry(name="Python", visibility=Visibility.ME)]))
    [python] = await stored(session, Skill)
    before = await everything(session)

    with pytest.raises(Invalid) as raised:
        await update_profile(
            session,
            officer,
            ada.key,
            ProfileChanges(
                skills=[SkillEntry(id=python["id"], name="Python"), SkillEntry(id=uuid7(), name="Latin")],
                bio=TextEntry(text="She counts.", visibility=Visibility.PUBLIC),
            ),
        )

    unknown = "is not the id of such a fact of this person: leave it out to add a new one"
    assert raised.value.problems == [
        Problem(("input", "bio", "visibility"), "only the owner of a fact decides who sees it: leave this out"),
        Problem(("input", "skills", "0", "id"), unknown),
        Problem(("input", "skills", "1", "id"), unknown),
    ]
    assert await everything(session) == before


async def test_an_officers_own_profile_is_theirs(session: AsyncSession) -> None:
    officer = await add_officer(session)

    await update_profile(session, officer, officer.key, ProfileChanges(pronouns="they/them"))

    assert (await stored(session, Person))[0]["member_edited"] == ["pronouns"]
    assert await stored(session, AuditEvent) == []


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("member", NotAllowed),
        ("member, unlisted", NotFound),
        ("member, blocked", NotFound),
        ("member, absent", NotFound),
        ("officer, absent", NotFound),
        ("officer, blocked", NotFound),
        ("anonymous", NotFound),
        ("guest", NotFound),
    ],
)
async def test_strangers_change_nobodys_profile(session: AsyncSession, case: str, expected: type[DomainError]) -> None:
    who, _, state = case.partition(", ")
    ada = await add_member(session, listed=state != "unlisted")
    viewers = {
        "member": await add_member(session, "Bob"),
        "officer": await add_officer(session),
        "anonymous": ANONYMOUS,
        "guest": Viewer(ViewerKind.GUEST),
    }
    viewer = viewers[who]
    if state == "blocked":
        session.add(Block(id=uuid7(), blocker_id=ada.key, blocked_id=viewer.key))
        await session.flush()
    before = await everything(session)

    with pytest.raises(expected):
        await update_profile(session, viewer, uuid7() if state == "absent" else ada.key, CHANGES)

    assert await everything(session) == before


async def test_whoever_has_no_profile_cannot_change_it(session: AsyncSession) -> None:
    for viewer in (ANONYMOUS, Viewer(ViewerKind.STAFF), Viewer(ViewerKind.MEMBER, uuid7())):
        with pytest.raises(NotFound):
            await update_my_profile(session, viewer, CHANGES)
