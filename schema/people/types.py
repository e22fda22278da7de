"""The type Person: each field says where its value comes from."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from sqlalchemy import ColumnElement, FromClause, case, desc, func, literal_column, nulls_last, select

from api import access, models
from api.db import AnySelect
from recommender.likeness import most_alike
from schema.engine.parameters import Scope
from schema.engine.sources import Page, column, expression, from_clause, many, one, planned, ranked, table
from schema.events.listing import events_page
from schema.node import Node
from schema.pagination import PageInfo, total_count
from schema.people.facts import ContactPoint, Education, Experience, Interest, Link, PersonText, Place, Skill
from schema.people.filters import PersonFilter, PersonOrder
from schema.people.listing import FACETS, ORDERS, PersonFacets, class_year
from schema.people.roles import PersonRole

if TYPE_CHECKING:
    from schema.events.types import EventConnection


def _of_person(_scope: Scope, person: FromClause, fact: FromClause) -> ColumnElement[bool]:
    return fact.c.person_id == person.c.id


def _latest(fact: FromClause) -> Sequence[ColumnElement[Any]]:
    return [
        nulls_last(desc(func.coalesce(fact.c.end_date, literal_column("'9999'")))),
        nulls_last(desc(fact.c.start_date)),
    ]


def _visible(scope: Scope, model: type[models.Fact], person: FromClause) -> tuple[FromClause, AnySelect]:
    fact = from_clause(model).alias()
    rows = select().select_from(fact).where(fact.c.person_id == person.c.id, access.sees_fact(scope.viewer, fact))
    return fact, rows.correlate(person)


def words(kind: models.TextKind, description: str) -> Any:
    """A field that is what the person says on one subject."""

    def build(scope: Scope, person: FromClause) -> ColumnElement[Any]:
        fact, rows = _visible(scope, models.PersonText, person)
        return (
            rows.with_only_columns(fact.c.text)
            .where(fact.c.kind == literal_column(f"'{kind.value}'"))
            .scalar_subquery()
        )

    return expression(build, description, reads=(models.PersonText,), reveals=True)


def _headline(scope: Scope, person: FromClause) -> ColumnElement[Any]:
    fact, rows = _visible(scope, models.Experience, person)
    organization = from_clause(models.Organization).alias()
    return (
        rows.with_only_columns(fact.c.title.concat(literal_column("', '")).concat(organization.c.name))
        .join(organization, organization.c.id == fact.c.organization_id)
        .where(fact.c.current)
        .order_by(*_latest(fact), fact.c.id)
        .limit(literal_column("1"))
        .scalar_subquery()
    )


def _contacts(scope: Scope, person: FromClause, other: FromClause) -> ColumnElement[bool]:
    return other.c.id.in_(access.contacts_of(scope.viewer, person.c.id))


def _mutual(scope: Scope, person: FromClause, other: FromClause) -> ColumnElement[bool]:
    mine = access.contacts_of(scope.viewer, access.me(scope.viewer))
    return _contacts(scope, person, other) & other.c.id.in_(mine)


def _connected(scope: Scope, person: FromClause) -> ColumnElement[bool]:
    return access.connected_to(scope.viewer, person.c.id)


def _comes_to(scope: Scope, person: FromClause, event: FromClause) -> ColumnElement[bool]:
    return access.comes(scope.viewer, event, person.c.id)


def _current(_scope: Scope, person: FromClause, fact: FromClause) -> ColumnElement[bool]:
    return (fact.c.person_id == person.c.id) & fact.c.current


def _most_alike(scope: Scope, person: FromClause, first: int) -> AnySelect:
    return most_alike(scope.viewer, person, first)


def _my_tie(scope: Scope, person: FromClause, tie: FromClause) -> ColumnElement[bool]:
    me = access.me(scope.viewer)
    return (tie.c.low_id == func.least(person.c.id, me)) & (tie.c.high_id == func.greatest(person.c.id, me))


def _my_end(scope: Scope, tie: FromClause) -> ColumnElement[Any]:
    return case((tie.c.low_id == access.me(scope.viewer), tie.c.low_visibility), else_=tie.c.high_visibility)


def other_end(scope: Scope, tie: FromClause, person: FromClause) -> ColumnElement[bool]:
    """Who of the two of a tie is not the viewer."""
    me = access.me(scope.viewer)
    return person.c.id == case((tie.c.low_id == me, tie.c.high_id), else_=tie.c.low_id)


@strawberry.type(description="Your connection with somebody.")
@table(models.Connection, access.owns_tie)
class Tie(Node):
    """See `models.Connection`."""

    connected_at: datetime = column(models.Connection.connected_at, "Since when.")
    visibility: models.Visibility = expression(
        _my_end, "Who may learn of it, as far as you decide; both ends must allow it."
    )
    person: Annotated["Person", strawberry.lazy("schema.people.types")] | None = one(
        "Person", other_end, "The other one; null once they have left the directory."
    )


def page_of_people(
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: int | None = strawberry.UNSET,
    before: str | None = strawberry.UNSET,
    filter: PersonFilter | None = strawberry.UNSET,
    order_by: list[PersonOrder] | None = strawberry.UNSET,
):
    """The arguments of a connection of people."""


def people_page(joins: Any, description: str, **options: Any) -> Any:
    """A connection field of people."""
    read = {"classYear": from_clause(models.Education)}
    source = Page("Person", joins, orders=ORDERS, order_reads=read, default_order=("name", "ASC"), facets=FACETS)
    return planned(source, description, arguments=page_of_people, **options)


@strawberry.type(description="Somebody in the network. What you may not see of them is not there.")
@table(models.Person, access.sees_person, current=access.current_person_id, profile_of="id")
class Person(Node):
    """See `models.Person`."""

    display_name: str = column(models.Person.display_name, "The name as the person wants it written.")
    given_name: str | None = column(models.Person.given_name, "The given name.")
    family_name: str | None = column(models.Person.family_name, "The family name.")
    name_at_graduation: str | None = column(models.Person.name_at_graduation, "The name on the diploma.")
    pronouns: str | None = column(models.Person.pronouns, "How to speak of them.")
    deceased: bool = column(models.Person.deceased, "Whether the person has died.")
    joined_at: datetime = column(models.Person.created_at, "When the record came into the network.")
    ferpa_hold: bool | None = expression(
        lambda scope, row: access.for_its_person(scope.viewer, access.is_viewer(scope.viewer, row), row.c.ferpa_hold),
        "Whether what they studied here is kept to the office. Only they and staff learn that; null for others.",
    )
    class_year: int | None = expression(
        class_year, "The year of the last degree taken here, as far as you may see it.", reads=(models.Education,)
    )
    headline: str | None = expression(
        _headline, "The current title and organisation, in one line.", reads=(models.Experience,)
    )
    bio: str | None = words(models.TextKind.BIO, "About them.")
    seeks: str | None = words(models.TextKind.SEEKS, "What they seek.")
    offers: str | None = words(models.TextKind.OFFERS, "What they offer.")
    photo: str | None = words(models.TextKind.PHOTO, "The photo's URL.")
    connected_to_me: bool = expression(_connected, "Whether you two are connected.")

    tie: Tie | None = one("Tie", _my_tie, "Your connection with them, if you are connected.")
    roles: list[PersonRole] = many(
        "PersonRole", _of_person, lambda row: [row.c.starts_on.asc().nulls_first()], "What they are or were here."
    )
    educations: list[Education] = many("Education", _of_person, _latest, "What they learned, latest first.")
    experiences: list[Experience] = many("Experience", _of_person, _latest, "What they did, latest first.")
    current_experience: Experience | None = one(
        "Experience", _current, "What they do now: of several the one that began last.", _latest
    )
    skills: list[Skill] = many("Skill", _of_person, lambda row: [row.c.name_folded], "Skills by name.")
    interests: list[Interest] = many("Interest", _of_person, lambda row: [row.c.name_folded], "Interests by name.")
    places: list[Place] = many("Place", _of_person, lambda row: [row.c.kind], "Where they live, work and come from.")
    contact_points: list[ContactPoint] = many(
        "ContactPoint", _of_person, lambda row: [row.c.kind, row.c.value], "How to reach them."
    )
    links: list[Link] = many("Link", _of_person, lambda row: [row.c.url], "Their pages on the web.")
    texts: list[PersonText] = many("PersonText", _of_person, lambda row: [row.c.kind], "What they say, as facts.")

    connections: Annotated["PersonConnection", strawberry.lazy("schema.people.types")] | None = people_page(
        _contacts, "Whom they are connected with, as far as both ends of each tie let you know."
    )
    mutual_connections: Annotated["PersonConnection", strawberry.lazy("schema.people.types")] | None = people_page(
        _mutual, "Whom you are both connected with."
    )
    events: Annotated["EventConnection", strawberry.lazy("schema.events.types")] | None = events_page(
        _comes_to, "Events they come or came to, as far as both sides let you know."
    )
    similar_people: list[Annotated["Person", strawberry.lazy("schema.people.types")]] = ranked(
        "Person",
        _most_alike,
        "People whose work, studies and words are most like theirs, most alike first: of what every member may see, and"
        " of those who let themselves be suggested. The deceased are not among them. For members and staff: empty for"
        " guests.",
    )


@strawberry.type(description="One person of a page.")
class PersonEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the person stands in the list.")
    node: Person = strawberry.field(description="The person.")


@strawberry.type(description="A page of people, with what is counted over the whole list.")
class PersonConnection:
    """As Relay defines it, with counts."""

    edges: list[PersonEdge] = strawberry.field(description="The people of the page with their cursors.")
    nodes: list[Person] = strawberry.field(description="The people of the page.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = total_count("How many people the whole list has.")
    facets: PersonFacets = strawberry.field(description="Counts by value over the whole list.")
