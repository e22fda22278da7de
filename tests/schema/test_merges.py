"""Merging two records over HTTP: every row, the stricter consent, the old id, and the way back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from graphql import get_named_type
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.db import Base
from api.services.merges import purge_merges
from api.services.merges.references import references
from schema.ids import encode_id
from schema.root import build_engine
from tests.conftest import Api
from tests.databases import LockedDatabase
from tests.factories import block, make_account, make_fact, make_member, make_person, make_staff
from tests.schema.merge_scenes import LATER, Scene, dump, make_scene

V = models.Visibility
ROW = "{ table rowId fate columns into }"
MERGE = (
    """mutation($input: MergePersonsInput!) { mergePersons(input: $input) { __typename
    ... on MergePersonsPayload { dryRun rows %s
        merge { id droppedId undoableUntil undoneAt } person { id displayName } }
    ... on Error { code path message } } }"""
    % ROW
)
UNDO = (
    """mutation($input: UndoMergeInput!) { undoMerge(input: $input) { __typename
    ... on UndoMergePayload { merge { undoneAt undoableUntil } restored { id } left %s }
    ... on Error { code path message } } }"""
    % ROW
)
PERSON = "query($id: ID!) { person(id: $id) { id } node(id: $id) { id } nodes(ids: [$id]) { id } }"


def of(keep: models.Person, drop: models.Person, **more: Any) -> dict[str, Any]:
    return {"keepId": encode_id("Person", keep.id), "dropId": encode_id("Person", drop.id), **more}


async def merge(api: Api, staff: models.Account, keep: models.Person, drop: models.Person, **more: Any) -> Any:
    answer = await api(MERGE, as_=staff, input=of(keep, drop, **more))
    assert answer.errors == []
    return answer.data["mergePersons"]


async def undo(api: Api, staff: models.Account, merge_id: str) -> Any:
    return (await api(UNDO, as_=staff, input={"mergeId": merge_id})).data["undoMerge"]


@pytest.fixture
async def scene(session: AsyncSession, db: LockedDatabase) -> Scene:
    return await make_scene(session, db)


async def test_the_dry_run_changes_nothing_and_tells_what_the_merge_does(scene: Scene, session: AsyncSession, api: Api):
    staff, before = await make_staff(session), await dump(session)
    dry = await merge(api, staff, scene.keep, scene.drop, dryRun=True)
    assert (dry["dryRun"], dry["merge"]) == (True, None)
    after = await dump(session)
    assert after == before | {"accounts": after["accounts"]}
    log = select(models.AuditEvent.action).where(models.AuditEvent.person_id == scene.drop.id)
    assert models.AuditAction.READ_RESTRICTED in set(await session.scalars(log))
    real = await merge(api, staff, scene.keep, scene.drop)
    rows = [row for row in real["rows"] if row["table"] != "audit_events"]  # one tells of the dry run itself
    assert rows == dry["rows"]
    told = {(row["table"], row["rowId"]): row["fate"] for row in rows if row["table"] not in LATER}
    now = await dump(session)
    gone = {(name, key) for name, rows in before.items() for key in rows if key not in now[name]}
    assert {row for row, fate in told.items() if fate == "REMOVED"} == gone
    changed = {(name, key) for name, rows in now.items() for key, row in rows.items() if row != before[name].get(key)}
    followed = {("fact_vectors", key) for key in now["fact_vectors"]} | {("events", key) for key in now["events"]}
    assert changed - followed == {row for row, fate in told.items() if fate != "REMOVED"} - gone


async def test_nothing_refers_to_the_dropped_record_any_more(scene: Scene, session: AsyncSession, api: Api):
    staff, dropped = await make_staff(session), scene.drop.id
    await merge(api, staff, scene.keep, scene.drop)
    for reference in references(Base.metadata.tables["people"]):
        column = reference.table.c[reference.column]
        assert await session.scalar(select(func.count()).where(column == dropped)) == 0, reference
    vectors = models.FactVector.__table__
    assert await session.scalar(select(func.count()).where(vectors.c.person_id == dropped)) == 0
    assert await session.scalar(select(models.Connection.id).where(models.Connection.requester_id == dropped)) is None


async def test_the_stricter_consent_wins_and_counts_stay_right(scene: Scene, session: AsyncSession, api: Api):
    staff, keep = await make_staff(session), scene.keep.id
    await merge(api, staff, scene.keep, scene.drop)
    session.expunge_all()
    person = await session.get_one(models.Person, keep)
    assert (person.listed, person.suggestable, person.show_attendance, person.ferpa_hold) == (True, False, False, True)
    assert (person.display_name, person.family_name, person.external_id) == ("Ana Lima", "Costa", "7")
    assert (person.member_edited, person.choices_made_at) == (["pronouns"], datetime(2024, 1, 1, tzinfo=UTC))

    async def levels(model: type[models.Fact], column: Any) -> list[tuple[str, str]]:
        rows = await session.execute(select(column, model.visibility).where(model.person_id == keep))
        return sorted((str(value), level.value) for value, level in rows)

    assert await levels(models.Education, models.Education.programme) == [("Biology", "STAFF"), ("Law", "STAFF")]
    chosen = select(models.Education.chosen_visibility).where(models.Education.programme == "Law")
    assert await session.scalar(chosen) == V.MEMBERS  # the hold of the dropped record shuts it
    registrars = select(models.Education.programme).where(models.Education.registrar_sourced)
    assert list(await session.scalars(registrars)) == ["Biology"]
    assert await levels(models.Experience, models.Experience.title) == [("Engineer", "STAFF"), ("Secret", "ME")]
    assert await levels(models.Skill, models.Skill.name) == [("Sailing", "STAFF")]
    assert await levels(models.Place, models.Place.city) == [("Lisbon", "MEMBERS")]
    assert await levels(models.PersonText, models.PersonText.text) == [("A job.", "MEMBERS"), ("I am Ana.", "ME")]
    bio = select(models.PersonText.id).where(models.PersonText.text == "I am Ana.")
    vectors = select(func.count()).select_from(models.FactVector).where(models.FactVector.text_id.in_(bio))
    assert await session.scalar(vectors) == 0

    event = await session.get_one(models.Event, scene.event.id)
    assert event.seats_taken == 1
    seats = select(models.Event.name, models.Registration.state).join(
        models.Event, models.Event.id == models.Registration.event_id
    )
    rows = await session.execute(seats.where(models.Registration.person_id == keep))
    assert {(name, state.value) for name, state in rows} == {
        ("Both", "CONFIRMED"), ("Once cancelled", "CONFIRMED"), ("Drop's own", "CONFIRMED"),
    }  # fmt: skip
    mentor = models.MentorProfile
    profiles = await session.execute(select(mentor.person_id, mentor.active_mentees, mentor.max_mentees))
    assert {row.person_id: (row.active_mentees, row.max_mentees) for row in profiles} == {
        keep: (1, 1), scene.friend.id: (0, 3),
    }  # fmt: skip
    topics = await session.scalars(select(models.MentorTopic.name))
    assert sorted(topics) == ["Boats", "Law", "Tax"]
    assert await session.scalar(select(func.count()).select_from(models.LostPerson)) == 0


async def test_blocks_of_either_record_hold_and_end_ties_and_mentorships(scene: Scene, session: AsyncSession, api: Api):
    await merge(api, await make_staff(session), scene.keep, scene.drop)
    ties = (await session.execute(select(models.Connection.__table__))).all()
    states = {frozenset({row.low_id, row.high_id}): row.state.value for row in ties}
    keep = scene.keep.id
    assert states[frozenset({keep, scene.friend.id})] == "ENDED"
    assert states[frozenset({keep, scene.blocked.id})] == "ENDED"
    assert len(states) == 3
    with_friend = next(row for row in ties if scene.friend.id in {row.low_id, row.high_id})
    strict = {V.MEMBERS, V.CONNECTIONS}
    assert {with_friend.low_visibility, with_friend.high_visibility} == strict
    block_of = (await session.execute(select(models.Block.blocker_id, models.Block.blocked_id))).all()
    assert {(row.blocker_id, row.blocked_id) for row in block_of} == {
        (keep, scene.blocked.id), (scene.friend.id, keep),
    }  # fmt: skip
    ship = models.Mentorship
    open_ = await session.execute(select(ship.mentor_id).where(ship.state == models.MentorshipState.ACCEPTED))
    assert [row.mentor_id for row in open_] == [keep]


async def test_undoing_restores_every_table_exactly(scene: Scene, session: AsyncSession, api: Api):
    staff, before = await make_staff(session), await dump(session)
    key = await dump_of_keys(session)
    made = await merge(api, staff, scene.keep, scene.drop)
    back = await undo(api, staff, made["merge"]["id"])
    assert (back["left"], back["restored"]) == ([], {"id": encode_id("Person", scene.drop.id)})
    assert back["merge"]["undoneAt"] is not None
    assert back["merge"]["undoableUntil"] is None
    after = await dump(session)
    for table, rows in before.items():
        assert after[table] == rows, table
    assert await dump_of_keys(session) == key
    again = await undo(api, staff, made["merge"]["id"])
    assert (again["code"], again["path"]) == ("CONFLICT", ["input", "mergeId"])


async def dump_of_keys(session: AsyncSession) -> list[Any]:
    key = models.IdempotencyKey
    rows = await session.execute(select(key.id, key.account_id, key.key, key.input_digest).order_by(key.id))
    return [tuple(row) for row in rows]


async def test_the_old_id_leads_to_the_kept_person_and_hidden_stays_hidden(session: AsyncSession, api: Api):
    staff, me = await make_staff(session), await make_member(session)
    one, two, three = [await make_person(session, name) for name in ("One", "Two", "Three")]
    old = encode_id("Person", one.id)
    first = await merge(api, staff, two, one)
    assert first["merge"]["droppedId"] == old
    second = await merge(api, staff, three, two)
    now = {"id": encode_id("Person", three.id)}
    told = (await api(PERSON, as_=me, id=old)).data
    assert told == {"person": now, "node": now, "nodes": [now]}
    three_again = await session.get_one(models.Person, three.id)
    three_again.listed = False
    await session.flush()
    for key in (old, encode_id("Person", uuid4())):
        assert (await api(PERSON, as_=me, id=key)).data == {"person": None, "node": None, "nodes": [None]}
    wrong_order = await undo(api, staff, first["merge"]["id"])
    assert (wrong_order["code"], wrong_order["path"]) == ("CONFLICT", ["input", "mergeId"])
    for made, person in ((second, two), (first, one)):
        back = await undo(api, staff, made["merge"]["id"])
        assert back["restored"] == {"id": encode_id("Person", person.id)}
        own = {"id": encode_id("Person", person.id)}
        assert (await api(PERSON, as_=staff, id=own["id"])).data["person"] == own


ACTS = {
    "blockPerson": ("BlockPersonPayload { block { personId } }", ""),
    "requestConnection": ("RequestConnectionPayload { person { id } }", ""),
    "unblockPerson": ("TiesPayload { viewer { email } }", ""),
    "proposeUpdate": ("UpdateProposalPayload { proposal { note } }", ', note: "Moved."'),
    "updateProfile": ("UpdateProfilePayload { person { id } }", ', pronouns: "she"'),
    "placeFerpaHold": ("UpdateProfilePayload { person { id } }", ""),
    "setLost": ("SetLostPayload { person { id } }", ", lost: true"),
    "startImpersonation": ("ImpersonationPayload { impersonation { person { id } } }", ', reason: "r", minutes: 5'),
}
AS_THEY_ARE = {"erasePerson"}
"""What is done to the record that one means, or not at all."""


def test_it_is_known_of_every_mutation_of_a_person_what_an_old_id_means():
    mutations: Any = build_engine().schema.mutation_type
    inputs: dict[str, Any] = {
        name: get_named_type(field.args["input"].type) for name, field in mutations.fields.items()
    }
    named = {name for name, given in inputs.items() if "personId" in given.fields}
    assert named == {*ACTS, *AS_THEY_ARE}


@pytest.mark.parametrize("field", ACTS)
async def test_the_old_id_means_the_kept_person_in_what_is_asked_for(session: AsyncSession, api: Api, field: str):
    admin = await make_account(session, await make_person(session), models.AccountRole.ADMIN)
    keep, drop, hidden, lost = [await make_person(session, name) for name in ("Keep", "Drop", "Hidden", "Lost")]
    await merge(api, admin, keep, drop)
    await merge(api, admin, hidden, lost)
    await block(session, hidden, await session.get_one(models.Person, admin.person_id))
    payload, more = ACTS[field]
    query = "mutation($id: ID!) { %s(input: {personId: $id%s}) { __typename ... on %s ... on Error { code path } } }"
    done = await api(query % (field, more, payload), as_=admin, id=encode_id("Person", drop.id))
    assert done.errors == []
    assert done.data[field]["__typename"] == payload.split()[0], done.data
    assert encode_id("Person", drop.id) not in str(done.data)
    if "id }" in payload or "personId" in payload:
        assert encode_id("Person", keep.id) in str(done.data)
    told = [
        (await api(query % (field, more, payload), as_=admin, id=encode_id("Person", key))).data[field]
        for key in (lost.id, uuid4())
    ]
    assert told[0] == told[1]
    assert told[0]["code"] == "NOT_FOUND"


async def test_graduates_may_be_named_by_old_ids_and_an_erasure_takes_ids_as_they_are(session: AsyncSession, api: Api):
    admin = await make_account(session, await make_person(session), models.AccountRole.ADMIN)
    keep, drop = await make_person(session), await make_person(session)
    old = encode_id("Person", drop.id)
    await merge(api, admin, keep, drop)
    graduate = """mutation($ids: [ID!]!) { graduateCohort(input: {date: "2024-06-30", personIds: $ids}) {
        ... on GraduateCohortPayload { graduations { person { id } } } } }"""
    told = (await api(graduate, as_=admin, ids=[old])).data["graduateCohort"]
    assert told == {"graduations": [{"person": {"id": encode_id("Person", keep.id)}}]}
    erase = """mutation($id: ID!) { erasePerson(input: {personId: $id, reason: REQUESTED}) { __typename } }"""
    assert (await api(erase, as_=admin, id=old)).data == {"erasePerson": {"__typename": "NotFound"}}
    assert await session.scalar(select(models.Person.id).where(models.Person.id == keep.id)) == keep.id


async def test_what_has_changed_since_is_told_and_stays(session: AsyncSession, api: Api):
    staff, keep, drop = await make_staff(session), await make_person(session), await make_person(session)
    moved = await make_fact(session, models.Skill, drop, name="Chess")
    deleted = await make_fact(session, models.Skill, drop, name="Golf")
    twin = await make_fact(session, models.Link, keep, V.PUBLIC, url="https://a.example")
    await make_fact(session, models.Link, drop, V.STAFF, url="https://a.example")
    made = await merge(api, staff, keep, drop)
    await session.execute(delete(models.Skill).where(models.Skill.id == deleted.id))
    await session.execute(update(models.Link).where(models.Link.id == twin.id).values(visibility=V.ME))
    back = await undo(api, staff, made["merge"]["id"])
    assert {(row["table"], row["rowId"]) for row in back["left"]} == {
        ("skills", str(deleted.id)), ("links", str(twin.id)),
    }  # fmt: skip
    owners = (await session.execute(select(models.Skill.id, models.Skill.person_id))).all()
    assert [tuple(row) for row in owners] == [(moved.id, drop.id)]
    await session.refresh(twin)
    assert (twin.person_id, twin.visibility) == (keep.id, V.ME)
    assert await session.scalar(select(func.count()).select_from(models.Link)) == 2


async def test_after_30_days_it_stays_and_what_was_removed_is_forgotten(session: AsyncSession, api: Api):
    staff, keep, drop = await make_staff(session), await make_person(session), await make_person(session)
    made = await merge(api, staff, keep, drop)
    await purge_merges(session)
    content = select(models.PersonMerge.content)
    assert await session.scalar(content) is not None
    age = datetime.now(UTC) - timedelta(days=31)
    await session.execute(update(models.PersonMerge).values(created_at=age))
    late = await undo(api, staff, made["merge"]["id"])
    assert (late["code"], late["message"]) == ("CONFLICT", "A merge can be undone for 30 days.")
    await purge_merges(session)
    assert await session.scalar(content) is None
    assert await session.scalar(select(models.PersonAlias.kept_id)) == keep.id


async def test_refusals_change_nothing(session: AsyncSession, api: Api):
    keep, drop = await make_person(session), await make_person(session)
    own, officer = await make_person(session), await make_person(session)
    staff = await make_account(session, own, models.AccountRole.STAFF)
    await make_account(session, officer, models.AccountRole.ADMIN)
    hidden = await make_person(session)
    await block(session, hidden, own)
    before = await dump(session)
    wrong: list[tuple[UUID, UUID, str, list[str] | None]] = [
        (keep.id, keep.id, "INVALID", ["input", "dropId"]),
        (keep.id, hidden.id, "NOT_FOUND", ["input", "dropId"]),
        (keep.id, uuid4(), "NOT_FOUND", ["input", "dropId"]),
        (hidden.id, drop.id, "NOT_FOUND", ["input", "keepId"]),
        (keep.id, own.id, "FORBIDDEN", None),
        (officer.id, drop.id, "FORBIDDEN", None),
    ]
    for one, other, code, path in wrong:
        for dry_run in (True, False):
            given = {"keepId": encode_id("Person", one), "dropId": encode_id("Person", other), "dryRun": dry_run}
            answer = (await api(MERGE, as_=staff, input=given)).data["mergePersons"]
            assert (answer["code"], answer["path"]) == (code, path)
    assert await dump(session) == before


async def test_a_retry_tells_the_same_and_the_person_sees_who_merged(session: AsyncSession, api: Api):
    staff, keep, drop = await make_staff(session), await make_person(session), await make_person(session)
    account = await make_account(session, keep)
    await make_fact(session, models.Skill, drop)
    first = await merge(api, staff, keep, drop, idempotencyKey="k")
    assert await merge(api, staff, keep, drop, idempotencyKey="k") == first
    gone = await merge(api, staff, keep, drop)
    assert (gone["code"], gone["path"]) == ("NOT_FOUND", ["input", "dropId"])
    log = await api("{ viewer { accessLog(first: 9) { nodes { action facts actor } } } }", as_=account)
    entry = {"action": "MERGED", "facts": ["people", "person_roles", "skills"], "actor": staff.email}
    assert entry in log.data["viewer"]["accessLog"]["nodes"]
    listed = await api("{ personMerges(first: 9) { totalCount nodes { id person { id } } } }", as_=staff)
    node = {"id": first["merge"]["id"], "person": {"id": encode_id("Person", keep.id)}}
    assert listed.data["personMerges"] == {"totalCount": 1, "nodes": [node]}
    hidden = "query($id: ID!) { node(id: $id) { id } }"
    assert (await api(hidden, as_=account, id=first["merge"]["id"])).data["node"] is None


async def test_a_merged_record_is_not_imported_again(session: AsyncSession, api: Api):
    staff = await make_staff(session)
    keep = await make_person(session, "Ana", source="crm", external_id="1")
    drop = await make_person(session, "Anna", source="crm", external_id="2")
    await merge(api, staff, keep, drop)
    query = """mutation { importPeople(input: {source: "crm", rows: [{externalId: "2", displayName: "Anna"}]}) {
        ... on ImportPeoplePayload { rows { status messages person { id } } } } }"""
    (row,) = (await api(query, as_=staff)).data["importPeople"]["rows"]
    assert (row["status"], row["person"]) == ("SKIPPED", {"id": encode_id("Person", keep.id)})
    assert await session.scalar(select(func.count()).select_from(models.Person)) == 1


async def test_an_erasure_leaves_nothing_of_merged_records_and_imports_bring_none_back(
    scene: Scene, session: AsyncSession, api: Api
):
    staff, other = await make_staff(session), await make_person(session, source="crm", external_id="8")
    await merge(api, staff, scene.keep, scene.drop)
    second = await merge(api, staff, scene.keep, other)
    friend_of_a_friend = await make_person(session)
    third = await merge(api, staff, scene.friend, friend_of_a_friend)
    await session.execute(
        update(models.PersonMerge)
        .where(models.PersonMerge.kept_id == scene.friend.id)
        .values(content={"acts": [], "mentions": str(scene.drop.id)})
    )
    erase = "mutation($name: String!) { eraseMe(input: {displayName: $name}) { __typename } }"
    done = await api(erase, as_=scene.accounts[0], name="Ana Lima")
    assert done.data["eraseMe"]["__typename"] == "ErasePayload", done.data
    tables = [select(func.to_jsonb(table.table_valued())) for table in Base.metadata.sorted_tables]
    said = str([(await session.scalars(table)).all() for table in tables])
    for word in (scene.keep.id, scene.drop.id, "Ana", "Costa", scene.accounts[1].email):
        assert str(word) not in said, word
    assert (await undo(api, staff, third["merge"]["id"]))["code"] == "CONFLICT"
    assert (await undo(api, staff, second["merge"]["id"]))["code"] == "NOT_FOUND"
    rows = [{"externalId": key, "displayName": "Back"} for key in ("7", "8")]
    query = """mutation($rows: [JSON!]!) { importPeople(input: {source: "crm", rows: $rows}) {
        ... on ImportPeoplePayload { rows { status } } } }"""
    statuses = [row["status"] for row in (await api(query, as_=staff, rows=rows)).data["importPeople"]["rows"]]
    assert statuses == ["SUPPRESSED", "SUPPRESSED"]
