"""What is told of which write, to whom; what a webhook may look like; how long what went through it is kept."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer
from api.errors import Conflict, Invalid, NotAllowed, NotFound
from api.models import AttendanceMode, DeliveryState, SwitchedOff, Visibility, WebhookTopic
from api.services import events, jobs
from api.services.facts import set_visibility
from api.services.graduations import graduate_cohort
from api.services.imports import import_events, import_jobs, import_people
from api.services.merges import merge_persons, undo_merge
from api.services.profile_changes import ProfileChanges, SkillEntry
from api.services.profiles import update_my_profile
from api.services.webhooks import (
    WebhookChanges,
    announce,
    create_webhook,
    delete_webhook,
    forget_old,
    redeliver,
    rotate_secret,
    sweep,
    update_webhook,
)
from api.services.webhooks.attempts import LONGEST_PAUSE, MOST_ATTEMPTS, pause_after
from api.services.webhooks.subscriptions import MOST_WEBHOOKS
from tests.factories import (
    SECRET,
    block,
    make_account,
    make_delivery,
    make_fact,
    make_member,
    make_person,
    make_staff,
    make_webhook,
    viewer_of,
)

T, ADMIN = WebhookTopic, models.AccountRole.ADMIN
URL = "https://receiver.example/hook"
IN_A_MONTH = datetime.now(UTC) + timedelta(days=30)
EVENT = events.EventChanges(
    name="Ball", starts_at=IN_A_MONTH, ends_at=IN_A_MONTH, time_zone="UTC", attendance_mode=AttendanceMode.OFFLINE
)


@pytest.fixture
async def admin(session: AsyncSession) -> models.Account:
    return await make_account(session, await make_person(session, "Officer"), ADMIN)


@pytest.fixture
async def webhook(session: AsyncSession, admin: models.Account) -> models.Webhook:
    return await make_webhook(session, admin)


async def told(session: AsyncSession) -> list[tuple[str, Any]]:
    """(topic, object) of everything, in order; nothing of it is left."""
    rows = await session.execute(select(models.WebhookDelivery).order_by(models.WebhookDelivery.place))
    found = [(one.topic.value, one.object_id) for (one,) in rows]
    await session.execute(text("delete from webhook_deliveries"))
    session.expunge_all()
    return found


# ---------------------------------------------------------------- what is told


async def test_events_are_told_of(session: AsyncSession, webhook: models.Webhook):
    staff, member = viewer_of(await make_staff(session)), viewer_of(await make_member(session))
    key = await events.create_event(session, staff, EVENT)
    assert await told(session) == [(T.EVENT_CREATED, key)]
    await events.update_event(session, staff, key, events.EventChanges(name="Gala"))
    assert await told(session) == [(T.EVENT_UPDATED, key)]
    await events.register(session, member, key)
    await events.register(session, member, key)
    assert await told(session) == [(T.EVENT_ATTENDANCE_CHANGED, key)]
    await events.cancel_registration(session, member, key)
    await events.cancel_registration(session, member, key)
    assert await told(session) == [(T.EVENT_ATTENDANCE_CHANGED, key)]
    await events.cancel_event(session, staff, key)
    assert await told(session) == [(T.EVENT_CANCELLED, key)]
    await events.cancel_event(session, staff, key)
    assert await told(session) == []


async def test_openings_are_told_of(session: AsyncSession, webhook: models.Webhook):
    staff = viewer_of(await make_staff(session))
    changes = jobs.JobChanges(title="Baker", organization="Oven", valid_through=IN_A_MONTH, country="PT")
    key = await jobs.post_job(session, staff, changes)
    assert await told(session) == [(T.JOB_POSTED, key)]
    await jobs.update_job(session, staff, key, jobs.JobChanges(title="Cook"))
    assert await told(session) == [(T.JOB_UPDATED, key)]
    await jobs.withdraw_job(session, staff, key)
    await jobs.withdraw_job(session, staff, key)
    assert await told(session) == [(T.JOB_WITHDRAWN, key)]


async def test_profiles_are_told_of_once_a_write(session: AsyncSession, webhook: models.Webhook):
    member = await make_member(session, "Ana")
    viewer = viewer_of(member)
    skills = [SkillEntry(name="chess", visibility=Visibility.MEMBERS)]
    await update_my_profile(session, viewer, ProfileChanges(display_name="Anna", skills=skills))
    assert await told(session) == [(T.PERSON_UPDATED, member.person_id)]
    await update_my_profile(session, viewer, ProfileChanges(display_name="Anna", skills=skills))
    assert await told(session) == []


async def test_what_is_for_its_owner_alone_is_told_to_nobody(session: AsyncSession, webhook: models.Webhook):
    member = await make_member(session)
    viewer, own, open_ = viewer_of(member), Visibility.ME, Visibility.MEMBERS
    await make_fact(session, models.Skill, viewer.key, open_, name="chess")
    secret, known = SkillEntry(name="poker", visibility=own), SkillEntry(name="chess")
    await update_my_profile(session, viewer, ProfileChanges(skills=[known, secret]))
    await update_my_profile(session, viewer, ProfileChanges(skills=[known, SkillEntry(name="whist", visibility=own)]))
    await update_my_profile(session, viewer, ProfileChanges(skills=[known]))
    assert await told(session) == []
    await update_my_profile(session, viewer, ProfileChanges(skills=[SkillEntry(name="chess", visibility=own)]))
    assert await told(session) == [(T.PERSON_UPDATED, member.person_id)]
    await update_my_profile(session, viewer, ProfileChanges(skills=[]))
    assert await told(session) == []


@pytest.mark.parametrize(("before", "after"), [(Visibility.ME, Visibility.STAFF), (Visibility.PUBLIC, Visibility.ME)])
async def test_what_is_opened_or_closed_is_told(
    session: AsyncSession, webhook: models.Webhook, before: Visibility, after: Visibility
):
    member = await make_member(session)
    viewer = viewer_of(member)
    fact = await make_fact(session, models.Skill, viewer.key, before)
    await set_visibility(session, viewer, models.Skill, fact.id, after)
    assert await told(session) == [(T.PERSON_UPDATED, member.person_id)]


async def test_graduates_are_told_of(session: AsyncSession, webhook: models.Webhook):
    student = await make_person(session, alumnus=False)
    session.add(models.PersonRole(person_id=student.id, kind=models.PersonRoleKind.STUDENT))
    await session.flush()
    people = [student.id, (await make_person(session)).id]
    await graduate_cohort(session, viewer_of(await make_staff(session)), date(2026, 7, 1), people)
    assert await told(session) == [(T.PERSON_UPDATED, student.id)]


async def test_imports_are_told_of_and_trials_are_not(session: AsyncSession, webhook: models.Webhook):
    staff = viewer_of(await make_staff(session))
    rows = [{"externalId": str(number), "displayName": f"P{number}"} for number in range(3)]
    await import_people(session, staff, rows, source="crm", dry_run=True)
    assert await told(session) == []
    await import_people(session, staff, rows, source="crm")
    assert Counter(topic for topic, _ in await told(session)) == {T.PERSON_CREATED: 3}
    rows[0]["displayName"] = "Q0"
    await import_people(session, staff, rows, source="crm")
    assert [topic for topic, _ in await told(session)] == [T.PERSON_UPDATED]


async def test_imported_events_and_openings_are_told_of(session: AsyncSession, webhook: models.Webhook):
    staff, at = viewer_of(await make_staff(session)), "2026-01-01T10:00Z"
    await import_people(session, staff, [{"externalId": "p", "displayName": "P"}], source="s")
    await told(session)
    event = {"externalId": "e", "name": "A", "startsAt": at, "endsAt": at, "timeZone": "UTC"}
    await import_events(session, staff, [event], source="s")
    assert [topic for topic, _ in await told(session)] == [T.EVENT_CREATED]
    await import_events(session, staff, [event | {"registrations": [{"externalId": "p"}]}], source="s")
    assert [topic for topic, _ in await told(session)] == [T.EVENT_ATTENDANCE_CHANGED]
    job = {"externalId": "j", "title": "A", "organization": "B", "remote": True, "validThrough": at}
    await import_jobs(session, staff, [job], source="s")
    assert [topic for topic, _ in await told(session)] == [T.JOB_POSTED]
    await import_jobs(session, staff, [job | {"title": "C"}], source="s")
    assert [topic for topic, _ in await told(session)] == [T.JOB_UPDATED]


async def test_a_merge_and_its_undoing_are_told_of(session: AsyncSession, webhook: models.Webhook):
    staff = viewer_of(await make_staff(session))
    keep, drop = (await make_person(session)).id, (await make_person(session)).id
    await merge_persons(session, staff, keep, drop, dry_run=True)
    assert await told(session) == []
    report = await merge_persons(session, staff, keep, drop)
    assert await told(session) == [(T.PERSON_DELETED, drop), (T.PERSON_UPDATED, keep)]
    assert report.merge_id is not None
    await undo_merge(session, staff, report.merge_id)
    assert await told(session) == [(T.PERSON_CREATED, drop), (T.PERSON_UPDATED, keep)]


# ---------------------------------------------------------------- to whom


async def test_a_webhook_is_told_of_its_topics_alone(session: AsyncSession, admin: models.Account):
    await make_webhook(session, admin, topics=[T.PERSON_CREATED])
    await make_webhook(session, admin, switched_off=SwitchedOff.BY_HAND)
    person = await make_person(session)
    await announce(session, T.PERSON_UPDATED, [person.id])
    assert await told(session) == []
    await announce(session, T.PERSON_CREATED, [person.id])
    assert await told(session) == [(T.PERSON_CREATED, person.id)]


async def test_of_whom_its_account_does_not_see_a_webhook_is_not_told(session: AsyncSession, webhook: models.Webhook):
    one, other = await make_person(session), await make_person(session)
    owner = await _owner(session, webhook)
    await block(session, one, await session.get_one(models.Person, owner.person_id))
    await announce(session, T.PERSON_DELETED, [one.id, other.id])
    assert await told(session) == [(T.PERSON_DELETED, other.id)]


ENDED = ("accounts set role = 'STAFF'", "accounts set role = 'MEMBER'", "people set deceased = true")


@pytest.mark.parametrize("ended", ENDED)
async def test_a_webhook_of_no_administrator_is_told_nothing(
    session: AsyncSession, webhook: models.Webhook, ended: str
):
    await session.execute(text(f"update {ended}"))
    await announce(session, T.PERSON_UPDATED, [(await make_person(session)).id])
    assert await told(session) == []


# ---------------------------------------------------------------- setting up

BAD_URLS = [
    "", "nowhere", "ftp://receiver.example/", "http://receiver.example/", "https://u:p@receiver.example/",
    "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://10.1.2.3/", "https://192.168.0.1:8443/",
    "https://169.254.169.254/latest/", "https://[fd00::1]/", "https://receiver.example/#part", "https://a b.example/",
    "https://receiver.example:99999/", "https://" + "a" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("url", BAD_URLS)
async def test_a_bad_address_is_named_and_makes_nothing(session: AsyncSession, admin: models.Account, url: str):
    with pytest.raises(Invalid) as refused:
        await create_webhook(session, viewer_of(admin), url, [])
    assert [problem.path for problem in refused.value.problems] == [("input", "url"), ("input", "topics")]
    assert (await session.scalars(select(models.Webhook))).all() == []


@pytest.mark.parametrize("url", ["http://localhost:9000/", "http://127.0.0.1/", "https://[::1]:80/"])
async def test_a_receiver_on_this_machine_is_for_development(session: AsyncSession, admin: models.Account, url: str):
    await create_webhook(session, viewer_of(admin), url, [T.JOB_POSTED], loopback=True)
    with pytest.raises(Invalid):
        await create_webhook(session, viewer_of(admin), url, [T.JOB_POSTED])


async def test_there_are_not_too_many(session: AsyncSession, admin: models.Account):
    for _ in range(MOST_WEBHOOKS):
        await make_webhook(session, admin)
    with pytest.raises(Conflict):
        await create_webhook(session, viewer_of(admin), URL, [T.JOB_POSTED])


async def test_whoever_changes_a_webhook_takes_it_over(session: AsyncSession, webhook: models.Webhook):
    colleague = viewer_of(await make_account(session, role=ADMIN))
    await update_webhook(session, colleague, webhook.id, WebhookChanges(topics=[T.JOB_POSTED, T.JOB_POSTED]))
    await session.refresh(webhook)
    assert (webhook.account_id, webhook.url, webhook.topics) == (colleague.account_id, URL, [T.JOB_POSTED])


async def test_a_webhook_that_is_switched_off_gives_up_what_waits(session: AsyncSession, webhook: models.Webhook):
    viewer = await _owner(session, webhook)
    delivery = await make_delivery(session, webhook, (await make_person(session)).id)
    farewell = await make_delivery(session, webhook, delivery.object_id, T.PERSON_DELETED)
    await update_webhook(session, viewer, webhook.id, WebhookChanges(on=False))
    await session.refresh(delivery)
    assert delivery.state is DeliveryState.FAILED
    assert farewell.id not in (await session.scalars(select(models.WebhookDelivery.id))).all()
    await session.refresh(webhook)
    assert webhook.switched_off is SwitchedOff.BY_HAND
    with pytest.raises(Conflict):
        await redeliver(session, viewer, delivery.id)
    await update_webhook(session, viewer, webhook.id, WebhookChanges(on=True))
    await redeliver(session, viewer, delivery.id)
    with pytest.raises(Conflict):
        await redeliver(session, viewer, delivery.id)


async def test_a_change_that_is_wrong_changes_nothing(session: AsyncSession, webhook: models.Webhook):
    viewer = viewer_of(await make_account(session, role=ADMIN))
    for changes in (WebhookChanges(url=None), WebhookChanges(topics=[]), WebhookChanges(topics=None, on=None)):
        with pytest.raises(Invalid):
            await update_webhook(session, viewer, webhook.id, changes)
    await session.refresh(webhook)
    assert (webhook.url, len(webhook.topics), webhook.account_id == viewer.account_id) == (URL, len(T), False)


async def test_a_new_secret_leaves_the_former_one_good_for_a_while(session: AsyncSession, webhook: models.Webhook):
    secret = await rotate_secret(session, await _owner(session, webhook), webhook.id)
    await session.refresh(webhook)
    assert (webhook.secret, webhook.previous_secret) == (secret, SECRET)
    assert secret != SECRET
    assert secret not in repr(webhook)
    await session.execute(text("update webhooks set previous_until = now()"))
    await forget_old(session)
    await session.refresh(webhook)
    assert (webhook.previous_secret, webhook.previous_until) == (None, None)


async def test_all_but_administrators_are_refused(session: AsyncSession, webhook: models.Webhook):
    viewer, nobody = viewer_of(await make_staff(session)), webhook.account_id
    for asked in (
        create_webhook(session, viewer, URL, [T.JOB_POSTED]),
        update_webhook(session, viewer, webhook.id, WebhookChanges(on=False)),
        rotate_secret(session, viewer, webhook.id),
        delete_webhook(session, viewer, webhook.id),
        redeliver(session, viewer, webhook.id),
    ):
        with pytest.raises(NotAllowed):
            await asked
    with pytest.raises(NotFound):
        await delete_webhook(session, await _owner(session, webhook), nobody)


async def _owner(session: AsyncSession, webhook: models.Webhook) -> Viewer:
    return viewer_of(await session.get_one(models.Account, webhook.account_id))


# ---------------------------------------------------------------- keeping, and pauses


async def test_what_was_done_with_long_ago_is_forgotten(session: AsyncSession, webhook: models.Webhook):
    old = datetime.now(UTC) - timedelta(days=15)
    person = await make_person(session)
    for state in DeliveryState:
        for at in (old, datetime.now(UTC)):
            await make_delivery(session, webhook, person.id, state=state, updated_at=at)
    await forget_old(session)
    left = (await session.scalars(select(models.WebhookDelivery.state))).all()
    assert Counter(left) == {DeliveryState.WAITING: 2, DeliveryState.DELIVERED: 1, DeliveryState.FAILED: 1}


async def test_a_sweep_goes_where_something_is_due(session: AsyncSession, webhook: models.Webhook):
    admin = await session.get_one(models.Account, webhook.account_id)
    person, to_come = await make_person(session), datetime.now(UTC) + timedelta(hours=1)
    idle, off = await make_webhook(session, admin), await make_webhook(session, admin, switched_off=SwitchedOff.GONE)
    await make_delivery(session, webhook, person.id)
    await make_delivery(session, webhook, person.id)
    await make_delivery(session, idle, person.id, next_attempt_at=to_come)
    in_vain = await make_delivery(session, off, person.id)
    await sweep(session)
    await session.refresh(in_vain)
    assert in_vain.state is DeliveryState.FAILED
    sent = await session.scalars(text("select args ->> 'webhook_id' from procrastinate_jobs"))
    assert sent.all() == [str(webhook.id)]


def test_pauses_grow_to_about_a_day_in_all():
    pauses = [pause_after(failures) for failures in range(1, MOST_ATTEMPTS)]
    assert pauses[0] < timedelta(minutes=2)
    assert all(earlier < later for earlier, later in pairwise(pauses[:6]))
    assert max(pauses) <= LONGEST_PAUSE * 1.2
    assert timedelta(hours=18) < sum(pauses, timedelta()) < timedelta(hours=30)
    assert len({pause_after(3) for _ in range(20)}) > 1
