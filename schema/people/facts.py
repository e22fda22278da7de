"""The types of facts about a person. Each row carries its own visibility; hidden ones are not there."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, FromClause
from sqlalchemy.orm import InstrumentedAttribute

from api import access, models
from schema.engine.parameters import Scope
from schema.engine.sources import column, expression, one, table
from schema.node import Node
from schema.scalars import PartialDate


def _for_owner(scope: Scope, row: FromClause, value: ColumnElement[Any]) -> ColumnElement[Any]:
    return access.for_its_person(scope.viewer, access.owns(scope.viewer, row), value)


def visibility() -> Any:
    """The field `visibility` of a fact."""
    return expression(
        lambda scope, row: _for_owner(scope, row, row.c.visibility),
        "Who sees this. Only its owner and staff learn that; null for others.",
    )


def recorded(attribute: InstrumentedAttribute[Any], description: str) -> Any:
    """A field that the office and the owner read also where it is withheld from others."""
    return expression(lambda scope, row: access.recorded_for(scope.viewer, row, attribute.key), description)


def _facts(model: type[models.Fact], *, reveals: bool = False) -> Any:
    """`reveals`: such a fact is what one would harvest, and whoever is shown it has seen the person's profile."""
    return table(
        model,
        access.sees_fact,
        access.sees_fact_alone,
        audited=True,
        profile_of="person_id" if reveals else None,
        reveals=reveals,
    )


@strawberry.type(description="An organisation that people work at.")
@table(models.Organization, access.sees_all, access.sees_organization)
class Organization(Node):
    """Reached through an experience that the viewer may read."""

    name: str = column(models.Organization.name, "Its name.")
    industry: str | None = column(models.Organization.industry, "What it does.")
    country: str | None = column(models.Organization.country, "Where it is: ISO 3166-1 alpha-2.")


@strawberry.type(description="A course of study.")
@_facts(models.Education)
class Education(Node):
    """See `models.Education`."""

    school: str = column(models.Education.school, "Where it was.")
    home: bool = column(models.Education.home, "Whether that is the institution of this network.")
    degree: str | None = recorded(models.Education.degree, "The degree: BSc, MA, PhD.")
    programme: str | None = recorded(models.Education.programme, "The field of study, in words.")
    cip_code: str | None = recorded(models.Education.cip_code, "The field of study: CIP 2020, NN.NNNN.")
    start_date: PartialDate | None = recorded(models.Education.start_date, "When it began.")
    end_date: PartialDate | None = recorded(models.Education.end_date, "When it ended or will end.")
    completed: bool = recorded(
        models.Education.completed, "Whether the degree was taken; true also where that is not for you to know."
    )
    honours: str | None = recorded(models.Education.honours, "Honours, as they are written.")
    visibility: models.Visibility | None = visibility()
    registrar_sourced: bool | None = expression(
        lambda scope, row: _for_owner(scope, row, row.c.registrar_sourced),
        "Whether the registrar recorded it. Only its owner and staff learn that; null for others.",
    )
    withheld: list[models.DirectoryField] | None = expression(
        lambda scope, row: _for_owner(scope, row, access.withheld_fields(row)),
        "What of the registrar's record others do not see until it is released. For its owner and staff.",
    )
    released_at: datetime | None = expression(
        lambda scope, row: _for_owner(scope, row, row.c.released_at),
        "When the owner released the registrar's record. For its owner and staff.",
    )


@strawberry.type(description="A job or duty at an organisation.")
@_facts(models.Experience)
class Experience(Node):
    """See `models.Experience`."""

    title: str = column(models.Experience.title, "The title, as the person writes it.")
    organization: Organization | None = one(
        "Organization", lambda _scope, row, other: other.c.id == row.c.organization_id, "Where it is or was."
    )
    occupation_system: str | None = column(
        models.Experience.occupation_system, "The code system of the occupation: ISCO-08, SOC-2018, ESCO-1.2."
    )
    occupation_code: str | None = column(models.Experience.occupation_code, "The occupation's code in that system.")
    start_date: PartialDate | None = column(models.Experience.start_date, "When it began.")
    end_date: PartialDate | None = column(models.Experience.end_date, "When it ended; null while it lasts.")
    current: bool = column(models.Experience.current, "Whether it lasts.")
    description: str | None = column(models.Experience.description, "What it is about.")
    visibility: models.Visibility | None = visibility()


@strawberry.type(description="A skill that somebody has, wants or offers.")
@_facts(models.Skill)
class Skill(Node):
    """See `models.Skill`."""

    name: str = column(models.Skill.name, "The skill.")
    kind: models.TagKind = column(models.Skill.kind, "Has, wants or offers it.")
    esco_uri: str | None = column(models.Skill.esco_uri, "Its ESCO concept, where known.")
    visibility: models.Visibility | None = visibility()


@strawberry.type(description="Something that somebody cares about.")
@_facts(models.Interest)
class Interest(Node):
    """See `models.Interest`."""

    name: str = column(models.Interest.name, "The interest.")
    kind: models.TagKind = column(models.Interest.kind, "Has, wants or offers it.")
    visibility: models.Visibility | None = visibility()


@strawberry.type(description="Where somebody lives, works or comes from.")
@_facts(models.Place)
class Place(Node):
    """See `models.Place`."""

    kind: models.PlaceKind = column(models.Place.kind, "What the place is to the person.")
    city: str | None = column(models.Place.city, "The city.")
    region: str | None = column(models.Place.region, "The region or state.")
    country: str = column(models.Place.country, "The country: ISO 3166-1 alpha-2.")
    time_zone: str | None = column(models.Place.time_zone, "The time zone: an IANA name.")
    visibility: models.Visibility | None = visibility()


@strawberry.type(description="An e-mail address or a phone number.")
@_facts(models.ContactPoint, reveals=True)
class ContactPoint(Node):
    """See `models.ContactPoint`."""

    kind: models.ContactKind = column(models.ContactPoint.kind, "What it is.")
    value: str = column(models.ContactPoint.value, "The address, or the number in E.164.")
    status: models.ContactStatus = column(models.ContactPoint.status, "Whether it may be used.")
    visibility: models.Visibility | None = visibility()


@strawberry.type(description="A page of the person on the web.")
@_facts(models.Link, reveals=True)
class Link(Node):
    """See `models.Link`."""

    kind: models.LinkKind = column(models.Link.kind, "What it leads to.")
    url: str = column(models.Link.url, "The address.")
    visibility: models.Visibility | None = visibility()


@strawberry.type(description="What somebody says in their own words.")
@_facts(models.PersonText, reveals=True)
class PersonText(Node):
    """See `models.PersonText`."""

    kind: models.TextKind = column(models.PersonText.kind, "What it is about.")
    text: str = column(models.PersonText.text, "The words; for a photo, its URL.")
    language: str | None = column(models.PersonText.language, "Their language: BCP 47.")
    visibility: models.Visibility | None = visibility()
