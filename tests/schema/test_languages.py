"""Languages over HTTP (row 89): which texts one is shown, who may say them in others, and that codes never change."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

from api import models
from api.auth import DevelopmentIssuer
from api.services.trusted_documents import load_documents
from schema.http import preferred
from schema.ids import encode_id
from tests.conftest import Api
from tests.factories import make_account, make_event, make_job, make_member, make_person, make_staff

EVENT = "query($id: ID!) { event(id: $id) { name description language } }"
CREATE = """mutation($input: CreateEventInput!) { createEvent(input: $input) { __typename
    ... on EventPayload { event { id name language translations { language name description } } }
    ... on Error { code } ... on Invalid { problems { path message } } } }"""
UPDATE = CREATE.replace("CreateEventInput", "UpdateEventInput").replace("createEvent", "updateEvent")
POST_JOB = """mutation($input: PostJobInput!) { postJob(input: $input) { __typename
    ... on JobPayload { job { id title description language translations { language title description } } }
    ... on Error { code } ... on Invalid { problems { path } } } }"""
UPDATE_JOB = POST_JOB.replace("PostJobInput", "UpdateJobInput").replace("postJob", "updateJob")
NEW = {
    "name": "Spring Mixer",
    "startsAt": "2030-05-03T18:00:00+02:00",
    "endsAt": "2030-05-03T21:00:00+02:00",
    "timeZone": "Europe/Berlin",
}
GERMAN = {"language": "de", "name": "Frühlingsfest", "description": "Mit Kuchen."}
BRAZILIAN = {"language": "pt-br", "name": "Festa da primavera"}


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        (None, ()),
        ("", ()),
        ("de", ("de",)),
        ("DE-at", ("de-AT", "de")),
        ("zh-hant-TW", ("zh-Hant-TW", "zh-Hant", "zh")),
        ("de-CH, fr;q=0.9, de;q=0.8", ("de-CH", "de", "fr")),
        ("en;q=0.2, fr;q=0.9, de", ("de", "fr", "en")),
        ("fr;q=0.5, en;q=0.5", ("fr", "en")),
        ("de;q=0, en", ("en",)),
        ("*, de;q=0.5", ("de",)),
        ("*", ()),
        ("zh-Hant-x-private", ("zh-Hant-x-private", "zh-Hant", "zh")),
        ("  de ;  q=0.3 ,, ;q=1, en; Q=1.000", ("en", "de")),
        ("de;q=2, fr;q=x, es;level=1, it;q=-1, nl;q=0.1234, en", ("en",)),
        ("<script>, de_DE, \u0434\u0435, 12, a, en", ("en",)),
        (", ".join(f"{one}{other}" for one in "abcdefg" for other in "abcdefg"), None),
    ],
)
def test_what_a_header_asks_for(header: str | None, tags: tuple[str, ...] | None):
    found = preferred(header)
    assert found == tags if tags is not None else len(found) == 20


async def translated(session: AsyncSession, language: str | None = "en", **more: Any) -> models.Event:
    event = await make_event(session, "Spring Mixer", description="With cake.", language=language, **more)
    for one in (GERMAN, {**BRAZILIAN, "language": "pt-BR"}):
        session.add(models.EventTranslation(event_id=event.id, **one))
    await session.flush()
    return event


ENGLISH = ("Spring Mixer", "With cake.", "en")


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (None, ENGLISH),
        ("de", ("Frühlingsfest", "Mit Kuchen.", "de")),
        ("de-AT", ("Frühlingsfest", "Mit Kuchen.", "de")),
        ("pt-BR", ("Festa da primavera", "With cake.", "pt-BR")),
        ("pt", ENGLISH),
        ("fr, it;q=0.8", ENGLISH),
        ("en, de;q=0.9", ENGLISH),
        ("en-GB, de;q=0.9", ENGLISH),
        ("de, en;q=0.9", ("Frühlingsfest", "Mit Kuchen.", "de")),
        ("fr, pt-BR;q=0.4, de;q=0.6", ("Frühlingsfest", "Mit Kuchen.", "de")),
        ("de;q=0, *", ENGLISH),
    ],
)
async def test_texts_are_shown_in_the_first_language_that_they_are_there_in(
    session: AsyncSession, api: Api, header: str | None, shown: tuple[str, str, str]
):
    event, member = await translated(session), await make_member(session)
    answer = await api(EVENT, as_=member, languages=header, id=encode_id("Event", event.id))
    assert tuple(answer.data["event"].values()) == shown


async def test_a_language_that_nobody_stated_is_shown_to_who_reads_none_of_the_others(session: AsyncSession, api: Api):
    event, member = await translated(session, None), await make_member(session)
    named = encode_id("Event", event.id)
    found = [(await api(EVENT, as_=member, languages=one, id=named)).data["event"] for one in ("en, de;q=0.5", "en")]
    assert [(one["name"], one["language"]) for one in found] == [("Frühlingsfest", "de"), ("Spring Mixer", None)]


async def test_it_is_the_same_wherever_the_thing_is_reached_with_one_plan_for_all(session: AsyncSession, api: Api):
    event, member = await translated(session), await make_member(session)
    job = await make_job(session, title="Baker", language="en")
    session.add(models.JobTranslation(job_id=job.id, language="de", title="Bäckerin"))
    await session.flush()
    named = {"e": encode_id("Event", event.id), "j": encode_id("Job", job.id)}
    query = """query($e: ID!, $j: ID!) { event(id: $e) { name } events(first: 5) { nodes { name } }
        job(id: $j) { title } jobs(first: 5) { nodes { title } } node(id: $e) { ... on Event { name } } %s }"""
    finding = 'searchEvents(text: "spring", first: 5) { nodes { event { name } } }'
    for text in (query % "", query % finding):
        english, german = [await api(text, as_=member, languages=one, **named) for one in ("en", "de-DE, de;q=0.9")]
        assert english.text.count("Spring Mixer") == german.text.count("Frühlingsfest") >= 3
        assert english.text.count("Baker") == german.text.count("Bäckerin") == 2
        assert "Spring" not in german.text
        assert english.statements == german.statements
    register = "mutation($e: ID!) { registerForEvent(input: {eventId: $e}) { ... on EventPayload { event { name } } } }"
    done = await api(register, as_=member, languages="de", e=named["e"])
    assert done.data["registerForEvent"]["event"] == {"name": "Frühlingsfest"}
    told = await api("{ viewer { notifications(first: 5) { nodes { event { name } } } } }", as_=member, languages="de")
    assert told.data["viewer"]["notifications"]["nodes"] == [{"event": {"name": "Frühlingsfest"}}]


async def test_staff_say_it_in_other_languages_and_take_them_back(session: AsyncSession, api: Api):
    staff = await make_staff(session)
    made = await api(CREATE, as_=staff, input={**NEW, "language": "EN", "translations": [BRAZILIAN, GERMAN]})
    event = made.data["createEvent"]["event"]
    assert (event["name"], event["language"]) == ("Spring Mixer", "en")
    assert event["translations"] == [GERMAN, {"language": "pt-BR", "name": "Festa da primavera", "description": None}]
    steps: list[tuple[dict[str, Any], list[str]]] = [
        ({"name": "Gala"}, ["de", "pt-BR"]),
        ({"translations": [GERMAN]}, ["de"]),
        ({"language": None}, ["de"]),
        ({"translations": [{**GERMAN, "language": "en"}]}, ["en"]),
        ({"translations": None}, []),
        ({"translations": [GERMAN]}, ["de"]),
        ({"translations": []}, []),
    ]
    for changes, left in steps:
        changed = await api(UPDATE, as_=staff, input={"eventId": event["id"], **changes})
        assert [one["language"] for one in changed.data["updateEvent"]["event"]["translations"]] == left, changes


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({"language": "english"}, ["language"]),
        ({"translations": [{**GERMAN, "language": "de_DE"}]}, ["translations.0.language"]),
        ({"translations": [GERMAN, {**GERMAN, "language": "DE"}]}, ["translations.1.language"]),
        ({"language": "de", "translations": [GERMAN]}, ["translations.0.language"]),
        ({"translations": [{**GERMAN, "name": " "}]}, ["translations.0.name"]),
        ({"translations": [{**GERMAN, "name": "x" * 201}]}, ["translations.0.name"]),
        ({"translations": [{**GERMAN, "description": "x" * 10_001}]}, ["translations.0.description"]),
        ({"translations": [{**GERMAN, "language": f"de-x-{n}"} for n in range(31)]}, ["translations"]),
        ({"name": "", "translations": [{"language": "", "name": ""}]},
         ["translations.0.language", "translations.0.name", "name"]),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_translations_is_named_and_changes_nothing(
    session: AsyncSession, api: Api, given: dict[str, Any], paths: list[str]
):
    staff, event = await make_staff(session), await translated(session, None)
    made = await api(CREATE, as_=staff, input=NEW | given)
    changed = await api(UPDATE, as_=staff, input={"eventId": encode_id("Event", event.id), **given})
    for refused in (made.data["createEvent"], changed.data["updateEvent"]):
        assert refused["__typename"] == "Invalid"
        assert [".".join(one["path"]) for one in refused["problems"]] == [f"input.{path}" for path in paths]
    assert (await session.scalars(select(models.Event.name))).all() == ["Spring Mixer"]
    stored = select(models.EventTranslation.language).order_by(models.EventTranslation.language)
    assert (await session.scalars(stored)).all() == ["de", "pt-BR"]


async def test_a_retry_makes_one_event_and_another_translation_is_another_request(session: AsyncSession, api: Api):
    staff = await make_staff(session)
    given = {**NEW, "idempotencyKey": "k", "translations": [GERMAN]}
    one, same = [(await api(CREATE, as_=staff, input=given)).data["createEvent"] for _ in range(2)]
    assert one == same
    other = await api(CREATE, as_=staff, input={**given, "translations": [BRAZILIAN]})
    assert other.data["createEvent"]["code"] == "CONFLICT"


async def test_a_translation_is_seen_and_changed_by_who_may_see_and_change_the_thing(session: AsyncSession, api: Api):
    draft, public = [
        await translated(session, audience=one) for one in (models.Visibility.STAFF, models.Visibility.PUBLIC)
    ]
    guest = await make_account(session, await make_person(session, alumnus=False))
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Event { translations { name } } } }"
    ids = [encode_id("Event", one.id) for one in (draft, public)]
    both = {"translations": [{"name": "Frühlingsfest"}, {"name": "Festa da primavera"}]}
    for account, seen in (
        (await make_staff(session), [both, both]),
        (await make_member(session), [None, both]),
        (guest, [None, both]),
    ):
        assert (await api(query, as_=account, languages="de", ids=ids)).data["nodes"] == seen
        if account.role is models.AccountRole.MEMBER:
            refused = await api(UPDATE, as_=account, input={"eventId": ids[1], "translations": []})
            assert refused.codes == ["FORBIDDEN"]
    assert len((await session.scalars(select(models.EventTranslation))).all()) == 4


async def test_openings_are_translated_by_who_posted_them(session: AsyncSession, api: Api):
    poster, other = await make_member(session), await make_member(session)
    german = {"language": "de", "title": "Bäckerin", "description": None}
    given = {"title": "Baker", "description": "Of bread.", "organization": "Oven", "country": "PT", "language": "en"}
    until = {"validThrough": (await make_job(session)).valid_through.isoformat()}
    made = await api(POST_JOB, as_=poster, languages="de", input={**given, **until, "translations": [german]})
    job = made.data["postJob"]["job"]
    assert {**job, "id": ""} == {
        "id": "", "title": "Bäckerin", "description": "Of bread.", "language": "de", "translations": [german],
    }  # fmt: skip
    refused = await api(UPDATE_JOB, as_=other, input={"jobId": job["id"], "translations": []})
    assert refused.data["updateJob"]["code"] == "FORBIDDEN"
    wrong = await api(
        UPDATE_JOB, as_=poster, input={"jobId": job["id"], "translations": [{**german, "language": "en"}]}
    )
    assert wrong.data["updateJob"]["problems"] == [{"path": ["input", "translations", "0", "language"]}]
    kept = await api(UPDATE_JOB, as_=poster, languages="de", input={"jobId": job["id"], "title": "Cook"})
    assert kept.data["updateJob"]["job"]["title"] == "Bäckerin"
    gone = await api(UPDATE_JOB, as_=poster, languages="de", input={"jobId": job["id"], "translations": []})
    assert gone.data["updateJob"]["job"]["title"] == "Cook"


@pytest.mark.parametrize(
    ("query", "input_", "codes"),
    [
        ("{ event(id: 7) { name } }", None, ["BAD_USER_INPUT"]),
        ("{ nothing }", None, ["GRAPHQL_VALIDATION_FAILED"]),
        (CREATE, NEW, ["FORBIDDEN"]),
        ("{ events(first: 0) { totalCount } }", None, ["BAD_USER_INPUT"]),
    ],
)
async def test_codes_never_change_with_the_language(
    session: AsyncSession, api: Api, query: str, input_: Any, codes: list[str]
):
    member = await make_member(session)
    given = {} if input_ is None else {"input": input_}
    answers = [await api(query, as_=member, languages=one, **given) for one in (None, "de", "zh-Hant, *;q=0.1", "\\")]
    assert {(one.status, tuple(one.codes), one.text) for one in answers} == {
        (answers[0].status, tuple(codes), answers[0].text)
    }


async def test_what_a_client_keeps_is_kept_by_language(
    session: AsyncSession, app: Starlette, issuer: DevelopmentIssuer
):
    event, member = await translated(session), await make_member(session)
    text = "query($id: ID!) { event(id: $id) { name } }"
    await load_documents(session, {"event": text})
    asked = {"documentId": "event", "variables": json.dumps({"id": encode_id("Event", event.id)})}
    signed = {"authorization": f"Bearer {issuer.token(member.id, timedelta(minutes=5))}", "x-requested-with": "test"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=signed) as client:

        async def get(language: str, **more: str) -> httpx.Response:
            return await client.get("/graphql", params=asked, headers={"accept-language": language, **more})

        english, german = await get("en"), await get("de")
        known = {"if-none-match": german.headers["etag"]}
        again, other = await get("de", **known), await get("en", **known)
    assert german.json()["data"] == {"event": {"name": "Frühlingsfest"}}
    assert (again.status_code, other.status_code, other.json()["data"]) == (304, 200, english.json()["data"])
    assert "Accept-Language" in german.headers["vary"].split(", ")
