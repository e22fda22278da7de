"""The textbook's schema: as much of ours as is asked, each field a resolver."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry
from sqlalchemy import func, select, text

from api import access, models
from api.access import Viewer
from api.folding import fold
from api.services.profile_changes import ProfileChanges
from api.services.profiles import update_my_profile
from bench.relations import VIEWER, texts
from bench.textbook.loaders import Loaders, Sessions
from schema.ids import decode_id, encode_id


@dataclass
class Context:
    """One request."""

    viewer: Viewer
    sessions: Sessions
    loaders: Loaders


SIMILAR = text(
    f"select id from ({texts()['similar'].replace(VIEWER, 'cast(:viewer as uuid)')}) s"
    " where person_id = :person order by distance, id limit :first"
)
Info: TypeAlias = strawberry.Info[Context, None]


@strawberry.type
class Organization:
    """Where somebody works."""

    name: str
    country: str | None


@strawberry.type
class Experience:
    """A job."""

    row: strawberry.Private[models.Experience]
    title: str
    start_date: str | None
    end_date: str | None
    current: bool

    @strawberry.field
    async def organization(self, info: Info) -> Organization | None:
        """By loader."""
        found = await info.context.loaders.organizations.load(self.row.organization_id)
        return Organization(name=found.name, country=found.country) if found else None


@strawberry.type
class Education:
    """A course of study."""

    school: str
    degree: str | None
    programme: str | None
    start_date: str | None
    end_date: str | None


@strawberry.type
class Person:
    """Somebody."""

    row: strawberry.Private[models.Person]
    display_name: str
    given_name: str | None
    family_name: str | None
    name_at_graduation: str | None
    pronouns: str | None
    deceased: bool

    @strawberry.field
    def id(self) -> strawberry.ID:
        """The same opaque id as ours."""
        return strawberry.ID(encode_id("Person", self.row.id))

    @strawberry.field
    async def class_year(self, info: Info) -> int | None:
        """The last year here."""
        found = await info.context.loaders.educations.load(self.row.id)
        return max((one.end_year for one in found if one.home and one.end_year is not None), default=None)

    @strawberry.field
    async def headline(self, info: Info) -> str | None:
        """Title and organisation of the current experience."""
        found = await info.context.loaders.experiences.load(self.row.id)
        now = next((one for one in found if one.current), None)
        if now is None:
            return None
        organization = await info.context.loaders.organizations.load(now.organization_id)
        return f"{now.title}, {organization.name}" if organization else None

    @strawberry.field
    async def bio(self, info: Info) -> str | None:
        """By loader."""
        return await info.context.loaders.bios.load(self.row.id)

    @strawberry.field
    async def experiences(self, info: Info) -> list[Experience]:
        """By loader."""
        return [_experience(one) for one in await info.context.loaders.experiences.load(self.row.id)]

    @strawberry.field
    async def current_experience(self, info: Info) -> Experience | None:
        """Of the current ones that which began last."""
        found = await info.context.loaders.experiences.load(self.row.id)
        return next((_experience(one) for one in found if one.current), None)

    @strawberry.field
    async def similar_people(self, info: Info, first: int) -> list["Person"]:
        """The ranking by its text, then the people."""
        viewer = info.context.viewer
        given = {"viewer": viewer.key, "person": self.row.id, "first": first}
        async with info.context.sessions() as session:
            ids = list(await session.scalars(SIMILAR, given))
            rows = await session.scalars(select(models.Person).where(models.Person.id.in_(ids), _visible(viewer)))
            found = {row.id: row for row in rows}
        return [_person(found[key]) for key in ids if key in found]

    @strawberry.field
    async def educations(self, info: Info) -> list[Education]:
        """By loader."""
        return [_education(one, info.context.viewer) for one in await info.context.loaders.educations.load(self.row.id)]


def _experience(row: models.Experience) -> Experience:
    return Experience(row=row, title=row.title, start_date=row.start_date, end_date=row.end_date, current=row.current)


def _education(row: models.Education, viewer: Viewer) -> Education:
    """Owners read also what is withheld from others."""
    kept = (row.withheld or {}) if row.person_id == viewer.person_id else {}
    names = ("degree", "programme", "start_date", "end_date")
    return Education(school=row.school, **{name: kept.get(name, getattr(row, name)) for name in names})


def _person(row: models.Person) -> Person:
    return Person(
        row=row,
        display_name=row.display_name,
        given_name=row.given_name,
        family_name=row.family_name,
        name_at_graduation=row.name_at_graduation,
        pronouns=row.pronouns,
        deceased=row.deceased,
    )


@strawberry.input
class TextFilter:
    """Equal to this."""

    eq: str


@strawberry.input
class IntFilter:
    """This number."""

    eq: int


@strawberry.input
class PersonFilter:
    """Both must hold."""

    city: TextFilter
    class_year: IntFilter


@strawberry.type
class PersonConnection:
    """A page."""

    nodes: list[Person]
    total: strawberry.Private[int | None] = None

    @strawberry.field
    async def total_count(self, info: Info) -> int:
        """Counted when asked for."""
        people = select(func.count()).select_from(models.Person)
        async with info.context.sessions() as session:
            return await session.scalar(people.where(_visible(info.context.viewer))) or 0


def _visible(viewer: Viewer):
    return access.sees_person(viewer, models.Person.__table__)


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def person(self, info: Info, id: strawberry.ID) -> Person | None:
        """One person."""
        one = select(models.Person).where(models.Person.id == decode_id(id, "Person"), _visible(info.context.viewer))
        async with info.context.sessions() as session:
            row = await session.scalar(one)
        return _person(row) if row else None

    @strawberry.field
    async def people(self, info: Info, first: int, filter: PersonFilter | None = None) -> PersonConnection:
        """A page of people by name."""
        viewer = info.context.viewer
        rows = select(models.Person).where(_visible(viewer))
        if filter is not None:
            place, education = models.Place, models.Education
            rows = rows.where(
                select(place)
                .where(place.person_id == models.Person.id, place.city_folded == fold(filter.city.eq))
                .where(access.sees_fact(viewer, place.__table__))
                .exists(),
                select(education)
                .where(education.person_id == models.Person.id, education.home)
                .where(education.end_year == filter.class_year.eq, access.sees_fact(viewer, education.__table__))
                .exists(),
            )
        async with info.context.sessions() as session:
            found = await session.scalars(rows.order_by(models.Person.name_sort, models.Person.id).limit(first))
            return PersonConnection(nodes=[_person(row) for row in found])


@strawberry.input
class UpdateMyProfileInput:
    """What is to change."""

    pronouns: str | None


@strawberry.type
class UpdateProfilePayload:
    """The profile as it is now."""

    person: Person


@strawberry.type
class Mutation:
    """What can be changed."""

    @strawberry.mutation
    async def update_my_profile(self, info: Info, input: UpdateMyProfileInput) -> UpdateProfilePayload:
        """By the same service as ours: what it locks, checks, writes and notes is the same."""
        async with info.context.sessions() as session, session.begin():
            await update_my_profile(session, info.context.viewer, ProfileChanges(pronouns=input.pronouns))
            mine = select(models.Person).where(models.Person.id == info.context.viewer.key)
            row = await session.scalar(mine.where(_visible(info.context.viewer)))
        if row is None:
            raise LookupError("You have no profile.")
        return UpdateProfilePayload(person=_person(row))


schema = strawberry.Schema(query=Query, mutation=Mutation)
