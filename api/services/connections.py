"""How two people become connected, and how little either learns of what the other decided."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import Viewer, owns_tie, sees_request, visible_people
from api.errors import Conflict, NotFound
from api.models import Connection, ConnectionState, NotificationKind, OutcomeKind, Person
from api.services.callers import own_person_id
from api.services.inputs import Checker, Path
from api.services.notifications import notify
from api.services.pairs import lock_pair, pair_of
from api.services.suggestion_outcomes import note_outcome

PAUSE = timedelta(days=90)
"""How long after a request the same person may not ask the same person again, whatever became of it."""

_PERSON = ("input", "personId")
_REQUEST = ("input", "requestId")
_TIE = ("input", "tieId")
_TIES = cast(Table, Connection.__table__)


async def request_connection(session: AsyncSession, viewer: Viewer, person_id: UUID, message: str | None) -> UUID:
    """Ask somebody to connect; the connection's id.

    Whom I ask while they ask me, I am connected with at once: also when I had declined before, of which they know
    nothing. Raises NotFound for whoever may not be asked (hidden, blocked, absent, unlisted and deceased people alike),
    Invalid for oneself or a bad message, and Conflict if connected already or if the viewer asked within 90 days.
    """
    own = own_person_id(viewer)
    check = Checker()
    text = check.text(("input", "message"), message, most=1000, multiline=True)
    if person_id == own:
        check.note(_PERSON, "is your own: choose somebody else")
    check.raise_problems()

    await lock_pair(session, own, person_id)
    await _refuse_unless_askable(session, viewer, person_id)
    tie = await _pair(session, own, person_id)
    if tie is None:
        connection_id = await _insert_request(session, own, person_id, text)
    else:
        connection_id = tie.id
        if tie.requester_id != own and tie.state in {ConnectionState.PENDING, ConnectionState.DECLINED}:
            await _connect(session, tie)
            await note_outcome(session, own, "person_id", person_id, OutcomeKind.REQUESTED)
            await note_outcome(session, own, "person_id", person_id, OutcomeKind.CONNECTED)
            return connection_id
        await _renew_request(session, tie, own, text)
    await notify(session, person_id, NotificationKind.CONNECTION_REQUESTED, connection_id=connection_id)
    await note_outcome(session, own, "person_id", person_id, OutcomeKind.REQUESTED)
    return connection_id


async def answer_request(session: AsyncSession, viewer: Viewer, connection_id: UUID, *, accept: bool) -> None:
    """Accept or silently decline a request that the viewer was asked. A declined request shows to the asker as pending.

    Raises NotFound unless there is such an open request of somebody else to the viewer, and Conflict if the viewer has
    accepted it already.
    """
    tie = await _visible_tie(session, viewer, connection_id, _REQUEST)
    if tie.requester_id == viewer.person_id:
        raise _no_such_tie(_REQUEST)
    if tie.state is ConnectionState.ACCEPTED:
        raise Conflict("You have accepted this request already.", _REQUEST)
    if accept:
        await _connect(session, tie)
    else:
        await _set_state(session, tie, ConnectionState.DECLINED, answered_at=func.now())


async def withdraw_request(session: AsyncSession, viewer: Viewer, connection_id: UUID) -> None:
    """Take back one's own request; it looks the same whether the other has declined it or not answered yet.

    Raises NotFound unless the viewer has such a request, and Conflict if it was accepted in the meantime.
    """
    tie = await _visible_tie(session, viewer, connection_id, _REQUEST)
    if tie.requester_id != viewer.person_id:
        raise _no_such_tie(_REQUEST)
    if tie.state is ConnectionState.ACCEPTED:
        raise Conflict("This request was accepted: you are connected now, and may end the connection.", _REQUEST)
    await _set_state(session, tie, ConnectionState.WITHDRAWN)


async def end_connection(session: AsyncSession, viewer: Viewer, connection_id: UUID) -> None:
    """End a connection, from either end, also when the other has left the directory. Raises NotFound unless the viewer
    has such a connection."""
    tie = await _visible_tie(session, viewer, connection_id, _TIE)
    if tie.state is not ConnectionState.ACCEPTED:
        raise _no_such_tie(_TIE)
    await _set_state(session, tie, ConnectionState.ENDED, connected_at=None)


# ---------------------------------------------------------------- rows


def _no_such_tie(path: Path) -> NotFound:
    return NotFound("You have no such request or connection.", path)


async def _refuse_unless_askable(session: AsyncSession, viewer: Viewer, person_id: UUID) -> None:
    people = cast(Table, Person.__table__)
    statement = visible_people(viewer).where(Person.id == person_id, people.c.listed, ~people.c.deceased)
    if await session.scalar(statement) is None:
        raise NotFound("There is no such person to connect with.", _PERSON)


async def _pair(session: AsyncSession, one: UUID, other: UUID) -> Row[Any] | None:
    """The row of this pair, held until the transaction ends: a rule's own reading, shown to nobody."""
    low, high = pair_of(one, other)
    statement = (
        select(_TIES, (_TIES.c.requested_at > func.now() - PAUSE).label("recent"))
        .where(_TIES.c.low_id == low, _TIES.c.high_id == high)
        .with_for_update()
    )
    return (await session.execute(statement)).one_or_none()


async def _visible_tie(session: AsyncSession, viewer: Viewer, connection_id: UUID, path: Path) -> Row[Any]:
    """A request or connection of the viewer, as far as the viewer sees it, held until the transaction ends.

    The two people are held first, as by whoever asks, blocks, merges or erases. Whoever waits here for somebody else's
    change finds the row as it is afterwards, or none.
    """
    seen = select(_TIES).where(_TIES.c.id == connection_id, or_(sees_request(viewer, _TIES), owns_tie(viewer, _TIES)))
    tie = (await session.execute(seen)).one_or_none()
    if tie is not None:
        await lock_pair(session, tie.low_id, tie.high_id)
        tie = (await session.execute(seen.with_for_update())).one_or_none()
    if tie is None or viewer.person_id not in {tie.low_id, tie.high_id}:
        raise _no_such_tie(path)
    return tie


async def _insert_request(session: AsyncSession, own: UUID, person_id: UUID, message: str | None) -> UUID:
    low, high = pair_of(own, person_id)
    values = {"low_id": low, "high_id": high, "requester_id": own, "message": message}
    made = await session.scalar(
        insert(_TIES)
        .values(id=uuid7(), state=ConnectionState.PENDING, requested_at=func.now(), **values)
        .returning(_TIES.c.id)
    )
    return cast(UUID, made)


async def _renew_request(session: AsyncSession, tie: Row[Any], own: UUID, message: str | None) -> None:
    if tie.state is ConnectionState.ACCEPTED:
        raise Conflict("You are connected already.", _PERSON)
    if tie.requester_id == own and tie.recent:
        raise Conflict(
            f"You have asked this person before: you may ask again {PAUSE.days} days after your last request.", _PERSON
        )
    await _set_state(
        session,
        tie,
        ConnectionState.PENDING,
        requester_id=own,
        message=message,
        requested_at=func.now(),
        answered_at=None,
    )


async def _connect(session: AsyncSession, tie: Row[Any]) -> None:
    await _set_state(session, tie, ConnectionState.ACCEPTED, answered_at=func.now(), connected_at=func.now())
    asked = tie.low_id if tie.requester_id == tie.high_id else tie.high_id
    await note_outcome(session, tie.requester_id, "person_id", asked, OutcomeKind.CONNECTED)
    await notify(session, tie.requester_id, NotificationKind.CONNECTION_ACCEPTED, connection_id=tie.id)


async def _set_state(session: AsyncSession, tie: Row[Any], state: ConnectionState, **values: object) -> None:
    await session.execute(update(_TIES).where(_TIES.c.id == tie.id).values(state=state, **values))
