# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportUnknownLambdaType=false, reportMissingTypeArgument=false
"""Operations that schemathesis draws from the schema: whatever is asked, the answer is one of this API."""

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import starmap
from random import Random
from typing import Any, cast

import psycopg
import pytest
import requests
import schemathesis
from graphql import NameNode, ObjectFieldNode, ValueNode, build_schema, parse, print_ast
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error, response_schema_conformance
from schemathesis.core.failures import FailureGroup
from schemathesis.graphql import nodes
from schemathesis.graphql.checks import GraphQLServerError

from api.postgres import EmbeddedPostgres
from api.services.imports.events import KNOWN as OF_EVENTS
from api.services.imports.jobs import KNOWN as OF_JOBS
from api.services.imports.rows import KNOWN as OF_PEOPLE
from tests.conformance.conftest import PROJECT, Served, serving_network
from tests.conformance.responses import faults
from tests.conformance.taming import Ids, tame

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
CASES = 100
PEOPLE = 300
ASKING = ("member", "admin")
ACCEPT = "application/graphql-response+json"
SCHEMA = build_schema((PROJECT / "schema.graphql").read_text())
OPERATIONS = [f"{kind}.{name}" for kind in ("Query", "Mutation") for name in cast(Any, SCHEMA.type_map[kind]).fields]
CHECKS = [not_a_server_error, response_schema_conformance]
"""Of those that schemathesis has for GraphQL. Left out is positive_data_acceptance: a page size of 0 is an Int, and is
refused. The others are of OpenAPI: they look for status codes and headers that no GraphQL schema tells."""
FEWER = {"Query.identityClaim": 8, "Query.recommenders": 70}
"""There are no more: they have no arguments, and few fields."""
ENDING = {"erasePerson", "mergePersons"}
"""What may leave the member who asks without an account."""
IDS = """{ people(first: 60) { nodes { id educations { id } experiences { id organization { id } } skills { id }
    places { id } contactPoints { id } } }
  events(last: 20) { nodes { id } } jobs(first: 20) { nodes { id } } mentors(first: 20) { nodes { id } }
  mentorships(first: 20) { nodes { id } } webhooks(first: 5) { nodes { id } } personMerges(first: 5) { nodes { id } }
  updateProposals(first: 20) { nodes { id } } }"""
OWN = """{ viewer { person { id } notifications(first: 20) { nodes { id } } ties(first: 5) { nodes { id } }
    connectionRequests(first: 5) { nodes { id } } } peopleYouShouldMeet(first: 5) { nodes { id } } }"""
NOBODY = "00000000-0000-7000-8000-000000000000"


DATES = st.from_regex(r"(19|20)[0-9]{2}(-(0[1-9]|1[0-2]))?", fullmatch=True) | st.text(max_size=8)
VALUES = st.one_of(
    st.text().map(nodes.String), st.integers().map(nodes.Int), st.booleans().map(nodes.Boolean), st.just(nodes.List([]))
)
ROWS = st.builds(
    lambda number, rest: nodes.Object([object_field("externalId", nodes.String(number)), *starmap(object_field, rest)]),
    st.integers(1, 3),
    st.lists(st.tuples(st.sampled_from(sorted({*OF_PEOPLE, *OF_EVENTS, *OF_JOBS} - {"externalId"})), VALUES)),
)
"""Rows of imports, with values of whatever kind."""


def object_field(name: str, value: ValueNode) -> ObjectFieldNode:
    return ObjectFieldNode(name=NameNode(value=name), value=value)


@dataclass(frozen=True)
class Fuzzed:
    """A running API, and its schema as schemathesis read it there."""

    served: Served
    schema: schemathesis.BaseSchema
    sessions: dict[str, requests.Session]
    """By who asks, each with a connection that is kept."""

    def ask(self, who: str, query: str) -> Any:
        return self.sessions[who].post(self.served.url, json={"query": query}, timeout=60)

    def ids(self, operation: str) -> Ids:
        """Ids of what there is now, by type, and one of each type that is nobody's."""
        names = [kind.name for kind in SCHEMA.get_possible_types(cast(Any, SCHEMA.type_map["Node"]))]
        found = {name: [b64encode(f"{name}:{NOBODY}".encode()).decode()] for name in names}
        for who, query in (("admin", IDS), *((who, OWN) for who in ASKING)):
            for one in ids_in(self.ask(who, query).json()):
                found.setdefault(b64decode(one).decode().partition(":")[0], []).append(one)
        if operation.partition(".")[2] in ENDING:
            own = self.ask("member", OWN).json()["data"]["viewer"]["person"]["id"]
            found["Person"].remove(own)
        return found


def ids_in(data: Any) -> Iterator[str]:
    """The ids of all objects in an answer."""
    members = cast(dict[str, Any], data).items() if isinstance(data, dict) else enumerate(cast(list[Any], data))
    for key, value in members:
        if key == "id":
            yield value
        elif isinstance(value, dict | list):
            yield from ids_in(value)


@pytest.fixture(scope="session")
def fuzzed(postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """A network of its own, for much is changed in it; in it everybody may ask for as much as they like."""
    schemathesis.graphql.scalar("PartialDate", DATES.map(nodes.String))
    schemathesis.graphql.scalar("JSON", ROWS)
    folder = tmp_path_factory.mktemp("fuzzed") / "data"
    with serving_network(postgres, template, folder, PEOPLE, ALUMNI_COST_PER_SECOND="0") as served:
        with psycopg.connect(served.settings["ALUMNI_DATABASE_URL"]) as connection:
            connection.execute("update institutions set profiles_per_day = 1000000")
        sessions = {who: requests.Session() for who in ASKING}
        for who, session in sessions.items():
            session.headers.update({"authorization": f"Bearer {served.tokens[who]}", "accept": ACCEPT})
        schema = schemathesis.graphql.from_url(served.url, headers=dict(sessions["admin"].headers))
        yield Fuzzed(served, schema, sessions)
        for session in sessions.values():
            session.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_is_asked_the_answer_is_one_of_this_api(fuzzed: Fuzzed, name: str):
    kind, _, field = name.partition(".")
    ids, seen = fuzzed.ids(name), Counter[str]()

    @settings(
        max_examples=CASES,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(fuzzed.schema[kind][field].as_strategy())
    def ask(case: schemathesis.Case) -> None:
        check_as_drawn(fuzzed, case)
        tamed = tame(SCHEMA, parse(cast(str, case.body)), ids, Random(cast(str, case.body)))
        query = print_ast(tamed)
        for who in ASKING:
            response = fuzzed.ask(who, query)
            body: Any = response.json()
            found = faults(SCHEMA, tamed, response.status_code, body)
            assert found == [], f"{who}: {query}\n{response.text}"
            seen[who] += bool((body.get("data") or {}).get(field))
        seen["cases"] += 1

    ask()
    assert seen["cases"] >= FEWER.get(name, CASES)
    assert seen["member"] + seen["admin"] or name == "Query.identityClaim"  # whoever asks is linked to an account


def check_as_drawn(fuzzed: Fuzzed, case: schemathesis.Case) -> None:
    """The case as schemathesis has it, by its own checks and ours."""
    response = case.call(session=fuzzed.sessions["member"], timeout=60)
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as group:
        # An error of a field counts as the server's, if its code is not one of Apollo's: FORBIDDEN, say.
        if not all(isinstance(one, GraphQLServerError) for one in group.exceptions):
            raise
    found = faults(SCHEMA, None, response.status_code, response.json())
    assert found == [], f"{case.body}\n{response.text}"
