"""The export over HTTP: every value that is held about the person, and nothing that others keep from them."""

import json
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api import models
from api.services import exports
from tests.conftest import PROJECT, Api
from tests.factories import (
    block,
    connect,
    make_account,
    make_event,
    make_fact,
    make_job,
    make_member,
    make_person,
    make_staff,
    register,
)
from tests.holdings import concerning_people, fill

EXPORT = """mutation($until: DateTime) { requestExport(input: {until: $until}) {
    ... on RequestExportPayload { export } ... on Error { code } } }"""
MEET = "{ peopleYouShouldMeet(first: 10) { nodes { person { displayName } evidence { kind text } } } }"
S = models.ConnectionState
NOT_IN_IT = {
    "profile_views": "the counter of a single day, which nobody reads",
    "webhook_deliveries": "what the office was told, about others",
    "webhook_attempts": "the same",
}
"""Tables that concern a person and are not in the export, each with its reason."""
NOT_TOLD = {
    "idempotency_keys.input_digest": "says nothing but that an input was the same",
    "person_merges.content": "for a month what it takes to undo it, with rows of others",
    "webhooks.secret": "whoever has it can speak for us",
    "webhooks.previous_secret": "the same for a day",
    "webhook_attempts.note": "of what is not in it",
    "suggestions.evidence": "words are told as far as they name what is visible: see below",
}
"""Columns of which nothing is in the export."""
NAMES = {"people.display_name", "jobs.title", "organizations.name"}
"""What of others is in it: what things are called that the person sees."""


async def export(api: Api, account: models.Account, **variables: Any) -> dict[str, Any]:
    answer = await api(EXPORT, as_=account, **variables)
    assert answer.errors == []
    return answer.data["requestExport"]["export"]


def stands_in(said: str, word: str) -> bool:
    return word in said or word.encode().hex() in said


async def test_all_that_is_held_about_the_person_is_in_it(session: AsyncSession, api: Api):
    held = await fill(session)
    await session.execute(delete(models.Block))  # it would hide the others
    person = await session.get_one(models.Person, held.person_id)
    kept = await block(session, person, await make_person(session))
    account = await session.get_one(models.Account, held.own["accounts"])
    given = await export(api, account)
    said = json.dumps(given)
    assert (given["format"], given["version"]) == ("alumni-network-export", 1)
    assert [one["id"] for one in given["blocks"]] == [str(kept.id)]
    held.words["blocks"].append(str(kept.id))
    words = {table.name: held.words[table.name] for table in concerning_people()}
    assert {name for name, some in words.items() if not any(stands_in(said, one) for one in some)} == set(NOT_IN_IT)
    told = {place for token, place in held.tokens.items() if stands_in(said, token)}
    assert set(held.tokens.values()) - told == set(NOT_TOLD)
    assert {place for token, place in held.others.items() if stands_in(said, token)} <= NAMES
    vectors = {one["facet"]: one for one in given["vectors"]}
    assert vectors["EDUCATION"]["embedding"] == [0.25] * models.DIMENSION
    assert vectors["EDUCATION"]["model"] == {"name": "m", "version": "1"}
    assert [one["as"] for one in given["suggestedToOthers"]["entries"]] == ["PERSON", "JOB", "MENTOR"]


def test_its_form_is_documented():
    page = (PROJECT / "docs" / "export.md").read_text()
    parts = exports.parts(exports.Viewer(exports.ViewerKind.MEMBER))
    assert [name for name in parts if f"| `{name}` |" not in page] == []


# ---------------------------------------------------------------- what others keep to themselves


async def test_what_others_did_in_secret_is_not_in_it(session: AsyncSession, api: Api):
    me = await make_member(session, "Me")
    own = await session.get_one(models.Person, me.person_id)
    names = ("Declined", "Withdrew", "Blocker", "Hidden", "Friend", "Refused", "Left", "Dismisser")
    people = {name: await make_person(session, name, listed=name not in {"Hidden", "Left"}) for name in names}
    await connect(session, own, people["Declined"], S.DECLINED, message="please")
    await connect(session, people["Withdrew"], own, S.WITHDRAWN)
    await connect(session, own, people["Blocker"])
    await block(session, people["Blocker"], own)
    await connect(session, own, people["Hidden"])
    await connect(session, own, people["Friend"])
    await connect(session, people["Refused"], own, S.DECLINED)
    await connect(session, people["Left"], own, S.DECLINED)
    session.add(
        models.SuggestionOutcome(
            viewer_id=people["Dismisser"].id, person_id=own.id, outcome=models.OutcomeKind.DISMISSED, reason="never"
        )
    )
    await session.flush()
    await session.execute(update(models.Connection).values(answered_at=text("now()")))
    given = await export(api, me)
    ties = [(one["with"], one["state"], one["answeredAt"] is not None) for one in given["connections"]]
    assert {(who and who["displayName"], state, answered) for who, state, answered in ties} == {
        ("Declined", "PENDING", False),
        ("Friend", "ACCEPTED", True),
        ("Refused", "DECLINED", True),
        (None, "ACCEPTED", True),
    }
    said = json.dumps(given)
    hidden = ("Withdrew", "Blocker", "Hidden", "Left", "Dismisser")
    assert [name for name in hidden if name in said or str(people[name].id) in said] == []
    assert (given["blocks"], given["suggestionOutcomes"]) == ([], {"total": 0, "entries": []})


async def test_reasons_are_told_again_as_far_as_they_name_what_is_seen_now(session: AsyncSession, api: Api):
    me, other = await make_member(session, "Me"), await make_person(session, "Other")
    third = await make_person(session, "Third")
    for person_id in (me.person_id, other.id):
        await connect(session, third, person_id or other.id)
    await make_fact(session, models.Skill, me.person_id or other.id, name="chess")
    theirs = await make_fact(session, models.Skill, other, name="chess")
    await api(MEET, as_=me)

    async def reasons() -> dict[str, str | None]:
        (entry,) = (await export(api, me))["suggestionsShown"]["entries"]
        assert entry["item"]["person"] in ({"id": str(other.id), "displayName": "Other"}, None)
        assert 0 < entry["score"] < 1
        assert all(one["weight"] > 0 for one in entry["evidence"])
        return {one["kind"]: one["text"] for one in entry["evidence"]}

    knows, skill = "Third knows you both", "You share the skill chess"
    assert await reasons() == {"MUTUAL_CONNECTION": knows, "SHARED_SKILL": skill}
    theirs.visibility = models.Visibility.ME
    await session.flush()
    assert await reasons() == {"MUTUAL_CONNECTION": knows, "SHARED_SKILL": None}
    theirs.visibility, third.listed = models.Visibility.MEMBERS, False
    await session.flush()
    assert await reasons() == {"MUTUAL_CONNECTION": None, "SHARED_SKILL": skill}
    third.listed, other.listed = True, False
    await session.flush()
    assert await reasons() == {"MUTUAL_CONNECTION": None, "SHARED_SKILL": None}


@pytest.mark.parametrize("hidden", [models.TagKind.OFFER, models.TagKind.HAVE])
async def test_what_somebody_offers_is_told_again_only_while_that_is_seen(
    session: AsyncSession, api: Api, hidden: models.TagKind
):
    """That they have it, or seek it, is another thing."""
    me, other = await make_member(session), await make_person(session)
    await make_fact(session, models.Skill, me.person_id or other.id, name="chess", kind=models.TagKind.WANT)
    theirs = {kind: await make_fact(session, models.Skill, other, name="chess", kind=kind) for kind in models.TagKind}
    await api(MEET, as_=me)
    theirs[hidden].visibility = models.Visibility.ME
    await session.flush()
    (entry,) = (await export(api, me))["suggestionsShown"]["entries"]
    words = None if hidden is models.TagKind.OFFER else "Offers chess, which you seek"
    assert [one["text"] for one in entry["evidence"]] == [words]


async def test_a_quoted_fact_is_told_again_only_while_it_is_seen(session: AsyncSession, api: Api):
    me, other = await make_member(session), await make_person(session)
    quoted = await make_fact(session, models.PersonText, other, text="sailing")
    reason = {"kind": "SIMILAR_TEXT", "text": "sailing", "weight": 0.1, "key": f"fact:{quoted.id}"}
    await impressions(session, me, other, 1, evidence=[reason])
    assert "sailing" in json.dumps(await export(api, me))
    quoted.visibility = models.Visibility.STAFF
    await session.flush()
    assert "sailing" not in json.dumps(await export(api, me))


async def test_reasons_for_events_name_nobody_else(session: AsyncSession, api: Api):
    me, other = await make_member(session), await make_person(session, "Other")
    event = await make_event(session, "Gala")
    keys = ["city:lisbon", f"companion:{other.id}", f"contact:{other.id}"]
    reasons = [{"kind": "COHORT", "text": key[:9], "weight": 0.1, "key": key} for key in keys]
    shown = models.Suggestion(
        viewer_id=me.person_id, event_id=event.id, list_id=uuid7(), position=0, features={}, evidence=reasons
    )
    session.add(shown)
    await session.flush()

    async def told() -> tuple[Any, list[str | None]]:
        (entry,) = (await export(api, me))["suggestionsShown"]["entries"]
        return entry["item"]["event"], [one["text"] for one in entry["evidence"]]

    named, words = await told()
    assert (named["name"], words) == ("Gala", ["city:lisb", None, None])
    event.audience = models.Visibility.STAFF
    await session.flush()
    assert await told() == (None, [None, None, None])


async def test_reasons_that_compare_name_what_it_was_like_only_while_that_is_seen(session: AsyncSession, api: Api):
    me, poster = await make_member(session), await make_person(session)
    job, past, event = await make_job(session), await make_job(session, poster), await make_event(session)
    keys = ["new:here", f"liked:{past.id}", f"like:{event.id}"]
    reasons = [{"kind": "COHORT", "text": key[:6], "weight": 0.1, "key": key} for key in keys]
    session.add(
        models.Suggestion(
            viewer_id=me.person_id, job_id=job.id, list_id=uuid7(), position=0, features={}, evidence=reasons
        )
    )
    await session.flush()

    async def told() -> list[str | None]:
        (entry,) = (await export(api, me))["suggestionsShown"]["entries"]
        return [one["text"] for one in entry["evidence"]]

    assert await told() == ["new:he", "liked:", "like:" + str(event.id)[0]]
    await block(session, poster, await session.get_one(models.Person, me.person_id))
    assert await told() == ["new:he", None, "like:" + str(event.id)[0]]
    event.audience = models.Visibility.STAFF
    await session.flush()
    assert await told() == ["new:he", None, None]


# ---------------------------------------------------------------- who


@pytest.mark.parametrize("who", ["guest", "member", "officer"])
async def test_whoever_has_a_profile_takes_away_their_own(session: AsyncSession, api: Api, who: str):
    person = await make_person(session, "Own", alumnus=who != "guest", listed=False)
    role = models.AccountRole.ADMIN if who == "officer" else models.AccountRole.MEMBER
    account = await make_account(session, person, role)
    other = await make_member(session, "Somebody Else")
    for owner in (person, other.person_id):
        await make_fact(session, models.Skill, owner or person, models.Visibility.ME, name="chess")
        await register(session, await make_event(session, "Draft", audience=models.Visibility.STAFF), owner or person)
    given = await export(api, account)
    assert given["person"]["displayName"] == "Own"
    assert [one["name"] for one in given["facts"]["skills"]] == ["chess"]
    assert [bool(one["event"]) for one in given["registrations"]] == [who == "officer"]
    assert "Somebody Else" not in json.dumps(given)


async def test_who_has_no_profile_has_no_export(session: AsyncSession, api: Api):
    assert (await api(EXPORT, as_=await make_staff(session))).codes == ["FORBIDDEN"]
    assert (await api(EXPORT)).codes == ["UNAUTHENTICATED"]


# ---------------------------------------------------------------- long logs


async def impressions(
    session: AsyncSession, viewer: models.Account, person: models.Person, number: int, **more: Any
) -> None:
    """So many suggestions of one person, a second apart."""
    evidence = more.get("evidence", [])
    session.add_all(
        models.Suggestion(
            viewer_id=viewer.person_id, person_id=person.id, list_id=uuid7(), position=place, score=0.5,
            features={}, evidence=evidence, ranking_digest=b"1",
        )
        for place in range(number)
    )  # fmt: skip
    await session.flush()
    await session.execute(text("update suggestions set created_at = now() + position * interval '1 second'"))


async def test_a_long_log_comes_in_parts_and_none_is_lost(
    session: AsyncSession, api: Api, monkeypatch: pytest.MonkeyPatch
):
    me, other = await make_member(session), await make_person(session)
    await impressions(session, me, other, 5)
    monkeypatch.setattr(exports, "MOST", 3)
    exports.statement.cache_clear()
    first = (await export(api, me))["suggestionsShown"]
    then = (await export(api, me, until=first["entries"][0]["shownAt"]))["suggestionsShown"]
    exports.statement.cache_clear()
    assert (first["total"], then["total"]) == (5, 5)
    assert [one["position"] for one in first["entries"]] == [2, 3, 4]
    assert [one["position"] for one in then["entries"]] == [0, 1, 2]


async def test_thousands_of_suggestions_cost_no_more_statements(session: AsyncSession, api: Api):
    me, other = await make_member(session), await make_person(session)
    few = await api(EXPORT, as_=me)
    reasons = [{"kind": "COHORT", "text": "x" * 50, "weight": 0.1, "key": f"{name}:1"} for name in ("skill", "cohort")]
    await impressions(session, me, other, 5_000, evidence=reasons)
    many = await api(EXPORT, as_=me)
    assert len(many.data["requestExport"]["export"]["suggestionsShown"]["entries"]) == 5_000
    assert len(many.statements) == len(few.statements)
    assert await session.scalar(select(models.Suggestion.id).limit(1)) is not None
