"""Importing people, events and openings, for staff."""

from typing import Annotated, TypeAlias

import strawberry
from strawberry.scalars import JSON

from api.services import imports
from schema.context import Info
from schema.engine.resolving import ref
from schema.errors import Conflict, Invalid, NotAllowed
from schema.events.types import Event
from schema.jobs.types import Job
from schema.limits.directives import about
from schema.people.inputs import optional
from schema.people.types import Person
from schema.permissions import STAFF, mutation


@strawberry.input(description="People from another system.")
class ImportPeopleInput:
    """See `imports.import_people`."""

    source: str = strawberry.field(description="The system: with a row's externalId it tells who is who.")
    rows: list[JSON] = strawberry.field(description="One object a person; docs/importing.md says what it may hold.")
    dry_run: bool | None = optional("Tell what would happen, and change nothing.")
    force: bool | None = optional("Overwrite also what members edited.")


@strawberry.type(description="What became of one row.")
class ImportedRow:
    """See `imports.RowReport`."""

    external_id: str = strawberry.field(description="The row's externalId.")
    status: imports.ImportStatus = strawberry.field(description="What became of it.")
    messages: list[str] = strawberry.field(description="What to know about it, for people.")
    person: Person | None = strawberry.field(description="The person; null where a dry run would make one.")


@strawberry.type(description="What became of the rows, in their order.")
class ImportPeoplePayload:
    """See `imports.ImportReport`."""

    rows: list[ImportedRow] = strawberry.field(description="One report a row.", directives=[about(100)])
    dry_run: bool = strawberry.field(description="Whether nothing was written.")


ImportPeopleResult: TypeAlias = Annotated[
    ImportPeoplePayload | NotAllowed | Conflict | Invalid,
    strawberry.union("ImportPeopleResult", description="The payload, or what stood against it."),
]


@strawberry.input(description="Events from another system.")
class ImportEventsInput:
    """See `imports.import_events`."""

    source: str = strawberry.field(description="The system: with a row's externalId it tells which event it is.")
    people_source: str | None = optional("The system whose ids of people the registrations name; `source` if left out.")
    rows: list[JSON] = strawberry.field(description="One object an event; docs/importing.md says what it may hold.")
    dry_run: bool | None = optional("Tell what would happen, and change nothing.")


@strawberry.type(description="What became of one row.")
class ImportedEvent:
    """See `imports.RowReport`."""

    external_id: str = strawberry.field(description="The row's externalId.")
    status: imports.ImportStatus = strawberry.field(description="What became of it.")
    messages: list[str] = strawberry.field(description="What to know about it, for people.")
    event: Event | None = strawberry.field(description="The event; null where a dry run would make one.")


@strawberry.type(description="What became of the rows, in their order.")
class ImportEventsPayload:
    """See `imports.ImportReport`."""

    rows: list[ImportedEvent] = strawberry.field(description="One report a row.", directives=[about(100)])
    dry_run: bool = strawberry.field(description="Whether nothing was written.")


ImportEventsResult: TypeAlias = Annotated[
    ImportEventsPayload | NotAllowed | Conflict | Invalid,
    strawberry.union("ImportEventsResult", description="The payload, or what stood against it."),
]


@strawberry.input(description="Openings from another system: posted by the office.")
class ImportJobsInput:
    """See `imports.import_jobs`."""

    source: str = strawberry.field(description="The system: with a row's externalId it tells which opening it is.")
    people_source: str | None = optional("The system whose ids of people the interests name; `source` if left out.")
    rows: list[JSON] = strawberry.field(description="One object an opening; docs/importing.md says what it may hold.")
    dry_run: bool | None = optional("Tell what would happen, and change nothing.")


@strawberry.type(description="What became of one row.")
class ImportedJob:
    """See `imports.RowReport`."""

    external_id: str = strawberry.field(description="The row's externalId.")
    status: imports.ImportStatus = strawberry.field(description="What became of it.")
    messages: list[str] = strawberry.field(description="What to know about it, for people.")
    job: Job | None = strawberry.field(description="The opening; null where a dry run would make one.")


@strawberry.type(description="What became of the rows, in their order.")
class ImportJobsPayload:
    """See `imports.ImportReport`."""

    rows: list[ImportedJob] = strawberry.field(description="One report a row.", directives=[about(100)])
    dry_run: bool = strawberry.field(description="Whether nothing was written.")


ImportJobsResult: TypeAlias = Annotated[
    ImportJobsPayload | NotAllowed | Conflict | Invalid,
    strawberry.union("ImportJobsResult", description="The payload, or what stood against it."),
]


@strawberry.type
class ImportsMutation:
    """Mutations that import."""

    @mutation(STAFF, "Import people: all rows, or none if one is wrong. The same rows again change nothing.")
    async def import_people(self, info: Info, input: ImportPeopleInput) -> ImportPeopleResult:
        options = {"dry_run": bool(input.dry_run), "force": bool(input.force)}
        async with info.context.db.write() as session, session.begin():
            viewer, rows = info.context.viewer, list(input.rows)
            report = await imports.import_people(session, viewer, rows, source=input.source, **options)
        payload = [
            ImportedRow(
                external_id=row.external_id,
                status=row.status,
                messages=row.messages,
                person=ref(Person, row.item_id) if row.item_id else None,
            )
            for row in report.rows
        ]
        return ImportPeoplePayload(rows=payload, dry_run=report.dry_run)

    @mutation(
        STAFF,
        "Import events, also past ones, with who came. The same rows again change nothing.",
    )
    async def import_events(self, info: Info, input: ImportEventsInput) -> ImportEventsResult:
        source, people, dry = input.source, input.people_source or None, bool(input.dry_run)
        async with info.context.db.write() as session, session.begin():
            viewer, rows = info.context.viewer, list(input.rows)
            importing = imports.import_events(session, viewer, rows, source=source, people_source=people, dry_run=dry)
            report = await importing
        payload = [
            ImportedEvent(
                external_id=row.external_id,
                status=row.status,
                messages=row.messages,
                event=ref(Event, row.item_id) if row.item_id else None,
            )
            for row in report.rows
        ]
        return ImportEventsPayload(rows=payload, dry_run=report.dry_run)

    @mutation(STAFF, "Import openings: all rows, or none if one is wrong. The same rows again change nothing.")
    async def import_jobs(self, info: Info, input: ImportJobsInput) -> ImportJobsResult:
        source, people, dry = input.source, input.people_source or None, bool(input.dry_run)
        async with info.context.db.write() as session, session.begin():
            viewer, rows = info.context.viewer, list(input.rows)
            report = await imports.import_jobs(session, viewer, rows, source=source, people_source=people, dry_run=dry)
        payload = [
            ImportedJob(
                external_id=row.external_id,
                status=row.status,
                messages=row.messages,
                job=ref(Job, row.item_id) if row.item_id else None,
            )
            for row in report.rows
        ]
        return ImportJobsPayload(rows=payload, dry_run=report.dry_run)
