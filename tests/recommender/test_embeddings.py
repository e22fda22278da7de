"""The embedders: the real model, its int8 export beside it, and what a broken export says."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from api.seed.network import COLUMNS, generate
from recommender.embeddings import DIMENSION, Embedder, HashEmbedder, ModelUnavailable, OnnxEmbedder, find_onnx
from recommender.embeddings.protocol import input_hash
from recommender.search import QueryEmbedder

PROJECT = Path(__file__).parents[2]
TEXTS = 600


def check_promise(embedder: Embedder) -> None:
    """What every embedder promises."""
    texts = ["sailing", "", "x" * 20_000, "sailing", "日本語 \u202e 👩‍🎓", "a\x00b"]
    vectors = embedder.embed(texts)
    assert (vectors.shape, vectors.dtype) == ((len(texts), DIMENSION), np.float32)
    assert np.isfinite(vectors).all()
    lengths = np.linalg.norm(vectors, axis=1)
    assert all(length == pytest.approx(1, abs=1e-4) or length == 0 for length in lengths)
    assert float(vectors[0] @ vectors[3]) == pytest.approx(1, abs=1e-4)
    assert float(embedder.embed(["sailing"])[0] @ vectors[0]) > 0.98  # int8 scales by what else is in the batch
    assert embedder.embed([]).shape == (0, DIMENSION)


def test_hashing_keeps_the_promise_and_knows_shared_words():
    check_promise(HashEmbedder())
    near, far = HashEmbedder().embed(["a boat on the sea", "the boat at sea"]), HashEmbedder().embed(["tax law"])
    assert near[0] @ near[1] > 0.3 > abs(near[0] @ far[0])


def test_texts_are_told_apart_by_their_digest():
    assert len({input_hash(text) for text in ("a", "A", "a ", "", "\ud800")}) == 5
    assert len(input_hash("a")) == 16


async def test_without_an_export_there_are_no_vectors_and_no_error(tmp_path: Path):
    assert find_onnx(tmp_path, "some-model") is None
    assert await QueryEmbedder(tmp_path, "some-model").embed("sailing") is None


@pytest.mark.parametrize("broken", ["card.json", "tokenizer.json", "model.int8.onnx"])
async def test_a_broken_export_says_so_and_searches_go_on_without(tmp_path: Path, broken: str):
    folder = tmp_path / "some-model-1"
    folder.mkdir()
    card = {"name": "some-model", "version": "1", "max_tokens": 256}
    for name in ("card.json", "tokenizer.json", "model.int8.onnx"):
        (folder / name).write_text("{" if name == broken else json.dumps(card))
    with pytest.raises(ModelUnavailable, match="some-model-1"):
        OnnxEmbedder(folder)
    assert await QueryEmbedder(tmp_path, "some-model").embed("sailing") is None


IN_ITS_OWN_PROCESS = """
import sys
from pathlib import Path
import numpy as np
from recommender.embeddings.torch_model import SentenceTransformerEmbedder, export_onnx
texts = Path(sys.argv[1]).read_text().split("\\n---\\n")
embedder = SentenceTransformerEmbedder()
export_onnx(embedder, Path(sys.argv[2]))
np.save(sys.argv[3], embedder.embed(texts))
print(embedder.name, embedder.version)
"""


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_int8_export_is_near_the_real_model_and_loads_no_torch(tmp_path: Path):
    texts = demo_texts()
    (tmp_path / "texts").write_text("\n---\n".join(texts))
    made = subprocess.run(
        [sys.executable, "-c", IN_ITS_OWN_PROCESS, tmp_path / "texts", tmp_path / "models", tmp_path / "real.npy"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    real: np.ndarray[tuple[int, int], np.dtype[np.float32]] = np.load(tmp_path / "real.npy")
    folder = find_onnx(tmp_path / "models", "all-MiniLM-L6-v2")
    assert folder is not None
    embedder = OnnxEmbedder(folder)
    assert f"{embedder.name} {embedder.version}" == made.stdout.strip()
    check_promise(embedder)
    cosines = (embedder.embed(texts) * real).sum(axis=1)
    assert float(cosines.mean()) >= 0.99
    assert float(np.percentile(cosines, 1)) >= 0.98
    loading = f"import sys; from recommender.embeddings import OnnxEmbedder; from pathlib import Path; \
OnnxEmbedder(Path({str(folder)!r})).embed(['a']); print(sorted({{'torch', 'transformers'}} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", loading], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def demo_texts() -> list[str]:
    """Different texts of the demo network, short and long."""
    place = COLUMNS["person_texts"].index("text")
    found = {str(row[place]) for rows in generate(600, 1) for row in rows.tables.get("person_texts", ())}
    return sorted(found)[:TEXTS]
