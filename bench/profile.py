"""`python -m bench.profile Q1`: where the CPU of our path goes, function by function, beside the floor's.

Both are asked in this process, without the web server. First without a profiler in ten rounds, of which the medians
are told; then with one, which slows down what calls much: its figures say where to look, and not how long it takes.
"""

import cProfile
import pstats
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import orjson
import typer
import uvloop
from starlette.applications import Starlette

from bench.database import Network, running_network
from bench.floor import with_floor
from bench.works import Work, by_name

MOST, ROUNDS = 40, 10
HEADERS = [(b"content-type", b"application/json"), (b"accept", b"application/json")]


def main(
    name: Annotated[str, typer.Argument(help="Which work, as the table of make bench names it.")] = "Q1",
    people: Annotated[int, typer.Option(min=100, help="How many people the network has.")] = 20_000,
    requests: Annotated[int, typer.Option(min=100, help="How often each is asked.")] = 5_000,
    data_dir: Annotated[Path, typer.Option(help="Where the database is kept.")] = Path("var"),
) -> None:
    """Print CPU per request, and which functions take most of it."""
    work = by_name(name)
    with running_network(data_dir / f"bench-{people}", people, 16, lambda _done, _all: None) as network:
        uvloop.run(_compare(network, work, requests))


async def _compare(network: Network, work: Work, requests: int) -> None:
    app = with_floor(network.settings)
    paths = {"ours": "/graphql", "floor": f"/floor/{work.name}"}
    async with app.router.lifespan_context(app):
        seconds: dict[str, list[float]] = {who: [] for who in paths}
        for _ in range(ROUNDS):
            for who, path in paths.items():
                seconds[who].append(await _asked(app, network, work, path, requests // ROUNDS))
        profiles: dict[str, pstats.Stats] = {}
        for who, path in paths.items():
            with cProfile.Profile() as profile:
                await _asked(app, network, work, path, requests)
            profiles[who] = pstats.Stats(profile)
    lines = [f"{who}: {1e6 * float(np.median(times[1:])):.0f} us of CPU a request" for who, times in seconds.items()]
    sys.stdout.write("\n".join([*lines, "", *_table(profiles, requests)]) + "\n")


async def _asked(app: Starlette, network: Network, work: Work, path: str, requests: int) -> float:
    """Seconds of this process's CPU for each of so many requests."""
    given = network.variables[work.name]
    bodies = [orjson.dumps({"query": work.query, "variables": one}) for one in given]
    began = time.process_time()
    for number in range(requests):
        token = network.callers[number % len(network.callers)].token
        status = await _ask(app, path, bodies[number % len(bodies)], token)
        if status != 200:  # noqa: PLR2004
            raise AssertionError(f"{path} answers {status}")
    return (time.process_time() - began) / requests


async def _ask(app: Starlette, path: str, body: bytes, token: str) -> int:
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [*HEADERS, (b"authorization", f"Bearer {token}".encode())],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    await app(scope, receive, send)
    return int(said[0]["status"])


def _table(profiles: dict[str, pstats.Stats], requests: int) -> list[str]:
    """Functions with their own time in both, those first that take most of ours."""
    own = {who: _own(stats) for who, stats in profiles.items()}
    ours, floor = own["ours"], own["floor"]
    most = sorted(ours, key=lambda one: -ours[one])[:MOST]
    rows = [f"{1e6 * ours[one] / requests:8.1f} {1e6 * floor.get(one, 0.0) / requests:8.1f}  {one}" for one in most]
    total = [sum(one.values()) for one in (ours, floor)]
    return [
        "us a request under the profiler: ours, the floor's, and what",
        f"{1e6 * total[0] / requests:8.1f} {1e6 * total[1] / requests:8.1f}  all",
        *rows,
    ]


def _own(stats: pstats.Stats) -> dict[str, float]:
    entries: dict[tuple[str, int, str], tuple[int, int, float, float, Any]] = vars(stats)["stats"]
    found: dict[str, float] = {}
    for (file, line, function), (_, _, seconds, _, _) in entries.items():
        place = f"{'/'.join(Path(file).parts[-2:])}:{line} " if line else ""
        found[place + function] = found.get(place + function, 0.0) + seconds
    return found


if __name__ == "__main__":
    typer.run(main)
