"""Two records of one person, with something in every table that refers to people, and what the database holds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.db import Base
from api.services.disclosures import keep_back
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from tests.databases import LockedDatabase
from tests.factories import (
    block,
    connect,
    make_account,
    make_event,
    make_fact,
    make_job,
    make_mentor,
    make_organization,
    make_person,
    register,
)

V = models.Visibility
State = models.MentorshipState
LATER = {"audit_events", "person_merges", "person_aliases", "idempotency_keys"}
"""Tables that a merge and its undoing themselves write to."""
Dump = dict[str, dict[str, dict[str, Any]]]


@dataclass
class Scene:
    """The two, a third person who has to do with both, and one whom the dropped record blocked."""

    keep: models.Person
    drop: models.Person
    friend: models.Person
    blocked: models.Person
    event: models.Event
    accounts: tuple[models.Account, models.Account]


async def dump(session: AsyncSession) -> Dump:
    """All rows of all tables, by id, but when they were touched."""
    await session.flush()
    found: Dump = {}
    for table in Base.metadata.sorted_tables:
        if table.name not in LATER and "id" in table.c:
            rows = await session.execute(select(table.c.id, func.to_jsonb(table.table_valued())))
            found[table.name] = {str(key): _untouched(row) for key, row in rows}
    return found


def _untouched(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "updated_at"}


async def make_scene(session: AsyncSession, db: LockedDatabase) -> Scene:
    """Duplicates at different levels, ties and blocks across, seats, mentees and accounts of both."""
    keep = await make_person(session, "Ana Lima", show_attendance=True, family_name=None)
    drop = await make_person(
        session, "Ana Costa", suggestable=False, ferpa_hold=True, family_name="Costa", source="crm", external_id="7"
    )
    drop.member_edited, drop.choices_made_at = ["pronouns"], datetime(2024, 1, 1, tzinfo=UTC)
    friend, blocked = await make_person(session, "Friend"), await make_person(session, "Blocked")
    await _facts(session, keep, drop)
    await _between(session, keep, drop, friend, blocked)
    event = await _events(session, keep, drop)
    await _mentoring(session, keep, drop, friend, blocked)
    await _suggestions(session, keep, drop, friend)
    accounts = await _accounts(session, keep, drop)
    await keep_back(session)
    await session.commit()
    await embed_missing(db, HashEmbedder())
    return Scene(keep, drop, friend, blocked, event, accounts)


async def _facts(session: AsyncSession, keep: models.Person, drop: models.Person) -> None:
    acme = await make_organization(session, "Acme")
    for person, level in ((keep, V.PUBLIC), (drop, V.STAFF)):
        degree: dict[str, Any] = {"programme": "Biology", "end_date": "1999", "registrar_sourced": person is drop}
        await make_fact(session, models.Education, person, level, **degree)
        await make_fact(session, models.Experience, person, level, organization_id=acme.id, title="Engineer")
        await make_fact(session, models.Skill, person, level, name="Sailing")
        await make_fact(session, models.Interest, person, level, name="Chess")
        await make_fact(session, models.ContactPoint, person, level, value="ana@example.org")
        await make_fact(session, models.Link, person, level, url="https://example.org/ana")
    await make_fact(session, models.Place, keep, V.PUBLIC, city="Lisbon")
    await make_fact(session, models.Place, drop, V.MEMBERS, city="Porto")
    await make_fact(session, models.PersonText, keep, V.PUBLIC, text="I am Ana.")
    await make_fact(session, models.PersonText, drop, V.ME, text="Between us.")
    await make_fact(session, models.PersonText, drop, V.MEMBERS, text="A job.", kind=models.TextKind.SEEKS)
    await make_fact(session, models.Experience, drop, V.ME, title="Secret")
    await make_fact(session, models.Education, drop, V.MEMBERS, programme="Law", end_date="2003")
    session.add(models.PersonRole(person_id=drop.id, kind=models.PersonRoleKind.DONOR))


async def _between(
    session: AsyncSession, keep: models.Person, drop: models.Person, friend: models.Person, blocked: models.Person
) -> None:
    ends = {"low_visibility": V.PUBLIC, "high_visibility": V.PUBLIC}
    await connect(session, keep, friend, models.ConnectionState.PENDING, **ends)
    await connect(session, drop, friend, low_visibility=V.MEMBERS, high_visibility=V.CONNECTIONS)
    await connect(session, keep, drop)
    await connect(session, keep, blocked)
    await connect(session, drop, await make_person(session, "Other"), low_visibility=V.ME, high_visibility=V.PUBLIC)
    await block(session, drop, blocked)
    await block(session, friend, drop)
    await session.flush()


async def _events(session: AsyncSession, keep: models.Person, drop: models.Person) -> models.Event:
    both = await make_event(session, "Both", capacity=2)
    cancelled = await make_event(session, "Once cancelled", capacity=1)
    await register(session, both, keep)
    await register(session, both, drop)
    await register(session, cancelled, keep, models.RegistrationState.CANCELLED)
    await register(session, cancelled, drop)
    await register(session, await make_event(session, "Drop's own"), drop)
    job = await make_job(session, drop)
    other = await make_job(session)
    for person, which in ((keep, other), (drop, other), (drop, await make_job(session)), (keep, job)):
        session.add(models.JobInterest(job_id=which.id, person_id=person.id))
    await session.flush()
    return both


async def _mentoring(
    session: AsyncSession, keep: models.Person, drop: models.Person, friend: models.Person, blocked: models.Person
) -> None:
    await make_mentor(session, keep, ("Law", "Tax"), max_mentees=1, active_mentees=1)
    await make_mentor(session, drop, ("law", "Boats"), max_mentees=3, active_mentees=2)
    await make_mentor(session, friend, max_mentees=3, active_mentees=2)
    for mentor, mentee, state in (
        (keep, blocked, State.ACCEPTED),
        (drop, await make_person(session, "Mentee"), State.ACCEPTED),
        (drop, keep, State.ACCEPTED),
        (friend, keep, State.ACCEPTED),
        (friend, drop, State.ACCEPTED),
        (friend, drop, State.DECLINED),
    ):
        session.add(models.Mentorship(mentor_id=mentor.id, mentee_id=mentee.id, state=state))
    await session.flush()


async def _suggestions(session: AsyncSession, keep: models.Person, drop: models.Person, friend: models.Person) -> None:
    common, own = uuid4(), uuid4()
    pairs = ((friend, keep, common), (friend, drop, common), (keep, drop, own), (drop, friend, own))
    for place, (viewer, suggested, list_id) in enumerate(pairs):
        shown = models.Suggestion(
            viewer_id=viewer.id, person_id=suggested.id, list_id=list_id, position=place,
            score=0.1 + place, features={"a": 0.5}, evidence=[], ranking_digest=b"\x00\xff",
        )  # fmt: skip
        session.add(shown)
        await session.flush()
        outcome = models.OutcomeKind.DISMISSED
        session.add(
            models.SuggestionOutcome(
                suggestion_id=shown.id, viewer_id=viewer.id, person_id=suggested.id, outcome=outcome
            )
        )
    for proposer, person in ((friend, drop), (drop, friend), (keep, drop)):
        state = models.ProposalState.OPEN
        proposal = models.UpdateProposal(proposer_id=proposer.id, person_id=person.id, note="Moved.", state=state)
        session.add(proposal)
        await session.flush()
        change = {"position": 0, "part": "displayName", "content": {"displayName": "Ana"}}
        session.add(models.ProposedChange(proposal_id=proposal.id, **change))
    session.add(models.LostPerson(person_id=drop.id))
    await session.flush()


async def _accounts(
    session: AsyncSession, keep: models.Person, drop: models.Person
) -> tuple[models.Account, models.Account]:
    accounts = await make_account(session, keep), await make_account(session, drop)
    accounts[1].last_signed_in_at = datetime.now(UTC) + timedelta(hours=1)
    for account in accounts:
        session.add(models.Identity(account_id=account.id, issuer="https://idp.example", subject=str(account.id)))
        key = {"key": "k", "input_digest": b"\x01", "result_id": uuid4()}
        session.add(models.IdempotencyKey(account_id=account.id, **key))
    await session.flush()
    return accounts
