"""What lists of people are sorted by, and what is counted over them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, FromClause, Integer, func, literal_column, select

from api import access, models
from schema.engine.parameters import Scope
from schema.engine.sources import Facet, from_clause
from schema.facets import FacetCount, facet_field

NO_YEAR = literal_column("-1", Integer)


def class_year(scope: Scope, person: FromClause) -> ColumnElement[Any]:
    """The last year in which the person finished here, of the educations that the viewer may read."""
    fact = from_clause(models.Education).alias()
    return (
        select(func.max(fact.c.end_year))
        .where(fact.c.person_id == person.c.id, fact.c.home, access.sees_fact(scope.viewer, fact))
        .correlate(person)
        .scalar_subquery()
    )


ORDERS: Mapping[str, Callable[[Scope, FromClause], ColumnElement[Any]]] = {
    "name": lambda _scope, person: person.c.name_sort,
    "classYear": lambda scope, person: func.coalesce(class_year(scope, person), NO_YEAR, type_=Integer()),
    "joinedAt": lambda _scope, person: person.c.created_at,
}


def _home(fact: FromClause) -> ColumnElement[bool]:
    return fact.c.home


def _employer(fact: FromClause, organization: FromClause) -> ColumnElement[bool]:
    return organization.c.id == fact.c.organization_id


def _facts(model: type[models.Fact], column: str) -> Facet:
    return Facet(from_clause(model), lambda fact: fact.c[column], access.sees_fact)


FACETS: Mapping[str, Facet] = {
    "classYears": replace(_facts(models.Education, "end_year"), where=_home),
    "programmes": _facts(models.Education, "programme"),
    "organizations": replace(_facts(models.Experience, "name"), join=(from_clause(models.Organization), _employer)),
    "skills": _facts(models.Skill, "name_folded"),
    "interests": _facts(models.Interest, "name_folded"),
    "cities": _facts(models.Place, "city"),
    "countries": _facts(models.Place, "country"),
    "roles": Facet(from_clause(models.PersonRole), lambda role: role.c.kind, access.sees_role),
}


@strawberry.type(
    description="Counts over a whole filtered list, of facts that you may see. Most frequent values first."
)
class PersonFacets:
    """The facets of people."""

    class_years: list[FacetCount] = facet_field("By year of a degree taken here.")
    programmes: list[FacetCount] = facet_field("By field of study.")
    organizations: list[FacetCount] = facet_field("By organisation they work or worked at.")
    skills: list[FacetCount] = facet_field("By skill, folded: without case and accents.")
    interests: list[FacetCount] = facet_field("By interest, folded.")
    cities: list[FacetCount] = facet_field("By city.")
    countries: list[FacetCount] = facet_field("By country: ISO 3166-1 alpha-2.")
    roles: list[FacetCount] = facet_field("By role.")
