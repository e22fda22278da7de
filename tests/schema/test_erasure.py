"""Erasure over HTTP: nothing of the person is found in any table afterwards, and no import brings them back."""

from typing import Any

import pytest
from psycopg.errors import ForeignKeyViolation, UniqueViolation
from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.errors import ErrorCode, GoneHandler
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import (
    block,
    make_account,
    make_event,
    make_fact,
    make_member,
    make_mentor,
    make_person,
    make_staff,
    register,
)
from tests.holdings import TABLES, Holdings, concerning_people, fill

ERASE = """mutation($name: String!) { eraseMe(input: {displayName: $name}) { __typename
    ... on ErasePayload { digestsKept } ... on Error { code path } } }"""
ERASE_PERSON = """mutation($id: ID!) { erasePerson(input: {personId: $id, reason: REQUESTED}) { __typename
    ... on ErasePayload { digestsKept } ... on Error { code } } }"""
IMPORT = """mutation($input: ImportPeopleInput!) { importPeople(input: $input) { ... on ImportPeoplePayload {
    rows { externalId status messages person { displayName } } } } }"""
Dump = dict[str, list[str]]


async def dump(session: AsyncSession) -> Dump:
    """Every row of every table, as text in lower case."""
    names = (await session.scalars(text("select tablename from pg_tables where schemaname = 'public'"))).all()
    assert set(TABLES) < set(names)
    return {
        name: [str(row).lower() for row in await session.scalars(text(f"select t::text from {name} t"))]
        for name in names
    }


def found_in(dumped: Dump, word: str) -> set[str]:
    """The tables in which the word stands, plainly or as bytes."""
    spelled = {word.lower(), word.encode().hex(), word.replace("-", "").lower()}
    return {name for name, rows in dumped.items() for row in rows if any(one in row for one in spelled)}


async def name_of(session: AsyncSession, account: models.Account) -> str:
    return (await session.get_one(models.Person, account.person_id)).display_name


async def add_mentions(held: Holdings) -> None:
    """What no foreign key leads to: a reason in a list of others, and jobs that wait or run."""
    session, person_id = held.session, held.person_id
    name = await session.scalar(select(models.Person.display_name).where(models.Person.id == person_id))
    suggestion = TABLES["suggestions"]
    reasons = [
        {"kind": "MUTUAL_CONNECTION", "text": f"{name} knows you both", "weight": 0.1, "key": f"contact:{person_id}"},
        {"kind": "SHARED_SKILL", "text": "You share the skill chess", "weight": 0.2, "key": "skill:chess"},
    ]
    theirs = suggestion.c.id == held.theirs["suggestions"]
    await session.execute(suggestion.update().where(theirs).values(evidence=reasons))
    for status in ("todo", "doing", "failed"):
        await session.execute(
            text(
                "insert into procrastinate_jobs (queue_name, task_name, lock, args, status) values"
                " ('default', 'embed_person', :lock, jsonb_build_object('person_id', cast(:id as text)),"
                " cast(:status as procrastinate_job_status))"
            ),
            {"id": str(person_id), "lock": f"embed:{person_id}", "status": status},
        )


async def hold_counters(held: Holdings) -> None:
    """Seats and places as they are taken."""
    seats = "update events e set seats_taken = (select count(*) from registrations r where r.event_id = e.id)"
    places = """update mentor_profiles p set active_mentees =
        (select count(*) from mentorships m where m.mentor_id = p.person_id and state = 'ACCEPTED')"""
    for statement in (seats, places):
        await held.session.execute(text(statement))


async def test_nothing_of_an_erased_person_is_found_in_any_table(session: AsyncSession, api: Api):
    held = await fill(session)
    await add_mentions(held)
    await hold_counters(held)
    account = await session.get_one(models.Account, held.own["accounts"])
    before = await dump(session)
    for word in (*held.tokens, *held.ids):
        assert found_in(before, word), held.tokens.get(word)
    for table in concerning_people():
        assert any(one in row for row in before[table.name] for one in held.ids), table.name

    answer = await api(ERASE, as_=account, name=await name_of(session, account))
    assert answer.data["eraseMe"] == {"__typename": "ErasePayload", "digestsKept": 4}

    after = await dump(session)
    left = {word: found_in(after, word) for word in (*held.tokens, *held.ids)}
    assert {(held.tokens.get(word, word), *tables) for word, tables in left.items() if tables} == set()
    assert {name for name in after if len(after[name]) > len(before[name])} == {"suppressions"}
    assert len(after["suppressions"]) == 4
    assert {held.others[word] for word in held.others if found_in(before, word) and not found_in(after, word)} == set()
    evidence = await session.scalar(text("select evidence from suggestions"))
    assert [reason["key"] for reason in evidence] == ["skill:chess"]
    assert await session.scalar(text("select count(*) from procrastinate_jobs where status = 'doing'")) == 1


async def test_seats_and_places_are_free_again(session: AsyncSession, api: Api):
    held = await fill(session)
    await hold_counters(held)
    account = await session.get_one(models.Account, held.own["accounts"])
    count = "select (select seats_taken from events), (select sum(active_mentees) from mentor_profiles)"
    assert (await session.execute(text(count))).one() == (2, 3)
    await api(ERASE, as_=account, name=await name_of(session, account))
    assert (await session.execute(text(count))).one() == (1, 1)


async def test_a_deletion_by_any_way_gives_seats_and_places_back(session: AsyncSession):
    mentor, mentee = await make_person(session), await make_person(session)
    await make_mentor(session, mentor, active_mentees=1)
    session.add(models.Mentorship(mentor_id=mentor.id, mentee_id=mentee.id, state=models.MentorshipState.ACCEPTED))
    event = await make_event(session)
    await register(session, event, mentee)
    await session.execute(delete(models.Person).where(models.Person.id == mentee.id))
    assert await session.scalar(select(models.MentorProfile.active_mentees)) == 0
    assert await session.scalar(select(models.Event.seats_taken)) == 0


async def test_every_reference_to_what_goes_says_what_becomes_of_it(session: AsyncSession):
    names = ", ".join(f"'{table.name}'" for table in concerning_people())
    silent = f"""select conrelid::regclass || '.' || conname from pg_constraint
        where contype = 'f' and confdeltype not in ('c', 'n') and confrelid::regclass::text in ({names})"""
    assert (await session.scalars(text(silent))).all() == []


def test_a_reference_to_what_went_meanwhile_is_told_as_absent():
    gone, taken = (IntegrityError("", {}, kind()) for kind in (ForeignKeyViolation, UniqueViolation))
    told = GoneHandler().handle(gone)
    assert told is not None
    assert (told.code, told.message) == (ErrorCode.NOT_FOUND, "It was deleted meanwhile.")
    assert GoneHandler().handle(taken) is None


# ---------------------------------------------------------------- who


async def everybody(session: AsyncSession) -> set[Any]:
    return set(await session.scalars(select(models.Person.id)))


@pytest.mark.parametrize("who", ["guest", "member", "officer"])
async def test_whoever_has_a_profile_may_erase_it_and_is_unknown_then(session: AsyncSession, api: Api, who: str):
    person = await make_person(session, "Zoë Lima", alumnus=who != "guest", listed=False)
    role = models.AccountRole.STAFF if who == "officer" else models.AccountRole.MEMBER
    account = await make_account(session, person, role)
    refused = await api(ERASE, as_=account, name="Zoé Lime")
    assert refused.data["eraseMe"] == {"__typename": "Invalid", "code": "INVALID", "path": ["input", "displayName"]}
    assert await everybody(session) == {person.id}
    assert (await api(ERASE, as_=account, name=" zoë lima ")).data["eraseMe"]["digestsKept"] == 1
    assert await everybody(session) == set()
    assert (await api("{ viewer { email } }", as_=account)).data == {"viewer": None}
    assert (await api(ERASE, as_=account, name="Zoë Lima")).codes == ["FORBIDDEN"]


async def test_an_officer_without_a_profile_has_nothing_to_erase(session: AsyncSession, api: Api):
    assert (await api(ERASE, as_=await make_staff(session), name="Anybody")).codes == ["FORBIDDEN"]
    assert (await api(ERASE, name="Anybody")).codes == ["UNAUTHENTICATED"]


async def test_only_an_administrator_erases_others(session: AsyncSession, api: Api):
    admin = await make_account(session, role=models.AccountRole.ADMIN)
    person = await make_person(session, source="sis", external_id="1")
    key = encode_id("Person", person.id)
    for other in (await make_member(session), await make_staff(session)):
        assert (await api(ERASE_PERSON, as_=other, id=key)).codes == ["FORBIDDEN"]
    assert (await api(ERASE_PERSON, id=key)).codes == ["UNAUTHENTICATED"]
    assert person.id in await everybody(session)
    assert (await api(ERASE_PERSON, as_=admin, id=key)).data["erasePerson"]["digestsKept"] == 1
    assert person.id not in await everybody(session)
    assert (await api(ERASE_PERSON, as_=admin, id=key)).data["erasePerson"]["code"] == "NOT_FOUND"


async def test_what_hides_from_an_administrator_is_not_theirs_to_erase(session: AsyncSession, api: Api):
    officer, person = await make_person(session), await make_person(session)
    await block(session, person, officer)
    admin = await make_account(session, officer, models.AccountRole.ADMIN)
    answer = await api(ERASE_PERSON, as_=admin, id=encode_id("Person", person.id))
    assert answer.data["erasePerson"]["code"] == "NOT_FOUND"
    assert person.id in await everybody(session)


# ---------------------------------------------------------------- imports: who stays away


def row(key: str, **more: Any) -> dict[str, Any]:
    return {"externalId": key, "displayName": f"Row {key}", **more}


async def test_an_import_brings_nobody_back(session: AsyncSession, api: Api):
    staff = await make_staff(session)
    person = await make_person(session, "Ana", source="sis", external_id="1")
    ana = await make_account(session, person, email="ana@example.org")
    shared = await make_fact(session, models.ContactPoint, person, models.Visibility.ME, value="home@example.org")
    spouse = await make_person(session, "Ben", source="sis", external_id="2")
    await make_fact(session, models.ContactPoint, spouse, value=shared.value, source="sis")
    assert (await api(ERASE, as_=ana, name="Ana")).data["eraseMe"]["digestsKept"] == 3

    point = {"kind": "EMAIL", "value": "Home@Example.org"}
    sent = [
        row("1"),
        row("2", contactPoints=[point], email="ana@example.org"),
        row("3", contactPoints=[point]),
        row("4", email="ana@example.org"),
        row("5", connections=[{"externalId": "1"}]),
    ]
    dry = await api(IMPORT, as_=staff, input={"source": "sis", "rows": sent, "dryRun": True})
    real = await api(IMPORT, as_=staff, input={"source": "sis", "rows": sent})
    again = await api(IMPORT, as_=staff, input={"source": "crm", "rows": [row("1"), sent[3]]})
    told = ["SUPPRESSED", "UPDATED", "SUPPRESSED", "SUPPRESSED", "CREATED"]
    for answer in (dry, real):
        assert [one["status"] for one in answer.data["importPeople"]["rows"]] == told
    rows = real.data["importPeople"]["rows"]
    assert [one["person"] and one["person"]["displayName"] for one in rows] == [None, "Row 2", None, None, "Row 5"]
    assert rows[0]["messages"] == ["this id is that of somebody who was erased; nothing was imported"]
    assert rows[3]["messages"] == [
        "an e-mail address of this row is that of somebody who was erased; nothing was imported"
    ]
    assert rows[4]["messages"] == ["connections: nobody here has the id 1"]
    assert [one["status"] for one in again.data["importPeople"]["rows"]] == ["CREATED", "SUPPRESSED"]
    assert await session.scalar(select(models.Account.email).where(models.Account.email == "ana@example.org")) is None
    kept = select(models.ContactPoint.value).where(models.ContactPoint.person_id == spouse.id)
    assert (await session.scalars(kept)).all() == ["home@example.org"]
