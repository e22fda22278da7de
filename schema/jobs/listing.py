"""What lists of openings are filtered and sorted by, and what is counted over them."""

from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, FromClause, literal_column, select

from api import access, models
from schema.comparators import InstantFilter, TextFilter, WordsFilter
from schema.engine.filters import compare, compare_folded, compare_member, condition, contains_words
from schema.engine.parameters import Arguments, Scope
from schema.engine.sources import Facet, Page, from_clause, planned
from schema.facets import FacetCount, facet_field
from schema.pagination import Direction


def _employer(_scope: Scope, given: Arguments, job: FromClause) -> ColumnElement[bool]:
    organization = from_clause(models.Organization).alias()
    named = select(1).where(organization.c.id == job.c.organization_id, contains_words(given, organization.c.search))
    return named.correlate(job).exists()


def _skill(_scope: Scope, given: Arguments, job: FromClause) -> ColumnElement[bool]:
    skill = from_clause(models.JobSkill).alias()
    asked = select(1).where(skill.c.job_id == job.c.id, compare_folded(given, skill.c.name_folded))
    return asked.correlate(job).exists()


def _remote(_scope: Scope, given: Arguments, job: FromClause) -> ColumnElement[bool]:
    return job.c.remote if given.value else ~job.c.remote


def _open(_scope: Scope, given: Arguments, job: FromClause) -> ColumnElement[bool]:
    still = access.job_is_open(job)
    return still if given.value else ~still


def _interested(scope: Scope, given: Arguments, job: FromClause) -> ColumnElement[bool]:
    mine = access.interested_oneself(scope.viewer, job)
    return mine if given.value else ~mine


def _posted(scope: Scope, given: Arguments, job: FromClause) -> ColumnElement[bool]:
    mine = access.posted(scope.viewer, job)
    return mine if given.value else ~mine


@strawberry.input(description="Compares the kind of employment.")
class EmploymentTypeFilter:
    """Comparators of kinds."""

    eq: models.EmploymentType | None = strawberry.field(default=strawberry.UNSET, description="This one.")
    in_: list[models.EmploymentType] | None = strawberry.field(
        default=strawberry.UNSET, name="in", description="One of these."
    )


@strawberry.input(description="Which openings. All that is given must hold.")
class JobFilter:
    """Conditions on an opening."""

    words: WordsFilter | None = condition(
        lambda _scope, given, job: contains_words(given, job.c.search),
        "Words of the title, the description, the city or the region.",
    )
    employer: WordsFilter | None = condition(_employer, "The employer's name.")
    skill: TextFilter | None = condition(_skill, "A skill that is asked for. Case and accents do not matter.")
    employment_type: EmploymentTypeFilter | None = condition(
        lambda _scope, given, job: compare_member(given, job.c.employment_type), "What kind of work it is."
    )
    remote: bool | None = condition(_remote, "Whether it can be done from anywhere.")
    city: TextFilter | None = condition(
        lambda _scope, given, job: compare_folded(given, job.c.city_folded),
        "The city. Case and accents do not matter.",
    )
    country: TextFilter | None = condition(
        lambda _scope, given, job: compare(given, job.c.country), "The country: ISO 3166-1 alpha-2."
    )
    posted_at: InstantFilter | None = condition(
        lambda _scope, given, job: compare(given, job.c.created_at), "When it was posted."
    )
    open: bool | None = condition(_open, "Whether it is still open; others than your own always are.")
    interested: bool | None = condition(_interested, "Whether you said that you would like it.")
    posted_by_me: bool | None = condition(_posted, "Whether you posted it.")
    and_: list["JobFilter"] | None = strawberry.field(
        default=strawberry.UNSET, name="and", description="All of these hold."
    )
    or_: list["JobFilter"] | None = strawberry.field(
        default=strawberry.UNSET, name="or", description="One of these holds."
    )
    not_: "JobFilter | None" = strawberry.field(default=strawberry.UNSET, name="not", description="This does not hold.")


@strawberry.input(one_of=True, description="What openings are sorted by: one field of it, several terms in a list.")
class JobOrder:
    """One term of an order."""

    posted_at: Direction | None = strawberry.field(default=strawberry.UNSET, description="When they were posted.")
    valid_through: Direction | None = strawberry.field(
        default=strawberry.UNSET, description="Until when they are open."
    )


ORDERS: Mapping[str, Callable[[Scope, FromClause], ColumnElement[Any]]] = {
    "postedAt": lambda _scope, job: job.c.created_at,
    "validThrough": lambda _scope, job: job.c.valid_through,
}


def _jobs(column: str) -> Facet:
    return Facet(from_clause(models.Job), lambda job: job.c[column], access.sees_job, person_id="id")


def _skill_visible(_viewer: Any, _skill: FromClause) -> ColumnElement[bool]:
    """A skill is seen with its opening, and facets count those of openings that are seen."""
    return literal_column("true")


def _same_organization(job: FromClause, organization: FromClause) -> ColumnElement[bool]:
    return organization.c.id == job.c.organization_id


FACETS: Mapping[str, Facet] = {
    "employmentTypes": _jobs("employment_type"),
    "cities": _jobs("city"),
    "countries": _jobs("country"),
    "employers": Facet(
        from_clause(models.Job),
        lambda organization: organization.c.name,
        access.sees_job,
        person_id="id",
        join=(from_clause(models.Organization), _same_organization),
    ),
    "skills": Facet(
        from_clause(models.JobSkill), lambda skill: skill.c.name_folded, _skill_visible, person_id="job_id"
    ),
}


@strawberry.type(description="Counts over a whole filtered list of openings. Most frequent values first.")
class JobFacets:
    """The facets of openings."""

    employment_types: list[FacetCount] = facet_field("By kind of work.")
    cities: list[FacetCount] = facet_field("By city.")
    countries: list[FacetCount] = facet_field("By country: ISO 3166-1 alpha-2.")
    employers: list[FacetCount] = facet_field("By employer.")
    skills: list[FacetCount] = facet_field("By skill that is asked for, folded.")


def page_of_jobs(
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: int | None = strawberry.UNSET,
    before: str | None = strawberry.UNSET,
    filter: JobFilter | None = strawberry.UNSET,
    order_by: list[JobOrder] | None = strawberry.UNSET,
):
    """The arguments of a connection of openings."""


def jobs_page(joins: Any, description: str, **options: Any) -> Any:
    """A connection field of openings."""
    source = Page("Job", joins, orders=ORDERS, default_order=("postedAt", "DESC"), facets=FACETS)
    return planned(source, description, arguments=page_of_jobs, **options)
