"""What became of a class: people counted by employer, occupation or country, so that no count tells of fewer than five.

People are divided into atoms: a band of five class years, a CIP family of two digits, and a value. A person stands in
the atom of the last degree taken here. What those outside the office are told is a sum of whole atoms that hold at
least five people each. So one number less another is again a sum of such atoms, and whatever two queries overlap in,
their difference never tells of one to four people.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Subquery,
    Table,
    Text,
    Uuid,
    bindparam,
    func,
    literal_column,
    not_,
    null,
    nulls_last,
    select,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, ViewerKind, sees_fact, visible_people
from api.db import AnySelect
from api.errors import NotAllowed
from api.models import Education, Experience, Organization, Person, Place
from api.services.inputs import FIRST_YEAR, LAST_YEAR, Checker
from api.statements import Statements

BAND = 5
"""Class years that count together."""
FAMILY = 2
"""Digits of a CIP code that count together."""
FEWEST = 5
"""The smallest number of people that those outside the office are told of."""
MOST_CELLS = 100
_STATEMENTS = Statements(32)


class OutcomeKind(StrEnum):
    """What people are counted by."""

    EMPLOYER = "EMPLOYER"
    OCCUPATION = "OCCUPATION"
    COUNTRY = "COUNTRY"


@dataclass(frozen=True)
class Cohort:
    """Whose outcomes: the class years, both inclusive, and the field of study. None is no bound."""

    from_year: int | None = None
    to_year: int | None = None
    cip: str | None = None
    """The beginning of CIP codes."""


@dataclass(frozen=True)
class Cell:
    """One value, and how many have it: None when they are too few to tell."""

    value: str
    system: str | None
    organization_id: UUID | None
    count: int | None


async def cohort_outcomes(
    session: AsyncSession, viewer: Viewer, by: OutcomeKind, cohort: Cohort, *, first: int = 20
) -> list[Cell]:
    """The most frequent values over what the viewer may see: current experiences and homes of people who live.

    Officers get exact counts of any years and fields. Raises NotAllowed to those who are no members, and Invalid.
    """
    if viewer.kind not in {ViewerKind.MEMBER, ViewerKind.STAFF}:
        raise NotAllowed("Outcomes are for members and staff.")
    _check(viewer, cohort, first)
    given = {"viewer": viewer.key, "from_year": cohort.from_year, "to_year": cohort.to_year, "cip": cohort.cip}
    known = {name: value for name, value in given.items() if value is not None} | {"most": first}
    key = (by, viewer.shape, *sorted(known))
    rows = await _STATEMENTS.rows(session, key, lambda: _cells(viewer, by, cohort), known)
    return [_cell(row) for row in rows]


def _cell(row: Row[Any]) -> Cell:
    return Cell(row.value, row.system, row.organization_id, None if row.people is None else int(row.people))


# ---------------------------------------------------------------- the statement


def _cells(viewer: Viewer, by: OutcomeKind, cohort: Cohort) -> AnySelect:
    atoms = _atoms(viewer, by, _last_degrees(viewer, cohort))
    people = func.sum(atoms.c.people, type_=Integer())
    told = people if viewer.is_staff else people.filter(atoms.c.people >= literal_column(str(FEWEST)))
    named = (atoms.c.value, atoms.c.system, atoms.c.organization_id)
    return (
        select(*named, told.label("people"))
        .group_by(*named)
        .order_by(nulls_last(told.desc()), *named)
        .limit(bindparam("most", MOST_CELLS, type_=Integer()))
    )


def _last_degrees(viewer: Viewer, cohort: Cohort) -> Subquery:
    """Each visible person once, with the class year and field of the last visible degree taken here."""
    degree = cast(Table, Education.__table__)
    last = (
        visible_people(viewer)
        .add_columns(degree.c.end_year, degree.c.cip_code)
        .join(degree, degree.c.person_id == Person.id)
        .where(not_(Person.deceased), degree.c.home, degree.c.completed, degree.c.end_year.is_not(None))
        .where(sees_fact(viewer, degree))
        .ext(distinct_on(Person.id))
        .order_by(Person.id, degree.c.end_year.desc(), degree.c.end_date.desc(), degree.c.id.desc())
        .subquery("last")
    )
    chosen = select(
        last.c.id,
        (last.c.end_year // literal_column(str(BAND), Integer())).label("band"),
        func.left(last.c.cip_code, literal_column(str(FAMILY))).label("family"),
    )
    if cohort.from_year is not None:
        chosen = chosen.where(last.c.end_year >= bindparam("from_year", cohort.from_year, type_=Integer()))
    if cohort.to_year is not None:
        chosen = chosen.where(last.c.end_year <= bindparam("to_year", cohort.to_year, type_=Integer()))
    if cohort.cip is not None:
        chosen = chosen.where(func.starts_with(last.c.cip_code, bindparam("cip", cohort.cip, type_=Text())))
    return chosen.subquery("graduates")


def _atoms(viewer: Viewer, by: OutcomeKind, graduates: Subquery) -> Subquery:
    fact = cast(Table, Place.__table__ if by is OutcomeKind.COUNTRY else Experience.__table__)
    rows = graduates.join(fact, fact.c.person_id == graduates.c.id)
    value: ColumnElement[Any]
    system: ColumnElement[Any] = null().cast(Text)
    organization_id: ColumnElement[Any] = null().cast(Uuid)
    if by is OutcomeKind.COUNTRY:
        value, chosen = fact.c.country, fact.c.kind == literal_column("'HOME'")
    elif by is OutcomeKind.OCCUPATION:
        value, system = fact.c.occupation_code, fact.c.occupation_system
        chosen = fact.c.current & fact.c.occupation_code.is_not(None)
    else:
        organization = cast(Table, Organization.__table__)
        rows = rows.join(organization, organization.c.id == fact.c.organization_id)
        value, organization_id, chosen = organization.c.name, organization.c.id, fact.c.current
    named = (value.label("value"), system.label("system"), organization_id.label("organization_id"))
    division = (value, system, organization_id, graduates.c.band, graduates.c.family)
    return (
        select(*named, func.count(graduates.c.id.distinct()).label("people"))
        .select_from(rows)
        .where(chosen, sees_fact(viewer, fact))
        .group_by(*division)
        .subquery("atoms")
    )


# ---------------------------------------------------------------- what may be asked


def _check(viewer: Viewer, cohort: Cohort, first: int) -> None:
    check = Checker()
    if not 1 <= first <= MOST_CELLS:
        check.note(("first",), f"must be from 1 to {MOST_CELLS}")
    check.cip_family(("cip",), cohort.cip)
    for end, year in (("from", cohort.from_year), ("to", cohort.to_year)):
        if year is not None and not FIRST_YEAR <= year < LAST_YEAR:
            check.note(("years", end), f"must be from {FIRST_YEAR} to {LAST_YEAR - 1}")
    if cohort.from_year is not None and cohort.to_year is not None and cohort.from_year > cohort.to_year:
        check.note(("years", "to"), "is before the first year")
    check.raise_problems()
    if not viewer.is_staff:
        _check_whole(check, cohort)


def _check_whole(check: Checker, cohort: Cohort) -> None:
    """Whole bands and whole families only: parts of them could be subtracted from one another."""
    start, end = cohort.from_year, cohort.to_year
    if start is not None and start % BAND:
        check.note(("years", "from"), f"must be the first of {BAND} years that count together: {start - start % BAND}")
    if end is not None and (end + 1) % BAND:
        last = end - end % BAND + BAND - 1
        check.note(("years", "to"), f"must be the last of {BAND} years that count together: {last}")
    if cohort.cip is not None and len(cohort.cip) != FAMILY:
        check.note(("cip",), f"must have the two digits of a family: {cohort.cip[:FAMILY]}")
    check.raise_problems()
