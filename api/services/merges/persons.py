"""Merging two people, and taking it back: who may, in which state, and what is kept of it for how long."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, func, insert, literal_column, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, sees_merge, visible_people
from api.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from api.models import Account, Event, Person, PersonAlias, PersonMerge, Registration, WebhookTopic
from api.services.audit import log_merge, log_restricted_reads
from api.services.disclosures import keep_back
from api.services.facts import enqueue_embedding
from api.services.merges.acts import Act, Ledger, MergeFate, among
from api.services.merges.afterwards import hold_for_both, note_consents, said_since
from api.services.merges.consents import OFFICERS
from api.services.merges.moving import Merging
from api.services.merges.undoing import take_back
from api.services.removals import remove_one_at_a_time
from api.services.webhooks import announce

UNDO_DAYS = 30
_KEEP, _DROP, _MERGE = ("input", "keepId"), ("input", "dropId"), ("input", "mergeId")
_MERGES, _ALIASES = cast(Table, PersonMerge.__table__), cast(Table, PersonAlias.__table__)
_EVENTS, _SEATS = cast(Table, Event.__table__), cast(Table, Registration.__table__)
_ACCOUNTS, _PEOPLE = cast(Table, Account.__table__), cast(Table, Person.__table__)


@dataclass(frozen=True)
class MergeReport:
    """What a merge did, or would do."""

    merge_id: UUID | None
    """None for a dry run."""
    acts: Sequence[Act]


async def merge_persons(
    session: AsyncSession, viewer: Viewer, keep: UUID, drop: UUID, *, dry_run: bool = False
) -> MergeReport:
    """Move everything of `drop` to `keep`, with the stricter of what the two consented to, and remove `drop`.

    Its id leads to `keep` from now on. A dry run does the same and takes it back, so that it tells exactly what would
    happen; it tells of rows that the officer may not read, by table and id alone, and is logged as such a reading.
    Raises NotAllowed, Invalid for one and the same person, NotFound for whom the viewer does not see, and Conflict.
    """
    if not viewer.is_staff:
        raise NotAllowed("Records are for the office to merge.")
    if keep == drop:
        raise Invalid([Problem(_DROP, "is the person to keep: choose two")])
    await remove_one_at_a_time(session)
    people = await _held(session, viewer, {keep: _KEEP, drop: _DROP})
    await _hold_events(session, [keep, drop])
    await _refuse_own_gain(session, viewer, [keep, drop])
    merging = Merging(Ledger(session), keep, drop)
    trial = await session.begin_nested()
    await announce(session, WebhookTopic.PERSON_DELETED, [drop])
    acts = await merging.run()
    tables = sorted({act.table for act in acts})
    if dry_run:
        await trial.rollback()
        await log_restricted_reads(session, viewer, {keep: tables, drop: tables})
        return MergeReport(None, acts)
    await trial.commit()
    merge_id = await _note(session, viewer, merging, people[drop])
    await log_merge(session, viewer, {keep: tables})
    await announce(session, WebhookTopic.PERSON_UPDATED, [keep])
    await enqueue_embedding(session, keep)
    return MergeReport(merge_id, acts)


async def acts_of(session: AsyncSession, viewer: Viewer, merge_id: UUID) -> Sequence[Act]:
    """What a merge did, as it was noted."""
    noted = select(_MERGES.c.content).where(_MERGES.c.id == merge_id, sees_merge(viewer, _MERGES))
    content = await session.scalar(noted)
    return [] if content is None else read_acts(content)


def read_acts(content: dict[str, Any]) -> list[Act]:
    """Acts as they were stored."""
    acts: list[dict[str, Any]] = content["acts"]
    return [replace(Act(**act), fate=MergeFate(act["fate"])) for act in acts]


async def undo_merge(session: AsyncSession, viewer: Viewer, merge_id: UUID) -> tuple[UUID, list[Act]]:
    """Take a merge back; the id of the person who is there again, and what could not be set back, having changed since.

    What the person said no to since then holds for both records. Raises NotAllowed, NotFound, and Conflict after 30
    days, for one that is undone, or while a later merge of the same person stands.
    """
    if not viewer.is_staff:
        raise NotAllowed("Merges are for the office to undo.")
    await remove_one_at_a_time(session)
    moment = func.now() - literal_column(f"interval '{UNDO_DAYS} days'")
    seen = (
        select(_MERGES, (_MERGES.c.created_at < moment).label("late"))
        .where(_MERGES.c.id == merge_id, sees_merge(viewer, _MERGES))
        .with_for_update()
    )
    merge = (await session.execute(seen)).one_or_none()
    if merge is None:
        raise NotFound("There is no such merge.", _MERGE)
    content = _undoable(merge)
    kept, dropped = UUID(content["keep"]), UUID(content["drop"])
    if kept != merge.kept_id:
        raise Conflict("This person was merged into another since: undo that first.", _MERGE)
    acts = read_acts(content)
    await _held(session, viewer, {kept: _MERGE})
    await _hold_events(session, [kept])
    await session.execute(_ALIASES.delete().where(_ALIASES.c.merge_id == merge_id, _ALIASES.c.id == dropped))
    since = await said_since(session, content.get("consents", {}), kept, dropped, acts)
    left = await take_back(session, acts, [UUID(key) for key in content["mentors"]])
    if any(act.table == _PEOPLE.name and act.fate is MergeFate.REMOVED for act in left):
        raise Conflict("The record cannot be restored: another has taken its place in an import.", _MERGE)
    await session.execute(update(_MERGES).where(_MERGES.c.id == merge_id).values(undone_at=func.now(), content=null()))
    await hold_for_both(session, since, kept, dropped)
    await keep_back(session, [kept, dropped])
    tables = sorted({act.table for act in acts})
    await log_merge(session, viewer, {kept: tables, dropped: tables}, undone=True)
    await announce(session, WebhookTopic.PERSON_CREATED, [dropped])
    await announce(session, WebhookTopic.PERSON_UPDATED, [kept])
    for person_id in (kept, dropped):
        await enqueue_embedding(session, person_id)
    return dropped, left


async def purge_merges(session: AsyncSession) -> None:
    """Forget what merges removed once they cannot be undone any more."""
    late = _MERGES.c.created_at < func.now() - timedelta(days=UNDO_DAYS)
    await session.execute(update(_MERGES).where(_MERGES.c.content.is_not(None), late).values(content=null()))


# ---------------------------------------------------------------- who and what


def _undoable(merge: Row[Any]) -> dict[str, Any]:
    if merge.undone_at is not None:
        raise Conflict("This merge is undone already.", _MERGE)
    if merge.late or merge.content is None:
        raise Conflict(f"A merge can be undone for {UNDO_DAYS} days.", _MERGE)
    return cast(dict[str, Any], merge.content)


async def _held(session: AsyncSession, viewer: Viewer, wanted: dict[UUID, tuple[str, ...]]) -> dict[UUID, Row[Any]]:
    """These people, held so that nothing can be attached to them until the transaction ends; smaller id first."""
    statement = (
        visible_people(viewer)
        .add_columns(_PEOPLE.c.source, _PEOPLE.c.external_id)
        .where(among(_PEOPLE.c.id, wanted))
        .order_by(_PEOPLE.c.id)
        .with_for_update(of=Person)
    )
    found = {row.id: row for row in await session.execute(statement)}
    for key, path in wanted.items():
        if key not in found:
            raise NotFound("There is no such person.", path)
    return found


async def _hold_events(session: AsyncSession, people: Sequence[UUID]) -> None:
    """Hold the events that these people registered for, after the people: in the order of those who register."""
    theirs = select(_SEATS.c.event_id).where(among(_SEATS.c.person_id, people))
    await session.execute(select(_EVENTS.c.id).where(_EVENTS.c.id.in_(theirs)).order_by(_EVENTS.c.id).with_for_update())


async def _refuse_own_gain(session: AsyncSession, viewer: Viewer, people: Sequence[UUID]) -> None:
    """Whoever could sign in as one of the two could sign in as both: nobody merges themselves, and none but an admin
    those who work in the office."""
    if viewer.person_id in people:
        raise NotAllowed("This is your own record: ask a colleague to merge it.")
    roles = set(await session.scalars(select(_ACCOUNTS.c.role).where(among(_ACCOUNTS.c.person_id, people))))
    if roles & OFFICERS and not viewer.admin:
        raise NotAllowed("One of the two works in the office: ask an admin to merge them.")


async def _note(session: AsyncSession, viewer: Viewer, merging: Merging, dropped: Row[Any]) -> UUID:
    merge_id = uuid7()
    content = {
        "keep": str(merging.kept),
        "drop": str(merging.dropped),
        "mentors": sorted(str(key) for key in merging.mentors),
        "acts": [act.stored() for act in merging.ledger.acts],
        "consents": await note_consents(session, merging.kept, merging.ledger.acts),
    }
    await session.execute(
        insert(_MERGES).values(
            id=merge_id,
            kept_id=merging.kept,
            dropped_id=merging.dropped,
            merged_by=viewer.account_id,
            content=content,
        )
    )
    await session.execute(
        insert(_ALIASES).values(
            id=merging.dropped,
            kept_id=merging.kept,
            merge_id=merge_id,
            source=dropped.source,
            external_id=dropped.external_id,
        )
    )
    return merge_id
