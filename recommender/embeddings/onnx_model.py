# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
"""The exported int8 model: how texts are embedded without torch, one by one for searches or many on all cores."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np

from recommender.embeddings.protocol import DIMENSION, ModelUnavailable, Vectors, unit

MODEL, TOKENIZER, CARD = "model.int8.onnx", "tokenizer.json", "card.json"
FORMAT = "int8-rows"
"""How an export is made: the end of its version. Another way gives other vectors, and needs another name."""


class OnnxEmbedder:
    """Runs an export of `torch_model.export_onnx`. Raises ModelUnavailable if it is missing or broken.

    Only texts of the same number of tokens go through the model together, so nothing is padded, and each token is
    rounded by itself: a vector depends on its text alone. So many `threads` run beside one another.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        try:
            card = json.loads((folder / CARD).read_text())
            self.name, self.version = str(card["name"]), str(card["version"])
            self._max_tokens = int(card["max_tokens"])
            self._tokenizer = _load_tokenizer(folder / TOKENIZER, self._max_tokens)
            self._session = _load_session(folder / MODEL)
        except Exception as error:
            raise ModelUnavailable(f"The exported model in {folder.name} cannot be used: {error}") from error
        self._threads = threads

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        encoded = [one.ids for one in self._tokenizer.encode_batch(list(texts))]
        together = groups([len(ids) for ids in encoded], self._max_tokens)
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        with ThreadPoolExecutor(self._threads) as pool:
            found = pool.map(self._run, ([encoded[place] for place in places] for places in together))
            for places, some in zip(together, found, strict=True):
                vectors[places] = some
        return unit(vectors)

    def _run(self, ids: list[list[int]]) -> Vectors:
        (vectors,) = self._session.run(None, {"input_ids": np.array(ids, dtype=np.int64)})
        return cast(Vectors, vectors)


def groups(lengths: Sequence[int], most: int) -> list[list[int]]:
    """The places of equal lengths, the longest first, in groups that sum to `most` at most, or have one place."""
    places: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        places.setdefault(length, []).append(place)
    found: list[list[int]] = []
    for length in sorted(places, reverse=True):
        size = max(1, most // length)
        found += [places[length][start : start + size] for start in range(0, len(places[length]), size)]
    return found


def _load_tokenizer(path: Path, max_tokens: int) -> Any:
    from tokenizers import Tokenizer  # noqa: PLC0415 (an API process loads it with its first search)

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer


def _load_session(path: Path) -> Any:
    import onnxruntime  # noqa: PLC0415 (as above)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False  # an arena keeps the memory of the longest text ever seen
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")  # no arena for them either
    return onnxruntime.InferenceSession(
        str(path),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=["SkipLayerNormFusion"],  # the fused one takes several times as long as the two
    )


def find_onnx(folder: Path, name: str, weights: str | None = None) -> Path | None:
    """The newest complete export of the model `name`, if there is one: of just these `weights`, by their digest.

    Exports of another `FORMAT` are left alone.
    """
    found = [path for path in folder.glob("*/card.json") if _is_of(path, name, weights)]
    newest = max(found, key=lambda path: path.stat().st_mtime, default=None)
    return newest.parent if newest else None


def _is_of(path: Path, name: str, weights: str | None) -> bool:
    try:
        card = json.loads(path.read_text())
        made_so = str(card["version"]).endswith(f"-{FORMAT}")
        return bool(made_so and card["name"] == name and (weights is None or card["weights"] == weights))
    except (OSError, ValueError, KeyError, TypeError):
        return False
