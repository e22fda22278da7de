"""What of an education, and of having studied here, its person or the law keeps from members (rules P1 and P2).

Facts need no further rule when they are read: `api.services.disclosures` moves what is kept back out of the level and
the columns that all reads go by. Here it says what that is, and who reads it all the same.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    any_,
    case,
    false,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import array

from api.access.people import owns, some_row
from api.access.viewers import Viewer, ViewerKind, me
from api.models import DIRECTORY_COLUMNS, DirectoryField, Institution, Person, PersonRoleKind

_EVERY_FIELD: ColumnElement[Any] = literal_column(f"'{{{','.join(DirectoryField)}}}'::text[]")
_STUDIED: list[ColumnElement[str]] = [
    literal_column(f"'{kind.value}'") for kind in (PersonRoleKind.STUDENT, PersonRoleKind.ALUMNUS)
]


def sees_role(viewer: Viewer, role: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may know of this role of somebody whom the viewer sees: that and when a person studied here is
    part of what a hold keeps back."""
    person = Person.__table__.alias()
    held = some_row(person, person.c.id == role.c.person_id, person.c.ferpa_hold)
    match viewer.kind:
        case ViewerKind.ANONYMOUS:
            return false()
        case ViewerKind.STAFF:
            return role.c.id.is_not(None)
        case _:
            return or_(role.c.kind.not_in(_STUDIED), role.c.person_id == me(viewer), not_(held))


def held_back(education: FromClause, person: FromClause) -> ColumnElement[bool]:
    """Whether the person's hold covers this education: what was learned here, wherever the office knows it from, and
    whatever came from a record. What people say themselves of other schools is theirs to say."""
    from_a_record = or_(education.c.registrar_sourced, education.c.source.is_not(None))
    return and_(person.c.ferpa_hold, or_(education.c.home, from_a_record))


def needs_release(education: FromClause, field: DirectoryField) -> ColumnElement[bool]:
    """Whether this part of the registrar's record is no directory information here, and its person has not agreed."""
    institution = Institution.__table__.alias()
    named = select(institution.c.directory_information).correlate_except(institution).scalar_subquery()
    is_named = literal_column(f"'{field.value}'") == any_(func.coalesce(named, _EVERY_FIELD))
    return and_(education.c.registrar_sourced, education.c.released_at.is_(None), not_(is_named))


def recorded(education: FromClause, column: str) -> ColumnElement[Any]:
    """The value of a column as it was recorded, shown or kept back."""
    stored = education.c[column]
    return func.coalesce(education.c.withheld[column].astext.cast(stored.type), stored)


def recorded_for(viewer: Viewer, education: FromClause, column: str) -> ColumnElement[Any]:
    """The value of a column as it was recorded, for the office and the person; for others what is shown of it."""
    if viewer.is_staff:
        return recorded(education, column)
    return case((owns(viewer, education), recorded(education, column)), else_=education.c[column])


def withheld_fields(education: FromClause) -> ColumnElement[Any]:
    """Which parts of the record are kept back, as a JSON list of directory fields."""
    kept = [_kept_back(education, field) for field in DirectoryField if field is not DirectoryField.SCHOOL]
    return func.array_to_json(func.array_remove(array(kept), null()))


def _kept_back(education: FromClause, field: DirectoryField) -> ColumnElement[Any]:
    name: ColumnElement[str] = literal_column(f"'{field.value}'", Text())
    columns = [column for column, of in DIRECTORY_COLUMNS.items() if of is field]
    return case((or_(*(education.c.withheld.has_key(column) for column in columns)), name))
