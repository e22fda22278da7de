"""The embedders: the real model, its int8 export beside it, and what a broken export says."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.seed.network import COLUMNS, generate
from recommender.embeddings import (
    DIMENSION,
    Embedder,
    HashEmbedder,
    ModelUnavailable,
    OnnxEmbedder,
    find_onnx,
    input_hash,
    load_embedder,
)
from recommender.embeddings.onnx_model import FORMAT, groups
from recommender.embeddings.weights import BUNDLED, digest_of, weights_of
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
    assert float(embedder.embed(["sailing"])[0] @ vectors[0]) == pytest.approx(1, abs=1e-4)  # whatever is beside it
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
    card = {"name": "some-model", "version": f"1-{FORMAT}", "max_tokens": 256}
    for name in ("card.json", "tokenizer.json", "model.int8.onnx"):
        (folder / name).write_text("{" if name == broken else json.dumps(card))
    with pytest.raises(ModelUnavailable, match="some-model-1"):
        OnnxEmbedder(folder)
    assert await QueryEmbedder(tmp_path, "some-model").embed("sailing") is None


IN_ITS_OWN_PROCESS = """
import sys
from pathlib import Path
import numpy as np
from recommender.embeddings import load_embedder
texts = Path(sys.argv[1]).read_text().split("\\n---\\n")
embedder = load_embedder("all-MiniLM-L6-v2", Path(sys.argv[2]), sys.argv[3])
np.save(sys.argv[4], embedder.embed(texts))
print(embedder.version, *sorted({"torch", "transformers", "onnxruntime"} & set(sys.modules)))
"""


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_int8_export_is_near_the_real_model_and_loads_no_torch(tmp_path: Path):
    texts = demo_texts()
    (tmp_path / "texts").write_text("\n---\n".join(texts))
    vectors: dict[str, np.ndarray[tuple[int, int], np.dtype[np.float32]]] = {}
    said: dict[str, list[str]] = {}
    for backend in ("onnx", "torch", "onnx"):
        done = subprocess.run(
            [sys.executable, "-c", IN_ITS_OWN_PROCESS, *(tmp_path / name for name in ("texts", "models")), backend,
             tmp_path / "made.npy"],
            cwd=PROJECT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        vectors[backend], said[backend] = np.load(tmp_path / "made.npy"), done.stdout.split()
    (version, *loaded) = said["torch"]
    assert said["onnx"] == [f"{version}-{FORMAT}", "onnxruntime"]
    assert {"torch", "transformers"} <= set(loaded)
    (folder,) = (tmp_path / "models").iterdir()
    check_promise(OnnxEmbedder(folder))
    check_promise(OnnxEmbedder(folder, threads=2))
    alone = np.vstack([OnnxEmbedder(folder).embed([text]) for text in texts[:40]])
    assert float((alone * vectors["onnx"][:40]).sum(axis=1).min()) > 0.9999
    cosines = (vectors["onnx"] * vectors["torch"]).sum(axis=1)
    assert float(cosines.mean()) >= 0.99
    assert float(np.percentile(cosines, 1)) >= 0.98
    assert kept_neighbours(vectors["torch"], vectors["onnx"]) >= 0.95


def kept_neighbours(real: np.ndarray[Any, Any], near: np.ndarray[Any, Any]) -> float:
    """The share of each text's ten nearest others that are among its ten nearest by other vectors."""
    nearest = [np.argsort(-(one @ one.T) + 9 * np.eye(len(one)), axis=1)[:, :10] for one in (real, near)]
    return float(np.mean([len(set(one) & set(other)) / 10 for one, other in zip(*nearest, strict=True)]))


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_model_that_cannot_be_exported_is_named_with_what_to_do(tmp_path: Path):
    with pytest.raises(ModelUnavailable, match=r"no-such-model.* cannot be exported"):
        load_embedder(str(tmp_path / "no-such-model"), tmp_path / "models", "onnx")
    other = tmp_path / "by-the-first-token"
    shutil.copytree(weights_of(BUNDLED) or tmp_path, other)
    pooling = next(other.glob("*Pooling/config.json"))
    changed = json.loads(pooling.read_text()) | {"pooling_mode": "cls"}
    pooling.write_text(json.dumps({key: value for key, value in changed.items() if "pooling_mode_" not in key}))
    with pytest.raises(ModelUnavailable, match="set ALUMNI_EMBEDDING_BACKEND=torch"):
        load_embedder(str(other), tmp_path / "models", "onnx")
    assert list((tmp_path / "models").glob("*")) == []


def test_other_weights_of_the_same_name_want_an_export_of_their_own(tmp_path: Path):
    model, models = tmp_path / "model", tmp_path / "models"
    model.mkdir()
    (model / "weights").write_text("one")
    (models / "model-1").mkdir(parents=True)
    card = {"name": str(model), "weights": digest_of(str(model)), "version": f"1-{FORMAT}"}
    (models / "model-1" / "card.json").write_text(json.dumps(card))
    assert find_onnx(models, str(model), digest_of(str(model))) == models / "model-1"
    (model / "weights").write_text("two")
    assert find_onnx(models, str(model), digest_of(str(model))) is None
    assert digest_of("of-a-hub/model") is None


def test_an_export_made_in_another_way_is_none(tmp_path: Path):
    card = {"name": "some-model", "weights": "1", "version": "1-int8"}
    (tmp_path / "some-model-1").mkdir()
    (tmp_path / "some-model-1" / "card.json").write_text(json.dumps(card))
    assert find_onnx(tmp_path, "some-model", "1") is None
    (tmp_path / "some-model-1" / "card.json").write_text(json.dumps(card | {"version": f"1-{FORMAT}"}))
    assert find_onnx(tmp_path, "some-model", "1") == tmp_path / "some-model-1"


def test_only_texts_of_one_length_go_together_the_longest_first():
    assert groups([], 10) == []
    assert groups([3, 20, 5, 3, 5, 3, 3], 10) == [[1], [2, 4], [0, 3, 5], [6]]


def demo_texts() -> list[str]:
    """Different texts of the demo network, short and long."""
    place = COLUMNS["person_texts"].index("text")
    found = {str(row[place]) for rows in generate(600, 1) for row in rows.tables.get("person_texts", ())}
    return sorted(found)[:TEXTS]
