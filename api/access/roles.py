"""Which roles somebody holds today, by the calendar of the institution: a day begins at midnight there."""

from typing import Any

from sqlalchemy import ColumnElement, Date, DateTime, FromClause, Integer, and_, cast, func, literal_column, or_, select

from api.models import Institution


def local_today() -> ColumnElement[Any]:
    """The date at the institution now; before it has said where it is, the date in UTC."""
    return cast(func.timezone(_zone(), func.now()), Date)


def local_tomorrow() -> ColumnElement[Any]:
    """The moment at which the next day begins at the institution."""
    day = local_today() + literal_column("1", Integer())
    return func.timezone(_zone(), cast(day, DateTime()), type_=DateTime(timezone=True))


def _zone() -> ColumnElement[Any]:
    zone = select(Institution.time_zone).correlate(None).scalar_subquery()
    return func.coalesce(zone, literal_column("'UTC'"))


def holds_now(role: FromClause) -> ColumnElement[bool]:
    """Whether the dated role is held today: from its first day until the day before `ends_on`."""
    today = local_today()
    return and_(
        or_(role.c.starts_on.is_(None), role.c.starts_on <= today),
        or_(role.c.ends_on.is_(None), role.c.ends_on > today),
    )
