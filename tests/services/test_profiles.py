"""Who changes a profile, what is refused all at once, and what follows: imports stay off, vectors are made anew."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer
from api.db import PooledDatabase
from api.errors import Invalid, Problem
from api.models import (
    AuditEvent,
    ContactKind,
    ContactPoint,
    Education,
    Experience,
    FacetKind,
    Institution,
    Interest,
    Link,
    LinkKind,
    Organization,
    Person,
    PersonText,
    Place,
    PlaceKind,
    Skill,
    TagKind,
    TextKind,
    Visibility,
)
from api.services.facts import replace_facts
from api.services.profile_changes import (
    ContactPointEntry,
    EducationEntry,
    ExperienceEntry,
    InterestEntry,
    LinkEntry,
    PlaceEntry,
    ProfileChanges,
    SkillEntry,
    TextEntry,
)
from api.services.profiles import update_my_profile, update_profile
from tests.services.network import add_member, embed, jobs, stored, vectors

FACTS = (Education, Experience, Skill, Interest, Place, ContactPoint, Link, PersonText)

WHOLE = ProfileChanges(
    display_name="Ada Lovelace",
    given_name="Ada",
    family_name="Lovelace",
    name_at_graduation="Ada Byron",
    pronouns="she/her",
    educations=[
        EducationEntry(
            school="Example University", degree="BSc", cip_code="270101", start_date="2001", end_date="2005"
        ),
        EducationEntry(school="Elsewhere College", degree="PhD", completed=False, start_date="2006-09"),
    ],
    experiences=[
        ExperienceEntry(organization="Engines Ltd", title="Engineer", start_date="2005", end_date="2009-12"),
        ExperienceEntry(
            organization="ENGINES LTD",
            title="Chief",
            occupation_system="ISCO-08",
            occupation_code="1330",
            description="Looms\r\nand cards",
        ),
    ],
    skills=[SkillEntry(name="Weaving"), SkillEntry(name="Latin", kind=TagKind.WANT)],
    interests=[InterestEntry(name="Music")],
    places=[PlaceEntry(kind=PlaceKind.HOME, country="gb", city="London", time_zone="Europe/London")],
    contact_points=[
        ContactPointEntry(kind=ContactKind.EMAIL, value="Ada@Example.org"),
        ContactPointEntry(kind=ContactKind.PHONE, value="+44 1632 960123", visibility=Visibility.ME),
    ],
    links=[LinkEntry(url="https://Example.org/ada", kind=LinkKind.WEBSITE)],
    bio=TextEntry(text="I count.\nAlways.", language="en-gb"),
    seeks=TextEntry(text="An engine", visibility=Visibility.PUBLIC),
    offers=TextEntry(text="Tables"),
    photo=TextEntry(text="https://example.org/ada.jpg"),
)
FIELDS = [
    *(
        "bio",
        "contactPoints",
        "displayName",
        "educations",
        "experiences",
        "familyName",
        "givenName",
        "interests",
        "links",
    ),
    *("nameAtGraduation", "offers", "photo", "places", "pronouns", "seeks", "skills"),
]


async def everything(session: AsyncSession) -> list[Any]:
    """All people, facts and organisations, to see that nothing has changed."""
    return [await stored(session, model) for model in (Person, Organization, AuditEvent, *FACTS)]


async def problems(session: AsyncSession, viewer: Viewer, changes: ProfileChanges) -> list[Problem]:
    """What is wrong with the changes; they must have changed nothing."""
    before = await everything(session)
    with pytest.raises(Invalid) as raised:
        await update_my_profile(session, viewer, changes)
    assert await everything(session) == before
    assert await jobs(session) == []
    return raised.value.problems


async def test_a_whole_profile_is_stored_as_it_was_given(session: AsyncSession) -> None:
    session.add(Institution(id=uuid7(), name="EXAMPLE university"))
    ada = await add_member(session)

    await update_my_profile(session, ada, WHOLE)

    [person] = await stored(session, Person)
    assert (person["display_name"], person["family_name"], person["pronouns"]) == (
        "Ada Lovelace",
        "Lovelace",
        "she/her",
    )
    assert person["member_edited"] == FIELDS
    seen = {model.__name__: await stored(session, model) for model in FACTS}
    assert [
        (row["school"], row["home"], row["cip_code"], row["completed"], row["start_date"], row["end_year"])
        for row in seen["Education"]
    ] == [
        ("Example University", True, "27.0101", True, "2001", 2005),
        ("Elsewhere College", False, None, False, "2006-09", None),
    ]
    assert [
        (row["title"], row["current"], row["occupation_system"], row["occupation_code"], row["description"])
        for row in seen["Experience"]
    ] == [("Engineer", False, None, None, None), ("Chief", True, "ISCO-08", "1330", "Looms\nand cards")]
    assert [row["name"] for row in await stored(session, Organization)] == ["Engines Ltd"]
    assert [(row["name"], row["kind"]) for row in seen["Skill"]] == [("Weaving", TagKind.HAVE), ("Latin", TagKind.WANT)]
    assert [(row["country"], row["city"]) for row in seen["Place"]] == [("GB", "London")]
    assert [(row["value"], row["visibility"].value) for row in seen["ContactPoint"]] == [
        ("ada@example.org", "CONNECTIONS"),
        ("+441632960123", "ME"),
    ]
    assert [row["url"] for row in seen["Link"]] == ["https://example.org/ada"]
    assert [
        (row["kind"].value, row["text"], row["language"], row["visibility"].value) for row in seen["PersonText"]
    ] == [
        ("BIO", "I count.\nAlways.", "en-GB", "MEMBERS"),
        ("SEEKS", "An engine", None, "PUBLIC"),
        ("OFFERS", "Tables", None, "MEMBERS"),
        ("PHOTO", "https://example.org/ada.jpg", None, "MEMBERS"),
    ]
    assert await jobs(session) == [("embed_person", f"embed:{ada.key}", {"person_id": str(ada.key)})]


async def test_the_same_changes_again_change_nothing(session: AsyncSession) -> None:
    ada = await add_member(session)
    await update_my_profile(session, ada, WHOLE)
    before, queued = await everything(session), await jobs(session)

    await update_my_profile(session, ada, WHOLE)

    assert await everything(session) == before
    assert await jobs(session) == queued


async def test_what_is_left_out_stays_and_null_or_an_empty_list_removes(session: AsyncSession) -> None:
    ada = await add_member(session)
    await update_my_profile(session, ada, WHOLE)

    await update_my_profile(session, ada, ProfileChanges(skills=[], bio=None, pronouns=None))

    assert await stored(session, Skill) == []
    assert [row["kind"] for row in await stored(session, PersonText)] == [
        TextKind.SEEKS,
        TextKind.OFFERS,
        TextKind.PHOTO,
    ]
    [person] = await stored(session, Person)
    assert (person["pronouns"], person["given_name"]) == (None, "Ada")
    assert len(await stored(session, Education)) == 2


async def test_only_what_really_changes_counts_as_edited_by_the_member(session: AsyncSession) -> None:
    ada = await add_member(session, "Ada Byron")
    await replace_facts(session, ada.key, Interest, [{"name": "Music", "kind": TagKind.HAVE}], source="crm")

    await update_my_profile(
        session,
        ada,
        ProfileChanges(
            display_name="Ada Byron", interests=[InterestEntry(name="Music")], links=[], family_name="Byron"
        ),
    )

    assert (await stored(session, Person))[0]["member_edited"] == ["familyName"]


@pytest.mark.parametrize(
    ("changes", "queued"),
    [
        (ProfileChanges(display_name="Ada King"), 0),
        (ProfileChanges(skills=[SkillEntry(name="Weaving")]), 0),
        (ProfileChanges(offers=TextEntry(text="Tables")), 1),
        (ProfileChanges(educations=[EducationEntry(school="Elsewhere")]), 1),
        (ProfileChanges(experiences=[ExperienceEntry(organization="Engines", title="Chief")]), 1),
    ],
)
async def test_a_change_of_what_is_embedded_queues_the_embedding(
    session: AsyncSession, changes: ProfileChanges, queued: int
) -> None:
    ada = await add_member(session)

    await update_my_profile(session, ada, changes)

    assert len(await jobs(session)) == queued


async def test_an_entry_with_an_id_continues_that_fact_and_its_vector_goes(session: AsyncSession) -> None:
    ada = await add_member(session)
    await update_my_profile(session, ada, ProfileChanges(bio=TextEntry(text="I count.", visibility=Visibility.STAFF)))
    await update_my_profile(session, ada, ProfileChanges(educations=[EducationEntry(school="Somewhere")]))
    await embed(session, PersonText, "text_id", FacetKind.BIO)
    await embed(session, Education, "education_id", FacetKind.EDUCATION)
    [school], [bio] = await stored(session, Education), await stored(session, PersonText)
    assert await vectors(session) == {school["id"], bio["id"]}

    renamed = EducationEntry(id=school["id"], school="Elsewhere", visibility=Visibility.PUBLIC)
    await update_my_profile(session, ada, ProfileChanges(educations=[renamed], bio=TextEntry(text="I weave.")))

    [after] = await stored(session, Education)
    assert (after["id"], after["school"], after["visibility"]) == (school["id"], "Elsewhere", Visibility.PUBLIC)
    assert (await stored(session, PersonText))[0]["visibility"] is Visibility.STAFF
    assert await vectors(session) == set()


async def test_all_problems_of_an_input_are_told_at_once_each_with_its_path(session: AsyncSession) -> None:
    ada, bob = await add_member(session), await add_member(session, "Bob")
    await update_profile(session, bob, bob.key, ProfileChanges(educations=[EducationEntry(school="His")]))
    [his] = await stored(session, Education)
    await session.execute(text("delete from procrastinate_jobs"))

    found = await problems(
        session,
        ada,
        ProfileChanges(
            display_name=None,
            given_name="x" * 101,
            educations=[
                EducationEntry(school="", start_date="2005-13", cip_code="11"),
                EducationEntry(school="Elsewhere", start_date="2005", end_date="2004", id=his["id"]),
            ],
            experiences=[ExperienceEntry(organization="Acme\x00", title="CTO", occupation_code="2512")],
            skills=None,
            interests=[InterestEntry(name="Music"), InterestEntry(name="MUSIC")],
            places=[PlaceEntry(kind=PlaceKind.HOME, country="UK", time_zone="Mars/Olympus")],
            contact_points=[ContactPointEntry(kind=ContactKind.PHONE, value="1234")],
            links=[LinkEntry(url="javascript:alert(1)")],
            bio=TextEntry(text=" ", language="english!"),
            photo=TextEntry(text="me.jpg"),
        ),
    )

    assert [".".join(problem.path) for problem in found] == [
        "input.displayName",
        "input.givenName",
        "input.educations.0.school",
        "input.educations.0.cipCode",
        "input.educations.0.startDate",
        "input.educations.1.endDate",
        "input.experiences.0.occupationSystem",
        "input.experiences.0.organization",
        "input.skills",
        "input.interests.1",
        "input.places.0.country",
        "input.places.0.timeZone",
        "input.contactPoints.0.value",
        "input.links.0.url",
        "input.bio.text",
        "input.bio.language",
        "input.photo.text",
        "input.educations.1.id",
    ]
    told = {".".join(problem.path): problem.message for problem in found}
    assert told["input.educations.1.endDate"] == "2004 is before the start, 2005"
    assert told["input.interests.1"] == "repeats entry 0: give each once"
    assert told["input.skills"] == "must be a list: leave it out to keep it, or give [] to empty it"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (ProfileChanges(educations=[EducationEntry(school=f"School {n}") for n in range(31)]), "educations"),
        (ProfileChanges(skills=[SkillEntry(name=f"Skill {n}") for n in range(101)]), "skills"),
        (ProfileChanges(links=[LinkEntry(url=f"https://example.org/{n}") for n in range(10_000)]), "links"),
    ],
)
async def test_lists_have_limits(session: AsyncSession, changes: ProfileChanges, field: str) -> None:
    [problem] = await problems(session, await add_member(session), changes)

    assert problem.path == ("input", field)
    assert "are allowed" in problem.message


async def test_one_id_may_not_stand_for_two_entries(session: AsyncSession) -> None:
    ada = await add_member(session)
    await replace_facts(session, ada.key, Education, [{"school": "Somewhere"}], source=None)
    [school] = await stored(session, Education)
    twice = [EducationEntry(id=school["id"], school=name) for name in ("One", "Two")]

    assert await problems(session, ada, ProfileChanges(educations=twice)) == [
        Problem(("input", "educations", "1"), "repeats entry 0: give each once")
    ]


@pytest.mark.real
async def test_two_edits_at_once_come_one_after_the_other(real_db: PooledDatabase) -> None:
    async with real_db.write() as session, session.begin():
        ada = await add_member(session)
    skills = ProfileChanges(skills=[SkillEntry(name="Weaving"), SkillEntry(name="Latin")])
    edits = [skills, replace(skills, pronouns="she/her"), replace(skills, bio=TextEntry(text="I count."))]

    async def edit(changes: ProfileChanges) -> None:
        async with real_db.write() as session, session.begin():
            await update_my_profile(session, ada, changes)

    await asyncio.gather(*(edit(changes) for changes in edits * 2))

    async with real_db.write() as session:
        assert [row["name"] for row in await stored(session, Skill)] == ["Weaving", "Latin"]
        assert (await stored(session, Person))[0]["member_edited"] == ["bio", "pronouns", "skills"]
