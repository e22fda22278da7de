"""What the export of a person holds of others, and what the model says of it."""

import json
from typing import Any, cast

from sqlalchemy import Table, delete, update

from api import models
from api.access import FACTS
from tests.schema.access_checks.cases import Case
from tests.schema.access_checks.people import own_tokens
from tests.schema.worlds import COMMON, Asker

EXPORT = "mutation { requestExport(input: {}) { ... on RequestExportPayload { export } } }"
State = models.ConnectionState


async def read_export(case: Case, asker: Asker) -> dict[str, Any]:
    """The document."""
    return (await case.ask(EXPORT, asker))["requestExport"]["export"]


async def check_export(case: Case, asker: Asker) -> None:
    """All of the asker's own, and of others what the asker sees. Ask it when suggestions were shown."""
    if asker.someone is None or asker.through is not None:
        assert (await case.answer(EXPORT, asker)).codes == ["FORBIDDEN"]
        return
    world, someone = case.world, asker.someone
    given = await read_export(case, asker)
    said = json.dumps(given)
    for fact in world.facts:
        if asker.owns(fact.owner.id):
            assert fact.token in said, fact.kind.__name__
        elif fact.token != COMMON and fact.token in said:
            assert world.sees_fact(asker, fact), (fact.kind.__name__, fact.level)
    ties = {one["id"]: (one["state"], one["with"] and one["with"]["id"]) for one in given["connections"]}
    assert ties == told_ties(case, asker)
    comes = [event for event in world.events if someone.id in event.attendees]
    assert sorted(one["event"]["name"] for one in given["registrations"] if one["event"]) == sorted(
        event.token for event in comes if world.sees_event(asker, event)
    )
    assert len(given["registrations"]) == len(comes)
    likes = [job for job in world.jobs if someone.id in job.interested]
    assert sorted(one["job"]["title"] for one in given["jobInterests"] if one["job"]) == sorted(
        job.token for job in likes if world.sees_job(asker, job)
    )
    assert {one["title"] for one in given["jobsPosted"]} == {
        job.token for job in world.jobs if job.poster == someone.id
    }
    mine = {
        one.token: (mentor, one)
        for mentor in world.mentors
        for one in mentor.asked
        if someone in {mentor.person, one.mentee}
    }
    known = {words for words, (mentor, one) in mine.items() if world.sees_mentorship(asker, mentor, one)}
    assert {one["message"] for one in given["mentorships"]} == known
    for ship in given["mentorships"]:
        mentor, one = mine[ship["message"]]
        for name, end in (("mentor", mentor.person), ("mentee", one.mentee)):
            assert (ship[name] is not None) == world.sees_person(asker, end)
    assert [event.token for event in world.events if event.link in said] == []
    await _check_what_was_hidden_since(case, asker)


def told_ties(case: Case, asker: Asker) -> dict[str, tuple[str, str | None]]:
    """In which state as the asker may know it, and with whom if the asker sees them, by the tie's id."""
    world, found = case.world, dict[str, tuple[str, str | None]]()
    for pair, tie in world.ties.items():
        if asker.someone is None or asker.someone.id not in pair:
            continue
        (other,) = pair - {asker.someone.id}
        asked, seen = asker.owns(tie.requester), world.sees_person(asker, world.person(other))
        told = seen and (asked or tie.state is not State.WITHDRAWN)
        if told or tie.id in world.requests(asker) or world.has_tie(asker, pair):
            declined = asked and tie.state is State.DECLINED
            found[str(tie.id)] = ((State.PENDING if declined else tie.state).value, str(other) if seen else None)
    return found


NAMING = {"COMPANION_COMES", "CONTACT_WORKS_THERE"}
"""Reasons for an event or an opening that name somebody else; the others speak of it and of the asker."""


async def _check_what_was_hidden_since(case: Case, asker: Asker) -> None:
    """Once all others hide all they say, and all their ties, no reason tells of it."""
    assert asker.someone is not None
    async with case.session.begin_nested() as hiding:
        await case.session.execute(delete(models.FactVector))
        for table in (cast(Table, kind.__table__) for kind in FACTS):
            await case.session.execute(
                update(table).where(table.c.person_id != asker.someone.id).values(visibility="ME")
            )
        ends = {"low_visibility": models.Visibility.ME, "high_visibility": models.Visibility.ME}
        await case.session.execute(update(models.Connection).values(**ends))
        given = await read_export(case, asker)
        theirs = [fact.token for fact in own_tokens(case.world) if fact.owner is not asker.someone]
        for one in given["suggestionsShown"]["entries"]:
            told = [(why["kind"], why["text"]) for why in one["evidence"] if why["text"] is not None]
            assert not told or not {*one["item"]} & {"person", "mentor"}
            assert [text for kind, text in told if kind in NAMING or any(token in text for token in theirs)] == []
        await hiding.rollback()
