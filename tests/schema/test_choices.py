"""The four choices over HTTP (rule P18): separate, the institution's defaults at the first sign-in, unlisted before."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.services.institutions import InstitutionChanges, set_institution
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import make_account, make_event, make_member, make_mentor, make_person, make_staff, register

LISTS = """query($event: ID!) { people(first: 9) { nodes { displayName } }
    peopleYouShouldMeet(first: 9) { nodes { person { displayName } } }
    event(id: $event) { attendees(first: 9) { nodes { displayName } } }
    mentors(first: 9) { nodes { person { displayName } } } }"""
CHOICES = "{ viewer { choices { listed suggestable showAttendance mentorOpen ferpaHold madeAt } } }"
CHOOSE = """mutation($input: SetChoicesInput!) { setChoices(input: $input) { __typename
    ... on SetChoicesPayload { viewer { choices { listed suggestable showAttendance mentorOpen madeAt } } } } }"""
IMPORT = """mutation($rows: [JSON!]!) { importPeople(input: {source: "sis", rows: $rows}) {
    ... on ImportPeoplePayload { rows { status } } } }"""
NAMES = ("listed", "suggestable", "showAttendance", "mentorOpen")


async def lists_with_ana(api: Api, asker: models.Account, event: models.Event) -> set[str]:
    """By the choice that opens it, each list on which the asker finds Ana."""
    said = (await api(LISTS, as_=asker, event=encode_id("Event", event.id))).data
    pages = {
        "listed": said["people"]["nodes"],
        "suggestable": [one["person"] for one in said["peopleYouShouldMeet"]["nodes"]],
        "showAttendance": said["event"]["attendees"]["nodes"],
        "mentorOpen": [one["person"] for one in said["mentors"]["nodes"]],
    }
    return {choice for choice, people in pages.items() if {"displayName": "Ana"} in people}


@pytest.mark.parametrize("choice", NAMES[1:])
async def test_each_choice_opens_its_own_list_while_listed(session: AsyncSession, api: Api, choice: str):
    ana, member = await make_member(session, "Ana", listed=False, suggestable=False), await make_member(session)
    person = await session.get_one(models.Person, ana.person_id)
    event = await make_event(session)
    await register(session, event, person)
    await make_mentor(session, person)
    person.mentor_open = False
    await session.flush()
    await api(CHOOSE, as_=ana, input={choice: True})
    assert await lists_with_ana(api, member, event) == set()
    await api(CHOOSE, as_=ana, input={"listed": True})
    assert await lists_with_ana(api, member, event) == {"listed", choice}
    await api(CHOOSE, as_=ana, input={choice: False})
    assert await lists_with_ana(api, member, event) == {"listed"}


@pytest.mark.parametrize("who", ["stranger", "guest", "member", "staff"])
async def test_nobody_chooses_for_another(session: AsyncSession, api: Api, who: str):
    ana = await make_member(session, "Ana", listed=False)
    callers: dict[str, models.Account | None] = {
        "stranger": None,
        "guest": await make_account(session, await make_person(session, alumnus=False)),
        "member": await make_member(session),
        "staff": await make_staff(session),
    }
    answer = await api(CHOOSE, as_=callers[who], input={"listed": True})
    assert answer.codes == {"stranger": ["UNAUTHENTICATED"], "staff": ["FORBIDDEN"]}.get(who, [])
    assert (await api(CHOICES, as_=ana)).data["viewer"]["choices"]["listed"] is False


@pytest.mark.parametrize(
    "defaults",
    [{"listed": True, "suggestable": False, "showAttendance": True, "mentorOpen": False}, dict.fromkeys(NAMES, False)],
)
async def test_an_imported_person_is_unlisted_until_the_first_sign_in_which_shows_the_defaults(
    session: AsyncSession, api: Api, defaults: dict[str, bool]
):
    member, staff = await make_member(session), await make_staff(session)
    columns = ("default_listed", "default_suggestable", "default_show_attendance", "default_mentor_open")
    given: dict[str, Any] = dict(zip(columns, defaults.values(), strict=True))
    await set_institution(session, InstitutionChanges("Northbridge University", **given))
    row = {"externalId": "1", "displayName": "Ana", "email": "ana@example.edu", "roles": [{"kind": "ALUMNUS"}]}
    assert (await api(IMPORT, as_=staff, rows=[row])).data["importPeople"]["rows"] == [{"status": "CREATED"}]
    event = await make_event(session)
    assert await lists_with_ana(api, member, event) == set()
    account = (await session.scalars(select(models.Account).where(models.Account.email == "ana@example.edu"))).one()

    first = (await api(CHOICES, as_=account)).data["viewer"]["choices"]
    assert first == defaults | {"ferpaHold": False, "madeAt": None}
    assert ("listed" in await lists_with_ana(api, member, event)) is defaults["listed"]
    made = (await api(CHOOSE, as_=account, input={"listed": not defaults["listed"]})).data["setChoices"]["viewer"]
    assert made["choices"]["madeAt"] is not None
    assert ("listed" in await lists_with_ana(api, member, event)) is not defaults["listed"]
    assert (await api(IMPORT, as_=staff, rows=[row | {"listed": defaults["listed"]}])).errors == []
    assert (await api(CHOICES, as_=account)).data["viewer"]["choices"]["listed"] is not defaults["listed"]


async def test_a_default_lists_nobody_who_is_held(session: AsyncSession, api: Api):
    member, staff = await make_member(session), await make_staff(session)
    await set_institution(session, InstitutionChanges("Northbridge University"))
    row = {"externalId": "1", "displayName": "Ana", "email": "ana@example.edu", "ferpaHold": True, "listed": True}
    await api(IMPORT, as_=staff, rows=[row | {"roles": [{"kind": "ALUMNUS"}]}])
    account = (await session.scalars(select(models.Account).where(models.Account.email == "ana@example.edu"))).one()
    choices = (await api(CHOICES, as_=account)).data["viewer"]["choices"]
    assert choices == dict.fromkeys(NAMES, False) | {"ferpaHold": True, "madeAt": None}
    assert await lists_with_ana(api, member, await make_event(session)) == set()
