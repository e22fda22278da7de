"""The figures as one table, and the goals that they are held against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.works import Work


@dataclass(frozen=True)
class Sample:
    """One round of one server at one work."""

    requests: int
    seconds: float
    server_seconds: float
    database_seconds: float
    latencies: Sequence[float]
    memory: float


@dataclass(frozen=True)
class Figures:
    """The rounds of one server at one work together: the median of each figure over the rounds."""

    rate: float
    p50: float
    """Milliseconds."""
    p99: float
    server: float
    """CPU milliseconds a request."""
    database: float
    memory: float
    """MiB, the most seen."""


@dataclass(frozen=True)
class Goal:
    """A ratio of our server CPU to another's, and how much it may be."""

    work: str
    other: str
    most: float


GOALS = (
    *(Goal(work, "floor", 1.3) for work in ("Q1", "Q2", "Q3", "Q4", "Q5")),
    *(Goal(work, "PostGraphile", 1.0) for work in ("Q1", "Q2", "Q3", "Q4", "Q5")),
    Goal("Q1", "Mercurius", 1.6),
    *(Goal(work, "Mercurius", 1.0) for work in ("Q2", "Q3", "Q4", "Q5")),
    Goal("M1", "textbook", 0.2),
)
MOST_MEMORY = 120.0
"""MiB of our process before the first free-text search."""
OURS = "ours"
Table = Mapping[tuple[str, str], Figures]
"""By name of the work and of the server."""


def figures_of(samples: Sequence[Sample]) -> Figures:
    """What the rounds say together."""
    ordered = [sorted(one.latencies) for one in samples]
    return Figures(
        rate=median(one.requests / one.seconds for one in samples),
        p50=median(_at(latencies, 0.50) for latencies in ordered),
        p99=median(_at(latencies, 0.99) for latencies in ordered),
        server=median(1000 * one.server_seconds / one.requests for one in samples),
        database=median(1000 * one.database_seconds / one.requests for one in samples),
        memory=max(one.memory for one in samples),
    )


def _at(ordered: Sequence[float], share: float) -> float:
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def lines(works: Sequence[Work], servers: Sequence[str], table: Table) -> list[str]:
    """The table in Markdown."""
    found = [
        "| work | server | requests/s | p50 ms | p99 ms | server CPU ms | PostgreSQL CPU ms | MiB | ours / it |",
        "|--|--|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for work in works:
        ours = table.get((work.name, OURS))
        for name in servers:
            one = table.get((work.name, name))
            if one is not None:
                ratio = f"{ours.server / one.server:.2f}" if ours and name != OURS else ""
                title = f"{work.name} {work.title}" if name == OURS else ""
                found.append(
                    f"| {title} | {name} | {one.rate:,.0f} | {one.p50:.2f} | {one.p99:.2f} | {one.server:.3f} "
                    f"| {one.database:.3f} | {one.memory:.0f} | {ratio} |"
                )
    return found


def verdicts(table: Table) -> list[str]:
    """Each goal with its figure."""
    found: list[str] = []
    for goal in GOALS:
        ours, other = table.get((goal.work, OURS)), table.get((goal.work, goal.other))
        if ours and other:
            ratio = ours.server / other.server
            word = "holds" if ratio <= goal.most else "MISSED"
            found.append(f"{goal.work}: ours / {goal.other} {ratio:.2f}, at most {goal.most:g}: {word}")
    memory = max((one.memory for (_, name), one in table.items() if name == OURS), default=0.0)
    word = "holds" if memory <= MOST_MEMORY else "MISSED"
    found.append(f"memory of our process {memory:.0f} MiB, at most {MOST_MEMORY:g}: {word}")
    return found
