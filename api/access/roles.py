"""Which roles somebody holds today, by the calendar of the institution: a day begins at midnight there."""

from typing import Any

from sqlalchemy import ColumnElement, Date, FromClause, and_, cast, func, literal_column, or_, select

from api.models import Institution


def local_today() -> ColumnElement[Any]:
    """The date at the institution now; before it has said where it is, the date in UTC."""
    zone = select(Institution.time_zone).correlate(None).scalar_subquery()
    return cast(func.timezone(func.coalesce(zone, literal_column("'UTC'")), func.now()), Date)


def holds_now(role: FromClause) -> ColumnElement[bool]:
    """Whether the dated role is held today: from its first day until the day before `ends_on`."""
    today = local_today()
    return and_(
        or_(role.c.starts_on.is_(None), role.c.starts_on <= today),
        or_(role.c.ends_on.is_(None), role.c.ends_on > today),
    )
