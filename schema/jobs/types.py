"""The type Job: each field says where its value comes from."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, FromClause

from api import access, models
from schema.engine.parameters import Arguments, Scope
from schema.engine.shapes import as_texts
from schema.engine.sources import Root, column, expression, from_clause, many, one, planned, table
from schema.ids import id_argument
from schema.jobs.listing import JobFacets, jobs_page
from schema.node import Node
from schema.pagination import PageInfo, total_count
from schema.people.facts import Organization
from schema.people.types import Person, PersonConnection, people_page
from schema.permissions import SIGNED_IN, requires
from schema.translations import LANGUAGE, SHOWN, shown


def _skills(_scope: Scope, job: FromClause) -> ColumnElement[Any]:
    skill = from_clause(models.JobSkill).alias()
    named = as_texts(skill.c.name, skill.c.name_folded, skill.c.job_id == job.c.id)
    return named.correlate(job).scalar_subquery()


def _poster(_scope: Scope, job: FromClause, person: FromClause) -> ColumnElement[bool]:
    return person.c.id == job.c.poster_id


def _interested(scope: Scope, job: FromClause, person: FromClause) -> ColumnElement[bool]:
    return access.interested(scope.viewer, job, person)


@strawberry.type(description="An opening at an organisation.")
@table(models.Job, access.sees_job)
class Job(Node):
    """See `models.Job`."""

    title: str = shown(models.JobTranslation, "job_id", "title", f"What one would be. {SHOWN}")
    description: str | None = shown(models.JobTranslation, "job_id", "description", f"What it is about. {SHOWN}")
    language: str | None = shown(models.JobTranslation, "job_id", "language", LANGUAGE)
    translations: list["JobTranslation"] | None = many(
        "JobTranslation",
        lambda _scope, job, translation: translation.c.job_id == job.c.id,
        lambda translation: (translation.c.language,),
        "The texts in all other languages that they are there in.",
    )
    organization: Organization | None = one(
        "Organization", lambda _scope, job, row: row.c.id == job.c.organization_id, "The employer."
    )
    employment_type: models.EmploymentType = column(models.Job.employment_type, "What kind of work it is.")
    remote: bool = column(models.Job.remote, "Whether it can be done from anywhere.")
    city: str | None = column(models.Job.city, "The city.")
    region: str | None = column(models.Job.region, "The region or state.")
    country: str | None = column(models.Job.country, "The country: ISO 3166-1 alpha-2.")
    skills: list[str] = expression(_skills, "What is asked for.")
    apply_url: str | None = column(models.Job.apply_url, "Where to apply.")
    audience: models.Visibility = column(models.Job.audience, "Who sees it: STAFF is a draft.")
    posted_at: datetime = column(models.Job.created_at, "When it was posted.")
    valid_through: datetime = column(models.Job.valid_through, "Until when it is open.")
    open: bool = expression(lambda _scope, job: access.job_is_open(job), "Whether it is still open.")
    poster: Person | None = one(
        "Person", _poster, "Who posted it; null for the office, and for somebody whom you may not see."
    )
    interested: bool = expression(
        lambda scope, job: access.interested_oneself(scope.viewer, job), "Whether you said that you would like it."
    )
    interested_people: PersonConnection | None = people_page(
        _interested,
        "Who would like it: for the one who posted it and for staff; others see only themselves.",
    )


@strawberry.type(description="What an opening is called in another language, and what it says there.")
@table(models.JobTranslation, access.sees_job_translation)
class JobTranslation:
    """See `models.JobTranslation`."""

    language: str = column(models.JobTranslation.language, "The language: BCP 47.")
    title: str = column(models.JobTranslation.title, "What one would be.")
    description: str | None = column(
        models.JobTranslation.description, "What it is about; null where only the original says it."
    )


@strawberry.type(description="One opening of a page.")
class JobEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the opening stands in the list.")
    node: Job = strawberry.field(description="The opening.")


@strawberry.type(description="A page of openings, with what is counted over the whole list.")
class JobConnection:
    """As Relay defines it, with counts."""

    edges: list[JobEdge] = strawberry.field(description="The openings of the page with their cursors.")
    nodes: list[Job] = strawberry.field(description="The openings of the page.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = total_count("How many openings the whole list has.")
    facets: JobFacets = strawberry.field(description="Counts by value over the whole list.")


def _with_id(_scope: Scope, given: Arguments, row: FromClause) -> ColumnElement[bool]:
    return row.c.id == id_argument(given, "Job")


def _id(id: strawberry.ID):
    """The arguments of a field that finds one thing by its id."""


@strawberry.type
class JobsQuery:
    """Queries of openings."""

    job: Job | None = planned(
        Root("Job", _with_id), f"One opening. {SIGNED_IN.sentence}", arguments=_id, metadata=requires(SIGNED_IN)
    )
    jobs: JobConnection | None = jobs_page(
        None, f"Openings that you may see, latest first. {SIGNED_IN.sentence}", metadata=requires(SIGNED_IN)
    )
