"""Facts are written in one place: what is equal stays untouched, what closes loses its vectors, and ids last."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.models import (
    ContactKind,
    ContactPoint,
    ContactStatus,
    Education,
    Experience,
    FacetKind,
    Interest,
    Link,
    LinkKind,
    PersonText,
    Place,
    PlaceKind,
    Skill,
    TagKind,
    TextKind,
    Visibility,
)
from api.services.facts import (
    Terms,
    lock_people,
    organization_named,
    organizations_named,
    replace_facts,
    replace_facts_many,
    set_visibility,
)
from tests.services.network import add_member, add_officer, counted, database_now, embed, stored, vectors

BSC = {"school": "Example University", "degree": "BSc", "programme": "Mathematics", "end_date": "2005-06"}
MSC = {"school": "Example University", "degree": "MSc", "programme": "Mathematics", "end_date": "2007"}


async def test_new_facts_get_the_tables_defaults_the_source_and_the_kinds_visibility(session: AsyncSession) -> None:
    ada = await add_member(session)
    organization_id = await organization_named(session, "Analytical Engines")
    rows = {
        Education: BSC,
        Experience: {"organization_id": organization_id, "title": "Engineer"},
        Skill: {"name": "Weaving", "kind": TagKind.HAVE},
        Interest: {"name": "Music", "kind": TagKind.WANT},
        Place: {"kind": PlaceKind.HOME, "country": "GB"},
        ContactPoint: {"kind": ContactKind.EMAIL, "value": "ada@example.org"},
        Link: {"kind": LinkKind.WEBSITE, "url": "https://example.org/ada"},
        PersonText: {"kind": TextKind.BIO, "text": "I count."},
    }

    for table, row in rows.items():
        assert await replace_facts(session, ada.key, table, [row], source="registrar") is True

    seen = {table: (await stored(session, table))[0] for table in rows}
    assert {table.__name__: row["visibility"].value for table, row in seen.items()} == {
        "Education": "MEMBERS",
        "Experience": "MEMBERS",
        "Skill": "MEMBERS",
        "Interest": "MEMBERS",
        "Place": "MEMBERS",
        "ContactPoint": "CONNECTIONS",
        "Link": "MEMBERS",
        "PersonText": "MEMBERS",
    }
    assert {row["source"] for row in seen.values()} == {"registrar"}
    assert {row["person_id"] for row in seen.values()} == {ada.person_id}
    education, contact = seen[Education], seen[ContactPoint]
    assert (education["home"], education["completed"], education["registrar_sourced"]) == (False, True, False)
    assert (education["degree"], education["honours"], education["end_year"]) == ("BSc", None, 2005)
    assert contact["status"] is ContactStatus.ACTIVE
    assert education["created_at"] == await database_now(session)


async def test_equal_rows_touch_nothing_and_cost_one_statement(session: AsyncSession) -> None:
    ada = await add_member(session)
    await replace_facts(session, ada.key, Education, [BSC, MSC], source="registrar")
    before = await stored(session, Education)

    async with counted(session) as statements:
        changed = await replace_facts(session, ada.key, Education, [MSC, BSC], source="another")

    assert changed is False
    assert len(statements) == 1
    assert await stored(session, Education) == before


async def test_only_the_facts_that_differ_are_written(session: AsyncSession) -> None:
    ada = await add_member(session)
    await replace_facts(session, ada.key, Education, [BSC, MSC], source="registrar")
    bsc, msc = await stored(session, Education)
    other = {"school": "Elsewhere College", "degree": "PhD"}

    changed = await replace_facts(session, ada.key, Education, [{**BSC, "honours": "First"}, other], source=None)

    assert changed is True
    kept, new = await stored(session, Education)
    assert kept == {**bsc, "honours": "First", "source": None, "search": kept["search"]}
    assert (new["school"], new["degree"], new["source"]) == ("Elsewhere College", "PhD", None)
    assert new["id"] not in {bsc["id"], msc["id"]}


async def test_an_id_names_the_fact_that_a_row_continues(session: AsyncSession) -> None:
    ada = await add_member(session)
    await replace_facts(session, ada.key, Education, [BSC, MSC], source=None)
    bsc, msc = await stored(session, Education)
    swapped = [{**BSC, "id": msc["id"]}, {**MSC, "id": bsc["id"]}]

    await replace_facts(session, ada.key, Education, swapped, source=None)

    after = {row["id"]: row["degree"] for row in await stored(session, Education)}
    assert after == {bsc["id"]: "MSc", msc["id"]: "BSc"}


async def test_facts_with_a_unique_key_can_trade_keys_and_keep_their_ids(session: AsyncSession) -> None:
    ada = await add_member(session)
    home, work = {"kind": PlaceKind.HOME, "country": "GB"}, {"kind": PlaceKind.WORK, "country": "FR"}
    await replace_facts(session, ada.key, Place, [home, work], source=None)
    first, second = await stored(session, Place)
    traded = [
        {"id": first["id"], "kind": PlaceKind.WORK, "country": "GB"},
        {"id": second["id"], "kind": PlaceKind.HOME, "country": "FR"},
    ]

    assert await replace_facts(session, ada.key, Place, traded, source=None) is True

    after = {row["id"]: (row["kind"], row["country"], row["created_at"]) for row in await stored(session, Place)}
    assert after == {
        first["id"]: (PlaceKind.WORK, "GB", first["created_at"]),
        second["id"]: (PlaceKind.HOME, "FR", second["created_at"]),
    }


async def test_an_id_of_somebody_elses_fact_changes_nothing_of_theirs(session: AsyncSession) -> None:
    ada, bob = await add_member(session), await add_member(session, "Bob")
    await replace_facts(session, bob.key, Education, [BSC], source=None)
    [his] = await stored(session, Education)

    await replace_facts(session, ada.key, Education, [{**MSC, "id": his["id"]}], source=None)

    assert await stored(session, Education, person_id=bob.person_id) == [his]
    [hers] = await stored(session, Education, person_id=ada.person_id)
    assert (hers["degree"], hers["id"] == his["id"]) == ("MSc", False)


async def test_a_changed_address_keeps_the_owners_visibility_but_not_the_old_ones_status(session: AsyncSession) -> None:
    ada = await add_member(session)
    old = {"kind": ContactKind.EMAIL, "value": "old@example.org", "status": ContactStatus.HELD}
    await replace_facts(session, ada.key, ContactPoint, [old], source="crm")
    [before] = await stored(session, ContactPoint)
    await set_visibility(session, ada, ContactPoint, before["id"], Visibility.ME)

    new = {"kind": ContactKind.EMAIL, "value": "new@example.org"}
    await replace_facts(session, ada.key, ContactPoint, [new], source="crm")

    [after] = await stored(session, ContactPoint)
    assert (after["id"], after["value"]) == (before["id"], "new@example.org")
    assert (after["visibility"], after["status"]) == (Visibility.ME, ContactStatus.ACTIVE)


@pytest.mark.parametrize(
    ("change", "own", "home", "registrar"),
    [
        ({}, True, True, True),
        ({"honours": "First"}, True, True, False),
        ({"honours": "First"}, False, True, True),
        ({"school": "Elsewhere College"}, True, False, False),
        ({"school": "Elsewhere College"}, False, False, True),
        ({"honours": "First", "registrar_sourced": True}, True, True, True),
        ({"registrar_sourced": False}, False, True, False),
    ],
)
async def test_the_registrars_mark_falls_when_the_person_changes_what_was_recorded(
    session: AsyncSession, change: dict[str, object], own: bool, home: bool, registrar: bool
) -> None:
    ada = await add_member(session)
    recorded = {**BSC, "home": True, "registrar_sourced": True}
    await replace_facts(session, ada.key, Education, [recorded], source="registrar")
    [before] = await stored(session, Education)

    wanted = [{**BSC, **change, "id": before["id"]}]
    await replace_facts(session, ada.key, Education, wanted, source=None, terms=Terms(own=own))

    [after] = await stored(session, Education)
    assert (after["home"], after["registrar_sourced"]) == (home, registrar)


async def test_terms_keep_hidden_facts_and_open_new_ones_as_told(session: AsyncSession) -> None:
    ada = await add_member(session)
    mine = {"name": "Python", "kind": TagKind.HAVE, "visibility": Visibility.ME}
    await replace_facts(session, ada.key, Skill, [mine, {"name": "Latin", "kind": TagKind.HAVE}], source=None)

    terms = Terms(fresh=Visibility.STAFF, keep=frozenset({Visibility.ME}))
    wanted = [{"name": "PYTHON", "kind": TagKind.HAVE}, {"name": "Greek", "kind": TagKind.HAVE}]
    await replace_facts(session, ada.key, Skill, wanted, source=None, terms=terms)

    after = {row["name"]: row["visibility"].value for row in await stored(session, Skill)}
    assert after == {"Python": "ME", "Greek": "STAFF"}


async def test_terms_limit_a_replacement_to_some_kinds(session: AsyncSession) -> None:
    ada = await add_member(session)
    texts = [{"kind": TextKind.BIO, "text": "I count."}, {"kind": TextKind.SEEKS, "text": "Engines"}]
    await replace_facts(session, ada.key, PersonText, texts, source=None)

    await replace_facts(session, ada.key, PersonText, [], source=None, terms=Terms(kinds=frozenset({TextKind.BIO})))

    assert [row["kind"] for row in await stored(session, PersonText)] == [TextKind.SEEKS]


async def test_rows_with_one_natural_key_are_one_fact(session: AsyncSession) -> None:
    ada = await add_member(session)
    wanted = [{"name": "Café", "kind": TagKind.HAVE}, {"name": "CAFE", "kind": TagKind.HAVE}]

    await replace_facts(session, ada.key, Skill, wanted, source=None)

    assert [row["name"] for row in await stored(session, Skill)] == ["Café"]


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"end_date": "2006"}, True),
        ({"visibility": Visibility.STAFF}, True),
        ({"visibility": Visibility.PUBLIC}, True),
        ({"honours": "First"}, True),
        ({"degree": "BA"}, False),
        ({"programme": None}, False),
        ({"visibility": Visibility.ME}, False),
        ({"visibility": Visibility.CONNECTIONS}, False),
    ],
)
async def test_vectors_go_when_their_text_changes_or_their_fact_closes(
    session: AsyncSession, change: dict[str, object], kept: bool
) -> None:
    ada = await add_member(session)
    await replace_facts(session, ada.key, Education, [BSC, MSC], source=None)
    await embed(session, Education, "education_id", FacetKind.EDUCATION)
    bsc, msc = await stored(session, Education)

    await replace_facts(session, ada.key, Education, [{**BSC, **change, "id": bsc["id"]}, MSC], source=None)

    assert await vectors(session) == ({bsc["id"], msc["id"]} if kept else {msc["id"]})


async def test_vectors_go_with_the_experience_and_the_text_that_they_stand_for(session: AsyncSession) -> None:
    ada = await add_member(session)
    found = await organizations_named(session, {"One": {}, "Two": {}})
    await replace_facts(session, ada.key, Experience, [{"organization_id": found["One"], "title": "CTO"}], source=None)
    await replace_facts(session, ada.key, PersonText, [{"kind": TextKind.BIO, "text": "I count."}], source=None)
    await embed(session, Experience, "experience_id", FacetKind.EXPERIENCE)
    await embed(session, PersonText, "text_id", FacetKind.BIO)
    [experience] = await stored(session, Experience)

    moved = {"id": experience["id"], "organization_id": found["Two"], "title": "CTO"}
    await replace_facts(session, ada.key, Experience, [moved], source=None)
    await replace_facts(session, ada.key, PersonText, [{"kind": TextKind.BIO, "text": "I weave."}], source=None)

    assert await vectors(session) == set()


async def test_a_thousand_people_cost_as_many_statements_as_one(session: AsyncSession) -> None:
    members = [(await add_member(session, f"Member {number}")).key for number in range(60)]
    organization_id = await organization_named(session, "Analytical Engines")
    wanted = {
        person_id: [{"organization_id": organization_id, "title": f"Engineer {number}"} for number in range(3)]
        for person_id in members
    }

    async with counted(session) as making:
        made = await replace_facts_many(session, Experience, wanted, source="crm")
    for rows in wanted.values():
        rows[0] = {**rows[0], "title": "Chief"}
        rows.pop()
    async with counted(session) as changing:
        changed = await replace_facts_many(session, Experience, wanted, source="crm")

    assert made == changed == set(members)
    assert len(making) == 2
    assert len(changing) <= 5
    assert len(await stored(session, Experience)) == 120


async def test_people_are_reported_one_by_one(session: AsyncSession) -> None:
    ada, bob = await add_member(session), await add_member(session, "Bob")
    await replace_facts_many(session, Education, {ada.key: [BSC], bob.key: [BSC]}, source=None)

    changed = await replace_facts_many(session, Education, {ada.key: [BSC], bob.key: [MSC]}, source=None)

    assert changed == {bob.key}


async def test_locking_gives_those_whom_the_viewer_sees(session: AsyncSession) -> None:
    ada, bob = await add_member(session), await add_member(session, "Bob", listed=False)

    assert await lock_people(session, ada, [ada.key, bob.key, uuid7()]) == {ada.key}
    assert await lock_people(session, await add_officer(session), [bob.key]) == {bob.key}
