"""What of educations is kept back, done at the facts themselves: then no list, filter, search or vector needs a rule.

While a hold stands, or while the school itself is no directory information, a fact stands at STAFF at most and
remembers its level. Values of the registrar's record that are no directory information are moved out of their columns.
"""

from collections.abc import Collection
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Label,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import held_back, level, needs_release, recorded
from api.db import AnySelect
from api.models import (
    DIRECTORY_COLUMNS,
    DirectoryField,
    Education,
    FactVector,
    MentorProfile,
    Person,
    Suggestion,
    Visibility,
)

OPEN = (Visibility.CONNECTIONS, Visibility.MEMBERS, Visibility.PUBLIC)
"""Levels at which others than the office see a fact."""
_EDUCATIONS = cast(Table, Education.__table__)


async def keep_back(session: AsyncSession, people: Collection[UUID] | None = None) -> set[UUID]:
    """Make the educations of these people, or of all, as holds and directory information want them; who was concerned.

    Whoever writes educations, holds, releases or the list does this in the same transaction, holding the people's rows;
    doing it twice changes nothing. Vectors of what changed go, to be made anew of what is left; and what was told of
    these studies as a reason of a suggestion is forgotten. Four statements, one if nothing is to be done.
    """
    due = (await session.execute(_due(people))).all()
    if not due:
        return set()
    ids = bindparam("ids", [row.id for row in due], type_=ARRAY(Uuid()))
    vectors = cast(Table, FactVector.__table__)
    await session.execute(delete(vectors).where(vectors.c.education_id == any_(ids)))
    person = cast(Table, Person.__table__)
    await session.execute(
        update(_EDUCATIONS)
        .where(_EDUCATIONS.c.id == any_(ids), person.c.id == _EDUCATIONS.c.person_id)
        .values({one.name: one.element for one in _as_it_should_be(_EDUCATIONS, person)})
    )
    concerned = {row.person_id for row in due}
    await forget_reasons(session, concerned)
    return concerned


def _due(people: Collection[UUID] | None) -> AnySelect:
    """The educations that are not as they should be, held until the transaction ends."""
    education, person = _EDUCATIONS, cast(Table, Person.__table__)
    wrong = [education.c[one.name].is_distinct_from(one.element) for one in _as_it_should_be(education, person)]
    statement = (
        select(education.c.id, education.c.person_id)
        .join(person, person.c.id == education.c.person_id)
        .where(or_(*wrong))
        .order_by(education.c.id)
        .with_for_update(of=education)
    )
    if people is None:
        return statement
    return statement.where(education.c.person_id == any_(bindparam("people", list(people), type_=ARRAY(Uuid()))))


def _as_it_should_be(education: FromClause, person: FromClause) -> list[Label[Any]]:
    """The columns that decide what is shown, with what they should hold."""
    asked = func.coalesce(_text(education.c.chosen_visibility), _text(education.c.visibility))
    shut = and_(must_stay_closed(education, person), asked.in_(level(*OPEN)))
    values = {
        name: case((needs_release(education, field), _blank(name)), else_=recorded(education, name))
        for name, field in DIRECTORY_COLUMNS.items()
    }
    kept: list[ColumnElement[Any]] = []
    for name, field in DIRECTORY_COLUMNS.items():
        kept.append(_constant(name))
        kept.append(case((_hides(education, name, field), func.to_jsonb(recorded(education, name)))))
    withheld = func.jsonb_strip_nulls(func.jsonb_build_object(*kept), type_=JSONB())
    return [
        *(value.label(name) for name, value in values.items()),
        func.nullif(withheld, literal_column("'{}'::jsonb"), type_=JSONB()).label("withheld"),
        case((shut, _constant("STAFF")), else_=asked).label("visibility"),
        case((shut, asked), else_=null()).label("chosen_visibility"),
    ]


def must_stay_closed(education: FromClause, person: FromClause) -> ColumnElement[bool]:
    """Whether the whole fact is for the office at most."""
    return or_(held_back(education, person), needs_release(education, DirectoryField.SCHOOL))


def _hides(education: FromClause, name: str, field: DirectoryField) -> ColumnElement[bool]:
    """Whether leaving the column blank hides something."""
    return and_(needs_release(education, field), recorded(education, name).is_distinct_from(_blank(name)))


def _blank(name: str) -> ColumnElement[Any]:
    """What stands in the place of what is kept back: `completed` cannot be empty, and is mostly true."""
    return true() if name == "completed" else null()


def _constant(text: str) -> ColumnElement[str]:
    return literal_column(f"'{text}'", Text())


def _text(column: ColumnElement[Any]) -> ColumnElement[str]:
    return type_coerce(column, Text())


async def forget_reasons(session: AsyncSession, people: Collection[UUID]) -> None:
    """Take what was said of these people's studies out of the suggestions that were made of them: a list that is shown
    again repeats its reasons, and the log is shown to those for whom it was made."""
    suggestion, mentor = cast(Table, Suggestion.__table__), cast(Table, MentorProfile.__table__)
    concerned = any_(bindparam("people", list(people), type_=ARRAY(Uuid())))
    mentors = select(mentor.c.id).where(mentor.c.person_id == concerned)
    reason = func.jsonb_array_elements(suggestion.c.evidence).table_valued("value").alias("reason")
    key = type_coerce(reason.c.value, JSONB())["key"].astext
    names: ColumnElement[Any] = _constant("fact:").concat(_EDUCATIONS.c.id.cast(Text))
    facts: AnySelect = select(names).where(_EDUCATIONS.c.person_id == concerned)
    of_studies = or_(key.like("cohort:%"), key.like("programme:%"), key.in_(facts))
    left = (
        select(func.coalesce(func.jsonb_agg(reason.c.value), literal_column("'[]'::jsonb")))
        .select_from(reason)
        .where(not_(of_studies))
        .correlate(suggestion)
        .scalar_subquery()
    )
    told_by: ColumnElement[Any] = literal_column("'{COHORT,PROGRAMME}'::text[]")
    await session.execute(
        update(suggestion)
        .where(or_(suggestion.c.person_id == concerned, suggestion.c.mentor_id.in_(mentors)))
        .values(evidence=left, features=suggestion.c.features.op("-")(told_by))
    )
