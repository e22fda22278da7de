"""Connections (row 27): one per pair, crossing requests join, a decline is silent, and asking again waits 90 days."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.access import ANONYMOUS, Viewer, ViewerKind
from api.errors import DomainError, Invalid, Problem
from api.models import Block, Connection, ConnectionState, OutcomeKind, Suggestion, SuggestionOutcome
from api.services.connections import answer_request, end_connection, request_connection, withdraw_request
from tests.services.network import Record, add_member, add_officer, counted, database_now, stored

TOO_SOON = "You have asked this person before: you may ask again 90 days after your last request."
NO_PERSON = "There is no such person to connect with."
NO_TIE = "You have no such request or connection."

Act = Callable[[AsyncSession, Viewer, UUID], Awaitable[object]]


async def pair(session: AsyncSession) -> tuple[Viewer, Viewer]:
    """Two listed people; which of them has the smaller id is left to chance by the names, not by the test."""
    return await add_member(session, "Ada"), await add_member(session, "Bob")


async def tie(session: AsyncSession) -> Record:
    """The only connection row."""
    [row] = await stored(session, Connection)
    return row


async def state(session: AsyncSession) -> ConnectionState:
    """Where the only connection stands."""
    return (await tie(session))["state"]


async def days_pass(session: AsyncSession, days: int) -> None:
    """All requests were made that much earlier."""
    await session.execute(
        text("update connections set requested_at = requested_at - make_interval(days => :days)"), {"days": days}
    )


async def accept(session: AsyncSession, viewer: Viewer, connection_id: UUID) -> None:
    """Answer with yes."""
    await answer_request(session, viewer, connection_id, accept=True)


async def decline(session: AsyncSession, viewer: Viewer, connection_id: UUID) -> None:
    """Answer with no."""
    await answer_request(session, viewer, connection_id, accept=False)


async def refusal(asked: Awaitable[object]) -> tuple[str, str]:
    """The code and message of what is refused."""
    with pytest.raises(DomainError) as raised:
        await asked
    return raised.value.code, raised.value.message


@pytest.mark.parametrize("turned", [False, True])
async def test_a_request_waits_for_the_others_yes(session: AsyncSession, turned: bool) -> None:
    ada, bob = await pair(session)
    asker, asked = (bob, ada) if turned else (ada, bob)

    made = await request_connection(session, asker, asked.key, "  Shall we\r\nmeet? ")

    row = await tie(session)
    assert (row["id"], row["state"], row["requester_id"]) == (made, ConnectionState.PENDING, asker.key)
    assert (row["low_id"], row["high_id"], row["message"]) == (ada.key, bob.key, "Shall we\nmeet?")
    assert (row["requested_at"], row["connected_at"]) == (await database_now(session), None)
    await accept(session, asked, made)
    row = await tie(session)
    assert (row["state"], row["connected_at"]) == (ConnectionState.ACCEPTED, await database_now(session))


async def test_crossing_requests_connect_at_once(session: AsyncSession) -> None:
    ada, bob = await pair(session)
    first = await request_connection(session, ada, bob.key, "Hello")

    second = await request_connection(session, bob, ada.key, "Hello yourself")

    row = await tie(session)
    assert (second, row["state"], row["requester_id"]) == (first, ConnectionState.ACCEPTED, ada.key)


async def test_asking_whom_one_declined_connects_at_once(session: AsyncSession) -> None:
    ada, bob = await pair(session)
    made = await request_connection(session, ada, bob.key, None)
    await decline(session, bob, made)

    await request_connection(session, bob, ada.key, None)

    assert await state(session) is ConnectionState.ACCEPTED


async def test_asking_whoever_withdrew_is_a_request_of_ones_own(session: AsyncSession) -> None:
    ada, bob = await pair(session)
    made = await request_connection(session, ada, bob.key, "Hello")
    await withdraw_request(session, ada, made)

    again = await request_connection(session, bob, ada.key, None)

    row = await tie(session)
    assert (again, row["state"], row["requester_id"]) == (made, ConnectionState.PENDING, bob.key)
    assert row["message"] is None
    assert await refusal(accept(session, bob, made)) == ("NOT_FOUND", NO_TIE)
    await accept(session, ada, made)
    assert await state(session) is ConnectionState.ACCEPTED


@pytest.mark.parametrize("then", ["nothing", "decline", "withdraw", "decline and withdraw", "end"])
async def test_asking_again_waits_90_days_whatever_became_of_the_request(session: AsyncSession, then: str) -> None:
    ada, bob = await pair(session)
    made = await request_connection(session, ada, bob.key, "First")
    if then == "end":
        await accept(session, bob, made)
        await end_connection(session, bob, made)
    if "decline" in then:
        await decline(session, bob, made)
    if "withdraw" in then:
        await withdraw_request(session, ada, made)

    before = await tie(session)
    assert await refusal(request_connection(session, ada, bob.key, "Again")) == ("CONFLICT", TOO_SOON)
    await days_pass(session, 89)
    assert await refusal(request_connection(session, ada, bob.key, "Again")) == ("CONFLICT", TOO_SOON)
    assert (await tie(session))["state"] is before["state"]
    await days_pass(session, 1)
    renewed = await request_connection(session, ada, bob.key, "Again")

    row = await tie(session)
    assert (renewed, row["state"], row["message"]) == (made, ConnectionState.PENDING, "Again")
    assert (row["requested_at"], row["answered_at"]) == (await database_now(session), None)
    assert await refusal(request_connection(session, ada, bob.key, "Once more")) == ("CONFLICT", TOO_SOON)
    await accept(session, bob, made)
    assert await state(session) is ConnectionState.ACCEPTED


async def test_who_is_connected_cannot_ask_again(session: AsyncSession) -> None:
    ada, bob = await pair(session)
    await accept(session, bob, await request_connection(session, ada, bob.key, None))
    await days_pass(session, 100)

    for asker, asked in ((ada, bob), (bob, ada)):
        assert await refusal(request_connection(session, asker, asked.key, None)) == (
            "CONFLICT",
            "You are connected already.",
        )


async def test_a_declined_request_looks_to_the_asker_like_an_open_one(session: AsyncSession) -> None:
    ada, bob = await pair(session)
    eve = await add_member(session, "Eve")
    declined = await request_connection(session, ada, bob.key, None)
    await decline(session, bob, declined)
    waiting = await request_connection(session, ada, eve.key, None)

    async def seen(act: Act, connection_id: UUID) -> tuple[object, int]:
        async with counted(session) as statements:
            try:
                outcome = str(await act(session, ada, connection_id))
            except DomainError as error:
                outcome = (error.code, error.message)
        return outcome, len(statements)

    for act in (accept, decline, end_connection, withdraw_request, withdraw_request):
        assert await seen(act, declined) == await seen(act, waiting)


@pytest.mark.parametrize(("act", "state"), [(accept, ConnectionState.ACCEPTED), (decline, ConnectionState.DECLINED)])
async def test_a_request_is_answered_though_who_asked_has_left_the_directory(
    session: AsyncSession, act: Act, state: ConnectionState
) -> None:
    ada, bob = await pair(session)
    made = await request_connection(session, ada, bob.key, None)
    await session.execute(text("update people set listed = false"))
    await act(session, bob, made)
    assert [row["state"] for row in await stored(session, Connection)] == [state]


@pytest.mark.parametrize("act", [accept, decline, withdraw_request, end_connection])
async def test_what_is_not_there_hidden_or_somebody_elses_is_told_alike(session: AsyncSession, act: Act) -> None:
    ada, bob = await pair(session)
    eve, officer = await add_member(session, "Eve"), await add_officer(session)
    hidden = await add_member(session, "Hidden")
    made = await request_connection(session, ada, bob.key, None)
    to_eve = await request_connection(session, hidden, eve.key, None)
    session.add(Block(blocker_id=hidden.key, blocked_id=eve.key))
    await session.flush()
    before = await stored(session, Connection)

    cases = [(eve, made), (officer, made), (ANONYMOUS, made), (Viewer(ViewerKind.GUEST), made), (eve, to_eve)]
    answers: set[tuple[str, str, int]] = set()
    for viewer, connection_id in [*cases, (ada, uuid7())]:
        async with counted(session) as statements:
            code, message = await refusal(act(session, viewer, connection_id))
        answers.add((code, message, len(statements)))

    assert answers == {("NOT_FOUND", NO_TIE, 1)}
    assert await stored(session, Connection) == before


async def test_only_the_one_who_was_asked_answers_and_only_the_asker_withdraws(session: AsyncSession) -> None:
    ada, bob = await pair(session)
    made = await request_connection(session, ada, bob.key, None)

    assert await refusal(accept(session, ada, made)) == ("NOT_FOUND", NO_TIE)
    assert await refusal(decline(session, ada, made)) == ("NOT_FOUND", NO_TIE)
    assert await refusal(withdraw_request(session, bob, made)) == ("NOT_FOUND", NO_TIE)
    assert await state(session) is ConnectionState.PENDING


async def test_what_was_decided_stays_decided(session: AsyncSession) -> None:
    ada, bob = await pair(session)
    made = await request_connection(session, ada, bob.key, None)
    await accept(session, bob, made)

    assert (await refusal(accept(session, bob, made)))[0] == "CONFLICT"
    assert (await refusal(decline(session, bob, made)))[0] == "CONFLICT"
    assert (await refusal(withdraw_request(session, ada, made)))[0] == "CONFLICT"
    assert await refusal(accept(session, ada, made)) == ("NOT_FOUND", NO_TIE)
    assert await state(session) is ConnectionState.ACCEPTED


@pytest.mark.parametrize("turned", [False, True])
async def test_either_end_ends_a_connection_and_the_other_may_ask(session: AsyncSession, turned: bool) -> None:
    ada, bob = await pair(session)
    made = await request_connection(session, ada, bob.key, None)
    await accept(session, bob, made)

    await end_connection(session, bob if turned else ada, made)

    row = await tie(session)
    assert (row["state"], row["connected_at"]) == (ConnectionState.ENDED, None)
    assert await refusal(end_connection(session, ada, made)) == ("NOT_FOUND", NO_TIE)
    await request_connection(session, bob, ada.key, None)
    assert await state(session) is ConnectionState.PENDING


async def test_whoever_may_not_be_asked_is_told_like_nobody(session: AsyncSession) -> None:
    ada, officer = await add_member(session), await add_officer(session)
    unlisted = await add_member(session, "Unlisted", listed=False)
    dead = await add_member(session, "Dead", deceased=True)
    blocked, blocking = await add_member(session, "Blocked"), await add_member(session, "Blocking")
    session.add(Block(id=uuid7(), blocker_id=ada.key, blocked_id=blocked.key))
    session.add(Block(id=uuid7(), blocker_id=blocking.key, blocked_id=ada.key))
    await session.flush()

    answers: list[tuple[Any, ...]] = []
    for person_id in (unlisted.key, dead.key, blocked.key, blocking.key, uuid7()):
        async with counted(session) as statements:
            answers.append((*await refusal(request_connection(session, ada, person_id, None)), len(statements)))

    assert set(answers) == {("NOT_FOUND", NO_PERSON, 3)}
    for person_id in (unlisted.key, dead.key, uuid7()):
        assert await refusal(request_connection(session, officer, person_id, None)) == ("NOT_FOUND", NO_PERSON)
    for viewer in (ANONYMOUS, Viewer(ViewerKind.STAFF), Viewer(ViewerKind.GUEST)):
        assert (await refusal(request_connection(session, viewer, ada.key, None)))[0] == "NOT_FOUND"
    assert await stored(session, Connection) == []


async def test_bad_requests_name_every_field(session: AsyncSession) -> None:
    ada = await add_member(session)

    with pytest.raises(Invalid) as raised:
        await request_connection(session, ada, ada.key, "x" * 1001)

    assert raised.value.problems == [
        Problem(("input", "message"), "has 1,001 characters; at most 1,000 are allowed"),
        Problem(("input", "personId"), "is your own: choose somebody else"),
    ]


# ---------------------------------------------------------------- outcomes of suggestions


async def suggest(session: AsyncSession, viewer: Viewer, suggested: Viewer) -> UUID:
    """Show the one to the other."""
    row = Suggestion(
        id=uuid7(),
        viewer_id=viewer.key,
        person_id=suggested.key,
        list_id=uuid7(),
        position=1,
        score=0.5,
        features={},
        evidence=[],
        ranking_digest=b"digest",
    )
    session.add(row)
    await session.flush()
    return row.id


async def outcomes(session: AsyncSession) -> list[tuple[UUID, UUID, OutcomeKind]]:
    """What is noted: of which suggestion, for whom, and what."""
    rows = await stored(session, SuggestionOutcome)
    return [(row["suggestion_id"], row["viewer_id"], row["outcome"]) for row in rows]


async def test_what_comes_of_a_suggestion_is_noted_once_with_the_latest_one(session: AsyncSession) -> None:
    ada, bob = await pair(session)
    await suggest(session, ada, bob)
    latest = await suggest(session, ada, bob)

    made = await request_connection(session, ada, bob.key, None)
    assert await outcomes(session) == [(latest, ada.key, OutcomeKind.REQUESTED)]
    await accept(session, bob, made)
    await end_connection(session, ada, made)
    await days_pass(session, 90)
    await suggest(session, ada, bob)
    await request_connection(session, ada, bob.key, None)

    assert await outcomes(session) == [
        (latest, ada.key, OutcomeKind.REQUESTED),
        (latest, ada.key, OutcomeKind.CONNECTED),
    ]


async def test_crossing_requests_are_outcomes_for_both(session: AsyncSession) -> None:
    ada, bob = await pair(session)
    to_ada, to_bob = await suggest(session, ada, bob), await suggest(session, bob, ada)

    await request_connection(session, ada, bob.key, None)
    await request_connection(session, bob, ada.key, None)

    assert set(await outcomes(session)) == {
        (to_ada, ada.key, OutcomeKind.REQUESTED),
        (to_ada, ada.key, OutcomeKind.CONNECTED),
        (to_bob, bob.key, OutcomeKind.REQUESTED),
        (to_bob, bob.key, OutcomeKind.CONNECTED),
    }


async def test_without_a_suggestion_there_is_no_outcome(session: AsyncSession) -> None:
    ada, bob = await pair(session)
    await suggest(session, bob, ada)

    await accept(session, bob, await request_connection(session, ada, bob.key, None))

    assert await outcomes(session) == []
