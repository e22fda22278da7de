"""Who may call what: every root field, asked by a stranger, a guest, a member and staff; refusals change nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from schema.ids import encode_id
from schema.permissions import required_of
from schema.root import build_engine
from tests.conftest import Api
from tests.factories import (
    connect,
    make_account,
    make_delivery,
    make_event,
    make_fact,
    make_job,
    make_member,
    make_mentor,
    make_person,
    make_staff,
    make_webhook,
)

SCHEMA = build_engine().schema
QUERIES = {
    "viewer": "{ viewer { email } }",
    "identityClaim": "{ identityClaim { issuer } }",
    "node": '{ node(id: "$person") { id } }',
    "nodes": '{ nodes(ids: ["$person"]) { id } }',
    "person": '{ person(id: "$person") { id } }',
    "people": "{ people(first: 1) { totalCount } }",
    "searchPeople": '{ searchPeople(text: "a", first: 1) { degraded } }',
    "searchEvents": '{ searchEvents(text: "a", first: 1) { degraded } }',
    "searchJobs": '{ searchJobs(text: "a", first: 1) { degraded } }',
    "searchMentors": '{ searchMentors(text: "a", first: 1) { degraded } }',
    "event": '{ event(id: "$event") { id } }',
    "mentors": "{ mentors(first: 1) { totalCount } }",
    "mentorships": "{ mentorships(first: 1) { totalCount } }",
    "suggestedMentors": "{ suggestedMentors(first: 1) { nodes { id } } }",
    "job": '{ job(id: "$job") { id } }',
    "jobs": "{ jobs(first: 1) { totalCount } }",
    "events": "{ events(first: 1) { totalCount } }",
    "updateProposals": "{ updateProposals(first: 1) { totalCount } }",
    "personMerges": "{ personMerges(first: 1) { totalCount } }",
    "webhooks": "{ webhooks(first: 1) { totalCount } }",
    "lostPeople": "{ lostPeople(first: 1) { totalCount } }",
    "cohortOutcomes": "{ cohortOutcomes(by: COUNTRY) { cells { count } } }",
    "recommenders": "{ recommenders { name } }",
    "recommendedEvents": "{ recommendedEvents(first: 1) { nodes { id } } }",
    "peopleYouShouldMeet": "{ peopleYouShouldMeet(first: 1) { nodes { id } } }",
    "recommendedJobs": "{ recommendedJobs(first: 1) { nodes { id } } }",
}
MUTATIONS: dict[str, str] = {
    "markNotificationsRead": "{notificationIds: []}",
    "updateMyProfile": '{pronouns: "they"}',
    "updateProfile": '{personId: "$person", pronouns: "they"}',
    "setFerpaHold": "{hold: true}",
    "placeFerpaHold": '{personId: "$person"}',
    "releaseEducation": '{educationId: "$education", release: true}',
    "setVisibility": '{factId: "$fact", level: ME}',
    "setListed": "{listed: false}",
    "setChoices": "{listed: false}",
    "setProfiling": "{profiled: false}",
    "confirmIdentity": "{confirm: true}",
    "requestConnection": '{personId: "$person"}',
    "answerRequest": '{requestId: "$request", accept: true}',
    "withdrawRequest": '{requestId: "$request"}',
    "endConnection": '{tieId: "$tie"}',
    "blockPerson": '{personId: "$person"}',
    "unblockPerson": '{personId: "$person"}',
    "dismissSuggestion": '{suggestionId: "$suggestion"}',
    "createEvent": '{name: "A", startsAt: "2030-01-01T10:00Z", endsAt: "2030-01-01T11:00Z", timeZone: "UTC"}',
    "updateEvent": '{eventId: "$event", name: "B"}',
    "cancelEvent": '{eventId: "$event"}',
    "registerForEvent": '{eventId: "$event"}',
    "cancelRegistration": '{eventId: "$event"}',
    "postJob": '{title: "A", organization: "B", validThrough: "$later", country: "PT"}',
    "updateJob": '{jobId: "$job", title: "B"}',
    "withdrawJob": '{jobId: "$job"}',
    "showInterest": '{jobId: "$job"}',
    "withdrawInterest": '{jobId: "$job"}',
    "setMentorProfile": '{topics: ["a"]}',
    "requestMentorship": '{mentorId: "$mentor"}',
    "answerMentorship": '{mentorshipId: "$mentorship", accept: true}',
    "withdrawMentorship": '{mentorshipId: "$mentorship"}',
    "endMentorship": '{mentorshipId: "$mentorship"}',
    "proposeUpdate": '{personId: "$person", note: "Moved."}',
    "answerProposal": '{proposalId: "$proposal", accept: true}',
    "setLost": '{personId: "$person", lost: true}',
    "mergePersons": '{keepId: "$person", dropId: "$third"}',
    "undoMerge": '{mergeId: "$merge"}',
    "graduateCohort": '{date: "2026-07-01", personIds: ["$person"]}',
    "requestExport": "{}",
    "eraseMe": '{displayName: "Somebody else"}',
    "erasePerson": '{personId: "$person", reason: REQUESTED}',
    "startImpersonation": '{personId: "$person", reason: "Help", minutes: 5}',
    "endImpersonation": '{impersonationId: "$leave"}',
    "createWebhook": '{url: "https://example.org/hook", topics: [PERSON_UPDATED]}',
    "updateWebhook": '{webhookId: "$webhook", on: false}',
    "rotateWebhookSecret": '{webhookId: "$webhook"}',
    "deleteWebhook": '{webhookId: "$webhook"}',
    "redeliver": '{deliveryId: "$delivery"}',
    "importEvents": '{source: "s", rows: [{externalId: "1", name: "A", startsAt: "2020-01-01T10:00Z",'
    ' endsAt: "2020-01-01T11:00Z", timeZone: "UTC"}]}',
    "importJobs": '{source: "s", rows: [{externalId: "1", title: "A", organization: "B", remote: true,'
    ' validThrough: "2026-12-24T00:00:00Z"}]}',
    "importPeople": '{source: "s", rows: [{externalId: "1", displayName: "A"}]}',
}
WHO = ("stranger", "guest", "member", "staff", "admin")
MAY: dict[str, set[str]] = {
    "PUBLIC": set(WHO),
    "SIGNED_IN": {"guest", "member", "staff", "admin"},
    "PERSON": {"guest", "member"},
    "MEMBER": {"member"},
    "MEMBER_OR_STAFF": {"member", "staff", "admin"},
    "STAFF": {"staff", "admin"},
    "ADMIN": {"admin"},
}
"""The officers here have no profile."""


@dataclass
class Scene:
    """Somebody else's person, fact, tie and request, and who asks."""

    accounts: dict[str, models.Account | None]
    ids: dict[str, str]

    def fill(self, words: str) -> str:
        for name, value in sorted(self.ids.items(), reverse=True):  # $mentorship before $mentor
            words = words.replace(f"${name}", value)
        return words


@pytest.fixture
async def scene(session: AsyncSession) -> Scene:
    return await make_scene(session)


async def make_scene(session: AsyncSession) -> Scene:
    one, other = await make_person(session, "One"), await make_person(session, "Other")
    third = await make_person(session, "Third")
    fact = await make_fact(session, models.Skill, one)
    education = await make_fact(session, models.Education, one, registrar_sourced=True)
    tie = await connect(session, one, other)
    request = await connect(session, third, one, models.ConnectionState.PENDING)
    mentor = await make_mentor(session, other)
    mentorship = models.Mentorship(mentor_id=other.id, mentee_id=one.id, state=models.MentorshipState.PENDING)
    state = models.ProposalState.OPEN
    proposal = models.UpdateProposal(proposer_id=other.id, person_id=one.id, note="Moved.", state=state)
    session.add_all([mentorship, proposal])
    await session.flush()
    webhook = await make_webhook(session, await make_account(session, role=models.AccountRole.ADMIN))
    delivery = await make_delivery(session, webhook, one.id, state=models.DeliveryState.DELIVERED)
    accounts = {
        "stranger": None,
        "guest": await make_account(session, await make_person(session, alumnus=False)),
        "member": await make_member(session),
        "staff": await make_staff(session),
        "admin": await make_account(session, role=models.AccountRole.ADMIN),
    }
    named = {
        "person": encode_id("Person", one.id),
        "fact": encode_id("Skill", fact.id),
        "education": encode_id("Education", education.id),
        "tie": encode_id("Tie", tie.id),
        "request": encode_id("ConnectionRequest", request.id),
        "event": encode_id("Event", (await make_event(session, audience=models.Visibility.STAFF)).id),
        "job": encode_id("Job", (await make_job(session, audience=models.Visibility.STAFF)).id),
        "later": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
        "mentor": encode_id("MentorProfile", mentor.id),
        "mentorship": encode_id("Mentorship", mentorship.id),
        "third": encode_id("Person", third.id),
        "merge": encode_id("PersonMerge", UUID(int=6)),
        "proposal": encode_id("UpdateProposal", proposal.id),
        "leave": encode_id("Impersonation", UUID(int=5)),
        "webhook": encode_id("Webhook", webhook.id),
        "delivery": encode_id("WebhookDelivery", delivery.id),
        "suggestion": encode_id("PersonSuggestion", UUID(int=5)),
    }
    return Scene(accounts, named)


async def everything(session: AsyncSession) -> dict[str, Any]:
    """What every table holds, as one digest each."""
    names = (await session.scalars(text("select tablename from pg_tables where schemaname = 'public'"))).all()
    digest = "select md5(string_agg(t::text, '' order by t::text)) from {} t"
    return {name: await session.scalar(text(digest.format(name))) for name in names}


SUBSCRIPTIONS = {"notificationReceived"}
"""They need real connections: `test_subscriptions.py` asks them as each kind of caller."""


def operations() -> list[tuple[str, str, str]]:
    """(field, what it requires, the operation) of all root fields."""
    found: list[tuple[str, str, str]] = []
    assert SCHEMA.subscription_type is not None
    assert set(SCHEMA.subscription_type.fields) == SUBSCRIPTIONS
    for kind, texts in ((SCHEMA.query_type, QUERIES), (SCHEMA.mutation_type, MUTATIONS)):
        assert kind is not None
        assert set(kind.fields) == set(texts)
        for name, words in texts.items():
            operation = (
                words if kind is SCHEMA.query_type else f"mutation {{ {name}(input: {words}) {{ __typename }} }}"
            )
            found.append((name, required_of(kind.fields[name]).name, operation))
    return found


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(("name", "required", "operation"), operations(), ids=[one[0] for one in operations()])
async def test_a_root_field_answers_those_it_is_for(
    scene: Scene, session: AsyncSession, api: Api, name: str, required: str, operation: str, who: str
):
    before = await everything(session)
    answer = await api(scene.fill(operation), as_=scene.accounts[who])
    if who in MAY[required]:
        assert answer.errors == []
    else:
        assert answer.codes == ["UNAUTHENTICATED" if who == "stranger" else "FORBIDDEN"]
        assert answer.data == {name: None} or answer.data is None
        assert await everything(session) == before


ABOUT_OTHERS = [
    "setVisibility", "releaseEducation", "answerRequest", "withdrawRequest", "endConnection", "dismissSuggestion",
    "registerForEvent",
    "cancelRegistration", "updateJob", "withdrawJob", "showInterest",
    "answerMentorship", "withdrawMentorship", "endMentorship",
]  # fmt: skip


@pytest.mark.parametrize("name", ABOUT_OTHERS)
async def test_what_belongs_to_others_is_answered_as_absent_and_stays(
    scene: Scene, session: AsyncSession, api: Api, name: str
):
    before = await everything(session)
    operation = f"mutation {{ {name}(input: {MUTATIONS[name]}) {{ __typename ... on Error {{ code }} }} }}"
    answer = await api(scene.fill(operation), as_=scene.accounts["member"])
    assert answer.data[name] == {"__typename": "NotFound", "code": "NOT_FOUND"}
    assert await everything(session) == before


def test_every_mutation_takes_one_input():
    mutations = SCHEMA.mutation_type
    assert mutations is not None
    for definition in mutations.fields.values():
        assert set(definition.args) == {"input"}
        given = definition.args["input"].type
        assert isinstance(given, GraphQLNonNull)
        assert isinstance(given.of_type, GraphQLInputObjectType)  # pyright: ignore[reportUnknownMemberType]
