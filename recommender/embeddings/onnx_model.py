# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
"""The exported int8 model: how an API process embeds a search text without torch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from recommender.embeddings.protocol import DIMENSION, ModelUnavailable, Vectors, unit

MODEL, TOKENIZER, CARD = "model.int8.onnx", "tokenizer.json", "card.json"
BATCH = 64


class OnnxEmbedder:
    """Runs an export of `exporting.export_onnx`. Raises ModelUnavailable if it is missing or broken."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        try:
            card = json.loads((folder / CARD).read_text())
            self.name, self.version = str(card["name"]), str(card["version"])
            self._tokenizer = _load_tokenizer(folder / TOKENIZER, int(card["max_tokens"]))
            self._session = _load_session(folder / MODEL, threads)
        except Exception as error:
            raise ModelUnavailable(f"The exported model in {folder.name} cannot be used: {error}") from error

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`. Texts of like length go together, since a batch is padded to its longest."""
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            vectors[places] = self._batch([texts[place] for place in places])
        return unit(vectors)

    def _batch(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in encoded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (tokens,) = self._session.run(None, inputs)
        weights = mask[:, :, np.newaxis].astype(np.float32)
        pooled = (tokens * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
        return cast(Vectors, pooled)


def _load_tokenizer(path: Path, max_tokens: int) -> Any:
    from tokenizers import Tokenizer  # noqa: PLC0415 (an API process loads it with its first search)

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding()
    return tokenizer


def _load_session(path: Path, threads: int) -> Any:
    import onnxruntime  # noqa: PLC0415 (as above)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # an arena keeps the memory of the longest text ever seen
    options.log_severity_level = 3
    options.add_session_config_entry("session.disable_prepacking", "1")  # prepacked weights are a second copy
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")  # no arena for them either
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def find_onnx(folder: Path, name: str) -> Path | None:
    """The newest complete export of the model `name`, if there is one."""
    found = [path for path in folder.glob("*/card.json") if _names(path, name)]
    newest = max(found, key=lambda path: path.stat().st_mtime, default=None)
    return newest.parent if newest else None


def _names(card: Path, name: str) -> bool:
    try:
        return bool(json.loads(card.read_text())["name"] == name)
    except (OSError, ValueError, KeyError, TypeError):
        return False
