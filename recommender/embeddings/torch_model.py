# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingImports=false, reportUnknownParameterType=false
"""The real model, by sentence-transformers on torch: the source of the export, and the plain way to embed.

As a program (`python -m`, with a model and a folder) it exports the model: torch's memory then goes with the process.
"""

import json
import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer
from transformers.utils.logging import disable_progress_bar

from recommender.embeddings.onnx_model import CARD, MODEL, TOKENIZER
from recommender.embeddings.protocol import DIMENSION, ModelUnavailable, Vectors, unit
from recommender.embeddings.weights import digest_of, weights_of

BATCH = 64


class SentenceTransformerEmbedder:
    """Any sentence-transformers model with 384 dimensions, by name or path."""

    def __init__(self, model: str) -> None:
        torch.set_num_threads(os.cpu_count() or 1)
        disable_progress_bar()
        self.name = model
        self.model = SentenceTransformer(str(weights_of(model) or model), device="cpu")
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


def _digest(model: SentenceTransformer) -> str:
    """A digest of the weights."""
    digest = blake2b(digest_size=8)
    for name, weights in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(weights.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def export_onnx(embedder: SentenceTransformerEmbedder, folder: Path) -> Path:
    """Export the model as int8 ONNX into a folder of its own under `folder`. Done once a version.

    Weights and what they are multiplied with are scaled in blocks of 128: with one scale for a whole tensor a tenth of
    the nearest neighbours are others. Its vectors are a version of their own. Raises ModelUnavailable for a model that
    does not end in the mean of its tokens, which is what `OnnxEmbedder` computes.
    """
    _check_ending(embedder)
    version = f"{embedder.version}-int8"
    target = folder / f"{Path(embedder.name).name}-{version}"
    if (target / CARD).exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
    try:
        _write_model(embedder, making)
        embedder.model.tokenizer.backend_tokenizer.save(str(making / TOKENIZER))
        card = {
            "name": embedder.name,
            "version": version,
            "max_tokens": embedder.model.max_seq_length,
            "weights": digest_of(embedder.name),
        }
        (making / CARD).write_text(json.dumps(card))
        shutil.rmtree(target, ignore_errors=True)
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return target


def _check_ending(embedder: SentenceTransformerEmbedder) -> None:
    first, *others = embedder.model
    means = [one.pooling_mode == "mean" for one in others if isinstance(one, Pooling)]
    known = all(isinstance(one, (Pooling, Normalize)) for one in others)
    if not (isinstance(first, Transformer) and means == [True] and known):
        raise ModelUnavailable(
            f"{embedder.name} does not end in the mean of its tokens, and cannot be exported: "
            "set ALUMNI_EMBEDDING_BACKEND=torch. Searches then go by words alone."
        )


class _Tokens(torch.nn.Module):
    """The transformer alone: token ids in, token vectors out."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.inner = model

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
        return self.inner(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state


def _write_model(embedder: SentenceTransformerEmbedder, folder: Path) -> None:
    import onnx  # noqa: PLC0415 (only an export needs these)
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer  # noqa: PLC0415

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
    logging.disable(logging.WARNING)  # the quantizers tell of every tensor, to the root logger
    try:
        blocks = MatMulNBitsQuantizer(onnx.load(whole), bits=8, block_size=128, is_symmetric=True, accuracy_level=4)
        blocks.process()
        cast(Any, blocks.model).save_model_to_file(str(whole))
        quantize_dynamic(str(whole), str(folder / MODEL), weight_type=QuantType.QInt8, op_types_to_quantize=["Gather"])
    finally:
        logging.disable(logging.NOTSET)
    whole.unlink()


if __name__ == "__main__":
    try:
        export_onnx(SentenceTransformerEmbedder(sys.argv[1]), Path(sys.argv[2]))
    except ModelUnavailable as error:
        sys.exit(f"{error}")
