"""What the people of a world were told, and what the office's webhook is told of them."""

from random import Random
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import ViewerKind
from tests.factories import make_account, make_delivery, make_webhook
from tests.schema.worlds.rules import Asker, Sent, Told, World

Kind = models.NotificationKind
T = models.WebhookTopic


async def tell(session: AsyncSession, random: Random, world: World) -> None:
    """Both ends are told of each tie, whatever became of it, and some of each event; a webhook of everything."""
    for pair, tie in world.ties.items():
        for end in pair:
            kind = Kind.CONNECTION_ACCEPTED if end == tie.requester else Kind.CONNECTION_REQUESTED
            told = Told(uuid4(), end, pair=pair)
            session.add(models.Notification(id=told.id, person_id=end, kind=kind, connection_id=tie.id))
            world.told.append(told)
    for event in world.events:
        for person in random.sample(world.people, 3):
            told, kind = Told(uuid4(), person.id, event=event), Kind.REGISTRATION_CONFIRMED
            session.add(models.Notification(id=told.id, person_id=person.id, kind=kind, event_id=event.id))
            world.told.append(told)
    await session.flush()
    webhook = await make_webhook(session, await make_account(session, role=models.AccountRole.ADMIN))
    world.webhook = webhook.id
    about: list[tuple[models.WebhookTopic, UUID]] = [
        *((T.PERSON_UPDATED, person.id) for person in world.people),
        *((T.EVENT_UPDATED, event.id) for event in world.events),
        *((T.JOB_UPDATED, job.id) for job in world.jobs),
    ]
    for topic, object_id in about:
        delivery = await make_delivery(session, webhook, object_id, topic)
        attempt = models.WebhookAttempt(delivery_id=delivery.id)
        session.add(attempt)
        await session.flush()
        world.sent.append(Sent(delivery.id, attempt.id, object_id))


def sees_told(world: World, asker: Asker, told: Told) -> bool:
    """Whether it is the asker's own, and about something that the asker knows of."""
    if not asker.owns(told.person):
        return False
    if told.pair is not None:
        return world.ties[told.pair].id in world.requests(asker) or world.has_tie(asker, told.pair)
    return told.event is None or world.sees_event(asker, told.event)


def administers(asker: Asker) -> bool:
    """Webhooks are for administrators, and not while they read as somebody else."""
    role = asker.account.role
    return asker.kind is ViewerKind.STAFF and asker.through is None and role is models.AccountRole.ADMIN


def sees_sent(world: World, asker: Asker, sent: Sent) -> bool:
    """Whether the asker may know that the webhook was told of it."""
    seen = {
        *(one.id for one in world.people if world.sees_person(asker, one)),
        *(one.id for one in world.events if world.sees_event(asker, one)),
        *(one.id for one in world.jobs if world.sees_job(asker, one)),
    }
    return administers(asker) and sent.object_id in seen
