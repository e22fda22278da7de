"""Whom to meet, as clients are told it: what two people do together is a reason only where both let it be known."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from tests.conftest import Api
from tests.factories import (
    LONG_AGO,
    connect,
    make_event,
    make_fact,
    make_member,
    make_organization,
    make_person,
    register,
)

MEET = "{ peopleYouShouldMeet(first: 20) { nodes { person { displayName } evidence { kind text } } } }"


async def reasons(api: Api, account: models.Account, name: str) -> list[tuple[str, str]]:
    """The reasons that somebody is suggested with."""
    page = (await api(MEET, as_=account)).data["peopleYouShouldMeet"]
    (found,) = [one for one in page["nodes"] if one["person"]["displayName"] == name]
    return [(why["kind"], why["text"]) for why in found["evidence"]]


@pytest.mark.parametrize("hidden", ["nothing", "the other", "oneself", "the organiser"])
async def test_an_event_is_a_reason_only_where_both_attendances_may_be_known(
    session: AsyncSession, api: Api, hidden: str
):
    me = await make_member(session, "Me", show_attendance=hidden != "oneself")
    other = await make_person(session, "Other", show_attendance=hidden != "the other")
    for number in range(10):
        await make_person(session, f"Stranger {number}")
    event = await make_event(session, "Reunion", starts_at=LONG_AGO, attendees_shown=hidden != "the organiser")
    assert me.person_id is not None
    for one in (me.person_id, other.id):
        await register(session, event, one)
    told = await reasons(api, me, "Other")
    if hidden == "nothing":
        assert told == [("SHARED_EVENT", "You were both at Reunion in 2020")]
    else:
        assert [kind for kind, _ in told] == ["COHORT"]


async def test_years_at_the_same_employer_are_told(session: AsyncSession, api: Api):
    me, other = await make_member(session, "Me"), await make_person(session, "Other")
    for number in range(10):
        await make_person(session, f"Stranger {number}")
    acme = await make_organization(session, "Acme")
    assert me.person_id is not None
    for one, start, end in ((me.person_id, "2011-03", None), (other.id, "2009", "2014-05")):
        dates: dict[str, Any] = {"organization_id": acme.id, "start_date": start, "end_date": end}
        await make_fact(session, models.Experience, one, **dates)
    assert await reasons(api, me, "Other") == [("SHARED_EMPLOYER", "You were at Acme at the same time, 2011 to 2014")]


@pytest.mark.parametrize("hidden", ["nothing", "the other", "oneself"])
async def test_a_fact_is_a_reason_only_where_every_member_may_see_both(session: AsyncSession, api: Api, hidden: str):
    me, other = await make_member(session, "Me"), await make_person(session, "Other")
    for number in range(10):
        await make_person(session, f"Stranger {number}")
    acme = await make_organization(session, "Acme")
    assert me.person_id is not None
    for one, whose in ((me.person_id, "oneself"), (other.id, "the other")):
        shown = models.Visibility.STAFF if hidden == whose else models.Visibility.MEMBERS
        await make_fact(session, models.Experience, one, organization_id=acme.id, visibility=shown)
    told = [kind for kind, _ in await reasons(api, me, "Other")]
    assert told == (["SHARED_EMPLOYER"] if hidden == "nothing" else ["COHORT"])


@pytest.mark.parametrize("hiding", ["nobody", "low_visibility", "high_visibility"])
async def test_a_contact_in_common_is_a_reason_only_where_both_let_it_be_known(
    session: AsyncSession, api: Api, hiding: str
):
    me, friend, other = (
        await make_member(session, "Me"),
        await make_person(session),
        await make_person(session, "Other"),
    )
    for number in range(10):
        await make_person(session, f"Stranger {number}")
    assert me.person_id is not None
    await connect(session, me.person_id, friend)
    ends: dict[str, Any] = {} if hiding == "nobody" else {hiding: models.Visibility.ME}
    await connect(session, friend, other, **ends)
    told = [kind for kind, _ in await reasons(api, me, "Other")]
    assert told == (["MUTUAL_CONNECTION"] if hiding == "nobody" else ["COHORT"])


@pytest.mark.parametrize("choice", ["listed", "suggestable", "profiled"])
async def test_whoever_chose_so_is_suggested_to_nobody(session: AsyncSession, api: Api, choice: str):
    me = await make_member(session, "Me")
    for number in range(10):
        await make_person(session, f"Stranger {number}")
    await make_person(session, "Other", **{choice: False})
    page = (await api(MEET, as_=me)).data["peopleYouShouldMeet"]
    assert len(page["nodes"]) == 10
    assert "Other" not in {node["person"]["displayName"] for node in page["nodes"]}
