"""The demo network: the same each time, varied, and made of nothing that belongs to anybody."""

import re
from hashlib import blake2b
from typing import Any

import psycopg
import pytest

from api.errors import Conflict
from api.seed.accounts import DEMO_MEMBER_EMAIL
from api.seed.loading import load_network
from api.seed.network import COLUMNS, generate


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
    pairs = [(row["event_id"], row["person_id"]) for row in network["registrations"]]
    assert len(pairs) == len(set(pairs)) > 150
