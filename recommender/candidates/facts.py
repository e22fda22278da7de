"""By what two people share: programmes, years, employers, cities, skills and interests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Float, FromClause, func, literal_column, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from api import access, models
from api.db import AnySelect
from recommender.asking import Asking, ask, best_of

COMMON = 1000
"""What so many people share brings only so many of them, and sets nobody apart."""


@dataclass(frozen=True)
class Shared:
    """A kind of fact that two people can share: its table, what must be equal, and how much it tells."""

    table: type[models.Fact]
    equal: Sequence[str]
    strength: float


SHARED: Mapping[str, Shared] = {
    "employer": Shared(models.Experience, ("organization_id",), 3.0),
    "programme": Shared(models.Education, ("programme", "school"), 2.0),
    "city": Shared(models.Place, ("city_folded", "country"), 2.0),
    "skill": Shared(models.Skill, ("name_folded",), 1.0),
    "interest": Shared(models.Interest, ("name_folded",), 1.0),
}


def own_values(asking: Asking, table: type[models.Fact], *columns: str) -> FromClause:
    """Each value once that the viewer's facts of a kind have in `columns`."""
    mine = table.__table__.alias()
    return (
        select(*(mine.c[name] for name in columns))
        .where(
            mine.c.person_id == access.me(asking.viewer),
            access.any_member_sees(mine),
            mine.c.created_at <= asking.moment,
        )
        .distinct()
        .subquery()
    )


def may_count(asking: Asking, theirs: FromClause) -> list[ColumnElement[bool]]:
    """The conditions under which another's fact may count for the viewer."""
    return [
        access.any_member_sees(theirs),
        theirs.c.created_at <= asking.moment,
        theirs.c.person_id != access.me(asking.viewer),
    ]


def latest(asking: Asking, theirs: FromClause, *same: ColumnElement[bool]) -> AnySelect:
    """Whose facts are the `same` in something, as SELECT person_id: the COMMON people at most who joined last."""
    return (
        select(theirs.c.person_id)
        .where(*may_count(asking, theirs), *same)
        .order_by(theirs.c.person_id.desc())
        .limit(literal_column(str(COMMON)))
    )


async def sharing_something(
    session: AsyncSession, asking: Asking, quota: int, kinds: tuple[str, ...] = tuple(SHARED)
) -> list[UUID]:
    """People with the same employer, programme, year, city, skills or interests, or some of these `kinds` and the year;
    who shares most and rarest first."""
    return [row.id for row in await ask(session, asking, _sharing_most, quota, kinds)]


def _sharing_most(asking: Asking, quota: int, kinds: tuple[str, ...]) -> AnySelect:
    parts = [_sharing(asking, SHARED[kind]) for kind in kinds]
    every = union_all(*parts, _same_year(asking)).subquery("every")
    shared = select(every.c.person_id, func.sum(every.c.strength).label("score")).group_by(every.c.person_id)
    return best_of(asking, shared.subquery("shared"), quota)


def _sharing(asking: Asking, shared: Shared) -> AnySelect:
    """Each shared fact with its strength, less the more people have it."""
    mine, theirs = own_values(asking, shared.table, *shared.equal), shared.table.__table__.alias()
    same = [mine.c[name] == theirs.c[name] for name in shared.equal]
    holder = latest(asking, theirs, *same).correlate(mine).lateral()
    holders = func.count().over(partition_by=[mine.c[name] for name in shared.equal])
    most: ColumnElement[float] = literal_column(str(shared.strength), Float())
    strength: ColumnElement[float] = most / func.ln(2.0 + holders, type_=Float())
    return select(holder.c.person_id, strength.label("strength")).select_from(mine.join(holder, true()))


def _same_year(asking: Asking) -> AnySelect:
    mine, theirs = own_values(asking, models.Education, "end_year", "home"), models.Education.__table__.alias()
    same = mine.c.home, theirs.c.home, mine.c.end_year == theirs.c.end_year
    holder = latest(asking, theirs, *same).correlate(mine).lateral()
    strength: ColumnElement[float] = literal_column("0.3")
    return select(holder.c.person_id, strength.label("strength")).select_from(mine.join(holder, true()))
