"""The servers that are measured: how each is started, and how each is asked the same."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from bench.database import Caller, Network
from bench.load import Request
from bench.peers import NODE, make_views, write_setup
from bench.relations import SIMILAR
from bench.works import CARD, PROFILE, Work

HERE = Path(__file__).parent
START_SECONDS = 60.0
FIRST_PORT = 8741


def _named(fields: str) -> str:
    """Our field names in PostGraphile: its own `id` is another."""
    return fields.replace("id ", "id: globalId ", 1)


_EXPERIENCES = """experiences: experiencesByPersonIdList(orderBy: [LAST_DATE_DESC, START_DATE_DESC]) {
  title startDate endDate current organization: organizationByOrganizationId { name country } }"""
_LISTS = f"""{_EXPERIENCES} educations: educationsByPersonIdList(orderBy: [LAST_DATE_DESC, FIRST_DATE_DESC]) {{
  school degree programme startDate endDate }}"""


@dataclass(frozen=True)
class Server:
    """One way of answering. Two may share a process: the floor is a route of our own server."""

    name: str
    command: tuple[str, ...]
    """What starts it; equal commands are one process."""
    asks: Callable[[Work, Mapping[str, Any]], tuple[str, Mapping[str, Any]]]
    """The path and the body for a work with its variables."""
    answers: Callable[[Work], bool] = lambda _work: True
    port: int = 0
    pid: int = 0

    def requests(self, work: Work, network: Network) -> list[list[Request]]:
        """For each caller the requests to send in turn, each beginning at another place."""
        variables = network.variables[work.name]
        found: list[list[Request]] = []
        for number, caller in enumerate(network.callers):
            start = number * len(variables) // len(network.callers)
            turn = [*variables[start:], *variables[:start]]
            found.append([self.request(work, given, caller) for given in turn])
        return found

    def request(self, work: Work, variables: Mapping[str, Any], caller: Caller) -> Request:
        """One request."""
        path, body = self.asks(work, variables)
        return Request.post(path, json.dumps(body).encode(), caller.token)

    def ask(self, work: Work, variables: Mapping[str, Any], caller: Caller) -> Any:
        """The answer to one request, parsed."""
        path, body = self.asks(work, variables)
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            json.dumps(body).encode(),
            {
                "authorization": f"Bearer {caller.token}",
                "content-type": "application/json",
                "accept": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            return {"status": error.code, "body": error.read().decode(errors="replace")[:2000]}


def graphql(query: Callable[[Work], str], names: Callable[[Work], Mapping[str, str]]) -> Any:
    """Asks for a document at /graphql; `names` says which value each of its variables takes."""

    def asks(work: Work, variables: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        given = {name: variables[of] for name, of in names(work).items()}
        return "/graphql", {"query": query(work), "variables": given}

    return asks


def own_names(work: Work) -> Mapping[str, str]:
    """The variables of our own documents."""
    return {
        name: name
        for name in {"Q1": ("id",), "Q5": ("id",), "Q4": ("city", "year"), "M1": ("pronouns",)}.get(work.name, ())
    }


POSTGRAPHILE = {
    "Q1": f"query ($id: UUID!) {{ person: personByRowId(rowId: $id) {{ {_named(PROFILE)} }} }}",
    "Q2": f"{{ people: allPeople(first: 50, orderBy: [NAME_SORT_ASC]) {{ totalCount nodes {{ {_named(CARD)} }} }} }}",
    "Q3": f"""{{ people: allPeople(first: 20, orderBy: [NAME_SORT_ASC]) {{ nodes {{ {_named("id displayName")}
      {_LISTS} }} }} }}""",
    "Q4": f"""query ($city: String!, $year: Int!) {{
      people: peopleOf(city: $city, year: $year, first: 20) {{ nodes {{ {_named(CARD)} }} }} }}""",
    "Q5": f"""query ($id: UUID!) {{ person: personByRowId(rowId: $id) {{
      similarPeople: similarPeopleList(first: {SIMILAR}) {{ {_named("id displayName")}
      currentExperience: currentExperienceByPersonId {{ title
        organization: organizationByOrganizationId {{ name }} }} }} }} }}""",
    "M1": f"""mutation ($pronouns: String!) {{ updateMyProfile(input: {{pronouns: $pronouns}}) {{
      person: result {{ {_named(PROFILE)} {_EXPERIENCES} }} }} }}""",
}
"""The same in PostGraphile's own names, with aliases, so that the answers are equal."""


def postgraphile_names(work: Work) -> Mapping[str, str]:
    """PostGraphile takes the key itself."""
    return {"id": "key"} if "id" in own_names(work) else own_names(work)


OURS = (sys.executable, "-m", "bench.floor")


def all_servers() -> Sequence[Server]:
    """In the order of the table."""
    asks_ours = graphql(lambda work: work.query, own_names)
    return (
        Server("ours", OURS, asks_ours),
        Server(
            "floor",
            OURS,
            lambda work, variables: (f"/floor/{work.name}", {"variables": variables}),
            lambda work: bool(work.floor),
        ),
        Server("textbook", (sys.executable, "-m", "bench.textbook"), asks_ours),
        Server(
            "PostGraphile",
            (NODE, "bench/node/postgraphile.js"),
            graphql(lambda work: POSTGRAPHILE[work.name], postgraphile_names),
        ),
        Server("Mercurius", (NODE, "bench/node/mercurius.js"), asks_ours),
    )


@contextmanager
def running_servers(servers: Sequence[Server], network: Network, log: IO[bytes]) -> Generator[list[Server]]:
    """Start them all; gives them with their ports and processes. Ends them in the end."""
    processes: dict[tuple[str, ...], tuple[subprocess.Popen[bytes], int]] = {}
    make_views(network.url)
    setup = write_setup(network)
    try:
        for server in servers:
            if server.command not in processes:
                port = FIRST_PORT + len(processes)
                processes[server.command] = _start(server.command, port, network, setup, log), port
        for process, port in processes.values():
            _await(process, port)
        yield [replace(one, port=processes[one.command][1], pid=processes[one.command][0].pid) for one in servers]
    finally:
        for process, _ in processes.values():
            process.terminate()
        for process, _ in processes.values():
            process.wait(20)


def _start(command: Sequence[str], port: int, network: Network, setup: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    settings = {
        "ALUMNI_DATABASE_URL": network.url,
        "ALUMNI_DATA_DIR": str(network.settings.data_dir.resolve()),
        "ALUMNI_ENVIRONMENT": "development",
        "ALUMNI_DEVELOPMENT_ISSUER": "true",
        "ALUMNI_PORT": str(port),
        "ALUMNI_COST_PER_SECOND": str(network.settings.cost_per_second),
        "BENCH_SETUP": str(setup.resolve()),
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }
    return subprocess.Popen(  # noqa: S603 - our own commands
        command, env=os.environ | settings, cwd=HERE.parent, stdin=subprocess.DEVNULL, stdout=log, stderr=log
    )


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with status {process.returncode}: see the log.")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1)
        except urllib.error.HTTPError:
            return  # it answers, though not there
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{process.args!r} does not answer: see the log.")
