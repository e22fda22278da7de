"""`make bench-scale PEOPLE=1000000`: the same questions at a hundred thousand people and at so many, and one table."""

import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from bench.database import Network, running_network
from bench.measuring import held
from bench.scale.asking import WORKS, Recall, Times, run
from bench.vectors import ensure_vectors, sizes, some_vectors

SMALL, EACH_OF_FEW, EACH_OF_MANY = 100_000, 7, 3
GROWTH, STATEMENTS, RECALL, MEMORY = 2.0, 3.0, 0.95, 16.0
SUGGESTIONS = next(iter(WORKS))


@dataclass
class Size:
    """All figures of one size."""

    people: int
    each: int
    vectors: int
    index: float
    built: float | None
    times: dict[str, Times]
    recalls: list[Recall]
    memory: float


def main(
    people: Annotated[int, typer.Option(min=1_000, help="How many people the larger network has.")] = 1_000_000,
    small: Annotated[int, typer.Option(min=1_000, help="How many the smaller one has.")] = SMALL,
    rounds: Annotated[int, typer.Option(min=10, help="Requests of each kind, fewer of slow ones.")] = 100,
    queries: Annotated[int, typer.Option(min=1, help="Vector searches at each selectivity.")] = 20,
    data_dir: Annotated[Path, typer.Option(help="Where the databases are kept.")] = Path("var"),
) -> None:
    """Measure how the answers hold at scale."""
    found = [
        _measure(data_dir / f"scale-{size}", size, each, rounds, queries)
        for size, each in ((small, EACH_OF_FEW), (people, EACH_OF_MANY))
    ]
    sys.stdout.write("\n".join([*_table(found), "", *_verdicts(found)]) + "\n")


def _measure(folder: Path, people: int, each: int, rounds: int, queries: int) -> Size:
    folder.mkdir(parents=True, exist_ok=True)
    with Progress(console=Console(stderr=True)) as progress, _peak(folder) as peak:
        writing = progress.add_task(f"Writing {people:,} people", total=people)
        with running_network(folder, people, rounds, lambda done, _: progress.update(writing, completed=done)) as it:
            built = _filled(it, folder, each, progress)
            _warm(folder)
            asking = progress.add_task("Asking", total=len(WORKS) * (rounds + 2) + 4 * queries)
            _, vectors = some_vectors(it.url, queries)
            times, recalls = run(it, rounds, vectors, lambda: progress.advance(asking))
            held = sizes(it.url)
        return Size(people, each, held["vectors"], held["index"], built, times, recalls, peak[0])


def _filled(network: Network, folder: Path, each: int, progress: Progress) -> float | None:
    """Write the vectors unless an earlier run has; how long the index of what members see took, then and now."""
    kept = folder / "built-seconds"
    task = progress.add_task("Writing vectors and building their indexes", total=None)
    taken = ensure_vectors(network.url, each, lambda rows: progress.advance(task, rows))
    progress.remove_task(task)
    if taken:
        kept.write_text(str(taken["ix_fact_vectors_members"]))
    return float(kept.read_text()) if kept.exists() else None


def _warm(folder: Path) -> None:
    """Read all files of the database, the largest last: the system has them in memory, as where it has run for a while.
    After a start each page would come from the disk, and what is measured would be that."""
    files = [one for one in (folder / "postgres" / "base").rglob("*") if one.is_file()]
    for file in sorted(files, key=lambda one: one.stat().st_size):
        with file.open("rb") as opened:
            while opened.read(1 << 20):
                pass


@contextmanager
def _peak(data_dir: Path) -> Generator[list[float]]:
    """The most memory that this process and PostgreSQL held together, in GiB: shared pages counted once."""
    most, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(2.0):
            most[0] = max(most[0], held(data_dir) / 2**30)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield most
    ended.set()
    thread.join()


def _table(found: list[Size]) -> list[str]:
    names = [f"{size.people:,} people, {size.vectors:,} vectors" for size in found]
    rows: list[tuple[str, list[str]]] = [
        (name, [f"{_at(one.times[name].whole, 50)} / {_at(one.times[name].whole, 95)}" for one in found])
        for name in WORKS
    ]
    rows.append(
        (
            "of suggestions, vector statements",
            [f"{_at(one.times[SUGGESTIONS].vectors, 50)} / {_at(one.times[SUGGESTIONS].vectors, 95)}" for one in found],
        )
    )
    rows += [
        (
            f"nearest 50 of {share.selectivity * 100:g} %: recall; ms by index, exactly",
            [
                f"{one.recalls[place].recall:.3f}; {one.recalls[place].index * 1000:.1f}, "
                f"{one.recalls[place].exact * 1000:.1f}"
                for one in found
            ],
        )
        for place, share in enumerate(found[0].recalls)
    ]
    rows += [
        ("index of members' vectors, MiB", [f"{one.index:,.0f}" for one in found]),
        ("its build, s", ["not seen" if one.built is None else f"{one.built:,.0f}" for one in found]),
        ("memory of it and PostgreSQL at most, GiB", [f"{one.memory:.1f}" for one in found]),
    ]
    head = ["| p50 / p95 ms | " + " | ".join(names) + " |", "|--|" + "--:|" * len(found)]
    return [time.strftime("%Y-%m-%d"), "", *head, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows)]


def _at(seconds: list[float], percent: int) -> str:
    return f"{1000 * float(np.percentile(seconds, percent)):.1f}"


def _verdicts(found: list[Size]) -> list[str]:
    few, many = (one.times[SUGGESTIONS] for one in found)
    p95 = [float(np.percentile(one.whole, 95)) for one in (few, many)]
    shares = [float(np.percentile(one.whole, 95) / np.percentile(one.vectors, 95)) for one in (few, many)]
    recall = min(one.recall for size in found for one in size.recalls)
    short = sum(one.short for size in found for one in size.recalls) + few.short + many.short
    told = [
        ("suggestions' p95, larger / smaller", p95[1] / p95[0], GROWTH),
        ("suggestions' p95 / their vector statements' p95", max(shares), STATEMENTS),
        ("short pages", float(short), 0.0),
        ("memory, GiB", max(one.memory for one in found), MEMORY),
    ]
    return [
        *(
            f"{name} {value:.2f}, at most {most:g}: {'holds' if value <= most else 'MISSED'}"
            for name, value, most in told
        ),
        f"lowest recall {recall:.3f}, at least {RECALL:g}: {'holds' if recall >= RECALL else 'MISSED'}",
    ]


if __name__ == "__main__":
    typer.run(main)
