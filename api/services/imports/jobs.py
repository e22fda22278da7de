"""Importing openings from another system, with who showed interest in them: idempotent by (source, external id)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, Row, Table, Text, Uuid, any_, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, sees_job
from api.errors import Invalid, NotAllowed, Problem
from api.folding import fold
from api.models import EmploymentType, Job, JobInterest, JobSkill, Organization, Visibility, WebhookTopic
from api.services import jobs
from api.services.audit import log_imports
from api.services.facts import organizations_named
from api.services.imports.items import CHUNK, Belonging, ItemImport, people_of, read_instant, read_past, read_people
from api.services.imports.reports import ImportReport, ImportStatus, RowReport
from api.services.imports.rows import check_rows, in_row, read_row, refuse_unknown
from api.services.inputs import Checker, input_path
from api.services.jobs import JobChanges

FIELDS: Mapping[str, str] = {input_path(name)[-1]: name for name in jobs.JOB_FIELDS}
"""What a row may say of an opening, and what the service calls it."""
KNOWN = ("externalId", "postedAt", "interests", *FIELDS)
_JOBS, _SKILLS, _INTERESTS = (cast(Table, model.__table__) for model in (Job, JobSkill, JobInterest))


@dataclass(frozen=True)
class JobRow:
    """One opening, its shape checked."""

    external_id: str
    changes: JobChanges
    posted_at: datetime | None
    interests: tuple[Belonging, ...]


@dataclass(frozen=True)
class Known:
    """An opening of this source before the import."""

    id: UUID
    stored: Mapping[str, Any]
    withdrawn: bool


async def import_jobs(
    session: AsyncSession,
    viewer: Viewer,
    rows: Sequence[object],
    *,
    source: str,
    people_source: str | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Import openings of a source, in the office's name; see docs/importing.md for what a row may say.

    All rows are valid, or nothing is written: Invalid names the first hundred problems, with their rows. Who showed
    interest is known by the ids of `people_source`, which is `source` unless said otherwise. `dry_run` tells what would
    happen and changes nothing. Staff only (NotAllowed).
    """
    if not viewer.is_staff:
        raise NotAllowed("Only staff import openings.")
    read = check_rows(rows, source, _check_row, people_source=people_source)
    return await _Import(session, viewer, source).carry_out(read, people_source or source, dry_run=dry_run)


# ---------------------------------------------------------------- rows


def _check_row(raw: object, place: int) -> tuple[JobRow | None, list[Problem]]:
    return read_row(raw, place, _read)


def _read(check: Checker, raw: Mapping[str, Any]) -> JobRow | None:
    refuse_unknown(check, (), raw, KNOWN)
    external_id = check.text(("externalId",), raw.get("externalId"), most=200, required=True)
    given = {FIELDS[name]: _value(check, name, raw[name]) for name in FIELDS if raw.get(name) is not None}
    row = JobRow(
        external_id or "",
        JobChanges(**given),
        read_past(check, ("postedAt",), raw.get("postedAt")),
        read_people(check, "interests", raw.get("interests")),
    )
    return None if check.problems else row


def _value(check: Checker, name: str, given: object) -> Any:
    match name:
        case "remote":
            return check.flag((name,), given)
        case "employmentType":
            return check.choice((name,), given, EmploymentType)
        case "audience":
            return check.choice((name,), given, Visibility)
        case "validThrough":
            return read_instant(check, (name,), given)
        case "skills":
            return cast(Any, given) if isinstance(given, list) else check.note((name,), "must be a list of names")
        case _:
            return given  # checked with what is stored


# ---------------------------------------------------------------- one import


class _Import(ItemImport[JobRow]):
    created, updated, belonging = WebhookTopic.JOB_POSTED, WebhookTopic.JOB_UPDATED, ("interests", None)

    def __init__(self, session: AsyncSession, viewer: Viewer, source: str) -> None:
        super().__init__(session, viewer, source)
        self.known: dict[str, Known] = {}

    async def check(self, rows: Sequence[JobRow], first: int) -> None:
        """See `ItemImport.check`."""
        self.known |= await self._known([row.external_id for row in rows])
        for place, row in enumerate(rows, start=first):
            before = self.known.get(row.external_id)
            self.reports[row.external_id] = RowReport(row.external_id, item_id=before.id if before else None)
            if before is not None and before.withdrawn:
                self.reports[row.external_id].messages.append("is withdrawn here: left as it is")
                continue
            stored = jobs.DEFAULTS if before is None else before.stored
            try:
                checked = jobs.checked(stored, row.changes, self.viewer, imported=True)
            except Invalid as refused:
                self.problems += [in_row(place, problem) for problem in refused.problems]
                continue
            posted = {} if row.posted_at is None else {"created_at": row.posted_at}
            self.wanted[row.external_id] = checked | posted

    async def _known(self, external_ids: Sequence[str]) -> dict[str, Known]:
        employer = cast(Table, Organization.__table__)
        rows = await self.session.execute(
            select(_JOBS, employer.c.name.label("organization"))
            .join_from(_JOBS, employer, employer.c.id == _JOBS.c.organization_id)
            .where(_JOBS.c.source == self.source, _JOBS.c.external_id == any_(_texts(external_ids)))
            .where(sees_job(self.viewer, _JOBS))
            .order_by(_JOBS.c.id)
            .with_for_update(of=_JOBS)
        )
        found = rows.all()
        skills = await self._skills([row.id for row in found])
        return {row.external_id: _known(row, skills.get(row.id, ())) for row in found}

    async def _skills(self, ids: Sequence[UUID]) -> Mapping[UUID, list[str]]:
        wanted: Any = bindparam("ids", list(ids), ARRAY(Uuid()))
        rows = await self.session.execute(
            select(_SKILLS.c.job_id, _SKILLS.c.name).where(_SKILLS.c.job_id == any_(wanted)).order_by(_SKILLS.c.id)
        )
        found: dict[UUID, list[str]] = {}
        for row in rows:
            found.setdefault(row.job_id, []).append(row.name)
        return found

    async def write(self, rows: Sequence[JobRow]) -> None:
        """See `ItemImport.write`."""
        values = {row.external_id: self.wanted[row.external_id] for row in rows if row.external_id in self.wanted}
        names: dict[str, dict[str, Any]] = {one["organization"]: {} for one in values.values()}
        employers = await organizations_named(self.session, names, source=self.source)
        made: list[dict[str, Any]] = []
        skills: list[dict[str, Any]] = []
        for external_id, wanted in values.items():
            report, before = self.reports[external_id], self.known.get(external_id)
            if before is None:
                report.item_id, report.status = uuid7(), ImportStatus.CREATED
                keys = {"id": report.item_id, "source": self.source, "external_id": external_id}
                made.append({"created_at": func.now(), **_columns(wanted, employers), **keys})
                skills += _skill_rows(report.item_id, wanted["skills"])
                continue
            report.written += _changed(before.stored, wanted)
            if report.written:
                report.status = ImportStatus.UPDATED
                await self._rewrite(before.id, _columns(wanted, employers))
            if "skills" in report.written:
                await self.session.execute(delete(_SKILLS).where(_SKILLS.c.job_id == before.id))
                skills += _skill_rows(before.id, wanted["skills"])
        if made:
            await self.session.execute(insert(_JOBS).values(made))
        if skills:
            await self.session.execute(insert(_SKILLS), skills)

    async def _rewrite(self, job_id: UUID, columns: Mapping[str, Any]) -> None:
        await self.session.execute(update(_JOBS).where(_JOBS.c.id == job_id).values(updated_at=func.now(), **columns))

    async def write_people(self, rows: Sequence[JobRow], people_source: str) -> None:
        """Who showed interest, once all openings are there. What is known or withdrawn stays as it is."""
        people = await people_of(
            self.session, self.viewer, people_source, (one.external_id for row in rows for one in row.interests)
        )
        wanted: dict[tuple[UUID, UUID], dict[str, Any]] = {}
        for row in (one for one in rows if one.external_id in self.wanted):
            report = self.reports[row.external_id]
            for one in row.interests:
                if one.external_id in people:
                    job_id, person_id = cast(UUID, report.item_id), people[one.external_id]
                    at = one.at or func.now()
                    values = {"id": uuid7(), "job_id": job_id, "person_id": person_id, "created_at": at}
                    wanted.setdefault((job_id, person_id), values)
                else:
                    report.messages.append(f"interests: nobody here has the id {one.external_id[:40]}")
        by_id = {report.item_id: report for report in self.reports.values()}
        changed: dict[UUID, list[str]] = {}
        for row in await self._interested(list(wanted.values())):
            report = by_id[row.job_id]
            changed[row.person_id] = ["jobInterests"]
            if "interests" not in report.written:
                report.written.append("interests")
            if report.status is ImportStatus.SKIPPED:
                report.status = ImportStatus.UPDATED
        await log_imports(self.session, self.viewer, changed)

    async def _interested(self, values: Sequence[dict[str, Any]]) -> list[Row[Any]]:
        """The interests that were not known yet."""
        made: list[Any] = []
        for start in range(0, len(values), CHUNK):
            writing = insert(_INTERESTS).values(list(values[start : start + CHUNK])).on_conflict_do_nothing()
            rows = await self.session.execute(writing.returning(_INTERESTS.c.job_id, _INTERESTS.c.person_id))
            made.extend(rows)
        return made


def _texts(values: Sequence[str]) -> Any:
    return bindparam(None, list(values), ARRAY(Text()))


def _known(row: Row[Any], skills: Sequence[str]) -> Known:
    columns = {name: getattr(row, name) for name in jobs.JOB_FIELDS if name != "skills"}
    return Known(row.id, {**columns, "skills": skills, "created_at": row.created_at}, row.withdrawn_at is not None)


def _columns(values: Mapping[str, Any], employers: Mapping[str, UUID]) -> dict[str, Any]:
    plain = {name: value for name, value in values.items() if name not in {"organization", "skills"}}
    return plain | {"organization_id": employers[values["organization"]]}


def _changed(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """The fields that a row changes, as clients call them."""
    for name, value in wanted.items():
        if _compared(name, value) != _compared(name, stored[name]):
            yield "postedAt" if name == "created_at" else input_path(name)[-1]


def _compared(name: str, value: Any) -> Any:
    """Names that fold alike are the same employer or skill."""
    if name == "skills":
        return sorted(fold(one) for one in value)
    return fold(value) if name == "organization" else value


def _skill_rows(job_id: UUID, names: Sequence[str]) -> list[dict[str, Any]]:
    return [{"id": uuid7(), "job_id": job_id, "name": name} for name in names]
