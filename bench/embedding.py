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
from recommender.embeddings import Vectors, load_embedder
from recommender.embeddings.weights import BUNDLED, weights_of

OURS, DEFAULT = "ours", "sentence-transformers"
GOAL, MEAN, LOWEST, KEPT = 2.5, 0.99, 0.98, 0.95
NEIGHBOURS = 10
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
        sys.stdout.write("\n".join(_told(rates, _loaded(place, OURS), _loaded(place, DEFAULT))) + "\n")


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


def _told(rates: dict[str, list[float]], ours: Vectors, real: Vectors) -> list[str]:
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
    ]


def _kept(real: Vectors, ours: Vectors) -> float:
    """The share of each text's nearest others that stay among its nearest."""
    one, other = (_nearest(vectors) for vectors in (real, ours))
    return float(np.mean([len(set(mine) & set(theirs)) / NEIGHBOURS for mine, theirs in zip(one, other, strict=True)]))


def _nearest(vectors: Vectors) -> NDArray[np.int64]:
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -2.0)
    return np.argsort(-alike, axis=1)[:, :NEIGHBOURS]


if __name__ == "__main__":
    typer.run(main)
