"""Reading as somebody else (rule P24) over HTTP: who may, as whom, for how long, what stays closed, and who learns."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from tests.conftest import Answer, Api
from tests.factories import (
    block,
    connect,
    impersonate,
    make_account,
    make_fact,
    make_member,
    make_person,
    make_staff,
)

V = models.Visibility
START = """mutation($p: ID!, $r: String!, $m: Int!, $k: String) {
    startImpersonation(input: {personId: $p, reason: $r, minutes: $m, idempotencyKey: $k}) { __typename
        ... on ImpersonationPayload { impersonation { id reason startedAt expiresAt endedAt person { displayName } } }
        ... on Error { code path } ... on Invalid { problems { path } } } }"""
END = """mutation($i: ID!) { endImpersonation(input: {impersonationId: $i}) { __typename
    ... on ImpersonationPayload { impersonation { id endedAt } } ... on Error { code } } }"""
LOG = "{ viewer { accessLog(first: 20) { nodes { action actor reason facts } } } }"
WHO = "{ viewer { email person { displayName } } }"
REASON = "She cannot see the reunion."


async def make_admin(session: AsyncSession, **person: Any) -> models.Account:
    someone = await make_person(session, "Adele Admin", **person) if person else None
    return await make_account(session, someone, models.AccountRole.ADMIN, "admin@example.edu")


def person_of(member: models.Account) -> UUID:
    assert member.person_id is not None
    return member.person_id


async def start(api: Api, admin: models.Account, person_id: Any, **given: Any) -> Answer:
    return await api(START, as_=admin, **{"p": encode_id("Person", person_id), "r": REASON, "m": 30, **given})


async def log_of(api: Api, account: models.Account) -> list[dict[str, Any]]:
    return (await api(LOG, as_=account)).data["viewer"]["accessLog"]["nodes"]


async def test_start_use_and_end_are_told_to_the_person_with_the_reason(session: AsyncSession, api: Api):
    admin, member = await make_admin(session), await make_member(session, "Ana Lima")
    begun = (await start(api, admin, member.person_id)).data["startImpersonation"]["impersonation"]
    assert (begun["reason"], begun["endedAt"], begun["person"]) == (REASON, None, {"displayName": "Ana Lima"})
    lasts = datetime.fromisoformat(begun["expiresAt"]) - datetime.fromisoformat(begun["startedAt"])
    assert lasts == timedelta(minutes=30)
    for _ in range(2):
        seen = await api(WHO, as_=admin, through=begun["id"])
        assert seen.data == {"viewer": {"email": member.email, "person": {"displayName": "Ana Lima"}}}
    assert (await api(WHO, as_=admin)).data["viewer"]["email"] == admin.email
    ended = (await api(END, as_=admin, i=begun["id"])).data["endImpersonation"]
    assert ended["impersonation"]["endedAt"] is not None
    assert (await api(WHO, as_=admin, through=begun["id"])).status == 403
    assert await log_of(api, member) == [
        {"action": action, "actor": admin.email, "reason": REASON, "facts": []}
        for action in ("IMPERSONATION_ENDED", "IMPERSONATED", "IMPERSONATED", "IMPERSONATION_STARTED")
    ]
    assert (await api(END, as_=admin, i=begun["id"])).data["endImpersonation"] == {
        "__typename": "NotFound",
        "code": "NOT_FOUND",
    }


async def test_a_retry_with_its_key_starts_no_second_one(session: AsyncSession, api: Api):
    admin, member = await make_admin(session), await make_member(session)
    one, same = [await start(api, admin, member.person_id, k="key") for _ in range(2)]
    assert one.data == same.data
    assert len(await log_of(api, member)) == 1


@pytest.mark.parametrize(
    ("given", "path"),
    [({"r": " "}, "reason"), ({"r": "x" * 501}, "reason"), ({"m": 0}, "minutes"), ({"m": 61}, "minutes")],
)
async def test_it_needs_a_reason_and_a_short_time(session: AsyncSession, api: Api, given: dict[str, Any], path: str):
    admin, member = await make_admin(session), await make_member(session)
    refused = (await start(api, admin, member.person_id, **given)).data["startImpersonation"]
    assert (refused["__typename"], [one["path"] for one in refused["problems"]]) == ("Invalid", [["input", path]])
    assert (await session.scalars(select(models.Impersonation))).all() == []
    assert await log_of(api, member) == []


async def test_nobody_is_seen_through_who_is_an_officer_oneself_dead_blocked_or_absent(session: AsyncSession, api: Api):
    admin = await make_admin(session, listed=True)
    mine = await session.get_one(models.Person, admin.person_id)
    officer, dead, foe = [await make_person(session) for _ in range(3)]
    await make_account(session, officer, models.AccountRole.STAFF)
    dead.deceased = True
    await block(session, foe, mine)
    for person_id, told in (
        (officer.id, "FORBIDDEN"), (mine.id, "FORBIDDEN"), (dead.id, "FORBIDDEN"), (foe.id, "NOT_FOUND"),
        (uuid4(), "NOT_FOUND"),
    ):  # fmt: skip
        assert (await start(api, admin, person_id)).data["startImpersonation"]["code"] == told
    assert (await session.scalars(select(models.Impersonation))).all() == []


async def test_only_administrators_start_and_end_them(session: AsyncSession, api: Api):
    admin, member = await make_admin(session), await make_member(session)
    going = await impersonate(session, admin, person_of(member))
    for account in (None, member, await make_staff(session)):
        told = ["UNAUTHENTICATED" if account is None else "FORBIDDEN"]
        assert (await api(START, as_=account, p=encode_id("Person", going.person_id), r=REASON, m=5)).codes == told
        assert (await api(END, as_=account, i=encode_id("Impersonation", going.id))).codes == told
    other = await make_account(session, role=models.AccountRole.ADMIN)
    ended = await api(END, as_=other, i=encode_id("Impersonation", going.id))
    assert ended.data["endImpersonation"]["code"] == "NOT_FOUND"
    await session.refresh(going)
    assert going.ended_at is None


async def test_every_wrong_header_gets_one_answer(session: AsyncSession, api: Api):
    admin, member = await make_admin(session), await make_member(session)
    person_id = person_of(member)
    now = datetime.now(UTC)
    old = {"created_at": now - timedelta(hours=2), "expires_at": now - timedelta(hours=1)}
    good = await impersonate(session, admin, person_id)
    expired = await impersonate(session, admin, person_id, **old)
    ended = await impersonate(session, admin, person_id, ended_at=now)
    other = await impersonate(session, await make_account(session, role=models.AccountRole.ADMIN), person_id)
    absent = encode_id("Impersonation", uuid4())
    wrong = [expired, ended, other, absent, encode_id("Person", person_id), "", "nonsense", "x" * 2000]
    answers = [await api(WHO, as_=admin, through=one) for one in wrong]
    answers += [await api(WHO, as_=account, through=good) for account in (member, await make_staff(session))]
    assert {(answer.status, answer.data, *answer.codes) for answer in answers} == {(403, None, "FORBIDDEN")}
    assert len({answer.errors[0]["message"] for answer in answers}) == 1
    assert (await api(WHO, through=good)).codes == ["UNAUTHENTICATED"]
    assert await log_of(api, member) == []
    assert (await api(WHO, as_=admin, through=good)).errors == []


async def test_what_changes_meanwhile_counts_at_the_next_request(session: AsyncSession, api: Api):
    admin = await make_admin(session, listed=True)
    mine = await session.get_one(models.Person, admin.person_id)
    for change in ("officer", "dead", "blocked", "let go"):
        person = await make_person(session)
        account = await make_account(session, person)
        going = await impersonate(session, admin, person)
        assert (await api(WHO, as_=admin, through=going)).errors == []
        if change == "officer":
            account.role = models.AccountRole.STAFF
        elif change == "dead":
            person.deceased = True
        elif change == "blocked":
            await block(session, person, mine)
        else:
            admin.role = models.AccountRole.STAFF
        await session.flush()
        assert (await api(WHO, as_=admin, through=going)).status == 403, change


async def test_it_is_the_persons_view_without_what_is_for_the_person_alone(session: AsyncSession, api: Api):
    admin, member = await make_admin(session), await make_member(session, "Ana Lima")
    mine = await session.get_one(models.Person, member.person_id)
    friend, stranger, unlisted = await make_person(session), await make_person(session), await make_person(session)
    unlisted.listed = False
    secret_friend = await make_person(session)
    await connect(session, mine, friend)
    await connect(session, mine, secret_friend, low_visibility=V.ME, high_visibility=V.MEMBERS)
    for owner in (mine, friend, stranger):
        for level in V:
            await make_fact(session, models.Skill, owner, level, name=f"{level.value} of {owner.display_name}")
    going = await impersonate(session, admin, mine)
    query = "{ people(first: 9) { nodes { id connectedToMe tie { id } skills { name visibility } } } }"
    as_member, through = await api(query, as_=member), await api(query, as_=admin, through=going)
    for node in as_member.data["people"]["nodes"]:
        node["skills"] = [skill for skill in node["skills"] if skill["visibility"] != "ME"]
        if node["id"] == encode_id("Person", secret_friend.id):
            node.update(connectedToMe=False, tie=None)
    assert through.data == as_member.data
    assert len(through.data["people"]["nodes"]) == 4
    found = await api(
        '{ people(first: 9, filter: {skill: {eq: "me of ana lima"}}) { totalCount } }', as_=admin, through=going
    )
    assert found.data["people"]["totalCount"] == 0


async def everything(session: AsyncSession) -> dict[str, Any]:
    """What every table holds but the log, as one digest each."""
    names = (await session.scalars(text("select tablename from pg_tables where schemaname = 'public'"))).all()
    digest = "select md5(string_agg(t::text, '' order by t::text)) from {} t"
    return {name: await session.scalar(text(digest.format(name))) for name in names if name != "audit_events"}


READING = [
    "{ peopleYouShouldMeet(first: 5) { nodes { id person { bio contactPoints { value } } } } }",
    "{ people(first: 9) { nodes { bio } } }",
    '{ searchPeople(text: "Person", first: 5) { nodes { person { bio } } } }',
]
CHANGING = [
    "setListed(input: {listed: false})",
    'updateMyProfile(input: {pronouns: "they"})',
    'startImpersonation(input: {personId: "$person", reason: "More", minutes: 5})',
    'endImpersonation(input: {impersonationId: "$going"})',
    'updateProfile(input: {personId: "$person", pronouns: "they"})',
    'requestConnection(input: {personId: "$person"})',
]


async def test_it_leaves_nothing_in_the_persons_name_and_changes_nothing(session: AsyncSession, api: Api):
    admin, member = await make_admin(session), await make_member(session)
    other = await make_person(session, "Person", suggestable=True)
    await make_fact(session, models.PersonText, other)
    going = await impersonate(session, admin, person_of(member))
    before = await everything(session)
    for query in READING:
        answer = await api(query, as_=admin, through=going)
        assert (answer.errors, str(answer.data).count("Hello.")) == ([], 1)
    for operation in CHANGING:
        named = operation.replace("$person", encode_id("Person", other.id))
        named = named.replace("$going", encode_id("Impersonation", going.id))
        answer = await api(f"mutation {{ {named} {{ __typename }} }}", as_=admin, through=going)
        assert (list(answer.data.values()), answer.codes) == ([None], ["FORBIDDEN"]), operation
    assert await everything(session) == before
    assert len(await log_of(api, member)) == len(READING) + len(CHANGING)
    assert (await api(READING[0], as_=member)).errors == []  # and by oneself it does leave something
    assert await everything(session) != before


async def test_a_guest_and_somebody_without_an_account_are_seen_through_as_what_they_are(
    session: AsyncSession, api: Api
):
    admin = await make_admin(session)
    guest, never = await make_person(session, alumnus=False), await make_person(session)
    await make_account(session, guest)
    people = "{ people(first: 9) { totalCount } viewer { email } }"
    seen = await api(people, as_=admin, through=await impersonate(session, admin, guest))
    assert seen.data["people"]["totalCount"] == 1
    seen = await api(people, as_=admin, through=await impersonate(session, admin, never))
    assert seen.data == {"people": {"totalCount": 2}, "viewer": None}
    refused = await api(READING[0], as_=admin, through=await impersonate(session, admin, guest))
    assert refused.codes == ["FORBIDDEN"]


async def test_an_impersonation_is_its_administrators_alone(session: AsyncSession, api: Api):
    admin, member = await make_admin(session), await make_member(session)
    going = await impersonate(session, admin, person_of(member))
    node = "query($i: ID!) { node(id: $i) { id } }"
    named = encode_id("Impersonation", going.id)
    for account, through, seen in (
        (admin, None, True), (member, None, False), (admin, going, False), (await make_staff(session), None, False),
    ):  # fmt: skip
        answer = await api(node, as_=account, through=through, i=named)
        assert (answer.data["node"] is not None) == seen


async def test_the_reason_goes_with_the_person(session: AsyncSession, api: Api):
    admin, member = await make_admin(session), await make_member(session)
    await start(api, admin, member.person_id)
    await session.execute(delete(models.Person).where(models.Person.id == member.person_id))
    for table in (models.Impersonation, models.AuditEvent):
        assert (await session.scalars(select(table))).all() == []
