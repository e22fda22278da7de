"""What officers read and did is written down here, for the person concerned to see."""

from collections.abc import Mapping, Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import ARRAY, Table, Text, Uuid, bindparam, column, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer
from api.models import AuditAction, AuditEvent


async def log_restricted_reads(session: AsyncSession, viewer: Viewer, reads: Mapping[UUID, Sequence[str]]) -> None:
    """Note that an officer read facts that members at large may not: per person the kinds of fact, never the content.

    One statement for all people. Reading about oneself, and reading nothing, are not noted; neither is what anybody but
    an officer reads, since it was opened to them.
    """
    if viewer.is_staff:
        await _log(session, viewer, AuditAction.READ_RESTRICTED, reads)


async def log_edit(session: AsyncSession, viewer: Viewer, person_id: UUID, fields: Sequence[str]) -> None:
    """Note which fields of somebody's profile an officer changed."""
    await _log(session, viewer, AuditAction.EDITED, {person_id: fields})


async def log_edits(session: AsyncSession, viewer: Viewer, changes: Mapping[UUID, Sequence[str]]) -> None:
    """Note which fields of each of these people an officer changed. One statement for all people."""
    await _log(session, viewer, AuditAction.EDITED, changes)


async def log_merge(
    session: AsyncSession, viewer: Viewer, tables: Mapping[UUID, Sequence[str]], *, undone: bool = False
) -> None:
    """Note that records were made one, or parted again, and which tables that concerned."""
    await _log(session, viewer, AuditAction.UNMERGED if undone else AuditAction.MERGED, tables)


async def log_imports(session: AsyncSession, viewer: Viewer, changes: Mapping[UUID, Sequence[str]]) -> None:
    """Note which fields of each person an import wrote. One statement for all people."""
    await _log(session, viewer, AuditAction.IMPORTED, changes)


async def log_impersonation(
    session: AsyncSession, viewer: Viewer, action: AuditAction, person_id: UUID, reason: str
) -> None:
    """Note that an administrator begins or ceases to see the network as somebody, and why."""
    session.add(AuditEvent(actor_id=viewer.account_id, person_id=person_id, action=action, facts=[], reason=reason))
    await session.flush()


async def _log(session: AsyncSession, viewer: Viewer, action: AuditAction, acts: Mapping[UUID, Sequence[str]]) -> None:
    noted = {
        person_id: ",".join(sorted(set(fields)))
        for person_id, fields in acts.items()
        if fields and person_id != viewer.person_id
    }
    if not noted:
        return
    given = (
        func.unnest(
            bindparam("ids", [uuid7() for _ in noted], type_=ARRAY(Uuid())),
            bindparam("people", list(noted), type_=ARRAY(Uuid())),
            bindparam("fields", list(noted.values()), type_=ARRAY(Text())),
        )
        .table_valued(column("id", Uuid()), column("person_id", Uuid()), column("fields", Text()), name="given")
        .render_derived()
    )
    await session.execute(
        insert(cast(Table, AuditEvent.__table__)).from_select(
            ["id", "person_id", "facts", "actor_id", "action"],
            select(
                given.c.id,
                given.c.person_id,
                func.string_to_array(given.c.fields, ","),
                bindparam("actor", viewer.account_id, type_=Uuid()),
                bindparam("action", action.value, type_=Text()),
            ),
        )
    )
