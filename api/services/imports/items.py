"""How things are imported, whatever they are: the steps, instants, and the people that belong to a thing."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, visible_people
from api.errors import Problem
from api.models import Person, WebhookTopic
from api.queue import EMBED_MISSING, enqueue
from api.services.imports.reports import ImportReport, ImportStatus, RowReport
from api.services.imports.rows import objects, refuse
from api.services.inputs import Checker
from api.services.merges.aliases import merged_records
from api.services.webhooks import announce

CHUNK = 1_000


class ItemRow(Protocol):
    """One thing, its shape checked."""

    @property
    def external_id(self) -> str:
        """What the source calls it."""
        ...


R = TypeVar("R", bound=ItemRow)


class ItemImport(ABC, Generic[R]):
    """One import on its way, through which all rows are written, or none."""

    created: ClassVar[WebhookTopic]
    updated: ClassVar[WebhookTopic]
    belonging: ClassVar[tuple[str, WebhookTopic | None]]
    """What the report calls it that people belong to a thing, and what is told of that."""

    def __init__(self, session: AsyncSession, viewer: Viewer, source: str) -> None:
        self.session = session
        self.viewer = viewer
        self.source = source
        self.reports: dict[str, RowReport] = {}
        self.problems: list[Problem] = []
        self.wanted: dict[str, dict[str, Any]] = {}
        """What each thing will be, by its external id; not those that are left as they are."""

    @abstractmethod
    async def check(self, rows: Sequence[R], first: int) -> None:
        """Note what the things will be, or what is wrong; `first` is the place of the first row in the whole import."""

    @abstractmethod
    async def write(self, rows: Sequence[R]) -> None:
        """Make what is new, and change what is known and says something else now."""

    @abstractmethod
    async def write_people(self, rows: Sequence[R], people_source: str) -> None:
        """Write who belongs to the things, once all are there. What is known already stays."""

    async def carry_out(self, rows: Sequence[R], people_source: str, *, dry_run: bool) -> ImportReport:
        """All steps, in order. Raises Invalid, with nothing written, if something is wrong."""
        key = func.hashtext(f"{type(self).__name__} {self.source}")
        await self.session.execute(
            select(func.pg_advisory_xact_lock(key))
        )  # two at once would wait for each other's rows
        parts = range(0, len(rows), CHUNK)
        for start in parts:
            await self.check(rows[start : start + CHUNK], start)
        refuse(self.problems)
        nested = await self.session.begin_nested()
        for start in parts:
            await self.write(rows[start : start + CHUNK])
        await self.write_people(rows, people_source)
        reports = [self.reports[row.external_id] for row in rows]
        if dry_run:
            await nested.rollback()
        else:
            if any(report.written or report.status is ImportStatus.CREATED for report in reports):
                await enqueue(self.session, EMBED_MISSING, lock=EMBED_MISSING)
            await self._tell(reports)
            await nested.commit()
        return ImportReport(reports, dry_run)

    async def _tell(self, reports: Sequence[RowReport]) -> None:
        name, topic = self.belonging
        made = {one.item_id for one in reports if one.item_id and one.status is ImportStatus.CREATED}
        changed = {one.item_id for one in reports if one.item_id and set(one.written) - {name}} - made
        await announce(self.session, self.created, made)
        await announce(self.session, self.updated, changed)
        if topic is not None:
            joined = {one.item_id for one in reports if one.item_id and name in one.written}
            await announce(self.session, topic, joined)


@dataclass(frozen=True)
class Belonging:
    """Somebody who belongs to a thing, and since when."""

    external_id: str
    at: datetime | None
    """None for now."""


def read_instant(check: Checker, path: tuple[str, ...], given: object) -> datetime | None:
    """A moment with its offset: 2026-12-01T18:00:00+01:00."""
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given) if isinstance(given, str) else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return check.note(path, "must be a moment with its offset, like 2026-12-01T18:00:00+01:00")


def read_past(check: Checker, path: tuple[str, ...], given: object) -> datetime | None:
    """A moment that is not to come."""
    at = read_instant(check, path, given)
    return at if at is None or at <= datetime.now(UTC) else check.note(path, "is still to come")


def read_people(check: Checker, name: str, given: object) -> tuple[Belonging, ...]:
    """A list of {externalId, at}."""
    found: list[Belonging] = []
    for path, one in objects(check, name, given, ("externalId", "at")):
        external_id = check.text((*path, "externalId"), one.get("externalId"), most=200, required=True)
        at = read_past(check, (*path, "at"), one.get("at"))
        if external_id is not None:
            found.append(Belonging(external_id, at))
    return tuple(found)


async def people_of(session: AsyncSession, viewer: Viewer, source: str, names: Iterable[str]) -> Mapping[str, UUID]:
    """Who of these is here, by the ids that the source knows them by; for a merged record, into whom it was merged."""
    asked = sorted(set(names))
    wanted: Any = bindparam("names", asked, ARRAY(Text()))
    rows = await session.execute(
        visible_people(viewer)
        .add_columns(Person.external_id)
        .where(Person.source == source, Person.external_id == any_(wanted))
    )
    known = {row.external_id: row.id for row in rows}
    return known | await merged_records(session, source, [name for name in asked if name not in known])
