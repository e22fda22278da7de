# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
"""`make bench-embedding`: our embedder beside sentence-transformers as it comes: how fast, and how near.

Each is a process of its own that reads the same texts: facts of the seeded network, as they are embedded.
"""

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from api.seed.network import COLUMNS, generate
from bench.vectors import Clusters
from recommender.embeddings import Vectors, load_embedder
from recommender.embeddings.weights import BUNDLED, weights_of

OURS, DEFAULT = "ours", "sentence-transformers"
GOAL, MEAN, LOWEST, KEPT = 2.5, 0.99, 0.98, 0.95
NEIGHBOURS = 10
AROUND = 20
"""So many of the nearest tell in how many directions vectors spread."""
BETWEEN = "\n---\n"


def main(
    texts: Annotated[int, typer.Option(min=100, help="How many different texts.")] = 2_000,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each, in turn.")] = 5,
    worker: Annotated[str, typer.Option(hidden=True)] = "",
    folder: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Measure how fast texts become vectors, and how near they are to the model's own."""
    if worker and folder:
        _work(worker, folder)
        return
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        (place / "texts").write_text(BETWEEN.join(_texts(texts)))
        load_embedder(BUNDLED, place / "models", "onnx")
        rates: dict[str, list[float]] = defaultdict(list)
        for _ in range(rounds):
            for name in (OURS, DEFAULT):
                command = [sys.executable, "-m", "bench.embedding", "--worker", name, "--folder", made]
                rates[name].append(float(subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL)))  # noqa: S603
        drawn = Clusters().vectors((place / "texts").read_text().split(BETWEEN), np.random.default_rng(3))
        told = _told(rates, _loaded(place, OURS), _loaded(place, DEFAULT), drawn)
        sys.stdout.write("\n".join(told) + "\n")


def _texts(most: int) -> list[str]:
    """Texts that people wrote about themselves, and the titles they bore, short and long."""
    written, title = COLUMNS["person_texts"].index("text"), COLUMNS["experiences"].index("title")
    found: set[str] = set()
    for rows in generate(most, 1):
        found |= {str(row[written]) for row in rows.tables.get("person_texts", ())}
        found |= {str(row[title]) for row in rows.tables.get("experiences", ())}
    chosen = np.random.default_rng(1).permutation(sorted(found))[:most]
    return [str(one) for one in chosen]


def _work(name: str, folder: Path) -> None:
    """Load, embed a few to warm up, then print how many a second; the vectors are left in a file."""
    texts = (folder / "texts").read_text().split(BETWEEN)
    if name == OURS:
        embed: Any = load_embedder(BUNDLED, folder / "models", "onnx").embed
    else:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 (ours is measured without it)

        embed = SentenceTransformer(str(weights_of(BUNDLED)), device="cpu").encode
    embed(texts[:50])
    began = time.perf_counter()
    vectors = embed(texts)
    sys.stdout.write(f"{len(texts) / (time.perf_counter() - began)}")
    np.save(folder / name, vectors)


def _loaded(folder: Path, name: str) -> Vectors:
    return np.load(folder / f"{name}.npy")


def _told(rates: dict[str, list[float]], ours: Vectors, real: Vectors, drawn: Vectors) -> list[str]:
    cosines = (ours * real).sum(axis=1)
    ratio = median(rates[OURS]) / median(rates[DEFAULT])
    figures = {
        "ours / default": (ratio, GOAL),
        "mean cosine to the model": (float(cosines.mean()), MEAN),
        "1st percentile": (float(np.percentile(cosines, 1)), LOWEST),
        f"nearest {NEIGHBOURS} kept": (_kept(real, ours), KEPT),
    }
    return [
        f"{len(ours):,} texts, medians over {len(rates[OURS])} rounds:",
        *(f"{name}: {median(found):,.0f} texts a second" for name, found in rates.items()),
        *(
            f"{name}: {value:.3f}, at least {least:g}: {'holds' if value >= least else 'MISSED'}"
            for name, (value, least) in figures.items()
        ),
        f"directions in which vectors spread: the model's {_directions(real):.1f}, "
        f"those that other benchmarks draw for the same texts {_directions(drawn):.1f}",
    ]


def _kept(real: Vectors, ours: Vectors) -> float:
    """The share of each text's nearest others that stay among its nearest."""
    one, other = (_nearest(vectors) for vectors in (real, ours))
    return float(np.mean([len(set(mine) & set(theirs)) / NEIGHBOURS for mine, theirs in zip(one, other, strict=True)]))


def _directions(vectors: Vectors) -> float:
    """The local intrinsic dimension, the median over the vectors: how hard it is to tell who is nearest.

    Source: Levina and Bickel, "Maximum likelihood estimation of intrinsic dimension", 2004.
    """
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -2.0)
    nearest = -np.sort(-alike, axis=1)[:, :AROUND]
    distances = np.sqrt(np.maximum(2 - 2 * nearest, 1e-12))
    return float(np.median(1 / np.mean(np.log(distances[:, -1:] / distances[:, :-1]), axis=1)))


def _nearest(vectors: Vectors) -> NDArray[np.int64]:
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -2.0)
    return np.argsort(-alike, axis=1)[:, :NEIGHBOURS]


if __name__ == "__main__":
    typer.run(main)
