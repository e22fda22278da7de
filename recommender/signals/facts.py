"""What two people share, and how far apart their class years are."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Integer,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, array, distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.db import AnySelect
from recommender.asking import Asking, ask, asked
from recommender.candidates.careers import APART, DATED, LONG, first_together, last_together
from recommender.candidates.facts import SHARED, may_count, own_values
from recommender.evidence_kinds import EvidenceKind
from recommender.features import Signal
from recommender.nearest import is_one_of
from recommender.signals.tags import standing
from recommender.weights.people import Feature

RARE_SHARE = 0.2
COUNTED = 250
"""What so many hold is common: nobody counts on."""
COHORT_YEARS = 3.0
"""A class year so far away tells a third as much as the same one."""

KINDS: Mapping[str, tuple[Feature, EvidenceKind, str]] = {
    "employer": (Feature.EMPLOYER, EvidenceKind.SHARED_EMPLOYER, "You both worked at {}"),
    "programme": (Feature.PROGRAMME, EvidenceKind.SHARED_PROGRAMME, "You both studied {}"),
    "city": (Feature.PLACE, EvidenceKind.SHARED_PLACE, "You both know {}"),
}
TAGS: Mapping[str, tuple[Feature, EvidenceKind]] = {
    "skill": (Feature.SKILL, EvidenceKind.SHARED_SKILL),
    "interest": (Feature.INTEREST, EvidenceKind.SHARED_INTEREST),
}
"""What people may have, seek or offer: `tags` has the words."""


async def shared_facts(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], total: int
) -> list[tuple[UUID, Signal]]:
    """The facts that each of the people has in common with the viewer: what few have tells more."""
    rows = await ask(session, asking, _all_shared, ids=list(people))
    holders = await _holders(session, asking, {row.name for row in rows})
    return [(row.person_id, _shared_signal(row, holders.get((row.name, row.key), 1), total)) for row in rows]


def _all_shared(asking: Asking) -> CompoundSelect[Any]:
    return union_all(*(_shared(asking, name) for name in SHARED))


def _shared_signal(row: Any, holders: int, total: int) -> Signal:
    rare, value = holders < RARE_SHARE * total, 2.0 / (1.0 + _log2(holders))
    if row.name in TAGS:
        (feature, shared), way = TAGS[row.name], standing(row.kinds)
        key, text = way.key(row.name, row.key), way.text(row.name, row.label)
        return Signal(feature, way.kind or shared, value, key, text, rare)
    feature, kind, words = KINDS[row.name]
    text = words.format(row.label)
    if feature is Feature.PROGRAMME:
        value = 1.0
    if feature is Feature.EMPLOYER:
        years, first, last = row.span or (0, 0, 0)
        value *= APART + min(1.0, years / LONG)
        text = _together(row.label, first, last) if years else text
    return Signal(feature, kind, value, f"{row.name}:{row.key}", text, rare)


def _together(label: str, first: int, last: int) -> str:
    """Of a single year nobody knows whether one came before the other went."""
    if first == last:
        return f"You were both at {label} in {first}"
    return f"You were at {label} at the same time, {first} to {last}"


def _log2(number: int) -> float:
    return float(max(number, 1).bit_length() - 1)


def _key(name: str, fact: FromClause) -> ColumnElement[str]:
    parts = [fact.c[column].cast(Text) for column in SHARED[name].equal]
    return func.concat_ws("|", *parts)


def _label(name: str, fact: FromClause) -> ColumnElement[Any]:
    if name == "employer":
        organization = models.Organization.__table__.alias()
        return (
            select(organization.c.name)
            .where(organization.c.id == fact.c.organization_id)
            .correlate_except(organization)
            .scalar_subquery()
        )
    return fact.c["name" if name in TAGS else name]


def _shared(asking: Asking, name: str) -> AnySelect:
    shared, nothing = SHARED[name], null()
    columns = DATED if name == "employer" else (*shared.equal, "kind") if name in TAGS else shared.equal
    mine, theirs = own_values(asking, shared.table, *columns), shared.table.__table__.alias()
    same = [mine.c[column] == theirs.c[column] for column in shared.equal]
    key = _key(name, theirs)
    span = func.max(_span(asking, mine, theirs)) if name == "employer" else nothing
    kinds = func.array_agg(func.concat_ws(" ", mine.c.kind, theirs.c.kind).distinct()) if name in TAGS else nothing
    return (
        select(
            theirs.c.person_id,
            literal_column(f"'{name}'", Text()).label("name"),
            key.label("key"),
            func.min(_label(name, theirs)).label("label"),
            cast(span, ARRAY(Integer())).label("span"),
            cast(kinds, ARRAY(Text())).label("kinds"),
        )
        .join_from(theirs, mine, and_(*same))
        .where(*may_count(asking, theirs), theirs.c.person_id.in_(asked()))
        .group_by(theirs.c.person_id, key)
    )


def _span(asking: Asking, mine: FromClause, theirs: FromClause) -> ColumnElement[Any]:
    """Years together, the first and the last; null unless the two are known to have been there at the same time."""
    first, last = first_together(mine, theirs), last_together(asking, mine, theirs)
    years = 1 + last - first
    return case((years > 0, array([years, first, last])), else_=null())


async def _holders(session: AsyncSession, asking: Asking, names: set[str]) -> Mapping[tuple[str, str], int]:
    """How many visible people hold each of the viewer's values, the viewer among them: of others up to COUNTED."""
    if not names:
        return {}
    rows = await ask(session, asking, _counted, tuple(sorted(names)))
    return {(row.name, row.key): row.holders for row in rows}


def _counted(asking: Asking, names: Sequence[str]) -> CompoundSelect[Any]:
    parts: list[AnySelect] = []
    for name in names:
        shared = SHARED[name]
        mine, theirs = own_values(asking, shared.table, *shared.equal), shared.table.__table__.alias()
        same = [mine.c[column] == theirs.c[column] for column in shared.equal]
        visible = is_one_of(access.visible_people(asking.viewer), theirs)
        some = (
            select(theirs.c.person_id)
            .where(*may_count(asking, theirs), *same, visible)
            .limit(literal_column(str(COUNTED)))
            .correlate(mine)
            .lateral()
        )
        key = _key(name, mine)
        parts.append(
            select(
                literal_column(f"'{name}'", Text()).label("name"),
                key.label("key"),
                (func.count(some.c.person_id.distinct()) + 1).label("holders"),
            )
            .select_from(mine.join(some, true()))
            .group_by(key)
        )
    return union_all(*parts)


async def class_years(
    session: AsyncSession, asking: Asking, people: Sequence[UUID], _total: int
) -> list[tuple[UUID, Signal]]:
    """How near each of the people finished to the viewer's year: of several the two nearest."""
    rows = await ask(session, asking, _years_apart, ids=list(people))
    found: list[tuple[UUID, Signal]] = []
    for row in rows:
        years, year, own = row.years, row.year, row.own
        value = 1.0 / (1.0 + 2.0 * years / COHORT_YEARS)
        kind = EvidenceKind.SHARED_COHORT if years == 0 else EvidenceKind.COHORT
        text = _finished(year, own, to_come=year > asking.as_of.year)
        found.append((row.person_id, Signal(Feature.COHORT, kind, value, f"cohort:{year}", text, rare=False)))
    return found


def _finished(year: int, own: int, *, to_come: bool) -> str:
    if year == own:
        return f"You both {'finish' if to_come else 'finished'} in {year}"
    years = abs(year - own)
    told = f"{years} years {'before' if year < own else 'after'} you" if years > COHORT_YEARS else "near your year"
    return f"{'Finishes' if to_come else 'Finished'} here in {year}, {told}"


def _years_apart(asking: Asking) -> AnySelect:
    """For each person the years of theirs and of the viewer's that are nearest to each other."""
    mine, theirs = own_values(asking, models.Education, "end_year", "home"), models.Education.__table__.alias()
    years = func.abs(mine.c.end_year - theirs.c.end_year)
    return (
        select(theirs.c.person_id, years.label("years"), theirs.c.end_year.label("year"), mine.c.end_year.label("own"))
        .ext(distinct_on(theirs.c.person_id))
        .join_from(mine, theirs, true())
        .where(*may_count(asking, theirs), mine.c.home, theirs.c.home, theirs.c.person_id.in_(asked()))
        .where(mine.c.end_year.is_not(None), theirs.c.end_year.is_not(None))
        .order_by(theirs.c.person_id, years, theirs.c.end_year.desc(), mine.c.end_year.desc())
    )
