"""`make bench`: all servers on the same rows, checked to agree, driven in turn, and one table."""

import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console
from rich.progress import Progress

from bench.database import Network, running_network
from bench.load import drive
from bench.measuring import Meter, database_seconds, pin, postmaster_pid
from bench.report import Sample, figures_of, lines, verdicts
from bench.servers import Server, all_servers, running_servers
from bench.vectors import ensure_vectors
from bench.works import WORKS, Work

SERVER_CORE, OTHER_CORE = 0, 1
"""The server has a core of its own; PostgreSQL and the load share the other."""
VECTORS_EACH = 3
"""Facts of each person that have vectors, drawn without a model."""
CHECKED = 12
"""Requests of each work that all servers must answer alike, by different callers."""


def main(
    people: Annotated[int, typer.Option(min=100, help="How many people the network has.")] = 20_000,
    connections: Annotated[int, typer.Option(min=1, max=64, help="Connections, each of a caller of its own.")] = 16,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long one round lasts.")] = 2.0,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each server at each work, in turn.")] = 5,
    only: Annotated[str, typer.Option(help="Names of servers, with commas between; all if left out.")] = "",
    works: Annotated[str, typer.Option(help="Names of works, with commas between; all if left out.")] = "",
    data_dir: Annotated[Path | None, typer.Option(help="Where the database is kept.")] = None,
) -> None:
    """Measure our server beside the others."""
    chosen = [one for one in all_servers() if not only or one.name in only.split(",")]
    asked = [one for one in WORKS if not works or one.name in works.split(",")]
    folder = data_dir or Path("var") / f"bench-{people}"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "servers.log"
    with Progress(console=Console(stderr=True), transient=True) as progress, log.open("wb") as written:
        people_task = progress.add_task("Writing the network", total=people)
        with running_network(
            folder, people, connections, lambda done, _all: progress.update(people_task, completed=done)
        ) as network:
            vectors_task = progress.add_task("Writing vectors and building their indexes", total=None)
            ensure_vectors(network.url, VECTORS_EACH, lambda rows: progress.advance(vectors_task, rows))
            progress.remove_task(vectors_task)
            with running_servers(chosen, network, written) as servers:
                check_agreement(servers, asked, network)
                task = progress.add_task("Measuring", total=rounds * len(asked) * len(servers))
                samples = uvloop.run(measure(servers, asked, network, seconds, rounds, lambda: progress.advance(task)))
    table = {key: figures_of(found) for key, found in samples.items()}
    names = [server.name for server in chosen]
    told = [
        f"{network.people:,} people, {connections} connections, {rounds} rounds of {seconds:g} s, medians over rounds:",
        "",
        *lines(asked, names, table),
        "",
        *verdicts(table),
    ]
    sys.stdout.write("\n".join(told) + "\n")


def check_agreement(servers: Sequence[Server], works: Sequence[Work], network: Network) -> None:
    """All servers must give the same data for the same request. Raises AssertionError with the first difference."""
    for work in works:
        variables = network.variables[work.name]
        for number in range(CHECKED):
            caller = network.callers[number % len(network.callers)]
            given = variables[number % len(variables)]
            answers = {one.name: bare(one.ask(work, given, caller)) for one in servers if one.answers(work)}
            expected = next(iter(answers.values()))
            for name, answer in answers.items():
                if answer != expected or "data" not in answer or "errors" in answer:
                    raise AssertionError(f"{work.name} {given}: {name} answers\n{answer}\nnot\n{expected}")


def bare(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """An answer without what a server tells of itself: ours of the cost."""
    return {key: value for key, value in answer.items() if key != "extensions"}


async def measure(
    servers: Sequence[Server],
    works: Sequence[Work],
    network: Network,
    seconds: float,
    rounds: int,
    tick: Callable[[], None],
) -> dict[tuple[str, str], list[Sample]]:
    """Rounds of all servers in turn, so that noise hits all alike; before the first round each is warmed up."""
    postmaster = postmaster_pid(network.settings.data_dir)
    pin(None, OTHER_CORE)
    samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for work in works:
        for number in range(rounds):
            for server in servers:
                if server.answers(work):
                    requests = server.requests(work, network)
                    pin(server.pid, SERVER_CORE)
                    pin(postmaster, OTHER_CORE)
                    if number == 0:
                        await drive(server.port, requests, min(seconds, 1.0), all_once=True)
                    meter = Meter(server.pid, postmaster)
                    before = meter.read()
                    found = await drive(server.port, requests, seconds)
                    after = meter.read()
                    samples[work.name, server.name].append(
                        Sample(
                            len(found.latencies),
                            found.seconds,
                            after.server - before.server,
                            database_seconds(before, after),
                            found.latencies,
                            meter.memory(),
                        )
                    )
                tick()
    return samples


if __name__ == "__main__":
    typer.run(main)
