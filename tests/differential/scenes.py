"""A database full of hidden facts and blocks for operations to be asked of, and who asks them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest
from graphql import OperationDefinitionNode
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from api import models
from api.access import ViewerKind
from api.app import create_app
from api.auth import DevelopmentIssuer
from api.settings import Settings
from recommender.embeddings import HashEmbedder
from recommender.vectors import embed_missing
from schema.context import Context
from schema.engine.execution import Engine
from tests.conftest import Api, asking, unbounded
from tests.databases import LockedDatabase
from tests.differential.plain import Plain
from tests.factories import (
    connect,
    make_delivery,
    make_event,
    make_fact,
    make_job,
    make_person,
    make_webhook,
    register,
)
from tests.holdings import fill
from tests.schema.access_checks.cases import HashedSearches
from tests.schema.worlds import Asker, World, make_world

SHAKEN = """update fact_vectors set embedding = l2_normalize(embedding + array(
    select 0.01 * sin(id * 7.1 + number * number) from generate_series(1, 384) number)::halfvec(384))"""
"""No two vectors are the same, so that a ranking has one order only, however PostgreSQL finds it."""
LANGUAGES = "pt-BR, de;q=0.7, en;q=0.5"
NAMES = ("Ånna", "Benedikt-Émile", "Chloë", "Dvořák", 'Dee "D" O\'Neil', "back\\slash", "Ünal", "Zoë", "zoë", "Ada")


@dataclass
class Answered:
    """What the engine made of each operation since."""

    contexts: list[Context] = field(default_factory=list[Context])
    planned: list[bool] = field(default_factory=list[bool])


@dataclass
class Scene:
    """A world, who asks, and both ways of answering."""

    askers: list[Asker | None]
    """None asks without signing in."""
    api: Api
    db: LockedDatabase
    plain: Plain
    answered: Answered

    async def ask(self, asker: Asker | None, query: str, variables: dict[str, Any]) -> tuple[list[str], Context, bool]:
        """Ask over HTTP, and leave no trace: what is logged must not be in later answers. (answers, context, planned)

        Ask twice: the second time there is a plan, and whose profiles it shows have been counted as seen today.
        """
        async with self.db.connection.begin_nested() as undone:
            account, through = (asker.account, asker.through) if asker else (None, None)
            given = {"as_": account, "through": through, "languages": LANGUAGES, **variables}
            answer, again = [await self.api(query, **given) for _ in range(2)]
            await undone.rollback()
        return [answer.text, again.text], self.answered.contexts[-1], self.answered.planned[-1]


def watch(monkeypatch: pytest.MonkeyPatch) -> Answered:
    """Note what comes to the engine, and whether it answers."""
    found = Answered()
    answer = Engine.answer

    async def noted(self: Engine, context: Context, operation: OperationDefinitionNode) -> bytes | None:
        found.contexts.append(context)
        found.planned.append(False)
        body = await answer(self, context, operation)
        found.planned[-1] = body is not None
        return body

    monkeypatch.setattr(Engine, "answer", noted)
    return found


@asynccontextmanager
async def scene(
    seed: int, engine: AsyncEngine, settings: Settings, issuer: DevelopmentIssuer, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Scene]:
    """A scene that is gone afterwards."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        db = LockedDatabase(connection)
        async with AsyncSession(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            random = Random(seed)
            world = await make_world(session, random)
            askers = await enlarge(session, random, world)
            await session.commit()
        await embed_missing(db, HashEmbedder())
        await connection.execute(text(SHAKEN))
        await connection.execute(text("analyze"))  # what is never committed is never analyzed, and joined at length
        async with asking(create_app(unbounded(settings), db, HashedSearches()), db, issuer) as api:
            yield Scene(askers, api, db, Plain(db), watch(monkeypatch))
        await transaction.rollback()


async def enlarge(session: AsyncSession, random: Random, world: World) -> list[Asker | None]:
    """Somebody of whom everything is held, a crowd, and one who is connected with most of it. Gives all who ask."""
    holdings = await fill(session)
    account = await session.get_one(models.Account, holdings.own["accounts"])
    full = Asker(ViewerKind.MEMBER, account)
    member = next(one for one in world.askers if one.kind is ViewerKind.MEMBER and one.someone and not one.through)
    hub = member.someone.id if member.someone else holdings.person_id
    organizations = list(await session.scalars(select(models.Organization.id)))
    somebody = await session.get_one(models.Person, hub)
    somebody.choices_made_at = datetime.now(UTC)
    session.add(models.AuditEvent(person_id=hub, action=models.AuditAction.EDITED, facts=["Skill"]))
    await session.execute(update(models.Organization).values(industry="Ships", country="PT"))
    of_events = models.Notification.event_id.is_not(None)
    await session.execute(update(models.Notification).where(of_events).values(read_at=datetime.now(UTC)))
    for proposal in world.proposals[1:]:
        change = await session.get_one(models.ProposedChange, proposal.change_id)
        change.part, change.fact_id = "links", world.facts[0].id
    for name in NAMES:
        await _of_crowd(session, random, name, hub, organizations)
    admins = [Asker(ViewerKind.STAFF, one.account) for one in world.askers if one.through][:1]
    for admin in admins:
        await _webhooks(session, admin.account, hub)
    return [*world.askers, *admins, member, full, full, None]


async def _webhooks(session: AsyncSession, admin: models.Account | None, person_id: UUID) -> None:
    """One that is on and one that is off, with messages in all states and an attempt at each."""
    assert admin is not None
    off = {"switched_off": models.SwitchedOff.FAILING, "failing_since": datetime.now(UTC)}
    for more in ({}, off):
        webhook = await make_webhook(session, admin, **more)
        for state in models.DeliveryState:
            delivery = await make_delivery(session, webhook, person_id, state=state)
            refused = {"outcome": models.AttemptOutcome.REFUSED, "response_code": 500, "note": "So."}
            session.add(models.WebhookAttempt(delivery_id=delivery.id, ended_at=datetime.now(UTC), **refused))
    await session.flush()


async def _of_crowd(session: AsyncSession, random: Random, name: str, hub: Any, organizations: list[Any]) -> None:
    """Somebody with a name that is hard to sort or to spell, whose facts have many equals and many nulls."""

    def some(*values: Any) -> Any:
        return random.choice([None, *values])

    levels = list(models.Visibility)
    person = await make_person(
        session, name, listed=random.random() < 0.9, given_name=some(name, "Ana"), family_name=some("Sø", "so", "Zz")
    )
    for place in range(2):
        await make_fact(
            session, models.Education, person, random.choice(levels), end_date=some("1999", "2001-05"),
            programme=some("Law", "law & order"), degree=some("MA"), home=random.random() < 0.7,
        )  # fmt: skip
        await make_fact(
            session, models.Experience, person, random.choice(levels), start_date=some("2001", "2010-10"),
            end_date=some("2011"), organization_id=random.choice(organizations), title=f"Engineer {place}",
        )  # fmt: skip
    for skill in random.sample(["Sailing", "Ålgebra", "C++", "zqcommon"], 2):
        await make_fact(
            session, models.Skill, person, random.choice(levels), name=skill, esco_uri=some("http://data.europa.eu/s")
        )
    await make_fact(
        session, models.Place, person, random.choice(levels), city=some("Lisbon", "Århus"), region=some("Far"),
        time_zone=some("Europe/Lisbon"),
    )  # fmt: skip
    begun = {"starts_on": some(date(2001, 9, 1)), "ends_on": some(date(2005, 6, 30))}
    session.add(models.PersonRole(person_id=person.id, kind=models.PersonRoleKind.STUDENT, **begun))
    shown = {"low_visibility": random.choice(levels), "high_visibility": random.choice(levels)}
    state = models.ConnectionState.ACCEPTED if random.random() < 0.7 else models.ConnectionState.PENDING
    await connect(session, person, hub, state, message="Do you remember?", **shown)
    await make_fact(
        session,
        models.PersonText,
        person,
        random.choice(levels),
        kind=models.TextKind.PHOTO,
        text="https://example.org/p",
    )
    place = {"venue": "Hall 1", "city": "Lisbon", "region": "Lisboa", "country": "PT", "description": "With cake."}
    event = await make_event(
        session, name, organizer=some("Chapter"), capacity=some(2, 50), join_url=some("https://example.org/j"),
        language=some("en", "de"), **some(place) or {},
    )  # fmt: skip
    await register(session, event, hub)
    await register(session, event, person)
    job = await make_job(
        session, person, title=f"Opening of {name}", city=some("Porto"), country="PT", language=some("en")
    )
    for language in random.sample(["pt", "de", "en", "fr"], 2):
        text = {"language": language, "description": some("Über alles.")}
        session.add(models.EventTranslation(event_id=event.id, name=f"{name} auf {language}", **text))
        session.add(models.JobTranslation(job_id=job.id, title=f"{language}: {name}", **text))
