"""Which viewer an identity is: its account, its person and their roles, read anew for every request."""

import logging
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    Uuid,
    bindparam,
    func,
    literal_column,
    not_,
    select,
    true,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute

from api.access import Claim, Viewer, ViewerKind, holds_now
from api.auth.development import ISSUER as DEVELOPMENT_ISSUER
from api.auth.factors import SecondFactor
from api.auth.tokens import Verified
from api.db import Database
from api.errors import NotSignedIn
from api.models import Account, AccountRole, Identity, Institution, Person, PersonRole, PersonRoleKind
from api.statements import Prepared, prepare

logger = logging.getLogger(__name__)

MEMBER_ROLES = {PersonRoleKind.ALUMNUS, PersonRoleKind.STUDENT, PersonRoleKind.FACULTY, PersonRoleKind.STAFF}
"""Current roles that make somebody a member of the network."""
OFFICERS = {AccountRole.STAFF, AccountRole.ADMIN}

_account = Account.__table__
_person = Person.__table__
_identity = Identity.__table__
_HOUR_AGO = func.now() - literal_column("interval '1 hour'")


def _plan(source: FromClause, condition: ColumnElement[bool]) -> Prepared:
    role = PersonRole.__table__
    current = select(role.c.kind).where(role.c.person_id == _account.c.person_id, holds_now(role)).scalar_subquery()
    statement = (
        select(
            _account.c.id,
            _account.c.person_id,
            _account.c.role,
            func.array(current),
            func.coalesce(_person.c.deceased, literal_column("false")),
            _account.c.first_signed_in_at.is_(None),
            func.coalesce(_account.c.last_signed_in_at < _HOUR_AGO, true()),
        )
        .select_from(source.outerjoin(_person, _person.c.id == _account.c.person_id))
        .where(condition)
    )
    return prepare(statement)


_BY_ACCOUNT = _plan(_account, _account.c.id == bindparam("account", type_=Uuid()))
_BY_IDENTITY = _plan(
    _account.join(_identity, _identity.c.account_id == _account.c.id),
    (_identity.c.issuer == bindparam("issuer", type_=Text()))
    & (_identity.c.subject == bindparam("subject", type_=Text())),
)


async def resolve(verified: Verified, db: Database, second_factor: SecondFactor) -> Viewer:
    """The viewer behind a good token, in one statement; the first sign-in and an hourly note write as well.

    Raises SecondFactorNeeded for an officer who has signed in without one.
    """
    if verified.issuer == DEVELOPMENT_ISSUER:
        plan, given = _BY_ACCOUNT, {"account": _account_id(verified.subject)}
    else:
        plan, given = _BY_IDENTITY, {"issuer": verified.issuer, "subject": verified.subject}
    async with db.read() as reader:
        rows = await reader.rows(plan.text, plan.values(given))
    if not rows:
        return _stranger(verified)
    account_id, person_id, account_role, current, deceased, first, stale = rows[0]
    if deceased:
        return Viewer(ViewerKind.GUEST)
    role = AccountRole(account_role)
    if role in OFFICERS:
        second_factor.check(verified)
    if first:
        await _sign_in_first(db, account_id)
    elif stale:
        await _note_sign_in(db, account_id)
    return viewer_of(account_id, person_id, role, frozenset(current))


def viewer_of(
    account_id: UUID | None, person_id: UUID | None, account_role: AccountRole, current: frozenset[str]
) -> Viewer:
    """The viewer of an account of this role, whose person holds these roles now."""
    officer = account_role in OFFICERS
    unofficial = ViewerKind.MEMBER if current & MEMBER_ROLES else ViewerKind.GUEST
    return Viewer(
        kind=ViewerKind.STAFF if officer else unofficial,
        person_id=person_id,
        account_id=account_id,
        admin=account_role is AccountRole.ADMIN,
        roles=current | {account_role.value} if officer else current,
    )


def _stranger(verified: Verified) -> Viewer:
    """Somebody without an account here: a guest, with a claim that the person may confirm (row 88)."""
    if verified.issuer == DEVELOPMENT_ISSUER:
        return Viewer(ViewerKind.GUEST)
    return Viewer(ViewerKind.GUEST, claim=Claim(verified.issuer, verified.subject, verified.email))


def _account_id(subject: str) -> UUID:
    try:
        return UUID(subject)
    except ValueError:
        raise NotSignedIn("The development token names no account id. Make a new one: alumni token.") from None


async def _sign_in_first(db: Database, account_id: UUID) -> None:
    """The first sign-in gives the person the institution's defaults for the four choices, once (rule P18).

    `choices_made_at` stays empty, so that a front end shows the choices. Nothing changes for a person who has made
    them, nor for one with a FERPA hold: a default does not lift a hold.
    """
    async with db.write() as session, session.begin():
        person_id = await session.scalar(
            update(Account)
            .where(Account.id == account_id, Account.first_signed_in_at.is_(None))
            .values(first_signed_in_at=func.now(), last_signed_in_at=func.now())
            .returning(Account.person_id)
        )
        if person_id is None:
            return
        await session.execute(
            update(Person)
            .where(Person.id == person_id, Person.choices_made_at.is_(None), not_(Person.ferpa_hold))
            .values(
                listed=_default(Institution.default_listed, Person.listed),
                suggestable=_default(Institution.default_suggestable, Person.suggestable),
                show_attendance=_default(Institution.default_show_attendance, Person.show_attendance),
                mentor_open=_default(Institution.default_mentor_open, Person.mentor_open),
            ),
            execution_options={"synchronize_session": False},
        )


def _default(
    of_institution: InstrumentedAttribute[bool], of_person: InstrumentedAttribute[bool]
) -> ColumnElement[bool]:
    return func.coalesce(select(of_institution).scalar_subquery(), of_person)


async def _note_sign_in(db: Database, account_id: UUID) -> None:
    """Keep `last_signed_in_at` true to the hour. A note that cannot be written does not stop the request."""
    try:
        async with db.write() as session, session.begin():
            await session.execute(
                update(Account)
                .where(Account.id == account_id, func.coalesce(Account.last_signed_in_at < _HOUR_AGO, true()))
                .values(last_signed_in_at=func.now()),
                execution_options={"synchronize_session": False},
            )
    except SQLAlchemyError as error:
        logger.warning("last_signed_in_at of account %s not written: %s", account_id, type(error).__name__)
