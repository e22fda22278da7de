"""What officers read and do is on record for the person concerned: kinds of fact, never their content."""

from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer, ViewerKind
from api.models import AuditAction, AuditEvent
from api.services.audit import log_edit, log_imports, log_restricted_reads
from tests.services.network import add_member, add_officer, counted, stored


async def test_an_officers_reading_about_many_is_one_statement(session: AsyncSession) -> None:
    officer = await add_officer(session)
    members = [(await add_member(session, f"Member {number}")).key for number in range(20)]

    async with counted(session) as statements:
        reads = {person_id: ["Skill", "ContactPoint", "Skill"] for person_id in members}
        await log_restricted_reads(session, officer, reads)

    assert len(statements) == 1
    events = await stored(session, AuditEvent)
    assert {event["person_id"] for event in events} == set(members)
    assert {(event["actor_id"], event["action"]) for event in events} == {
        (officer.account_id, AuditAction.READ_RESTRICTED)
    }
    assert [event["facts"] for event in events] == [["ContactPoint", "Skill"]] * 20


async def test_reading_about_oneself_reading_nothing_and_members_reading_are_not_logged(session: AsyncSession) -> None:
    officer, member, other = await add_officer(session), await add_member(session), await add_member(session, "Bob")

    async with counted(session) as statements:
        await log_restricted_reads(session, officer, {officer.key: ["Skill"], member.key: []})
        await log_restricted_reads(session, officer, {})
        await log_restricted_reads(session, member, {other.key: ["ContactPoint"]})

    assert statements == []
    assert await stored(session, AuditEvent) == []


async def test_edits_and_imports_are_logged_as_such(session: AsyncSession) -> None:
    officer, ada, bob = await add_officer(session), await add_member(session), await add_member(session, "Bob")

    await log_edit(session, officer, ada.key, ["bio"])
    await log_imports(session, Viewer(ViewerKind.STAFF), {bob.key: ["skills", "links"]})

    events = [
        (row["person_id"], row["actor_id"], row["action"], row["facts"]) for row in await stored(session, AuditEvent)
    ]
    assert events == [
        (ada.key, officer.account_id, AuditAction.EDITED, ["bio"]),
        (bob.key, None, AuditAction.IMPORTED, ["links", "skills"]),
    ]
