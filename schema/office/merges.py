"""Two records of one person made one, for staff, and the way back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry
from sqlalchemy import ColumnElement, FromClause, case, literal_column, null

from api import access, models
from api.services import merges
from api.services.retries import once
from schema.context import Info
from schema.engine.parameters import Scope
from schema.engine.resolving import read_ahead, ref
from schema.engine.shapes import global_id
from schema.engine.sources import Page, column, expression, one, planned, table
from schema.errors import Conflict, Invalid, NotAllowed, NotFound
from schema.ids import decode_id
from schema.limits.directives import about
from schema.node import Node
from schema.pagination import PageInfo, total_count
from schema.people.inputs import needed, optional
from schema.people.types import Person
from schema.permissions import STAFF, mutation, requires
from schema.viewer import page_arguments


def _until(_scope: Scope, merge: FromClause) -> ColumnElement[Any]:
    days: ColumnElement[Any] = literal_column(f"interval '{merges.UNDO_DAYS} days'")
    return case((merge.c.content.is_(None), null()), else_=merge.c.created_at + days)


@strawberry.type(description="Two records that were made one.")
@table(models.PersonMerge, access.sees_merge)
class PersonMerge(Node):
    """See `models.PersonMerge`."""

    person: Person | None = one(
        "Person", lambda _scope, merge, person: person.c.id == merge.c.kept_id, "The person who was kept."
    )
    dropped_id: strawberry.ID = expression(
        lambda _scope, merge: global_id("Person", merge.c.dropped_id),
        "The id that was given up: person and node answer it with the person kept.",
    )
    merged_at: datetime = column(models.PersonMerge.created_at, "When.")
    undone_at: datetime | None = column(models.PersonMerge.undone_at, "When it was taken back.")
    undoable_until: datetime | None = expression(_until, "How long it can be taken back; null if it cannot any more.")


@strawberry.type(description="One merge of a page.")
class PersonMergeEdge:
    """As Relay defines it."""

    cursor: str = strawberry.field(description="Where the merge stands in the list.")
    node: PersonMerge = strawberry.field(description="The merge.")


@strawberry.type(description="A page of merges, latest first.")
class PersonMergeConnection:
    """As Relay defines it."""

    edges: list[PersonMergeEdge] = strawberry.field(description="The merges with their cursors.")
    nodes: list[PersonMerge] = strawberry.field(description="The merges.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = total_count("How many there are in all.")


@strawberry.type(description="One row that a merge concerns. What is in it is not told.")
class MergedRow:
    """See `merges.Act`."""

    table: str = strawberry.field(description="The table.")
    row_id: str = strawberry.field(description="The row's id in the table.")
    fate: merges.MergeFate = strawberry.field(description="What becomes of it.")
    columns: list[str] = strawberry.field(description="The columns that change.")
    into: str | None = strawberry.field(description="For a removed row: the row that says the same, and stays.")


@strawberry.input(description="Which two records are of one person.")
class MergePersonsInput:
    """See `merges.merge_persons`."""

    keep_id: strawberry.ID = needed("The person to keep.")
    drop_id: strawberry.ID = needed("The person whose everything goes to the one kept.")
    dry_run: bool | None = optional("Tell what would happen, and change nothing.")
    idempotency_key: str | None = optional("Your key for this request: a retry with it tells the same again.")


@strawberry.input(description="Which merge.")
class UndoMergeInput:
    """See `merges.undo_merge`."""

    merge_id: strawberry.ID = needed("The merge.")


@strawberry.type(description="What was merged, row by row.")
class MergePersonsPayload:
    """See `merges.MergeReport`."""

    merge: PersonMerge | None = strawberry.field(description="The merge, to undo it with; null for a dry run.")
    person: Person | None = strawberry.field(description="The person kept.")
    rows: list[MergedRow] = strawberry.field(
        description="Every row that is moved, changed or removed, in that order.", directives=[about(100)]
    )
    dry_run: bool = strawberry.field(description="Whether nothing was written.")


@strawberry.type(description="Two people again.")
class UndoMergePayload:
    """See `merges.undo_merge`."""

    merge: PersonMerge | None = strawberry.field(description="The merge.")
    restored: Person | None = strawberry.field(description="The person who had been dropped.")
    left: list[MergedRow] = strawberry.field(
        description="Rows that have changed since, and stay as they are now.", directives=[about(100)]
    )


MergePersonsResult: TypeAlias = Annotated[
    MergePersonsPayload | NotFound | NotAllowed | Conflict | Invalid,
    strawberry.union("MergePersonsResult", description="The payload, or what stood against it."),
]
UndoMergeResult: TypeAlias = Annotated[
    UndoMergePayload | NotFound | NotAllowed | Conflict,
    strawberry.union("UndoMergeResult", description="The payload, or what stood against it."),
]


def _rows(acts: Sequence[merges.Act]) -> list[MergedRow]:
    return [
        MergedRow(table=act.table, row_id=key, fate=act.fate, columns=sorted(act.after), into=act.into)
        for act in acts
        for key in act.ids
    ]


@strawberry.type
class MergesQuery:
    """Queries of merges."""

    person_merges: PersonMergeConnection | None = planned(
        Page("PersonMerge", default_order=("id", "DESC")),
        f"Records that were made one. {STAFF.sentence}",
        arguments=page_arguments,
        metadata=requires(STAFF),
    )


@strawberry.type
class MergesMutation:
    """Mutations of merges."""

    @mutation(STAFF, f"Make two records of one person one. It can be undone for {merges.UNDO_DAYS} days.")
    async def merge_persons(self, info: Info, input: MergePersonsInput) -> MergePersonsResult:
        keep = decode_id(input.keep_id, "Person", ("input", "keepId"))
        drop = decode_id(input.drop_id, "Person", ("input", "dropId"))
        viewer, key = info.context.viewer, input.idempotency_key or None
        async with info.context.db.write() as session, session.begin():
            if input.dry_run:
                report = await merges.merge_persons(session, viewer, keep, drop, dry_run=True)
                payload = MergePersonsPayload(
                    merge=None, person=ref(Person, keep), rows=_rows(report.acts), dry_run=True
                )
                return await read_ahead(info, session, payload)

            async def merge() -> UUID:
                return (await merges.merge_persons(session, viewer, keep, drop)).merge_id or keep

            merge_id = await once(session, viewer, key, ("mergePersons", keep, drop), merge)
            acts = await merges.acts_of(session, viewer, merge_id)
            payload = MergePersonsPayload(
                merge=ref(PersonMerge, merge_id), person=ref(Person, keep), rows=_rows(acts), dry_run=False
            )
            return await read_ahead(info, session, payload)

    @mutation(STAFF, "Take a merge back: both people are as they were, but for what has changed since.")
    async def undo_merge(self, info: Info, input: UndoMergeInput) -> UndoMergeResult:
        merge_id = decode_id(input.merge_id, "PersonMerge", ("input", "mergeId"))
        async with info.context.db.write() as session, session.begin():
            restored, left = await merges.undo_merge(session, info.context.viewer, merge_id)
            payload = UndoMergePayload(
                merge=ref(PersonMerge, merge_id), restored=ref(Person, restored), left=_rows(left)
            )
            return await read_ahead(info, session, payload)
