"""What rows of things have in common: instants, and the people that belong to a thing, by the ids of their source."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, bindparam
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, visible_people
from api.models import Person
from api.services.imports.rows import objects
from api.services.inputs import Checker
from api.services.merges.aliases import merged_records


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
