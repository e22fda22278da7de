"""Scalars of the API: instants, dates and partial dates, each with the standard that specifies it."""

from datetime import date, datetime
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

PartialDate = NewType("PartialDate", str)


def _instant(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read_instant(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise GraphQLError('A DateTime is an RFC 3339 text with an offset: "2026-05-01T18:00:00+02:00".')
    return found


def _day(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _read_day(value: object) -> date:
    try:
        if isinstance(value, str) and len(value) == len("2026-05-01"):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise GraphQLError('A Date is an ISO 8601 day: "2026-05-01".')


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise GraphQLError('A PartialDate is a text: "2005" or "2005-09".')
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant, as RFC 3339 with an offset.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=_instant,
        parse_value=_read_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day, as ISO 8601.",
        specified_by_url="https://scalars.graphql.org/andimarek/local-date.html",
        serialize=_day,
        parse_value=_read_day,
    ),
    PartialDate: strawberry.scalar(
        name="PartialDate",
        description='A year or a year-month: "2005", "2005-09". Checked with the input it stands in.',
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=str,
        parse_value=_text,
    ),
}
