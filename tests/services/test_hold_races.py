"""Holds and the list of directory information, set while others write the same educations, on real connections."""

import asyncio

import pytest
from sqlalchemy import select

from api import models
from api.access import Viewer
from api.db import PooledDatabase
from api.services.holds import set_hold
from api.services.imports import import_people
from api.services.institutions import InstitutionChanges, set_institution
from api.services.profile_changes import EducationEntry, ProfileChanges
from api.services.profiles import update_my_profile
from tests.factories import make_member, make_staff, viewer_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
HOME = "Northbridge University"


async def test_a_degree_written_while_the_hold_is_set_is_held_too(real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        await set_institution(session, InstitutionChanges(HOME))
        people = [viewer_of(await make_member(session)) for _ in range(15)]

    async def hold(viewer: Viewer) -> None:
        async with real_db.write() as session, session.begin():
            await set_hold(session, viewer, True)

    async def edit(viewer: Viewer) -> None:
        degree = EducationEntry(school=HOME, degree="BSc", visibility=models.Visibility.PUBLIC)
        async with real_db.write() as session, session.begin():
            await update_my_profile(session, viewer, ProfileChanges(educations=[degree]))

    await asyncio.gather(*(act(viewer) for viewer in people for act in (hold, edit)))
    async with real_db.write() as session:
        found = (await session.scalars(select(models.Education))).all()
    assert len(found) == len(people)
    assert {(one.visibility, one.chosen_visibility) for one in found} == {
        (models.Visibility.STAFF, models.Visibility.PUBLIC)
    }


async def test_a_record_imported_while_the_list_is_narrowed_shows_no_more_than_the_new_list(real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        await set_institution(session, InstitutionChanges(HOME))
        officer = viewer_of(await make_staff(session))

    async def bring(number: int) -> None:
        record = {"school": HOME, "degree": "BSc", "endDate": "2010", "registrarSourced": True}
        row = {"externalId": str(number), "displayName": "Ana", "educations": [record]}
        async with real_db.write() as session, session.begin():
            await import_people(session, officer, [row], source="sis")
            await asyncio.sleep(0.01)

    async def narrow() -> None:
        await asyncio.sleep(0.05)
        async with real_db.write() as session, session.begin():
            await set_institution(session, InstitutionChanges(HOME, directory_information=["SCHOOL", "DEGREE"]))

    await asyncio.gather(narrow(), *(bring(number) for number in range(20)))
    async with real_db.write() as session:
        found = (await session.scalars(select(models.Education))).all()
    assert [(one.degree, one.end_date, one.withheld) for one in found] == [("BSc", None, {"end_date": "2010"})] * 20
