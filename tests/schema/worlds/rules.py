"""What a world consists of, and a model in plain Python that says who may see what of it: the rules of the design."""

from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID, uuid4

from api import models
from api.access import ViewerKind

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
    profiled: bool = True
    alumnus: bool = True
    held: bool = False
    """What they studied here is for the office."""


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
    """Of an education, unless it is kept back."""
    registrar: bool = False
    says: models.TextKind | None = None
    """Of a text, what it is about."""
    kept: bool = False
    """Whether the token is kept back: no directory information, and not released."""


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
    past: bool = False
    attendees: set[UUID] = field(default_factory=set[UUID])


@dataclass
class Opening:
    """A job of the model, whose title carries a token of its own."""

    id: UUID
    poster: UUID | None
    audience: models.Visibility
    open: bool
    token: str
    organization_id: UUID
    interested: set[UUID] = field(default_factory=set[UUID])


@dataclass
class Asked:
    """A mentorship of the model, whose message carries a token of its own."""

    id: UUID
    mentee: Someone
    token: str
    state: models.MentorshipState


@dataclass
class Mentor:
    """A mentor of the model, whose topic carries a token of its own, and who asked them."""

    id: UUID
    person: Someone
    in_pool: bool
    free: bool
    """Neither paused nor full."""
    token: str
    asked: list[Asked] = field(default_factory=list[Asked])


@dataclass
class Proposal:
    """A correction that somebody proposed of somebody else, whose note and change carry a token of their own."""

    id: UUID
    change_id: UUID
    proposer: Someone
    person: Someone
    token: str


@dataclass
class Told:
    """A notification of the model: of a tie or of an event."""

    id: UUID
    person: UUID
    pair: Pair | None = None
    event: Gathering | None = None


@dataclass
class Sent:
    """A message to the webhook of the model, and an attempt to deliver it."""

    id: UUID
    attempt_id: UUID
    object_id: UUID


@dataclass
class Asker:
    """Who asks: with an account, of a kind, as a person or (an officer) as none."""

    kind: ViewerKind
    account: models.Account
    someone: Someone | None = None
    through: models.Impersonation | None = None
    """Set when an administrator, whose account it is, asks as this person."""

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
    proposals: list[Proposal] = field(default_factory=list[Proposal])
    lost: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])
    """Mark -> person."""
    merges: list[tuple[UUID, UUID, Someone]] = field(default_factory=list[tuple[UUID, UUID, Someone]])
    """(merge, the id that was given up, who was kept)."""
    told: list[Told] = field(default_factory=list[Told])
    webhook: UUID = field(default_factory=uuid4)
    sent: list[Sent] = field(default_factory=list[Sent])
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
        own = asker.owns(fact.owner.id) and not (asker.through and fact.level is V.ME)
        return self.sees_person(asker, fact.owner) and (own or self.opens(asker, fact.owner.id, fact.level))

    def reads(self, asker: Asker, fact: Fact) -> bool:
        """Whether the token shows: what is kept back shows to the office and its owner."""
        return self.sees_fact(asker, fact) and (not fact.kept or self.is_close(asker, fact.owner))

    def finds(self, asker: Asker, fact: Fact) -> bool:
        """Whether the token counts and is found: what is kept back is found by nobody."""
        return self.sees_fact(asker, fact) and not fact.kept

    def is_close(self, asker: Asker, person: Someone) -> bool:
        return asker.kind is ViewerKind.STAFF or asker.owns(person.id)

    def knows_alumnus(self, asker: Asker, person: Someone) -> bool:
        """Whether the asker, who sees the person, may know that they studied here."""
        return person.alumnus and (not person.held or self.is_close(asker, person))

    def has_tie(self, asker: Asker, pair: Pair) -> bool:
        """Whether it is a connection of the asker's, who may end it though the other left the directory."""
        return self._is_mine(asker, pair) and pair not in self.blocks

    def _is_mine(self, asker: Asker, pair: Pair) -> bool:
        tie = self.ties[pair]
        if tie.state is not models.ConnectionState.ACCEPTED:
            return False
        return any(asker.owns(end) for end in pair) and not (asker.through and V.ME in tie.levels.values())

    def sees_tie(self, asker: Asker, pair: Pair) -> bool:
        tie = self.ties[pair]
        if tie.state is not models.ConnectionState.ACCEPTED:
            return False
        mine = self._is_mine(asker, pair)
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
            if open_ and pair not in self.blocks:
                found.add(tie.id)
        return found

    def sees_organization(self, asker: Asker, organization_id: UUID) -> bool:
        at_it = [fact for fact in self.facts if fact.organization_id == organization_id]
        posted = [job for job in self.jobs if job.organization_id == organization_id and self.sees_job(asker, job)]
        return asker.kind is ViewerKind.STAFF or bool(posted) or any(self.sees_fact(asker, fact) for fact in at_it)

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

    def sees_mentorship(self, asker: Asker, mentor: Mentor, asked: Asked) -> bool:
        ends = (mentor.person, asked.mentee)
        mine = any(asker.owns(end.id) for end in ends)
        is_open = asked.state in {models.MentorshipState.PENDING, models.MentorshipState.ACCEPTED}
        if mine and is_open and frozenset({end.id for end in ends}) not in self.blocks:
            return True
        return all(self.sees_person(asker, end) for end in ends) and (mine or asker.kind is ViewerKind.STAFF)

    def may_ask(self, asker: Asker) -> set[UUID]:
        """The profiles of the mentors who may be suggested to the asker."""
        return {
            one.id
            for one in self.mentors
            if one.in_pool and one.free and one.person.listed and one.person.profiled and not one.person.deceased
            and self.sees_mentor(asker, one) and not asker.owns(one.person.id)
            and not any(asker.owns(asked.mentee.id) for asked in one.asked)
        }  # fmt: skip

    def colleagues(self, asker: Asker, job: Opening) -> set[UUID]:
        """The living contacts of the asker whom the asker may know to work or have worked where the opening is."""
        mine: set[UUID] = self.contacts(asker, asker.someone) if asker.someone else set()
        at_it = [fact for fact in self.facts if fact.organization_id == job.organization_id]
        known = {fact.owner.id for fact in at_it if self.sees_fact(asker, fact) and not fact.owner.deceased}
        return mine & known

    def may_take(self, asker: Asker) -> set[UUID]:
        return {
            job.id
            for job in self.jobs
            if self.sees_job(asker, job) and job.open and job.audience is not V.STAFF
            and not (job.poster is not None and asker.owns(job.poster))
            and not any(asker.owns(one) for one in job.interested)
        }  # fmt: skip

    def may_meet(self, asker: Asker) -> set[UUID]:
        return {
            one.id
            for one in self.people
            if one.listed and one.suggestable and one.profiled and not one.deceased and not asker.owns(one.id)
            and self.sees_person(asker, one) and self.tie(asker, one.id) is None
        }  # fmt: skip

    def compares(self, person: Someone) -> bool:
        """Whether others can be likened to the person: by what they did, learned or say, if every member sees it."""
        return person.profiled and any(
            fact.owner is person
            and fact.level in {V.MEMBERS, V.PUBLIC}
            and (fact.kind in {models.Education, models.Experience} or fact.says is models.TextKind.BIO)
            for fact in self.facts
        )

    def resembling(self, asker: Asker, person: Someone) -> set[UUID]:
        """Who may be shown to the asker as being like the person, more or less."""
        if asker.kind is ViewerKind.GUEST or not self.compares(person):
            return set()
        return {
            one.id
            for one in self.people
            if one is not person and one.listed and one.suggestable and not one.deceased
            and self.sees_person(asker, one) and self.compares(one)
        }  # fmt: skip

    def may_attend(self, asker: Asker) -> list[Gathering]:
        """What the asker may be pointed to: published and to come, and the asker has no seat there."""
        return [
            event
            for event in self.events
            if event.audience is not V.STAFF and not event.past and self.sees_event(asker, event)
            and not any(asker.owns(one) for one in event.attendees)
        ]  # fmt: skip

    def companions(self, asker: Asker, event: Gathering) -> set[UUID]:
        """Which living contacts of the asker's come, and who of those met at events, as far as the asker may know."""
        mine = asker.someone
        together = [one for one in self.events if one.past and mine and self.sees_attendance(asker, one, mine)]
        known = self.contacts(asker, mine) if mine else set[UUID]()
        return {
            one.id
            for one in self.people
            if one.profiled and not one.deceased and not asker.owns(one.id) and self.sees_attendance(asker, event, one)
            and (one.id in known or any(self.sees_attendance(asker, past, one) for past in together))
        }  # fmt: skip
