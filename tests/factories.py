"""How tests make people, facts, ties and accounts: straight into the tables, each with sensible defaults."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer, ViewerKind

F = TypeVar("F", bound=models.Fact)
_numbers = count(1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def make_person(
    session: AsyncSession,
    display_name: str | None = None,
    *,
    listed: bool = True,
    suggestable: bool = True,
    alumnus: bool = True,
    **columns: Any,
) -> models.Person:
    """A listed, suggestable alumnus."""
    person = models.Person(
        display_name=display_name or f"Person {next(_numbers)}", listed=listed, suggestable=suggestable, **columns
    )
    session.add(person)
    await session.flush()
    if alumnus:
        session.add(models.PersonRole(person_id=person.id, kind=models.PersonRoleKind.ALUMNUS))
        await session.flush()
    return person


async def make_account(
    session: AsyncSession,
    person: models.Person | None = None,
    role: models.AccountRole = models.AccountRole.MEMBER,
    email: str | None = None,
) -> models.Account:
    """An account that has signed in before."""
    account = models.Account(
        person_id=person.id if person else None,
        email=email or f"person{next(_numbers)}@alumni.example.edu",
        role=role,
        first_signed_in_at=LONG_AGO,
        last_signed_in_at=datetime.now(UTC),
    )
    session.add(account)
    await session.flush()
    return account


async def make_member(session: AsyncSession, display_name: str | None = None, **columns: Any) -> models.Account:
    """A person with an account."""
    return await make_account(session, await make_person(session, display_name, **columns))


async def make_staff(session: AsyncSession) -> models.Account:
    """An officer without a profile."""
    return await make_account(session, role=models.AccountRole.STAFF)


async def make_fact(
    session: AsyncSession,
    model: type[F],
    person: models.Person | UUID,
    visibility: models.Visibility = models.Visibility.MEMBERS,
    **columns: Any,
) -> F:
    """A fact about a person, with defaults for what the kind needs."""
    needed: dict[type[models.Fact], dict[str, Any]] = {
        models.Education: {"school": "Northbridge University", "home": True},
        models.Experience: {"title": "Engineer"},
        models.Skill: {"name": f"skill {next(_numbers)}", "kind": models.TagKind.HAVE},
        models.Interest: {"name": f"interest {next(_numbers)}", "kind": models.TagKind.HAVE},
        models.Place: {"kind": models.PlaceKind.HOME, "city": "Lisbon", "country": "PT"},
        models.ContactPoint: {"kind": models.ContactKind.EMAIL, "value": f"c{next(_numbers)}@example.org"},
        models.Link: {"kind": models.LinkKind.WEBSITE, "url": f"https://example.org/{next(_numbers)}"},
        models.PersonText: {"kind": models.TextKind.BIO, "text": "Hello."},
    }
    values = {**needed[model], **columns}
    if model is models.Experience and "organization_id" not in values:
        values["organization_id"] = (await make_organization(session)).id
    fact = model(person_id=person if isinstance(person, UUID) else person.id, visibility=visibility, **values)
    session.add(fact)
    await session.flush()
    return fact


async def make_organization(session: AsyncSession, name: str | None = None) -> models.Organization:
    """An organisation."""
    organization = models.Organization(name=name or f"Organisation {next(_numbers)}")
    session.add(organization)
    await session.flush()
    return organization


async def connect(
    session: AsyncSession,
    one: models.Person | UUID,
    other: models.Person | UUID,
    state: models.ConnectionState = models.ConnectionState.ACCEPTED,
    **columns: Any,
) -> models.Connection:
    """A tie of two people; `one` asked."""
    asker = one if isinstance(one, UUID) else one.id
    asked = other if isinstance(other, UUID) else other.id
    low, high = sorted((asker, asked))
    at: datetime = columns.pop("at", LONG_AGO)
    accepted = state is models.ConnectionState.ACCEPTED
    tie = models.Connection(
        low_id=low,
        high_id=high,
        requester_id=asker,
        state=state,
        requested_at=at,
        answered_at=at if accepted else None,
        connected_at=at if accepted else None,
        **columns,
    )
    session.add(tie)
    await session.flush()
    return tie


async def block(session: AsyncSession, blocker: models.Person, blocked: models.Person) -> models.Block:
    """One blocks the other."""
    row = models.Block(blocker_id=blocker.id, blocked_id=blocked.id)
    session.add(row)
    await session.flush()
    return row


def viewer_of(account: models.Account) -> Viewer:
    """The viewer that a token of this account gives, if its person is a member."""
    staff = account.role is not models.AccountRole.MEMBER
    return Viewer(
        ViewerKind.STAFF if staff else ViewerKind.MEMBER,
        account.person_id,
        account.id,
        admin=account.role is models.AccountRole.ADMIN,
    )


async def make_event(session: AsyncSession, name: str | None = None, **columns: Any) -> models.Event:
    """An event for members, in a month unless said otherwise, of two hours."""
    starts_at = columns.pop("starts_at", datetime.now(UTC) + timedelta(days=30))
    given = {
        "attendance_mode": models.AttendanceMode.OFFLINE,
        "audience": models.Visibility.MEMBERS,
        "time_zone": "UTC",
        "ends_at": starts_at + timedelta(hours=2),
        **columns,
    }
    event = models.Event(name=name or f"Event {next(_numbers)}", starts_at=starts_at, **given)
    session.add(event)
    await session.flush()
    return event


async def register(
    session: AsyncSession,
    event: models.Event,
    person: models.Person | UUID,
    state: models.RegistrationState = models.RegistrationState.CONFIRMED,
) -> models.Registration:
    """A seat taken, whatever the rules say."""
    person_id = person if isinstance(person, UUID) else person.id
    row = models.Registration(event_id=event.id, person_id=person_id, state=state, registered_at=LONG_AGO)
    session.add(row)
    if state is models.RegistrationState.CONFIRMED:
        event.seats_taken = (event.seats_taken or 0) + 1
    await session.flush()
    return row


async def make_job(session: AsyncSession, poster: models.Person | UUID | None = None, **columns: Any) -> models.Job:
    """An opening for members, for a month, in Lisbon."""
    if "organization_id" not in columns:
        columns["organization_id"] = (await make_organization(session)).id
    given = {
        "title": f"Job {next(_numbers)}",
        "employment_type": models.EmploymentType.FULL_TIME,
        "audience": models.Visibility.MEMBERS,
        "valid_through": datetime.now(UTC) + timedelta(days=30),
        "city": "Lisbon",
        "country": "PT",
        **columns,
    }
    job = models.Job(poster_id=poster if isinstance(poster, UUID) or poster is None else poster.id, **given)
    session.add(job)
    await session.flush()
    return job


async def make_mentor(
    session: AsyncSession, person: models.Person, topics: tuple[str, ...] = (), **columns: Any
) -> models.MentorProfile:
    """A mentor in the pool, with one place unless said otherwise."""
    person.mentor_open = True
    profile = models.MentorProfile(person_id=person.id, **{"max_mentees": 1, **columns})
    session.add(profile)
    await session.flush()
    session.add_all(models.MentorTopic(profile_id=profile.id, name=name) for name in topics)
    await session.flush()
    return profile


async def impersonate(
    session: AsyncSession, admin: models.Account, person: models.Person | UUID, **columns: Any
) -> models.Impersonation:
    """An administrator's leave to read as somebody, for half an hour."""
    expires_at = columns.pop("expires_at", datetime.now(UTC) + timedelta(minutes=30))
    row = models.Impersonation(
        account_id=admin.id,
        person_id=person if isinstance(person, UUID) else person.id,
        reason="Asked for help.",
        expires_at=expires_at,
        **columns,
    )
    session.add(row)
    await session.flush()
    return row


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="


async def make_webhook(session: AsyncSession, admin: models.Account, **columns: Any) -> models.Webhook:
    """A webhook of an administrator's, for every topic unless said otherwise."""
    given = {"url": "https://receiver.example/hook", "topics": list(models.WebhookTopic), "secret": SECRET, **columns}
    row = models.Webhook(account_id=admin.id, **given)
    session.add(row)
    await session.flush()
    return row


async def make_delivery(
    session: AsyncSession,
    webhook: models.Webhook,
    object_id: UUID,
    topic: models.WebhookTopic = models.WebhookTopic.PERSON_UPDATED,
    **columns: Any,
) -> models.WebhookDelivery:
    """A message that waits, as if each were of a write of its own."""
    given = {"transaction": next(_numbers), **columns}
    row = models.WebhookDelivery(webhook_id=webhook.id, object_id=object_id, topic=topic, **given)
    session.add(row)
    await session.flush()
    return row
