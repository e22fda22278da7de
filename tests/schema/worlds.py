"""Random worlds of people, facts, ties and blocks, and a model in plain Python that says who may see what of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import ViewerKind
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
    make_staff,
    register,
)

V = models.Visibility
LEVELS = tuple(V)
FACTS: dict[type[models.Fact], str] = {
    models.Education: "programme",
    models.Experience: "title",
    models.Skill: "name",
    models.Interest: "name",
    models.Place: "city",
    models.ContactPoint: "value",
    models.Link: "url",
    models.PersonText: "text",
}
"""Each kind of fact with the column that carries its token."""
NUMBER: dict[type[models.Fact], int] = {models.Place: 1, models.Experience: 1, models.PersonText: 2}
"""How many of a kind everybody has; of the others at most two."""
COMMON = "zqcommon"
"""The token that several people share, as a skill and as an interest."""
Pair: TypeAlias = frozenset[UUID]


@dataclass(eq=False)
class Someone:
    """A person of the model."""

    id: UUID
    listed: bool
    suggestable: bool
    deceased: bool
    show_attendance: bool = False


@dataclass
class Fact:
    """A fact of the model, with a token, mostly its own: wherever in an answer the fact shows, the token does."""

    id: UUID
    kind: type[models.Fact]
    owner: Someone
    level: models.Visibility
    token: str
    organization_id: UUID | None = None
    year: int | None = None


@dataclass
class Tie:
    """What is between two people."""

    id: UUID
    state: models.ConnectionState
    requester: UUID
    levels: dict[UUID, models.Visibility]


@dataclass
class Gathering:
    """An event of the model, whose name and link carry tokens of their own."""

    id: UUID
    audience: models.Visibility
    attendees_shown: bool
    token: str
    link: str
    attendees: set[UUID] = field(default_factory=set[UUID])


@dataclass
class Opening:
    """A job of the model, whose title carries a token of its own."""

    id: UUID
    poster: UUID | None
    audience: models.Visibility
    open: bool
    token: str
    interested: set[UUID] = field(default_factory=set[UUID])


@dataclass
class Mentor:
    """A mentor of the model, whose topic carries a token of its own; `asked` holds (mentorship, mentee, its token)."""

    id: UUID
    person: Someone
    in_pool: bool
    token: str
    asked: list[tuple[UUID, Someone, str]] = field(default_factory=list[tuple[UUID, Someone, str]])


@dataclass
class Asker:
    """Who asks: with an account, of a kind, as a person or (an officer) as none."""

    kind: ViewerKind
    account: models.Account
    someone: Someone | None = None

    def owns(self, person_id: UUID) -> bool:
        return self.someone is not None and self.someone.id == person_id


@dataclass
class World:
    """What there is, and who may see it: the rules of the design."""

    people: list[Someone] = field(default_factory=list[Someone])
    facts: list[Fact] = field(default_factory=list[Fact])
    ties: dict[Pair, Tie] = field(default_factory=dict[Pair, Tie])
    blocks: dict[Pair, UUID] = field(default_factory=dict[Pair, UUID])
    """The pair, and who of them blocked."""
    organizations: list[UUID] = field(default_factory=list[UUID])
    events: list[Gathering] = field(default_factory=list[Gathering])
    jobs: list[Opening] = field(default_factory=list[Opening])
    mentors: list[Mentor] = field(default_factory=list[Mentor])
    askers: list[Asker] = field(default_factory=list[Asker])

    def person(self, person_id: UUID) -> Someone:
        return next(one for one in self.people if one.id == person_id)

    def tie(self, asker: Asker, other: UUID) -> Tie | None:
        return self.ties.get(frozenset({asker.someone.id, other})) if asker.someone else None

    def sees_person(self, asker: Asker, person: Someone) -> bool:
        if asker.someone and frozenset({asker.someone.id, person.id}) in self.blocks:
            return False
        if asker.kind is ViewerKind.STAFF or asker.owns(person.id):
            return True
        return person.listed and (asker.kind is ViewerKind.MEMBER or self._has_public(person))

    def _has_public(self, person: Someone) -> bool:
        return any(fact.owner is person and fact.level is V.PUBLIC for fact in self.facts)

    def opens(self, asker: Asker, owner: UUID, level: models.Visibility) -> bool:
        if asker.kind is ViewerKind.STAFF:
            return level is not V.ME
        if asker.kind is ViewerKind.GUEST:
            return level is V.PUBLIC
        if level is V.CONNECTIONS:
            tie = self.tie(asker, owner)
            return tie is not None and tie.state is models.ConnectionState.ACCEPTED
        return level in {V.MEMBERS, V.PUBLIC}

    def sees_fact(self, asker: Asker, fact: Fact) -> bool:
        own = asker.owns(fact.owner.id)
        return self.sees_person(asker, fact.owner) and (own or self.opens(asker, fact.owner.id, fact.level))

    def sees_tie(self, asker: Asker, pair: Pair) -> bool:
        tie = self.ties[pair]
        if tie.state is not models.ConnectionState.ACCEPTED:
            return False
        mine = any(asker.owns(end) for end in pair)
        open_ = all(self.opens(asker, end, level) for end, level in tie.levels.items())
        return (mine or open_) and all(self.sees_person(asker, self.person(end)) for end in pair)

    def contacts(self, asker: Asker, person: Someone) -> set[UUID]:
        pairs = [pair for pair in self.ties if person.id in pair and self.sees_tie(asker, pair)]
        return {end for pair in pairs for end in pair if end != person.id}

    def requests(self, asker: Asker) -> set[UUID]:
        """The ids of the open requests that the asker knows of: a decline stays silent."""
        found: set[UUID] = set()
        for pair, tie in self.ties.items():
            if not any(asker.owns(end) for end in pair):
                continue
            sent = asker.owns(tie.requester)
            waiting = tie.state is models.ConnectionState.PENDING
            open_ = waiting or (sent and tie.state is models.ConnectionState.DECLINED)
            if open_ and all(self.sees_person(asker, self.person(end)) for end in pair):
                found.add(tie.id)
        return found

    def sees_organization(self, asker: Asker, organization_id: UUID) -> bool:
        at_it = [fact for fact in self.facts if fact.organization_id == organization_id]
        return asker.kind is ViewerKind.STAFF or any(self.sees_fact(asker, fact) for fact in at_it)

    def sees_event(self, asker: Asker, event: Gathering) -> bool:
        if asker.kind is ViewerKind.STAFF:
            return True
        return event.audience is V.PUBLIC or (event.audience is V.MEMBERS and asker.kind is ViewerKind.MEMBER)

    def sees_attendance(self, asker: Asker, event: Gathering, person: Someone) -> bool:
        if person.id not in event.attendees or not self.sees_event(asker, event):
            return False
        if not self.sees_person(asker, person):
            return False
        free = asker.kind is ViewerKind.STAFF or asker.owns(person.id)
        return free or (event.attendees_shown and person.show_attendance)

    def sees_link(self, asker: Asker, event: Gathering) -> bool:
        comes = asker.someone is not None and asker.someone.id in event.attendees
        return self.sees_event(asker, event) and (asker.kind is ViewerKind.STAFF or comes)

    def sees_job(self, asker: Asker, job: Opening) -> bool:
        if job.poster is not None and asker.owns(job.poster):
            return True
        if asker.someone and frozenset({asker.someone.id, job.poster}) in self.blocks:
            return False
        if asker.kind is ViewerKind.STAFF:
            return True
        audiences = {V.PUBLIC, V.MEMBERS} if asker.kind is ViewerKind.MEMBER else {V.PUBLIC}
        return job.open and job.audience in audiences

    def sees_interest(self, asker: Asker, job: Opening, person: Someone) -> bool:
        if person.id not in job.interested or not self.sees_job(asker, job) or not self.sees_person(asker, person):
            return False
        mine = job.poster is not None and asker.owns(job.poster)
        return asker.kind is ViewerKind.STAFF or mine or asker.owns(person.id)

    def sees_mentor(self, asker: Asker, mentor: Mentor) -> bool:
        if not self.sees_person(asker, mentor.person):
            return False
        if asker.kind is ViewerKind.STAFF or asker.owns(mentor.person.id):
            return True
        open_ = mentor.in_pool and mentor.person.listed and not mentor.person.deceased
        return open_ and asker.kind is ViewerKind.MEMBER

    def sees_mentorship(self, asker: Asker, mentor: Mentor, mentee: Someone) -> bool:
        mine = asker.owns(mentor.person.id) or asker.owns(mentee.id)
        both = self.sees_person(asker, mentor.person) and self.sees_person(asker, mentee)
        return both and (mine or asker.kind is ViewerKind.STAFF)

    def may_meet(self, asker: Asker) -> set[UUID]:
        return {
            one.id
            for one in self.people
            if one.listed and one.suggestable and not one.deceased and not asker.owns(one.id)
            and self.sees_person(asker, one) and self.tie(asker, one.id) is None
        }  # fmt: skip


async def make_world(session: AsyncSession, random: Random) -> World:
    """Six people with facts at all levels, ties in all states, and blocks; an officer among them, and a guest."""
    world = World(askers=[Asker(ViewerKind.STAFF, await make_staff(session))])
    world.organizations = [
        (await make_organization(session, name)).id for name in ("Sharedworks", "Otherworks", "Unseen")
    ]
    for number in range(6):
        await _someone(session, random, world, number)
    for place, one in enumerate(world.people):
        for other in world.people[place + 1 :]:
            await _between(session, random, world, one, other)
    for audience in (V.STAFF, V.MEMBERS, V.MEMBERS, V.PUBLIC):
        await _event(session, random, world, audience)
    for audience in (V.STAFF, V.MEMBERS, V.PUBLIC):
        for open_ in (True, False):
            await _job(session, random, world, audience, open_)
    for person in random.sample(world.people, 4):
        await _mentor(session, random, world, person)
    return world


async def _mentor(session: AsyncSession, random: Random, world: World, person: Someone) -> None:
    token, in_pool = f"zq{random.getrandbits(40):x}", random.random() < 0.6
    row = await session.get_one(models.Person, person.id)
    profile = await make_mentor(session, row, (token,))
    row.mentor_open = in_pool
    mentor = Mentor(profile.id, person, in_pool, token)
    for mentee in random.sample([one for one in world.people if one is not person], 2):
        words = f"zq{random.getrandbits(40):x}"
        state = random.choice(list(models.MentorshipState))
        ship = models.Mentorship(mentor_id=person.id, mentee_id=mentee.id, state=state, message=words)
        session.add(ship)
        await session.flush()
        mentor.asked.append((ship.id, mentee, words))
    world.mentors.append(mentor)


async def _job(session: AsyncSession, random: Random, world: World, audience: models.Visibility, open_: bool) -> None:
    token = f"zq{random.getrandbits(40):x}"
    poster = None if random.random() < 0.3 else random.choice(world.people).id
    until = datetime.now(UTC) + timedelta(days=1 if open_ else -1)
    row = await make_job(session, poster, title=token, audience=audience, valid_through=until)
    job = Opening(row.id, poster, audience, open_, token)
    for person in random.sample(world.people, 3):
        if person.id != poster:
            session.add(models.JobInterest(job_id=row.id, person_id=person.id))
            job.interested.add(person.id)
    await session.flush()
    world.jobs.append(job)


async def _event(session: AsyncSession, random: Random, world: World, audience: models.Visibility) -> None:
    token, link = (f"zq{random.getrandbits(40):x}" for _ in range(2))
    shown = random.random() < 0.7
    row = await make_event(
        session, token, audience=audience, attendees_shown=shown, join_url=f"https://example.org/{link}"
    )
    event = Gathering(row.id, audience, shown, token, link)
    for person in random.sample(world.people, 4):
        await register(session, row, person.id)
        event.attendees.add(person.id)
    world.events.append(event)


async def _someone(session: AsyncSession, random: Random, world: World, number: int) -> None:
    guest, officer = number == 5, number == 0 and random.random() < 0.5
    listed = number != 1 and random.random() < 0.85
    suggestable, deceased = number != 2 and random.random() < 0.9, not guest and random.random() < 0.1
    named = random.random() < 0.6
    row = await make_person(
        session,
        f"Person {number}",
        listed=listed,
        suggestable=suggestable,
        deceased=deceased,
        alumnus=not guest,
        show_attendance=named,
    )
    person = Someone(row.id, listed, suggestable, deceased, named)
    world.people.append(person)
    if not deceased:
        role = models.AccountRole.STAFF if officer else models.AccountRole.MEMBER
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
        more["kind"] = (models.TextKind.SEEKS, models.TextKind.OFFERS, models.TextKind.BIO)[len(texts) % 3]
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
