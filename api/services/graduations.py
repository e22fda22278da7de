"""From student to alumnus: which roles end and begin on the day of graduation. Nothing else of a person changes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, Row, Table, Uuid, any_, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, recorded, sees_fact, visible_people
from api.errors import NotAllowed, NotFound
from api.models import Education, Person, PersonRole, PersonRoleKind, WebhookTopic
from api.services.audit import log_edits
from api.services.facts import lock_people
from api.services.inputs import FIRST_YEAR, LAST_YEAR, Checker
from api.services.webhooks import announce

MOST_GRADUATES = 1000
_COHORT, _PEOPLE = ("input", "cohort"), ("input", "personIds")
_ROLES = cast(Table, PersonRole.__table__)


class GraduationStatus(StrEnum):
    """What graduation did for somebody."""

    GRADUATED = "GRADUATED"
    UNCHANGED = "UNCHANGED"
    NOT_A_STUDENT = "NOT_A_STUDENT"
    DECEASED = "DECEASED"


@dataclass(frozen=True)
class Cohort:
    """Everybody with a degree of this institution that ends in this year, and is of this field if one is given; also
    where the office alone knows that."""

    end_year: int
    programme: str | None = None
    cip_code: str | None = None
    """Two, four or six digits."""


@dataclass
class Steps:
    """What has to be done to the roles of the people."""

    ended: list[UUID]
    moved: list[UUID]
    begun: list[UUID]
    """People, whose ALUMNUS role begins."""


async def graduate_cohort(
    session: AsyncSession,
    viewer: Viewer,
    on: date,
    whom: Cohort | Sequence[UUID],
    *,
    dry_run: bool = False,
) -> list[tuple[UUID, GraduationStatus]]:
    """Make alumni of those who were students the day before: the STUDENT role ends on that day, at the institution's
    midnight, and an ALUMNUS role begins. Doing it again changes nothing.

    Whoever is an alumnus already keeps that role; one that was to begin later begins on this day. A FERPA hold, the
    four choices, threads and mentorships stay as they are. Raises NotAllowed, Invalid, and NotFound for an id that is
    nobody's whom the viewer sees.
    """
    if not viewer.is_staff:
        raise NotAllowed("Graduations are for the office to record.")
    check = Checker()
    if not FIRST_YEAR <= on.year < LAST_YEAR:
        check.note(("input", "date"), f"must be from {FIRST_YEAR} to {LAST_YEAR}")
    cohort = _checked(check, whom)
    check.raise_problems()
    people = await _of_class(session, viewer, cohort) if isinstance(cohort, Cohort) else cohort
    if len(people) > MOST_GRADUATES:
        check.note(_COHORT, f"has more than {MOST_GRADUATES:,} people: name a programme or a field of study")
        check.raise_problems()
    held = await lock_people(session, viewer, people)
    for place, key in enumerate(people):
        if key not in held:
            raise NotFound("There is no such person.", (*_PEOPLE, str(place)))
    return await _graduate(session, viewer, on, people, dry_run)


async def _graduate(
    session: AsyncSession, viewer: Viewer, on: date, people: Sequence[UUID], dry_run: bool
) -> list[tuple[UUID, GraduationStatus]]:
    roles, dead = await _roles(session, people), await _deceased(session, viewer, people)
    steps = Steps([], [], [])
    found = [(key, GraduationStatus.DECEASED if key in dead else _plan(key, roles[key], on, steps)) for key in people]
    if not dry_run:
        await _carry_out(session, on, steps)
        graduated = [key for key, status in found if status is GraduationStatus.GRADUATED]
        await log_edits(session, viewer, {key: ["roles"] for key in graduated})
        await announce(session, WebhookTopic.PERSON_UPDATED, graduated)
    return found


def _plan(person_id: UUID, roles: Sequence[Row[Any]], on: date, steps: Steps) -> GraduationStatus:
    alumnus = [role for role in roles if role.kind == PersonRoleKind.ALUMNUS and _lasts_until(role, on, after=True)]
    is_alumnus = any(role.starts_on is None or role.starts_on <= on for role in alumnus)
    studies = [role for role in roles if role.kind == PersonRoleKind.STUDENT and _lasts_until(role, on, after=False)]
    studies = [role for role in studies if role.starts_on is None or role.starts_on < on]
    ending = [role.id for role in studies if role.ends_on != on]
    if not studies:
        return GraduationStatus.UNCHANGED if is_alumnus else GraduationStatus.NOT_A_STUDENT
    if is_alumnus and not ending:
        return GraduationStatus.UNCHANGED
    steps.ended += ending
    if alumnus and not is_alumnus:
        steps.moved.append(min(alumnus, key=lambda role: role.starts_on).id)
    elif not is_alumnus:
        steps.begun.append(person_id)
    return GraduationStatus.GRADUATED


def _lasts_until(role: Row[Any], on: date, *, after: bool) -> bool:
    """Whether the role lasts until the beginning of that day; with `after`, beyond it."""
    return role.ends_on is None or role.ends_on > on or (role.ends_on == on and not after)


async def _carry_out(session: AsyncSession, on: date, steps: Steps) -> None:
    for rows, values in ((steps.ended, {"ends_on": on}), (steps.moved, {"starts_on": on})):
        if rows:
            await session.execute(
                update(_ROLES).where(_ROLES.c.id == any_(_ids(rows))).values(updated_at=func.now(), **values)
            )
    if steps.begun:
        kind = PersonRoleKind.ALUMNUS
        begun = [{"id": uuid7(), "person_id": key, "kind": kind, "starts_on": on} for key in steps.begun]
        await session.execute(insert(_ROLES), begun)


# ---------------------------------------------------------------- who


def _checked(check: Checker, whom: Cohort | Sequence[UUID]) -> Cohort | list[UUID]:
    if not isinstance(whom, Cohort):
        check.count(_PEOPLE, whom, most=MOST_GRADUATES)
        return list(dict.fromkeys(whom))
    if not FIRST_YEAR <= whom.end_year < LAST_YEAR:
        check.note((*_COHORT, "endYear"), f"must be from {FIRST_YEAR} to {LAST_YEAR}")
    return Cohort(
        whom.end_year,
        check.text((*_COHORT, "programme"), whom.programme),
        check.cip_family((*_COHORT, "cipCode"), whom.cip_code),
    )


async def _of_class(session: AsyncSession, viewer: Viewer, cohort: Cohort) -> list[UUID]:
    degree = cast(Table, Education.__table__)
    statement = (
        visible_people(viewer)
        .join(degree, degree.c.person_id == Person.id)
        .where(degree.c.home, sees_fact(viewer, degree))
        .where(func.left(recorded(degree, "end_date"), 4) == str(cohort.end_year))
        .distinct()
        .order_by(Person.id)
        .limit(MOST_GRADUATES + 1)
    )
    if cohort.programme is not None:
        statement = statement.where(
            func.alumni_fold(recorded(degree, "programme")) == func.alumni_fold(cohort.programme)
        )
    if cohort.cip_code is not None:
        statement = statement.where(recorded(degree, "cip_code").startswith(cohort.cip_code))
    return list(await session.scalars(statement))


async def _roles(session: AsyncSession, people: Sequence[UUID]) -> Mapping[UUID, list[Row[Any]]]:
    found: dict[UUID, list[Row[Any]]] = defaultdict(list)
    of_them = select(_ROLES).where(_ROLES.c.person_id == any_(_ids(people))).order_by(_ROLES.c.id)
    for role in await session.execute(of_them):
        found[role.person_id].append(role)
    return found


async def _deceased(session: AsyncSession, viewer: Viewer, people: Sequence[UUID]) -> set[UUID]:
    return set(await session.scalars(visible_people(viewer).where(Person.id == any_(_ids(people)), Person.deceased)))


def _ids(values: Sequence[UUID]) -> Any:
    return bindparam("ids", list(values), type_=ARRAY(Uuid()))
