# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingImports=false, reportUnknownParameterType=false
"""The real model, by sentence-transformers on torch: the source of the export, and the plain way to embed.

As a program (`python -m`, with a model and a folder) it exports the model: torch's memory then goes with the process.
"""

import json
import os
import shutil
import signal
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

from recommender.embeddings.onnx_model import CARD, FORMAT, MODEL, TOKENIZER
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

    Its vectors are a version of their own. Raises ModelUnavailable for a model that does not end in the mean of its
    tokens, which is what is exported.
    """
    _check_ending(embedder)
    version = f"{embedder.version}-{FORMAT}"
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


class _Mean(torch.nn.Module):
    """The transformer and the mean of its tokens: ids of texts of one length in, their vectors out, nothing masked."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.inner = model

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.inner(input_ids=ids).last_hidden_state.mean(dim=1)


def _write_model(embedder: SentenceTransformerEmbedder, folder: Path) -> None:
    import onnx  # noqa: PLC0415 (only an export needs these)

    from recommender.embeddings.calibrating import SENTENCES, largest_of_channels  # noqa: PLC0415
    from recommender.embeddings.quantizing import quantize  # noqa: PLC0415

    whole = folder / "model.onnx"
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracing exporter warns of itself
        torch.onnx.export(
            _Mean(cast(Any, embedder.model[0]).auto_model.eval()),
            (torch.ones((2, 8), dtype=torch.int64),),
            str(whole),
            input_names=["input_ids"],
            output_names=["vectors"],
            dynamic_axes={"input_ids": {0: "texts", 1: "tokens"}, "vectors": {0: "texts"}},
            opset_version=20,  # from here on GELU is one node
            dynamo=False,
        )
    model = onnx.load(whole)
    whole.unlink()
    tokens = embedder.model.tokenizer(list(SENTENCES))["input_ids"]
    quantize(model, largest_of_channels(model, [np.array(ids, dtype=np.int64) for ids in tokens]))
    onnx.save(model, folder / MODEL)


def _stop(_signal: int, _frame: object) -> None:
    """Leave in a way that removes what is half made."""
    sys.exit("It was told to stop.")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    try:
        export_onnx(SentenceTransformerEmbedder(sys.argv[1]), Path(sys.argv[2]))
    except ModelUnavailable as error:
        sys.exit(f"{error}")
