"""What can be done about openings: post, change, withdraw; say that one would like it."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from api import models
from api.services import jobs
from api.services.jobs import JobChanges
from api.services.retries import once
from schema.context import Info
from schema.engine.resolving import read_ahead, ref
from schema.errors import Conflict, Invalid, NotAllowed, NotFound
from schema.ids import decode_id
from schema.jobs.types import Job
from schema.people.inputs import needed, optional
from schema.permissions import PERSON, SIGNED_IN, mutation
from schema.translations import OTHERS, changed

JOB = ("input", "jobId")


@strawberry.input(description="The texts in one language.")
class JobTranslationInput:
    """See `translations.Translation`."""

    language: str = needed("The language: BCP 47.")
    title: str = needed("What one would be.")
    description: str | None = optional("What it is about; left out, the original's is shown.")


@strawberry.input(description="An opening. What the office posts, it posts in its own name.")
class PostJobInput:
    """See `jobs.JobChanges`."""

    title: str = needed("What one would be.")
    organization: str = needed("The employer's name.")
    valid_through: datetime = needed("Until when it is open: within a year.")
    description: str | None = optional("What it is about.")
    language: str | None = optional("Which language title and description are in: BCP 47.")
    translations: list[JobTranslationInput] | None = optional(OTHERS)
    employment_type: models.EmploymentType | None = optional("FULL_TIME unless said otherwise.")
    remote: bool | None = optional("Whether it can be done from anywhere; false unless said otherwise.")
    city: str | None = optional("The city.")
    region: str | None = optional("The region or state.")
    country: str | None = optional("ISO 3166-1 alpha-2; needed unless the work is remote.")
    apply_url: str | None = optional("Where to apply.")
    audience: models.Visibility | None = optional("MEMBERS or PUBLIC, STAFF for a draft; MEMBERS if left out.")
    skills: list[str] | None = optional("What is asked for.")
    idempotency_key: str | None = optional("Your key for this request: a retry with it makes no second opening.")


@strawberry.input(description="What of an opening to change. What is left out stays as it is.")
class UpdateJobInput:
    """See `jobs.JobChanges`."""

    job_id: strawberry.ID = needed("The opening.")
    title: str | None = optional("What one would be.")
    organization: str | None = optional("The employer's name.")
    valid_through: datetime | None = optional("Until when it is open: within a year.")
    description: str | None = optional("What it is about.")
    language: str | None = optional("Which language title and description are in: BCP 47.")
    translations: list[JobTranslationInput] | None = optional(OTHERS)
    employment_type: models.EmploymentType | None = optional("What kind of work it is.")
    remote: bool | None = optional("Whether it can be done from anywhere.")
    city: str | None = optional("The city.")
    region: str | None = optional("The region or state.")
    country: str | None = optional("ISO 3166-1 alpha-2.")
    apply_url: str | None = optional("Where to apply.")
    audience: models.Visibility | None = optional("MEMBERS or PUBLIC; STAFF for a draft of the office.")
    skills: list[str] | None = optional("What is asked for: replaces the whole list.")


@strawberry.input(description="Which opening.")
class JobInput:
    """One opening by its id."""

    job_id: strawberry.ID = needed("The opening.")


@strawberry.type(description="The opening as it is now.")
class JobPayload:
    """The opening."""

    job: Job | None = strawberry.field(description="The opening.")


JobResult: TypeAlias = Annotated[
    JobPayload | NotFound | NotAllowed | Conflict | Invalid,
    strawberry.union("JobResult", description="The payload, or what stood against it."),
]


def _changes(given: PostJobInput | UpdateJobInput) -> JobChanges:
    values: dict[str, Any] = vars(given)
    chosen = {name: values[name] for name in jobs.JOB_FIELDS if values[name] is not strawberry.UNSET}
    return JobChanges(**chosen, translations=changed(given.translations, "title"))


@strawberry.type
class JobsMutation:
    """Mutations of openings."""

    @mutation(SIGNED_IN, "Post an opening, as a member or as the office.")
    async def post_job(self, info: Info, input: PostJobInput) -> JobResult:
        viewer, changes, key = info.context.viewer, _changes(input), input.idempotency_key or None
        async with info.context.db.write() as session, session.begin():
            asked = ("postJob", changes)
            job_id = await once(session, viewer, key, asked, lambda: jobs.post_job(session, viewer, changes))
            return await read_ahead(info, session, JobPayload(job=ref(Job, job_id)))

    @mutation(SIGNED_IN, "Change an opening that you posted, or as staff any.")
    async def update_job(self, info: Info, input: UpdateJobInput) -> JobResult:
        job_id = decode_id(input.job_id, "Job", JOB)
        async with info.context.db.write() as session, session.begin():
            await jobs.update_job(session, info.context.viewer, job_id, _changes(input))
            return await read_ahead(info, session, JobPayload(job=ref(Job, job_id)))

    @mutation(SIGNED_IN, "Take an opening back that you posted, or as staff any.")
    async def withdraw_job(self, info: Info, input: JobInput) -> JobResult:
        job_id = decode_id(input.job_id, "Job", JOB)
        async with info.context.db.write() as session, session.begin():
            await jobs.withdraw_job(session, info.context.viewer, job_id)
            return await read_ahead(info, session, JobPayload(job=ref(Job, job_id)))

    @mutation(PERSON, "Say that you would like a job: the one who posted it learns of it, and the office.")
    async def show_interest(self, info: Info, input: JobInput) -> JobResult:
        job_id = decode_id(input.job_id, "Job", JOB)
        async with info.context.db.write() as session, session.begin():
            await jobs.show_interest(session, info.context.viewer, job_id)
            return await read_ahead(info, session, JobPayload(job=ref(Job, job_id)))

    @mutation(PERSON, "Take back that you would like a job.")
    async def withdraw_interest(self, info: Info, input: JobInput) -> JobResult:
        job_id = decode_id(input.job_id, "Job", JOB)
        async with info.context.db.write() as session, session.begin():
            await jobs.withdraw_interest(session, info.context.viewer, job_id)
            return await read_ahead(info, session, JobPayload(job=ref(Job, job_id)))
