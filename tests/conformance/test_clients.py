"""Client libraries as front ends use them: typed documents, paging, caches, documents by their ids, subscriptions."""

import json
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.api.servers import run_alumni
from tests.conformance.conftest import PROJECT, Node, Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
SDL = str(PROJECT / "schema.graphql")
PAGE, PAGES = 7, 3
NAMES = "query($first: Int, $last: Int) { people(first: $first, last: $last) { nodes { displayName } } }"
CREATE_EVENT = """mutation { createEvent(input: {name: "Reunion", startsAt: "2090-05-01T18:00:00Z",
    endsAt: "2090-05-01T22:00:00Z", timeZone: "America/New_York", city: "Boston", country: "US"}) {
    ... on EventPayload { event { id } } } }"""
DEAFEN = """select pg_terminate_backend(pid) from pg_stat_activity
    where query = 'listen alumni_notifications' and datname = current_database()"""

CONFIRMED = {"kind": "REGISTRATION_CONFIRMED", "event": {"name": "Reunion"}}


def ask(served: Served, as_: str = "member", **body: object) -> Any:
    headers = {"authorization": f"Bearer {served.tokens[as_]}"}
    answer = httpx.post(served.url, json=body, headers=headers, timeout=30).json()
    assert "errors" not in answer
    return answer["data"]


def names(served: Served, **size: int) -> list[str]:
    return [one["displayName"] for one in ask(served, query=NAMES, variables=size)["people"]["nodes"]]


def load(served: Served, folder: Path, manifest: dict[str, str]) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest))
    done = run_alumni(served.folder, "documents", "import", str(folder / "manifest.json"), **served.settings)
    assert done.returncode == 0, done.stderr


def test_codegens_types_hold_under_tsc_and_its_documents_are_taken_by_id(served: Served, node: Node, tmp_path: Path):
    found = node("types.mjs", SDL)
    assert (found["status"], found["said"]) == (0, "")
    load(served, tmp_path, found["manifest"])
    (directory,) = (one for one, text in found["manifest"].items() if "query Directory" in text)
    assert len(ask(served, documentId=directory, variables={"first": 3})["people"]["nodes"]) == 3


def test_relay_compiles_and_pages_forward_and_back(served: Served, node: Node, tmp_path: Path):
    load(served, tmp_path, node("relay-compile.mjs", SDL, str(tmp_path)))
    found = node("relay-page.mjs", str(tmp_path), served.url, served.tokens["member"])
    whole = {"sizes": [PAGE, 2 * PAGE, 3 * PAGE], "again": True, "more": True}
    assert found["forward"] == whole | {"names": names(served, first=PAGE * PAGES)}
    assert found["backward"] == whole | {"names": names(served, last=PAGE * PAGES)}


def test_apollo_pages_caches_and_sends_digests_by_get(served: Served, node: Node):
    found = node("apollo.mjs", served.url, served.tokens["member"])
    assert found["names"] == names(served, first=PAGE * PAGES)
    assert found["normalised"] == PAGE * PAGES
    first, again, *others = found["sent"]
    assert (first["method"], first["withText"]) == ("GET", False)
    assert (again["method"], again["withText"], again["status"]) == ("POST", True, 200)
    assert [(one["method"], one["withText"], one["status"]) for one in others] == [("GET", False, 200)] * (PAGES - 1)
    assert found["wrong"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(("kind", "broken", "refused"), [("ws", 1012, 4403), ("sse", None, "UNAUTHENTICATED")])
def test_clients_of_subscriptions_ask_listen_stop_and_begin_anew(
    served: Served, node: Node, kind: str, broken: int | None, refused: int | str
):
    event = ask(served, "staff", query=CREATE_EVENT)["createEvent"]["event"]["id"]
    found = node("listen.mjs", kind, served.url, served.tokens["member"], event, midway=lambda: deafen(served))
    viewer = ask(served, query="{ viewer { person { displayName } } }")["viewer"]
    assert (found["name"], found.get("broken")) == (viewer["person"]["displayName"], broken)
    assert len(found["heard"]) >= 4
    assert [one for one in found["heard"] if one != CONFIRMED] == []
    received, heard, heard_after_stop = found["growth"]
    assert (received, heard_after_stop, found["stopped"]) == (heard, 0, "complete")
    assert found["codes"] == {
        "document": "GRAPHQL_VALIDATION_FAILED",
        "variables": "BAD_USER_INPUT",
        "field": "BAD_USER_INPUT",
        "guest": "UNAUTHENTICATED",
        "token": refused,
    }


def deafen(served: Served) -> None:
    """The server loses the connection on which it is told what happens: its streams end, to be begun anew."""
    with psycopg.connect(served.settings["ALUMNI_DATABASE_URL"]) as connection:
        assert connection.execute(DEAFEN).fetchall() == [(True,)]
