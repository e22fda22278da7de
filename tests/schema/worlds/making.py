"""Makes random worlds: the model's things, and the rows that stand for them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import ViewerKind
from tests.factories import (
    block,
    connect,
    impersonate,
    make_account,
    make_event,
    make_fact,
    make_job,
    make_mentor,
    make_organization,
    make_person,
    make_staff,
    register,
)
from tests.schema.worlds.office import make_office
from tests.schema.worlds.records import keep_records
from tests.schema.worlds.rules import (
    COMMON,
    FACTS,
    LEVELS,
    NUMBER,
    Asked,
    Asker,
    Fact,
    Gathering,
    Mentor,
    Opening,
    Someone,
    Tie,
    V,
    World,
)
from tests.schema.worlds.telling import tell


async def make_world(session: AsyncSession, random: Random) -> World:
    """Six people with facts at all levels, ties in all states, and blocks; an officer among them, and a guest."""
    world = World(askers=[Asker(ViewerKind.STAFF, await make_staff(session))])
    world.organizations = [
        (await make_organization(session, name)).id for name in ("Sharedworks", "Otherworks", "Unseen")
    ]
    for number in range(6):
        await _someone(session, random, world, number)
    await _impersonations(session, world)
    for place, one in enumerate(world.people):
        for other in world.people[place + 1 :]:
            await _between(session, random, world, one, other)
    await _events(session, random, world, (V.STAFF, V.MEMBERS, V.MEMBERS, V.PUBLIC), days=30)
    for audience in (V.STAFF, V.MEMBERS, V.PUBLIC):
        for open_ in (True, False):
            await _job(session, random, world, audience, open_)
    for person in random.sample(world.people, 4):
        await _mentor(session, random, world, person)
    await make_office(session, random, world)
    await keep_records(session, random, world)
    await _events(session, random, world, (V.STAFF, V.MEMBERS), days=-30)
    await tell(session, random, world)
    return world


async def _impersonations(session: AsyncSession, world: World) -> None:
    """An administrator asks as a guest, and as the member with most that is for that member alone."""

    def secrets(asker: Asker) -> int:
        return sum(fact.owner is asker.someone and fact.level is V.ME for fact in world.facts)

    admin = await make_account(session, role=models.AccountRole.ADMIN)
    for kind in (ViewerKind.MEMBER, ViewerKind.GUEST):
        seen = max((one for one in world.askers if one.kind is kind), key=secrets, default=None)
        if seen is not None and seen.someone is not None:
            through = await impersonate(session, admin, seen.someone.id)
            world.askers.append(Asker(kind, admin, seen.someone, through))


async def _mentor(session: AsyncSession, random: Random, world: World, person: Someone) -> None:
    token, in_pool = f"zq{random.getrandbits(40):x}", random.random() < 0.6
    row = await session.get_one(models.Person, person.id)
    busy = random.choice([{}, {}, {"active_mentees": 1}, {"paused_until": datetime.now(UTC) + timedelta(days=1)}])
    profile = await make_mentor(session, row, (token,), **busy)
    row.mentor_open = in_pool
    mentor = Mentor(profile.id, person, in_pool, not busy, token)
    level = random.choice(LEVELS)
    offer = await make_fact(session, models.Skill, person.id, level, name=COMMON, kind=models.TagKind.OFFER)
    world.facts.append(Fact(offer.id, models.Skill, person, level, COMMON))
    for mentee in random.sample([one for one in world.people if one is not person], 2):
        words = f"zq{random.getrandbits(40):x}"
        state = random.choice(list(models.MentorshipState))
        ship = models.Mentorship(mentor_id=person.id, mentee_id=mentee.id, state=state, message=words)
        session.add(ship)
        await session.flush()
        mentor.asked.append(Asked(ship.id, mentee, words, state))
    world.mentors.append(mentor)


async def _job(session: AsyncSession, random: Random, world: World, audience: models.Visibility, open_: bool) -> None:
    token = f"zq{random.getrandbits(40):x}"
    poster = None if random.random() < 0.3 else random.choice(world.people).id
    until = datetime.now(UTC) + timedelta(days=1 if open_ else -1)
    place = random.choice(world.organizations[:2])
    row = await make_job(session, poster, title=token, audience=audience, valid_through=until, organization_id=place)
    translated = {"language": "de", "title": "Stelle", "description": f"Es geht um {token}."}
    session.add(models.JobTranslation(job_id=row.id, **translated))
    job = Opening(row.id, poster, audience, open_, token, place)
    for person in random.sample(world.people, 3):
        if person.id != poster:
            session.add(models.JobInterest(job_id=row.id, person_id=person.id))
            job.interested.add(person.id)
    await session.flush()
    world.jobs.append(job)


async def _events(
    session: AsyncSession, random: Random, world: World, audiences: Sequence[models.Visibility], days: int
) -> None:
    """Events of these audiences, so many days from now."""
    for audience in audiences:
        token, link = (f"zq{random.getrandbits(40):x}" for _ in range(2))
        shown = random.random() < 0.7
        row = await make_event(
            session,
            token,
            audience=audience,
            attendees_shown=shown,
            join_url=f"https://example.org/{link}",
            starts_at=datetime.now(UTC) + timedelta(days=days),
        )
        translated = {"language": "de", "name": "Feier", "description": f"Es geht um {token}."}
        session.add(models.EventTranslation(event_id=row.id, **translated))
        event = Gathering(row.id, audience, shown, token, link, past=days < 0)
        for person in random.sample(world.people, 4):
            await register(session, row, person.id)
            event.attendees.add(person.id)
        world.events.append(event)


async def _someone(session: AsyncSession, random: Random, world: World, number: int) -> None:
    guest, officer = number == 5, number == 0 and random.random() < 0.5
    listed = number != 1 and random.random() < 0.85
    suggestable, deceased = number != 2 and random.random() < 0.9, not guest and random.random() < 0.1
    named, profiled = random.random() < 0.6, random.random() < 0.8
    row = await make_person(
        session,
        f"Person {number}",
        listed=listed,
        suggestable=suggestable,
        deceased=deceased,
        alumnus=not guest,
        show_attendance=named,
        profiled=profiled,
    )
    person = Someone(row.id, listed, suggestable, deceased, named, profiled, alumnus=not guest)
    world.people.append(person)
    if not deceased:
        role = models.AccountRole.ADMIN if officer else models.AccountRole.MEMBER
        kind = ViewerKind.STAFF if officer else ViewerKind.GUEST if guest else ViewerKind.MEMBER
        world.askers.append(Asker(kind, await make_account(session, row, role), person))
    for kind in FACTS:
        for _ in range(NUMBER.get(kind) or random.randrange(3)):
            token = f"zq{random.getrandbits(40):x}"
            world.facts.append(await _fact(session, random, world, person, kind, token))
    for kind in (models.Skill, models.Interest):
        if not listed:  # what hidden people have must not count either
            world.facts.append(await _fact(session, random, world, person, kind, COMMON, V.MEMBERS))
        elif random.random() < 0.8:
            world.facts.append(await _fact(session, random, world, person, kind, COMMON))


async def _fact(
    session: AsyncSession,
    random: Random,
    world: World,
    person: Someone,
    kind: type[models.Fact],
    token: str,
    level: models.Visibility | None = None,
) -> Fact:
    column = FACTS[kind]
    value = {"url": f"https://example.org/{token}", "value": f"{token}@example.org"}.get(column, token)
    fact = Fact(person.id, kind, person, level or random.choice([*LEVELS, V.MEMBERS]), token)
    more: dict[str, Any] = {column: value}
    if kind is models.Education:
        fact.year = random.randrange(1990, 2000)
        more["end_date"] = str(fact.year)
    if kind is models.Experience:
        *open_, unseen = world.organizations
        more["organization_id"] = fact.organization_id = random.choice(open_) if person.listed else unseen
    if kind is models.PersonText:
        texts = [one for one in world.facts if one.kind is kind]
        fact.says = (models.TextKind.SEEKS, models.TextKind.OFFERS, models.TextKind.BIO)[len(texts) % 3]
        more["kind"] = fact.says
        more["text"] = f"{token} about sailing and mathematics"  # like all the others, and its own
    fact.id = (await make_fact(session, kind, person.id, fact.level, **more)).id
    return fact


async def _between(session: AsyncSession, random: Random, world: World, one: Someone, other: Someone) -> None:
    pair = frozenset({one.id, other.id})
    first, second = random.sample([one, other], 2)
    roll = random.random()
    if roll < 0.15:
        blocker = await session.get_one(models.Person, first.id)
        await block(session, blocker, await session.get_one(models.Person, second.id))
        world.blocks[pair] = first.id
    elif roll < 0.6:
        often = [models.ConnectionState.ACCEPTED] * 3 + [models.ConnectionState.PENDING]
        state = random.choice([*often, *models.ConnectionState])
        low, high = sorted(pair)
        levels = {low: random.choice(LEVELS), high: random.choice(LEVELS)}
        tie = await connect(
            session, first.id, second.id, state, low_visibility=levels[low], high_visibility=levels[high]
        )
        world.ties[pair] = Tie(tie.id, state, first.id, levels)
