"""The demo network: the same each time, varied, and made of nothing that belongs to anybody."""

import re
from collections import Counter
from datetime import timedelta
from hashlib import blake2b
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from api import models
from api.db import PooledDatabase
from api.errors import Conflict
from api.seed.accounts import DEMO_MEMBER_EMAIL
from api.seed.loading import load_network
from api.seed.network import COLUMNS, MADE, generate
from recommender.embeddings import HashEmbedder
from recommender.pages import suggest
from recommender.vectors import embed_missing
from schema.recommendations import PIPELINES
from tests.factories import viewer_of


def tables(people: int, seed: int = 1) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for rows in generate(people, seed):
        for table, some in rows.tables.items():
            found.setdefault(table, []).extend(dict(zip(COLUMNS[table], row, strict=True)) for row in some)
    return found


def test_the_same_number_gives_the_same_network():
    first, again, other = (
        blake2b(repr([sorted(rows.tables.items()) for rows in generate(60, seed)]).encode()).digest()
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_people_are_varied():
    network = tables(1000)
    bios = [row["text"] for row in network["person_texts"] if row["kind"] == "BIO"]
    assert len(set(bios)) >= 0.9 * len(bios)
    assert len({row["display_name"] for row in network["people"]}) > 950
    assert len({row["programme"] for row in network["educations"]}) >= 40
    assert {row["visibility"] for row in network["educations"]} == {"ME", "STAFF", "CONNECTIONS", "MEMBERS", "PUBLIC"}
    assert 5 < 2 * len(network["connections"]) / 1000 < 14


def test_no_address_and_no_number_belongs_to_anybody():
    network = tables(1000)
    reserved = re.compile(
        r"\+1\d{3}55501\d\d|\+44207946\d{4}|\+4420794600\d\d|\+447700900\d{3}|\+3319900\d{4}|\+3363998\d{4}"
        r"|\+493023125\d{3}|\+612555\d{5}|\+613555\d{5}"
    )
    for row in network["contact_points"]:
        if row["kind"] == "EMAIL":
            assert re.fullmatch(r"person\d+@example\.(org|com|net)", row["value"])
        else:
            assert reserved.fullmatch(row["value"]), row["value"]
    assert all(row["email"].endswith("@alumni.example.edu") for row in network["accounts"])
    assert all(re.fullmatch(r"https://person\d+\.example\.org/", row["url"]) for row in network["links"])


def test_codes_have_their_form_and_careers_follow_studies():
    network = tables(500)
    year = {row["person_id"]: int(row["end_date"]) for row in network["educations"] if row["home"]}
    assert all(re.fullmatch(r"\d\d\.\d{4}", row["cip_code"]) for row in network["educations"])
    for row in network["experiences"]:
        assert re.fullmatch(r"\d{4}", row["occupation_code"])
        assert int(row["start_date"]) >= year[row["person_id"]]
        assert row["end_date"] is None or row["end_date"] >= row["start_date"]


@pytest.mark.real
@pytest.mark.timeout(120)
def test_a_network_is_loaded_once(real_url: str):
    with psycopg.connect(real_url) as connection:
        load_network(connection, 300)
        connection.commit()
        assert connection.execute("select count(*) from people").fetchone() == (300,)
        ties = connection.execute(
            "select count(*) from connections c join accounts a on a.person_id in (c.low_id, c.high_id)"
            " where a.email = %s and c.state = 'ACCEPTED'",
            [DEMO_MEMBER_EMAIL],
        ).fetchone()
        assert ties is not None
        assert ties[0] >= 5
        with pytest.raises(Conflict):
            load_network(connection, 10)


def test_events_are_held_by_organisers_with_habits_and_attended_by_those_near():
    network = tables(1000)
    assert len(network["events"]) == 50
    seats = {row["id"]: 0 for row in network["events"]}
    for row in network["registrations"]:
        seats[row["event_id"]] += 1
    for event in network["events"]:
        assert event["seats_taken"] == seats[event["id"]] <= (event["capacity"] or 10_000)
        assert event["join_url"] is None or event["join_url"].startswith("https://meet.example.org/")
    assert len({row["name"] for row in network["events"]}) > 25
    starts = [row["starts_at"] for row in network["events"]]
    assert timedelta(days=-380) < min(starts) - MADE < timedelta(days=-300)
    assert 10 < sum(at > MADE for at in starts) < 25
    assert max(starts) - MADE < timedelta(days=190)
    assert max(row["registered_at"] for row in network["registrations"]) < MADE
    pairs = [(row["event_id"], row["person_id"]) for row in network["registrations"]]
    assert len(pairs) == len(set(pairs)) > 150


def test_openings_are_posted_by_people_of_the_line_of_work_and_some_have_run_out():
    network = tables(1000)
    jobs, people = {row["id"]: row for row in network["jobs"]}, {row["id"]: row for row in network["people"]}
    assert len(jobs) == 83
    posted_by = [row["poster_id"] for row in jobs.values()]
    assert 10 < posted_by.count(None) < 35
    assert all(people[one]["listed"] and not people[one]["deceased"] for one in posted_by if one)
    over = [row for row in jobs.values() if row["valid_through"] <= MADE]
    assert 5 < len(over) < 50
    assert 5 < sum(row["remote"] for row in jobs.values()) < 35
    for row in jobs.values():
        assert row["created_at"] < MADE
        assert row["created_at"] < row["valid_through"] < row["created_at"] + timedelta(days=366)
        assert row["remote"] or row["country"]
        assert row["apply_url"].startswith("https://jobs.example.org/")
    for fan in network["job_interests"]:
        job = jobs[fan["job_id"]]
        assert fan["person_id"] != job["poster_id"]
        assert job["created_at"] <= fan["created_at"] <= min(job["valid_through"], MADE)
    assert len(network["job_interests"]) > 60


def test_mentors_are_a_good_tenth_of_the_experienced_and_never_overbooked():
    network = tables(1000)
    people, year = {row["id"]: row for row in network["people"]}, graduated(network)
    profiles = {row["person_id"]: row for row in network["mentor_profiles"]}
    assert {key for key, row in people.items() if row["mentor_open"]} == set(profiles)
    experienced = [key for key in people if year[key] <= 2018]
    assert 0.07 < len(profiles) / len(experienced) < 0.2
    ships = network["mentorships"]
    going_on = Counter(row["mentor_id"] for row in ships if row["state"] == "ACCEPTED")
    for key, row in profiles.items():
        assert people[key]["listed"]
        assert not people[key]["deceased"]
        assert row["active_mentees"] == going_on[key] <= row["max_mentees"] <= 4
    assert any(row["active_mentees"] == row["max_mentees"] for row in profiles.values())
    assert any(row["paused_until"] for row in profiles.values())
    assert {row["state"] for row in ships} == {"PENDING", "ACCEPTED", "DECLINED", "WITHDRAWN", "COMPLETED"}
    for row in ships:
        assert year[row["mentor_id"]] < year[row["mentee_id"]]
        moments = [row["created_at"], row["answered_at"], row["ended_at"], MADE]
        known = [moment for moment in moments if moment is not None]
        assert known == sorted(known)
    assert len({(row["mentor_id"], row["mentee_id"]) for row in ships}) == len(ships)


def graduated(network: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    return {row["person_id"]: int(row["end_date"]) for row in network["educations"] if row["home"]}


@pytest.mark.real
@pytest.mark.timeout(120)
async def test_the_demo_alumna_finds_something_in_each_list(real_url: str, real_db: PooledDatabase):
    with psycopg.connect(real_url) as connection:
        made = load_network(connection, 300)
        connection.commit()
    assert made["people"] == 300
    assert all(made[table] > 0 for table in COLUMNS)
    await embed_missing(real_db, HashEmbedder())
    async with real_db.write() as session, session.begin():
        amara = await session.scalar(select(models.Account).where(models.Account.email == DEMO_MEMBER_EMAIL))
        assert amara is not None
        for name, (_, pipeline) in PIPELINES.items():
            page = await suggest(session, viewer_of(amara), pipeline, first=3)
            assert page.suggestions, name
            assert page.suggestions[0].evidence, name
