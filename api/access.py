"""Who sees which rows. Every SELECT of people or their facts grows from a predicate of this module.

A predicate takes the viewer and the row source (a table or an alias of it) and gives a SQL condition. Its shape depends
only on `viewer.kind`; the viewer's id is the bind parameter `viewer`, so that a statement compiled once serves all
viewers of a kind. Enumeration members stand in the text as literals: a partial index is of no use to a parameter.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Uuid,
    all_,
    and_,
    bindparam,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    union_all,
)

from api.db import AnySelect
from api.models import (
    Account,
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
    SuggestionOutcome,
    Visibility,
)

FACTS: tuple[type[Fact], ...] = (Education, Experience, Skill, Interest, Place, ContactPoint, Link, PersonText)
"""All kinds of fact that carry a visibility of their own."""


class ViewerKind(StrEnum):
    """What decides the shape of the access rules."""

    ANONYMOUS = "ANONYMOUS"
    GUEST = "GUEST"
    """Signed in, but not (or no longer) a member of the network: sees what is public."""
    MEMBER = "MEMBER"
    STAFF = "STAFF"


NOBODY = UUID(int=0)
"""The viewer id of someone who is no person here: it equals no person's id."""


@dataclass(frozen=True)
class Viewer:
    """Who is asking. `person_id` is None for anonymous callers and for officers without a profile."""

    kind: ViewerKind
    person_id: UUID | None = None
    account_id: UUID | None = None
    admin: bool = False
    roles: frozenset[str] = field(default_factory=frozenset[str])
    """For display: ALUMNUS, STUDENT, STAFF, ADMIN, and other dated roles of the person."""
    claim: "Claim | None" = None
    """Set when the token is good but its identity is linked to no account yet."""

    @property
    def is_staff(self) -> bool:
        """Whether the viewer works for the office."""
        return self.kind is ViewerKind.STAFF

    @property
    def signed_in(self) -> bool:
        """Whether the viewer brought an acceptable token."""
        return self.kind is not ViewerKind.ANONYMOUS

    @property
    def key(self) -> UUID:
        """The value of the bind parameter `viewer`."""
        return self.person_id or NOBODY


@dataclass(frozen=True)
class Claim:
    """An identity that an issuer vouches for and that nobody here has confirmed yet."""

    issuer: str
    subject: str
    email: str | None
    """Lower case, and only if the issuer says that it is verified."""


ANONYMOUS = Viewer(ViewerKind.ANONYMOUS)


def me(viewer: Viewer) -> ColumnElement[UUID]:
    """The viewer's person id as a bind parameter that carries its value and may be bound anew."""
    return bindparam("viewer", viewer.key, type_=Uuid())


def level(*levels: Visibility) -> list[ColumnElement[str]]:
    """Visibility levels as literals of the SQL text."""
    return [literal_column(f"'{one.value}'") for one in levels]


# ---------------------------------------------------------------- people


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
    return _exists(fact, fact.c.person_id == person.c.id, fact.c.visibility.in_(level(Visibility.PUBLIC)))


def _exists(own: FromClause, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
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


# ---------------------------------------------------------------- facts


def sees_fact(viewer: Viewer, fact: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may read this fact of a person whom the viewer sees. The person's own rule comes on top."""
    own = fact.c.person_id == me(viewer)
    match viewer.kind:
        case ViewerKind.ANONYMOUS:
            return false()
        case ViewerKind.GUEST:
            return or_(own, fact.c.visibility.in_(level(Visibility.PUBLIC)))
        case ViewerKind.MEMBER:
            return or_(
                fact.c.visibility.in_(level(Visibility.MEMBERS, Visibility.PUBLIC)),
                own,
                and_(fact.c.visibility.in_(level(Visibility.CONNECTIONS)), connected(me(viewer), fact.c.person_id)),
            )
        case ViewerKind.STAFF:
            return or_(fact.c.visibility.not_in(level(Visibility.ME)), own)


def any_member_sees(fact: FromClause) -> ColumnElement[bool]:
    """Whether the fact is open to every member: what rankings may use, and what the members' vector index holds.

    Spelled exactly as the index's predicate, else PostgreSQL does not use the index.
    """
    return fact.c.visibility.in_(level(Visibility.MEMBERS, Visibility.PUBLIC))


def restricted(fact: FromClause) -> ColumnElement[bool]:
    """Whether the fact is closed to members at large, so that an officer's reading of it is logged."""
    return fact.c.visibility.in_(level(Visibility.STAFF, Visibility.CONNECTIONS))


def sees_vector(viewer: Viewer, vector: FromClause) -> ColumnElement[bool]:
    """Whether the vector may take part in what this viewer searches. Officers' searches merge in a second scan of
    `staff_only` vectors, because one condition over both would use neither index."""
    return false() if viewer.kind in {ViewerKind.ANONYMOUS, ViewerKind.GUEST} else any_member_sees(vector)


def staff_only(vector: FromClause) -> ColumnElement[bool]:
    """The condition of the officers' second scan. Spelled exactly as its index's predicate."""
    return vector.c.visibility == level(Visibility.STAFF)[0]


def sees_organization(viewer: Viewer, organization: FromClause) -> ColumnElement[bool]:
    """An organisation is known through the experiences at it that the viewer may read."""
    if viewer.kind is ViewerKind.STAFF:
        return organization.c.id.is_not(None)
    experience = Experience.__table__.alias()
    return _exists(experience, experience.c.organization_id == organization.c.id, sees_fact_alone(viewer, experience))


# ---------------------------------------------------------------- ties


def connected(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether two people are connected, whoever may know of it: for rules, never for display."""
    tie = Connection.__table__.alias()
    return _exists(
        tie,
        tie.c.low_id == func.least(one, other),
        tie.c.high_id == func.greatest(one, other),
        tie.c.state == literal_column("'ACCEPTED'"),
    )


def sees_tie(viewer: Viewer, tie: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may know that these two are connected: both ends allow it, and both people are visible."""
    if viewer.kind is ViewerKind.ANONYMOUS:
        return false()
    mine = or_(tie.c.low_id == me(viewer), tie.c.high_id == me(viewer))
    open_to_viewer = and_(
        _end_allows(viewer, tie.c.low_visibility, tie.c.low_id),
        _end_allows(viewer, tie.c.high_visibility, tie.c.high_id),
    )
    return and_(
        tie.c.state == literal_column("'ACCEPTED'"),
        or_(mine, open_to_viewer),
        _person_visible(viewer, tie.c.low_id),
        _person_visible(viewer, tie.c.high_id),
    )


def _end_allows(viewer: Viewer, visibility: ColumnElement[Any], person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    match viewer.kind:
        case ViewerKind.STAFF:
            return visibility.not_in(level(Visibility.ME))
        case ViewerKind.MEMBER:
            return or_(
                visibility.in_(level(Visibility.MEMBERS, Visibility.PUBLIC)),
                and_(visibility.in_(level(Visibility.CONNECTIONS)), connected(me(viewer), person_id)),
            )
        case _:
            return visibility.in_(level(Visibility.PUBLIC))


def _person_visible(viewer: Viewer, person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    person = Person.__table__.alias()
    return _exists(person, person.c.id == person_id, sees_person(viewer, person))


def sees_request(viewer: Viewer, tie: FromClause) -> ColumnElement[bool]:
    """Requests concern their two people only: the one who asked sees it until it is withdrawn or answered with yes
    (a decline stays silent), the one who was asked sees it while it is open."""
    asked_by_me = and_(
        tie.c.requester_id == me(viewer),
        tie.c.state.in_([literal_column("'PENDING'"), literal_column("'DECLINED'")]),
    )
    asked_of_me = and_(
        or_(tie.c.low_id == me(viewer), tie.c.high_id == me(viewer)),
        tie.c.requester_id != me(viewer),
        tie.c.state == literal_column("'PENDING'"),
    )
    return and_(
        or_(asked_by_me, asked_of_me),
        _person_visible(viewer, tie.c.low_id),
        _person_visible(viewer, tie.c.high_id),
    )


# ---------------------------------------------------------------- suggestions


def suggestable_people(viewer: Viewer) -> AnySelect:
    """Whom the viewer may be pointed to, as `SELECT people.id`: visible, listed, willing and alive; and neither the
    viewer nor anybody the viewer has a tie or an open request with, has asked within living memory, or dismissed."""
    person = Person.__table__
    tie, outcome = Connection.__table__.alias(), SuggestionOutcome.__table__.alias()
    tied = _exists(
        tie,
        tie.c.low_id == func.least(person.c.id, me(viewer)),
        tie.c.high_id == func.greatest(person.c.id, me(viewer)),
    )
    dismissed = _exists(
        outcome,
        outcome.c.viewer_id == me(viewer),
        outcome.c.suggested_id == person.c.id,
        outcome.c.outcome == literal_column("'DISMISSED'"),
    )
    return visible_people(viewer).where(
        person.c.listed,
        person.c.suggestable,
        not_(person.c.deceased),
        person.c.id != me(viewer),
        not_(tied),
        not_(dismissed),
    )


def contacts_of(viewer: Viewer, person_id: ColumnElement[Any]) -> CompoundSelect[Any]:
    """The ids of the people whom `person_id` is connected with, as far as the viewer may know of these ties."""
    low, high = Connection.__table__.alias(), Connection.__table__.alias()
    return union_all(
        select(low.c.high_id).where(low.c.low_id == person_id, sees_tie(viewer, low)).correlate_except(low),
        select(high.c.low_id).where(high.c.high_id == person_id, sees_tie(viewer, high)).correlate_except(high),
    )


def sees_fact_alone(viewer: Viewer, fact: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may read a fact that is reached by its own id: its person must be visible too."""
    return and_(sees_fact(viewer, fact), _person_visible(viewer, fact.c.person_id))


def sees_audit(viewer: Viewer, event: FromClause) -> ColumnElement[bool]:
    """What officers read of a person is for that person to see, and for staff."""
    return event.c.person_id == me(viewer) if not viewer.is_staff else event.c.id.is_not(None)


def owns(viewer: Viewer, row: FromClause) -> ColumnElement[bool]:
    """Whether the row belongs to the viewer's own person."""
    return row.c.person_id == me(viewer)


def is_viewer(viewer: Viewer, person: FromClause) -> ColumnElement[bool]:
    """Whether the row is the viewer's own person."""
    return person.c.id == me(viewer)


def owns_block(viewer: Viewer, block: FromClause) -> ColumnElement[bool]:
    """Whom somebody blocked is known to that person alone."""
    return block.c.blocker_id == me(viewer)


def blocked_name(block: FromClause) -> ColumnElement[Any]:
    """The name of the blocked person, for the one who blocked them: else they could not tell whom to unblock."""
    person = Person.__table__.alias()
    return (
        select(person.c.display_name)
        .where(person.c.id == block.c.blocked_id)
        .correlate_except(person)
        .scalar_subquery()
    )


def actor_name(event: FromClause) -> ColumnElement[Any]:
    """Who acted, for the person concerned: an officer's name, or the address of an account that belongs to nobody."""
    account, person = Account.__table__.alias(), Person.__table__.alias()
    return (
        select(func.coalesce(person.c.display_name, account.c.email))
        .select_from(account.outerjoin(person, person.c.id == account.c.person_id))
        .where(account.c.id == event.c.actor_id)
        .correlate_except(account, person)
        .scalar_subquery()
    )


def owns_account(viewer: Viewer, account: FromClause) -> ColumnElement[bool]:
    """Whether the account is the one that the viewer signed in with: nobody reads another's."""
    return account.c.id == bindparam("account", viewer.account_id, type_=Uuid())


def sees_all(_viewer: Viewer, row: FromClause) -> ColumnElement[bool]:
    """No rule of its own: the row is reached only through another that has one."""
    return row.c.id.is_not(None)


def owns_tie(viewer: Viewer, tie: FromClause) -> ColumnElement[bool]:
    """Whether the tie is one of the viewer's own, with somebody whom the viewer sees."""
    return and_(or_(tie.c.low_id == me(viewer), tie.c.high_id == me(viewer)), sees_tie(viewer, tie))
