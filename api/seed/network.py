"""The demo network as rows: who there is, what they did and say, and who knows whom. Pure and deterministic."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from api.seed.accounts import DEMO_ADMIN_EMAIL, DEMO_MEMBER_EMAIL, DEMO_STAFF_EMAIL
from api.seed.advising import EXPERIENCED, SHARE, draw_advice
from api.seed.careers import PLACES_OF_WORK, TRACKS, Track, draw_career
from api.seed.drawing import chance, draw_id, draw_some, pick
from api.seed.gatherings import draw_gatherings
from api.seed.names import Name, draw_name
from api.seed.openings import draw_openings
from api.seed.places import City, city_named, draw_home, draw_origin, draw_phone
from api.seed.studies import BY_NAME, HOME_SCHOOL, HONOURS, OTHER_SCHOOLS, Programme, draw_degree, draw_programme
from api.seed.texts import INTERESTS, draw_bio, draw_offers, draw_seeks, draw_words

FIRST_YEAR, LAST_YEAR, NOW = 1975, 2030, 2026
MADE = datetime(2026, 9, 1, tzinfo=UTC)
STAMP = int(MADE.timestamp() * 1000)
TIES_EACH = 4
"""Ties that each person makes; together with those made by others about twice as many."""

Row = tuple[Any, ...]


@dataclass
class Person:
    """What later draws need of a person."""

    number: int
    id: str
    name: Name
    year: int
    programme: Programme
    track: Track
    home: City
    listed: bool = True
    here: bool = True
    """Alive, and with an account."""
    mentor: bool = False
    employers: list[int] = field(default_factory=list[int])
    interests: list[str] = field(default_factory=list[str])


@dataclass
class Rows:
    """Rows by table, in the order of `COLUMNS`."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, *values: Any) -> None:
        """One row."""
        self.tables[table].append(values)


COLUMNS: dict[str, tuple[str, ...]] = {
    "institutions": ("id", "name", "time_zone"),
    "organizations": ("id", "name"),
    "people": ("id", "source", "external_id", "given_name", "family_name", "display_name", "name_at_graduation", "pronouns",
               "listed", "suggestable", "show_attendance", "mentor_open", "deceased", "choices_made_at"),
    "accounts": ("id", "person_id", "email", "role", "first_signed_in_at"),
    "person_roles": ("id", "person_id", "kind", "starts_on", "ends_on"),
    "educations": ("id", "person_id", "visibility", "school", "home", "degree", "programme", "cip_code", "start_date",
                   "end_date", "completed", "honours", "registrar_sourced"),
    "experiences": ("id", "person_id", "visibility", "organization_id", "title", "occupation_system", "occupation_code",
                    "start_date", "end_date"),
    "skills": ("id", "person_id", "visibility", "name", "kind"),
    "interests": ("id", "person_id", "visibility", "name", "kind"),
    "places": ("id", "person_id", "visibility", "kind", "city", "region", "country", "time_zone"),
    "contact_points": ("id", "person_id", "visibility", "kind", "value"),
    "links": ("id", "person_id", "visibility", "kind", "url"),
    "person_texts": ("id", "person_id", "visibility", "kind", "text", "language"),
    "connections": ("id", "low_id", "high_id", "requester_id", "state", "requested_at", "answered_at", "connected_at"),
    "blocks": ("id", "blocker_id", "blocked_id"),
    "events": ("id", "name", "description", "organizer", "status", "attendance_mode", "audience", "starts_at", "ends_at",
               "time_zone", "venue", "city", "region", "country", "join_url", "capacity", "seats_taken", "attendees_shown"),
    "registrations": ("id", "event_id", "person_id", "state", "registered_at"),
    "jobs": ("id", "poster_id", "organization_id", "title", "description", "employment_type", "remote", "city", "region",
             "country", "apply_url", "audience", "valid_through", "withdrawn_at", "created_at"),
    "job_skills": ("id", "job_id", "name"),
    "job_interests": ("id", "job_id", "person_id", "created_at"),
    "mentor_profiles": ("id", "person_id", "about", "max_mentees", "active_mentees", "paused_until", "created_at",
                        "updated_at"),
    "mentor_topics": ("id", "profile_id", "name", "created_at"),
    "mentorships": ("id", "mentor_id", "mentee_id", "state", "message", "answered_at", "ended_at", "created_at"),
}  # fmt: skip
"""The tables that are filled, in an order that references allow, and the columns given."""
CHUNK = 2_000


def generate(people: int, seed: int = 1, now: datetime = MADE) -> Iterator[Rows]:
    """The rows of a network of so many people, in chunks; the last two have the ties and what people do together.

    Events, openings and mentorships are as of `now`; all else is as it was `MADE`.
    """
    random = Random(seed)
    network = _Network(random)
    yield network.frame()
    everybody: list[Person] = []
    for start in range(0, people, CHUNK):
        rows = Rows()
        everybody.extend(network.person(rows, number) for number in range(start, min(start + CHUNK, people)))
        yield rows
    yield network.ties(everybody)
    doings = Rows()
    draw_gatherings(random, doings, everybody, now, network.id)
    draw_openings(random, doings, everybody, network.organizations, now, network.id)
    draw_advice(random, doings, everybody, now, network.id)
    yield doings


class _Network:
    """Draws one network."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.organizations = [self.id() for _ in PLACES_OF_WORK]

    def id(self) -> str:
        """A new id."""
        return draw_id(self.random, STAMP)

    def level(self, usual: str = "MEMBERS") -> str:
        """Who sees a fact: mostly the usual, sometimes fewer or all."""
        roll = self.random.random()
        for share, level in ((0.05, "CONNECTIONS"), (0.08, "STAFF"), (0.10, "ME"), (0.16, "PUBLIC")):
            if roll < share:
                return level
        return usual

    def frame(self) -> Rows:
        """The institution, its office and the organisations."""
        rows = Rows()
        rows.add("institutions", self.id(), HOME_SCHOOL, "America/New_York")
        for email, role in ((DEMO_STAFF_EMAIL, "STAFF"), (DEMO_ADMIN_EMAIL, "ADMIN")):
            rows.add("accounts", self.id(), None, email, role, MADE)
        for key, name in zip(self.organizations, PLACES_OF_WORK, strict=True):
            rows.add("organizations", key, name)
        return rows

    def person(self, rows: Rows, number: int) -> Person:
        """One person with all facts. Number 0 is the demo alumna."""
        random = self.random
        demo = number == 0
        origin = city_named("Lagos") if demo else draw_origin(random)
        programme = BY_NAME["Data Science"] if demo else draw_programme(random)
        person = Person(
            number,
            self.id(),
            Name("Amara", "Okafor", None, None, "she/her") if demo else draw_name(random, origin.country),
            2014 if demo else min(LAST_YEAR, FIRST_YEAR + int((LAST_YEAR - FIRST_YEAR + 1) * random.random() ** 0.7)),
            programme,
            TRACKS["data" if demo else pick(random, programme.tracks)],
            city_named("Lagos") if demo else draw_home(random, origin),
        )
        self.own_row(rows, person, demo)
        self.studies(rows, person)
        title, place = self.work(rows, person)
        self.words(rows, person, title, place, demo)
        self.whereabouts(rows, person, origin, demo)
        return person

    def own_row(self, rows: Rows, person: Person, demo: bool) -> None:
        """Names, choices, account, roles."""
        random, name = self.random, person.name
        deceased = not demo and person.year < 2000 and chance(random, 0.04)
        listed = demo or chance(random, 0.9)
        account = demo or (not deceased and chance(random, 0.8))
        advises = chance(random, SHARE) and account and listed and person.year <= NOW - EXPERIENCED and not demo
        person.listed, person.here, person.mentor = listed, account, advises
        rows.add(
            "people", person.id, "demo", str(person.number), name.given, name.family, name.display, name.at_graduation,
            name.pronouns, listed, demo or chance(random, 0.9), chance(random, 0.5), advises, deceased,
            MADE if account else None,
        )  # fmt: skip
        if account:
            email = DEMO_MEMBER_EMAIL if demo else f"member{person.number}@alumni.example.edu"
            rows.add("accounts", self.id(), person.id, email, "MEMBER", MADE)
        student = person.year > NOW
        since, until = f"{person.year - 4}-09-01", f"{person.year}-06-30"
        rows.add("person_roles", self.id(), person.id, "STUDENT", since, None if student else until)
        if not student:
            rows.add("person_roles", self.id(), person.id, "ALUMNUS", until, None)
        if not student and person.track.key == "academia" and chance(random, 0.3):
            rows.add("person_roles", self.id(), person.id, "FACULTY", f"{person.year + 6}-09-01", None)

    def studies(self, rows: Rows, person: Person) -> None:
        """The degree here, and sometimes one elsewhere."""
        random = self.random
        degree = draw_degree(random, person.programme)
        honours = pick(random, HONOURS) if chance(random, 0.12) else None
        done = person.year <= NOW
        rows.add(
            "educations", self.id(), person.id, self.level(), HOME_SCHOOL, True, degree.name, person.programme.name,
            person.programme.cip_code, str(person.year - degree.years), str(person.year), done, honours, True,
        )  # fmt: skip
        if person.year + 3 < NOW and chance(random, 0.25):
            other = draw_programme(random)
            start = person.year + 1
            rows.add(
                "educations", self.id(), person.id, self.level(), pick(random, OTHER_SCHOOLS), False, "MA", other.name,
                other.cip_code, str(start), str(start + 2), True, None, False,
            )  # fmt: skip

    def work(self, rows: Rows, person: Person) -> tuple[str, str]:
        """The career; the latest title and where."""
        title, place = "Student", HOME_SCHOOL
        for job in draw_career(self.random, person.track, person.year + self.random.randrange(2), NOW):
            rows.add(
                "experiences", self.id(), person.id, self.level(), self.organizations[job.organization], job.title,
                "ISCO-08", person.track.isco, str(job.start), None if job.end is None else str(job.end),
            )  # fmt: skip
            person.employers.append(job.organization)
            title, place = job.title, PLACES_OF_WORK[job.organization]
        return title, place

    def words(self, rows: Rows, person: Person, title: str, place: str, demo: bool) -> None:
        """Skills, interests, and what they say."""
        random = self.random
        want = pick(random, pick(random, list(TRACKS.values())).skills)
        if demo:
            want = "climate policy"
        words = draw_words(
            random, person.track, title=title, place=place, city=person.home.name, other_city=draw_origin(random).name,
            programme=person.programme.name, years=NOW - person.year, want=want,
        )  # fmt: skip
        for skill in draw_some(random, person.track.skills, 2 + random.randrange(3)):
            rows.add("skills", self.id(), person.id, self.level(), skill, "HAVE")
        rows.add("skills", self.id(), person.id, self.level(), words["skill"], "OFFER")
        rows.add("skills", self.id(), person.id, self.level(), want, "WANT")
        person.interests = draw_some(random, INTERESTS, 1 + random.randrange(4))
        for interest in person.interests:
            rows.add("interests", self.id(), person.id, self.level(), interest, "HAVE")
        texts = {
            "BIO": (draw_bio(random, words), 0.85),
            "SEEKS": (draw_seeks(random, words), 0.7),
            "OFFERS": (draw_offers(random, words), 0.6),
        }
        for kind, (said, share) in texts.items():
            if demo or chance(random, share):
                level = "MEMBERS" if demo else self.level()
                rows.add("person_texts", self.id(), person.id, level, kind, said, "en")

    def whereabouts(self, rows: Rows, person: Person, origin: City, demo: bool) -> None:
        """Places, contact points, links; none of them belongs to anybody."""
        random, city = self.random, person.home
        kinds = {"HOME": city} | ({"ORIGIN": origin} if chance(random, 0.5) else {})
        for kind, one in kinds.items():
            level = "MEMBERS" if demo else self.level()
            rows.add(
                "places", self.id(), person.id, level, kind, one.name, one.region or None, one.country, one.time_zone
            )
        email = f"person{person.number}@{pick(random, ('example.org', 'example.com', 'example.net'))}"
        rows.add("contact_points", self.id(), person.id, self.level("CONNECTIONS"), "EMAIL", email)
        phone = draw_phone(random, city) if chance(random, 0.4) else None
        if phone:
            rows.add("contact_points", self.id(), person.id, self.level("CONNECTIONS"), "PHONE", phone)
        if chance(random, 0.3):
            url = f"https://person{person.number}.example.org/"
            rows.add("links", self.id(), person.id, self.level(), "WEBSITE", url)

    # -------------------------------------------------- who knows whom

    def ties(self, people: list[Person]) -> Rows:
        """Connections along cohorts, employers, places and interests; some open requests; a few blocks."""
        random, rows = self.random, Rows()
        circles: dict[tuple[str, object], list[Person]] = defaultdict(list)
        for person in people:
            for circle in _circles(person):
                circles[circle].append(person)
        seen: set[tuple[str, str]] = set()
        for person in people:
            own = _circles(person)
            for _ in range(12 if person.number == 0 else int(TIES_EACH * random.expovariate(1.0)) + 1):
                other = pick(random, circles[pick(random, own)] if chance(random, 0.9) else people)
                self.tie(rows, seen, person, other)
        for _ in range(len(people) // 200):
            one, other = pick(random, people), pick(random, people)
            if one.number and other.number and one.id != other.id and (one.id, other.id) not in seen:
                seen.add((one.id, other.id))
                rows.add("blocks", self.id(), one.id, other.id)
        return rows

    def tie(self, rows: Rows, seen: set[tuple[str, str]], one: Person, other: Person) -> None:
        """A connection or a request, once a pair."""
        low, high = sorted((one.id, other.id))
        if low == high or (low, high) in seen:
            return
        seen.add((low, high))
        first = min(NOW, max(2005, one.year - 3, other.year - 3))
        at = datetime(first + self.random.randrange(NOW - first + 1), 1 + self.random.randrange(8), 1, tzinfo=UTC)
        pending = one.number and other.number and chance(self.random, 0.06)
        answered = None if pending else at
        rows.add(
            "connections", self.id(), low, high, one.id, "PENDING" if pending else "ACCEPTED", at, answered, answered
        )


def _circles(person: Person) -> list[tuple[str, object]]:
    """The circles in which somebody meets others; programme and year twice, since there most ties are made."""
    cohort = ("cohort", (person.year, person.programme.number))
    return [
        cohort,
        ("year", person.year),
        ("programme", (person.programme.number, person.year // 4)),
        ("city", (person.home.number, person.year // 10)),
        *(("employer", (one, person.year // 8)) for one in person.employers),
        *(("interest", (one, person.home.country)) for one in person.interests),
    ]
