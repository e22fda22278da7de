"""Imports of events: what is made, changed and left alone, who comes, that no seat is sold twice, what is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import models
from api.access import Viewer, ViewerKind
from api.errors import Invalid, NotAllowed
from api.services.imports import ImportReport, ImportStatus, import_events, read_events_file
from tests.factories import make_member, make_person, viewer_of

OFFICE = Viewer(ViewerKind.STAFF)
CREATED, UPDATED, SKIPPED = ImportStatus.CREATED, ImportStatus.UPDATED, ImportStatus.SKIPPED


def row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "externalId": f"e{number}",
        "name": f"Mixer {number}",
        "startsAt": "2024-05-03T18:00:00+02:00",
        "endsAt": "2024-05-03T21:00:00+02:00",
        "timeZone": "Europe/Berlin",
        "country": "de",
        **more,
    }


def comes(*people: str, day: int = 1) -> list[dict[str, str]]:
    """These people, one a day."""
    return [{"externalId": one, "at": f"2024-04-{day + n:02}T10:00:00Z"} for n, one in enumerate(people)]


async def imported(session: AsyncSession, rows: list[Any], source: str = "crm", **options: Any) -> ImportReport:
    report = await import_events(session, OFFICE, rows, source=source, **options)
    session.expunge_all()
    return report


async def statuses(session: AsyncSession, rows: list[Any], **options: Any) -> list[ImportStatus]:
    return [one.status for one in (await imported(session, rows, **options)).rows]


async def event(session: AsyncSession, number: int = 1) -> models.Event:
    return (await session.scalars(select(models.Event).where(models.Event.external_id == f"e{number}"))).one()


async def test_a_past_event_with_those_who_came_is_made_once(session: AsyncSession):
    ana = await make_person(session, source="crm", external_id="1")
    rows = [row(1, organizer="Lisbon Chapter", attendanceMode="online", registrations=comes("1", "9")), row(2)]

    report = await imported(session, rows)

    assert [one.status for one in report.rows] == [CREATED, CREATED]
    assert report.rows[0].messages == ["registrations: nobody here has the id 9"]
    found = await event(session)
    assert (found.id, found.source, found.country) == (report.rows[0].item_id, "crm", "DE")
    assert (found.starts_at, found.weekday, found.hour) == (datetime(2024, 5, 3, 16, tzinfo=UTC), 5, 18)
    assert (found.attendance_mode, found.audience) == (models.AttendanceMode.ONLINE, models.Visibility.MEMBERS)
    assert (found.organizer, found.seats_taken, found.attendees_shown) == ("Lisbon Chapter", 1, True)
    (seat,) = await session.scalars(select(models.Registration))
    assert (seat.person_id, seat.state) == (ana.id, models.RegistrationState.CONFIRMED)
    assert seat.registered_at == datetime(2024, 4, 1, 10, tzinfo=UTC)
    (told,) = await session.scalars(select(models.AuditEvent))
    assert (told.person_id, told.action, told.facts) == (ana.id, models.AuditAction.IMPORTED, ["registrations"])
    assert await statuses(session, rows) == [SKIPPED, SKIPPED]
    assert (await event(session)).seats_taken == 1
    assert await statuses(session, rows, source="other", people_source="crm") == [CREATED, CREATED]


async def test_what_changed_is_written_and_told_and_what_is_left_out_stays(session: AsyncSession):
    await make_person(session, source="crm", external_id="1")
    await statuses(session, [row(1, description="Drinks", city="Berlin")])
    report = await imported(session, [row(1, name="Spring mixer", registrations=comes("1"))])
    assert report.rows[0].status is UPDATED
    assert report.rows[0].written == ["name", "registrations"]
    found = await event(session)
    assert (found.name, found.description, found.city) == ("Spring mixer", "Drinks", "Berlin")


async def test_seats_go_to_the_earliest_and_are_never_oversold(session: AsyncSession):
    for number in "1234":
        await make_person(session, source="crm", external_id=number)
    rows = [row(1, capacity="2", registrations=comes("1", day=9) + comes("2", "3"))]
    report = await imported(session, rows)
    assert report.rows[0].messages == ["registrations: no seat was left for 1"]
    assert (await imported(session, [row(1, registrations=comes("4"))])).rows[0].messages == [
        "registrations: no seat was left for 4"
    ]
    assert (await event(session)).seats_taken == 2
    with pytest.raises(Invalid, match=r"rows\.0\.capacity: 2 seats are taken already"):
        await imported(session, [row(1, capacity=1)])
    with pytest.raises(Invalid, match=r"rows\.0\.audience: People have registered"):
        await imported(session, [row(1, audience="STAFF")])
    assert await statuses(session, [row(1, capacity=4, registrations=comes("4"))]) == [UPDATED]
    assert (await event(session)).seats_taken == 3


async def test_what_was_called_off_or_given_back_here_is_left(session: AsyncSession):
    await make_person(session, source="crm", external_id="1")
    await statuses(session, [row(1, registrations=comes("1")), row(2)])
    (seat,) = await session.scalars(select(models.Registration))
    seat.state = models.RegistrationState.CANCELLED
    (await event(session, 2)).status = models.EventStatus.CANCELLED
    await session.flush()

    report = await imported(session, [row(1, registrations=comes("1")), row(2, name="B", registrations=comes("1"))])

    assert [one.status for one in report.rows] == [SKIPPED, SKIPPED]
    assert report.rows[1].messages == ["is called off here: left as it is"]
    assert (await event(session, 2)).seats_taken == 0
    assert [one.state for one in await session.scalars(select(models.Registration))] == [
        models.RegistrationState.CANCELLED
    ]


async def test_a_dry_run_tells_all_and_changes_nothing(session: AsyncSession):
    await make_person(session, source="crm", external_id="1")
    assert await statuses(session, [row(1, registrations=comes("1")), row(2)], dry_run=True) == [CREATED, CREATED]
    for model in (models.Event, models.Registration, models.AuditEvent):
        assert (await session.scalars(select(model))).all() == []


LATER = (datetime.now(UTC) + timedelta(days=2)).isoformat()
WRONG = {
    "name": (None, "name"),
    "startsAt": ("tomorrow", "startsAt"),
    "endsAt": ("2024-05-03T10:00:00+02:00", "endsAt"),
    "timeZone": ("Berlin", "timeZone"),
    "country": ("XX", "country"),
    "capacity": ("many", "capacity"),
    "audience": ("ME", "audience"),
    "attendanceMode": ("MAYBE", "attendanceMode"),
    "joinUrl": ("javascript:alert(1)", "joinUrl"),
    "colour": ("red", "colour"),
    "registrations": ([{"externalId": "1", "at": LATER}], "registrations.0.at"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_each_wrong_field_is_named_with_its_row_and_nothing_is_written(session: AsyncSession, name: str):
    value, path = WRONG[name]
    with pytest.raises(Invalid) as refused:
        await imported(session, [row(1), row(2, **{name: value})])
    assert [".".join(problem.path) for problem in refused.value.problems] == [f"rows.1.{path}"]
    assert (await session.scalars(select(models.Event))).all() == []


async def test_only_staff_import_and_each_event_has_one_row(session: AsyncSession):
    member = viewer_of(await make_member(session))
    with pytest.raises(NotAllowed):
        await import_events(session, member, [row(1)], source="crm")
    with pytest.raises(Invalid, match="repeats e1"):
        await imported(session, [row(1), row(1)])


async def test_a_csv_file_of_events_is_read(session: AsyncSession, tmp_path: Path):
    file = tmp_path / "events.csv"
    file.write_text(
        "externalId,name,startsAt,endsAt,timeZone,capacity,attendeesShown\n"
        "1,Mixer,2024-05-03T18:00:00Z,2024-05-03T19:00:00Z,UTC,12,no\n"
    )
    rows = read_events_file(file)
    assert await statuses(session, rows) == [CREATED]
    (found,) = await session.scalars(select(models.Event))
    assert (found.name, found.capacity, found.attendees_shown) == ("Mixer", 12, False)
    file.write_text("externalId,name,startsAt,endsAt\n")
    with pytest.raises(Invalid, match="timeZone: is missing"):
        read_events_file(file)
