"""Openings: who posts and changes one, until when it is there, and who is interested."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, ViewerKind, job_is_open, posted, sees_job
from api.errors import Conflict, NotAllowed, NotFound
from api.models import (
    EmploymentType,
    Job,
    JobInterest,
    JobSkill,
    JobTranslation,
    Organization,
    OutcomeKind,
    Visibility,
    WebhookTopic,
)
from api.services.callers import hold_own_person, own_person_id
from api.services.facts import organization_named
from api.services.inputs import UNSET, Checker, Unset, given_or, input_path
from api.services.suggestion_outcomes import note_outcome
from api.services.translations import Translations, check_translations, write_translations
from api.services.webhooks import announce

LONGEST = timedelta(days=366)
"""An opening is posted for a year at most: who still looks posts it again."""
MOST_SKILLS = 30
AUDIENCES = (Visibility.STAFF, Visibility.MEMBERS, Visibility.PUBLIC)
_JOB = ("input", "jobId")
_JOBS, _SKILLS = cast(Table, Job.__table__), cast(Table, JobSkill.__table__)
_INTERESTS, _TRANSLATIONS = cast(Table, JobInterest.__table__), cast(Table, JobTranslation.__table__)


@dataclass(frozen=True, kw_only=True)
class JobChanges:
    """What is said of an opening. What is UNSET stays as it is, or at its default for a new one."""

    title: str | Unset | None = UNSET
    organization: str | Unset | None = UNSET
    """The employer's name: the organisation is made if nobody named it before."""
    description: str | Unset | None = UNSET
    language: str | Unset | None = UNSET
    """What title and description are written in."""
    employment_type: EmploymentType | Unset | None = UNSET
    remote: bool | Unset | None = UNSET
    city: str | Unset | None = UNSET
    region: str | Unset | None = UNSET
    country: str | Unset | None = UNSET
    apply_url: str | Unset | None = UNSET
    audience: Visibility | Unset | None = UNSET
    """STAFF keeps it a draft of the office."""
    valid_through: datetime | Unset | None = UNSET
    skills: Sequence[str] | Unset | None = UNSET
    translations: Translations = UNSET
    """Title and description in other languages."""

    def given(self) -> dict[str, Any]:
        """What is set of all but the translations, by name."""
        return {name: value for name in JOB_FIELDS if (value := getattr(self, name)) is not UNSET}


JOB_FIELDS = tuple(one.name for one in fields(JobChanges) if one.name != "translations")
DEFAULTS: Mapping[str, Any] = {
    "audience": Visibility.MEMBERS,
    "employment_type": EmploymentType.FULL_TIME,
    "remote": False,
    "skills": (),
}


async def post_job(session: AsyncSession, viewer: Viewer, changes: JobChanges) -> UUID:
    """Post an opening; its id. Officers post for the office. Raises NotAllowed to others than members and staff, and
    Invalid, naming each wrong field."""
    if viewer.kind not in {ViewerKind.MEMBER, ViewerKind.STAFF}:
        raise NotAllowed("Openings are for members and the office to post.")
    poster_id = None if viewer.is_staff else await hold_own_person(session, viewer)
    check = Checker()
    said = check_translations(check, changes.translations, "title", given_or(changes.language, None))
    values = checked(DEFAULTS, changes, viewer, check=check)
    skills, job_id = values.pop("skills"), uuid7()
    values["organization_id"] = await organization_named(session, values.pop("organization"))
    await session.execute(_JOBS.insert().values(id=job_id, poster_id=poster_id, **values))
    await _write_skills(session, job_id, skills)
    await write_translations(session, _TRANSLATIONS, job_id, said)
    await announce(session, WebhookTopic.JOB_POSTED, [job_id])
    return job_id


async def update_job(session: AsyncSession, viewer: Viewer, job_id: UUID, changes: JobChanges) -> None:
    """Change what is given; a later `validThrough` brings an opening back that has run out.

    Raises NotFound, NotAllowed for what others posted, Invalid, and Conflict once it is withdrawn.
    """
    job = await _own(session, viewer, job_id)
    if job.withdrawn_at is not None:
        raise Conflict("The opening is withdrawn: post it again.", _JOB)
    stored = {name: getattr(job, name) for name in JOB_FIELDS if name not in {"skills", "organization"}}
    stored |= {"organization": job.organization, "skills": await _skills_of(session, job_id)}
    check = Checker()
    said = check_translations(check, changes.translations, "title", given_or(changes.language, job.language))
    values = checked(stored, changes, viewer, check=check)
    skills = values.pop("skills")
    values["organization_id"] = await organization_named(session, values.pop("organization"))
    await session.execute(update(_JOBS).where(_JOBS.c.id == job_id).values(updated_at=func.now(), **values))
    if changes.skills is not UNSET:
        await session.execute(delete(_SKILLS).where(_SKILLS.c.job_id == job_id))
        await _write_skills(session, job_id, skills)
    await write_translations(session, _TRANSLATIONS, job_id, said)
    await announce(session, WebhookTopic.JOB_UPDATED, [job_id])


async def withdraw_job(session: AsyncSession, viewer: Viewer, job_id: UUID) -> None:
    """Take an opening back: from now on only its poster and staff see it. Twice is no error.

    Raises NotFound, and NotAllowed for what others posted.
    """
    await _own(session, viewer, job_id)
    withdrawn = update(_JOBS).where(_JOBS.c.id == job_id, _JOBS.c.withdrawn_at.is_(None))
    now_withdrawn = withdrawn.values(withdrawn_at=func.now(), updated_at=func.now()).returning(_JOBS.c.id)
    await announce(session, WebhookTopic.JOB_WITHDRAWN, (await session.scalars(now_withdrawn)).all())


async def show_interest(session: AsyncSession, viewer: Viewer, job_id: UUID) -> None:
    """Tell the poster and the office that one would like the job. Twice is no error.

    Raises NotFound, and Conflict for one's own opening and for one that is over.
    """
    own = await hold_own_person(session, viewer)
    job = await _visible(session, viewer, job_id)
    if job.mine:
        raise Conflict("You posted this opening yourself.", _JOB)
    if not job.open:
        raise Conflict("The opening is over.", _JOB)
    await session.execute(upsert(_INTERESTS).values(id=uuid7(), job_id=job_id, person_id=own).on_conflict_do_nothing())
    await note_outcome(session, own, "job_id", job_id, OutcomeKind.INTERESTED)


async def withdraw_interest(session: AsyncSession, viewer: Viewer, job_id: UUID) -> None:
    """Take it back, also when the opening is over by now. Twice is no error. Raises NotFound without a profile."""
    own = own_person_id(viewer)
    await session.execute(delete(_INTERESTS).where(_INTERESTS.c.job_id == job_id, _INTERESTS.c.person_id == own))


# ---------------------------------------------------------------- rows


async def _visible(session: AsyncSession, viewer: Viewer, job_id: UUID) -> Row[Any]:
    """The opening, held until the transaction ends."""
    employer = cast(Table, Organization.__table__)
    held = (
        select(
            _JOBS,
            employer.c.name.label("organization"),
            posted(viewer, _JOBS).label("mine"),
            job_is_open(_JOBS).label("open"),
        )
        .join_from(_JOBS, employer, employer.c.id == _JOBS.c.organization_id)
        .where(_JOBS.c.id == job_id, sees_job(viewer, _JOBS))
        .with_for_update(of=_JOBS)
    )
    job = (await session.execute(held)).one_or_none()
    if job is None:
        raise NotFound("There is no such opening.", _JOB)
    return job


async def _own(session: AsyncSession, viewer: Viewer, job_id: UUID) -> Row[Any]:
    job = await _visible(session, viewer, job_id)
    if not (job.mine or viewer.is_staff):
        raise NotAllowed("Only who posted an opening may change it.", _JOB)
    return job


async def _skills_of(session: AsyncSession, job_id: UUID) -> list[str]:
    return list(await session.scalars(select(_SKILLS.c.name).where(_SKILLS.c.job_id == job_id).order_by(_SKILLS.c.id)))


async def _write_skills(session: AsyncSession, job_id: UUID, skills: Sequence[str]) -> None:
    if skills:
        rows = [{"id": uuid7(), "job_id": job_id, "name": name} for name in skills]
        await session.execute(_SKILLS.insert(), rows)


# ---------------------------------------------------------------- checks


def checked(
    stored: Mapping[str, Any],
    changes: JobChanges,
    viewer: Viewer,
    *,
    imported: bool = False,
    check: Checker | None = None,
) -> dict[str, Any]:
    """All fields of the opening as they will be; one that is imported may be over. Raises Invalid, naming each wrong
    one, and what `check` has noted."""
    check = check or Checker()
    given = {**dict.fromkeys(JOB_FIELDS), **stored, **changes.given()}
    values = dict(given)
    for name, required in (("title", True), ("organization", True), ("city", False), ("region", False)):
        values[name] = check.text(input_path(name), given[name], required=required)
    values["description"] = check.text(input_path("description"), given["description"], most=10_000, multiline=True)
    values["language"] = check.language(input_path("language"), given["language"])
    values["apply_url"] = check.url(input_path("apply_url"), given["apply_url"])
    values["remote"] = bool(given["remote"])
    values["country"] = _country(check, given["country"], required=not values["remote"])
    values["skills"] = check.names(input_path("skills"), given["skills"] or (), most=MOST_SKILLS)
    changed = "valid_through" in changes.given() and not imported
    values["valid_through"] = _until(check, given["valid_through"], to_come=changed)
    if given["audience"] not in AUDIENCES or (given["audience"] == Visibility.STAFF and not viewer.is_staff):
        allowed = AUDIENCES if viewer.is_staff else AUDIENCES[1:]
        check.note(input_path("audience"), f"must be one of {', '.join(allowed)}")
    if given["employment_type"] is None:
        check.note(input_path("employment_type"), f"must be one of {', '.join(EmploymentType)}")
    check.raise_problems()
    return values


def _country(check: Checker, given: Any, *, required: bool) -> str | None:
    path, noted = input_path("country"), len(check.problems)
    found = check.country(path, given)
    if found is None and required and len(check.problems) == noted:  # text that cannot be seen is none
        check.note(path, "is required unless the work is remote")
    return found


def _until(check: Checker, given: Any, *, to_come: bool) -> datetime | None:
    path = input_path("valid_through")
    if given is None:
        return check.note(path, "is required")
    if given.tzinfo is None:
        return check.note(path, "needs an offset: 2026-12-01T18:00:00+01:00")
    if given >= datetime.now(UTC) + LONGEST or (to_come and given <= datetime.now(UTC)):
        return check.note(path, f"must be {'to come, and ' * to_come}within {LONGEST.days} days")
    return given.astimezone(UTC)
