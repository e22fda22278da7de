"""That a merge forgets no table and no column, and what two merges at once come to, on real connections."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import Uuid, func, select

from api import models
from api.access import Viewer
from api.db import Base, PooledDatabase
from api.errors import DomainError
from api.services.merges import merge_persons, undo_merge
from api.services.merges.consents import AND_COLUMNS, FILLED_COLUMNS, KEPT_COLUMNS, OR_COLUMNS, OTHER_COLUMNS
from api.services.merges.references import BETWEEN_TWO, WITHOUT_FOREIGN_KEY, keys, references, table_named
from tests.factories import make_event, make_fact, make_person, make_staff, register, viewer_of

OTHER_IDS = {
    "proposed_changes.fact_id": "a fact of any kind; gone or there, the proposal tells",
    "suggestions.list_id": "a list, which is no row",
    "suggestions.item_id": "computed",
    "suggestion_outcomes.item_id": "computed",
    "item_vectors.item_id": "computed",
    "fact_vectors.fact_id": "computed",
    "profile_views.visitor": "somebody without a profile",
    "idempotency_keys.result_id": "whatever was made",
    "webhook_deliveries.object_id": "of whatever kind: a record that is gone is told of no more",
}
"""Columns of ids that have no foreign key and name no person."""


def test_every_column_that_names_a_person_is_moved():
    people = table_named("people")
    moved = {(one.table.name, one.column) for one in references(people)}
    assert {("educations", "person_id"), ("blocks", "blocker_id"), ("person_aliases", "kept_id")} <= moved
    bare = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, Uuid) and not column.primary_key and not column.foreign_keys
    }
    assert {f"{table}.{column}" for table, column in bare - set(WITHOUT_FOREIGN_KEY)} <= set(OTHER_IDS)


def test_every_column_of_a_person_has_a_rule_for_two_records():
    ruled = AND_COLUMNS | OR_COLUMNS | FILLED_COLUMNS | OTHER_COLUMNS | KEPT_COLUMNS
    stored = {column.name for column in models.Person.__table__.columns if column.computed is None}
    assert stored == ruled


def test_every_table_has_an_id_of_its_own_to_be_told_by():
    for reference in references(table_named("people")):
        assert [column.name for column in reference.table.primary_key] == ["id"]


def test_what_must_stay_unique_follows_computed_columns_too():
    found = {(key.columns, key.moving) for key in keys(table_named("suggestion_outcomes"), "person_id")}
    assert found == {(("viewer_id", "item_id", "outcome"), frozenset({"person_id", "item_id"}))}
    assert {"suggestions", "suggestion_outcomes"} <= BETWEEN_TWO


# ---------------------------------------------------------------- at once


async def attempt(database: PooledDatabase, viewer: Viewer, keep: models.Person, drop: models.Person) -> str:
    try:
        async with database.write() as session, session.begin():
            await merge_persons(session, viewer, keep.id, drop.id)
    except DomainError as refused:
        return refused.code
    return "merged"


@pytest.mark.real
@pytest.mark.timeout(120)
async def test_of_merges_at_once_one_wins_and_all_rows_are_there(real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        officer = viewer_of(await make_staff(session))
        one, two = await make_person(session), await make_person(session)
        event = await make_event(session, capacity=2)
        for person in (one, two):
            await make_fact(session, models.Skill, person)
            await register(session, event, person)
    pairs = [(one, two), (two, one)] * 4
    told = Counter(await asyncio.gather(*(attempt(real_db, officer, *pair) for pair in pairs)))
    assert told == {"merged": 1, "NOT_FOUND": 7}
    async with real_db.write() as session, session.begin():
        (merge,) = (await session.execute(select(models.PersonMerge.id, models.PersonMerge.kept_id))).all()
        owners = await session.scalars(select(models.Skill.person_id))
        assert list(owners) == [merge.kept_id] * 2
        assert await session.scalar(select(models.Event.seats_taken)) == 1
        _, left = await undo_merge(session, officer, merge.id)
        assert left == []
        assert await session.scalar(select(models.Event.seats_taken)) == 2
        assert await session.scalar(select(func.count(models.Skill.person_id.distinct()))) == 2


@pytest.mark.real
@pytest.mark.timeout(120)
async def test_chains_and_circles_at_once_leave_one_person(real_db: PooledDatabase):
    async with real_db.write() as session, session.begin():
        officer = viewer_of(await make_staff(session))
        people = [await make_person(session) for _ in range(4)]
        for person in people:
            await make_fact(session, models.Skill, person)
    circle = list(zip(people, [*people[1:], people[0]], strict=True))
    told = Counter(await asyncio.gather(*(attempt(real_db, officer, *pair) for pair in circle)))
    async with real_db.write() as session:
        left = await session.scalar(select(func.count()).select_from(models.Person))
        assert told["merged"] == len(people) - (left or 0)
        assert set(told) <= {"merged", "NOT_FOUND"}
        gone = select(func.count()).select_from(models.PersonAlias)
        assert await session.scalar(gone) == told["merged"]
        assert await session.scalar(select(func.count()).select_from(models.Skill)) == len(people)
