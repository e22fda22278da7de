"""For whom suggestions are sought and as of when, and how what that takes is read."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, FromClause, Row, Uuid, any_, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from api import access
from api.access import Viewer
from api.db import AnySelect
from api.models import Person
from api.statements import Statements
from recommender.ranking import RankingConfig


@dataclass(frozen=True)
class Asking:
    """For whom candidates are sought, as of when, with which configuration. Nothing later is read."""

    viewer: Viewer
    as_of: datetime
    config: RankingConfig
    exact: bool = False
    """Scan vectors exactly rather than by index: for tests that compare."""

    @property
    def moment(self) -> ColumnElement[datetime]:
        """`as_of` as a bind parameter that carries its value and may be bound anew."""
        return bindparam("as_of", self.as_of, type_=DateTime(timezone=True))

    @property
    def people(self) -> AnySelect:
        """Whom the viewer may be pointed to at all."""
        return access.suggestable_people(self.viewer).where(Person.created_at <= self.moment)


AHEAD = 101
"""So many more than have been shown are found, if there are so many: a full page, and one that says that it goes on."""
IDS = "ids"
"""The bind parameter for whom or what is asked about."""
_STATEMENTS = Statements(most=400)


async def ask(
    session: AsyncSession, asking: Asking, build: Callable[..., Any], *shape: Hashable, **given: object
) -> Sequence[Row[Any]]:
    """The rows of `build(asking, *shape)`, which is compiled once for each kind of viewer, configuration and shape.

    What else varies is `given` by the names of its bind parameters.
    """
    viewer, config = asking.viewer, asking.config
    key = (build, viewer.shape, viewer.person_id is None, config.digest, *shape)
    values = {"viewer": viewer.key, "as_of": asking.as_of, **given}
    return await _STATEMENTS.rows(session, key, lambda: build(asking, *shape), values)


def best_of(asking: Asking, scored: FromClause, most: int) -> AnySelect:
    """The ids of the best of those in `scored`, rows of person_id and score, whom the viewer may be pointed to at all.

    The subselect is in order already, so PostgreSQL looks people up from the top, and stops when there are enough.
    """
    ranked = scored.select().order_by(scored.c.score.desc(), scored.c.person_id).subquery("ranked")
    return (
        asking.people.join(ranked, ranked.c.person_id == Person.id)
        .order_by(ranked.c.score.desc(), ranked.c.person_id)
        .limit(literal_column(str(most)))
    )


def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether it is one of the ids that are asked about."""
    return column == any_(bindparam(IDS, type_=ARRAY(Uuid())))


def asked() -> AnySelect:
    """The ids that are asked about as rows, to be looked up one by one: for an array of them PostgreSQL may read all of
    an index whose first column is another."""
    return select(func.unnest(bindparam(IDS, type_=ARRAY(Uuid()))))
