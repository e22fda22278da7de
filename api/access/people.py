"""Which people, facts, organisations and vectors a viewer sees."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Uuid,
    all_,
    and_,
    any_,
    case,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from api.access.viewers import Viewer, ViewerKind, level, me
from api.db import AnySelect
from api.models import (
    Block,
    Connection,
    ContactPoint,
    Education,
    Experience,
    Fact,
    Interest,
    Link,
    Person,
    PersonText,
    Place,
    Skill,
    Visibility,
)

FACTS: tuple[type[Fact], ...] = (Education, Experience, Skill, Interest, Place, ContactPoint, Link, PersonText)
"""All kinds of fact that carry a visibility of their own."""


def sees_person(viewer: Viewer, person: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may know that this person is in the network."""
    match viewer.kind:
        case ViewerKind.ANONYMOUS:
            return false()
        case ViewerKind.GUEST:
            open_to_all = or_(*(_has_public(table, person) for table in FACTS))
            return and_(
                or_(and_(person.c.listed, open_to_all), person.c.id == me(viewer)), not_blocked(viewer, person.c.id)
            )
        case ViewerKind.MEMBER:
            return and_(or_(person.c.listed, person.c.id == me(viewer)), not_blocked(viewer, person.c.id))
        case ViewerKind.STAFF:
            return not_blocked(viewer, person.c.id)


def _has_public(table: type[Fact], person: FromClause) -> ColumnElement[bool]:
    fact = table.__table__.alias()
    return some_row(fact, fact.c.person_id == person.c.id, fact.c.visibility.in_(level(Visibility.PUBLIC)))


def some_row(own: FromClause, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Some row of `own` meets the conditions. All other tables are those of the statements around: left to itself,
    SQLAlchemy correlates with the nearest one only, and lists the rest anew, which would make a rule always true."""
    one: ColumnElement[int] = literal_column("1")
    return select(one).select_from(own).where(*conditions).correlate_except(own).exists()


def visible_people(viewer: Viewer) -> AnySelect:
    """The people whom the viewer may know of, as `SELECT people.id`: add columns, joins and conditions to it."""
    return select(Person.id).where(sees_person(viewer, Person.__table__))


def not_blocked(viewer: Viewer, person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Neither has blocked the other. The viewer's blocks are read once per statement, not once per row."""
    by_me, of_me = Block.__table__.alias(), Block.__table__.alias()
    mine = union_all(
        select(by_me.c.blocked_id).where(by_me.c.blocker_id == me(viewer)),
        select(of_me.c.blocker_id).where(of_me.c.blocked_id == me(viewer)),
    )
    return person_id != all_(func.array(mine.scalar_subquery(), type_=Uuid()))


def person_visible(viewer: Viewer, person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the person behind an id is one whom the viewer sees."""
    person = Person.__table__.alias()
    return some_row(person, person.c.id == person_id, sees_person(viewer, person))


def connected(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether two people are connected, whoever may know of it: for rules, never for display."""
    tie = Connection.__table__.alias()
    return some_row(
        tie,
        tie.c.low_id == func.least(one, other),
        tie.c.high_id == func.greatest(one, other),
        tie.c.state == literal_column("'ACCEPTED'"),
    )


def _is_my_contact(viewer: Viewer, person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """As `connected` to the viewer. The viewer's ties are read once per statement, and only if a row asks for them: put
    as a question for each row, PostgreSQL expects many and reads everybody's ties."""
    low, high = Connection.__table__.alias(), Connection.__table__.alias()
    mine = union_all(
        select(low.c.high_id).where(low.c.low_id == me(viewer), low.c.state == literal_column("'ACCEPTED'")),
        select(high.c.low_id).where(high.c.high_id == me(viewer), high.c.state == literal_column("'ACCEPTED'")),
    )
    return person_id == any_(func.array(mine.scalar_subquery(), type_=Uuid()))


def _own(viewer: Viewer, fact: FromClause) -> ColumnElement[bool]:
    """Whether it is the viewer's own fact; through somebody's eyes an officer reads no more of what is for that person
    alone than otherwise."""
    own = fact.c.person_id == me(viewer)
    return and_(own, fact.c.visibility.not_in(level(Visibility.ME))) if viewer.impersonated else own


def sees_fact(viewer: Viewer, fact: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may read this fact of a person whom the viewer sees. The person's own rule comes on top."""
    own = _own(viewer, fact)
    match viewer.kind:
        case ViewerKind.ANONYMOUS:
            return false()
        case ViewerKind.GUEST:
            return or_(own, fact.c.visibility.in_(level(Visibility.PUBLIC)))
        case ViewerKind.MEMBER:
            return or_(
                fact.c.visibility.in_(level(Visibility.MEMBERS, Visibility.PUBLIC)),
                own,
                and_(fact.c.visibility.in_(level(Visibility.CONNECTIONS)), _is_my_contact(viewer, fact.c.person_id)),
            )
        case ViewerKind.STAFF:
            return or_(fact.c.visibility.not_in(level(Visibility.ME)), own)


def sees_fact_alone(viewer: Viewer, fact: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may read a fact that is reached by its own id: its person must be visible too."""
    return and_(sees_fact(viewer, fact), person_visible(viewer, fact.c.person_id))


def any_member_sees(fact: FromClause) -> ColumnElement[bool]:
    """Whether the fact is open to every member: what rankings may use, and what the members' vector index holds.

    Spelled exactly as the index's predicate, else PostgreSQL does not use the index.
    """
    return fact.c.visibility.in_(level(Visibility.MEMBERS, Visibility.PUBLIC))


def restricted(fact: FromClause) -> ColumnElement[bool]:
    """Whether the fact, or some of it, is closed to members at large, so that an officer's reading of it is logged."""
    closed = fact.c.visibility.in_(level(Visibility.STAFF, Visibility.CONNECTIONS))
    return or_(closed, fact.c.withheld.is_not(None)) if "withheld" in fact.c else closed


def sees_vector(viewer: Viewer, vector: FromClause) -> ColumnElement[bool]:
    """Whether the vector may take part in what this viewer searches. Officers' searches merge in a second scan of
    `staff_only` vectors, because one condition over both would use neither index."""
    return false() if viewer.kind in {ViewerKind.ANONYMOUS, ViewerKind.GUEST} else any_member_sees(vector)


def staff_only(vector: FromClause) -> ColumnElement[bool]:
    """The condition of the officers' second scan. Spelled exactly as its index's predicate."""
    return vector.c.visibility == level(Visibility.STAFF)[0]


def profiles(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the viewer lets suggestions be computed from what is known of them (rule P8)."""
    person = Person.__table__.alias()
    return some_row(person, person.c.id == me(viewer), person.c.profiled)


def is_viewer(viewer: Viewer, person: FromClause) -> ColumnElement[bool]:
    """Whether the row is the viewer's own person."""
    return person.c.id == me(viewer)


def for_its_person(viewer: Viewer, own: ColumnElement[bool], value: ColumnElement[Any]) -> ColumnElement[Any]:
    """The value for the office and for the one whose `own` it is; null for all others."""
    return value if viewer.is_staff else case((own, value), else_=null())


def owns(viewer: Viewer, row: FromClause) -> ColumnElement[bool]:
    """Whether the row belongs to the viewer's own person."""
    return row.c.person_id == me(viewer)
