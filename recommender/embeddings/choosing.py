"""Which embedder makes the vectors that are kept: the int8 export on all cores, or the model itself by torch."""

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal, TypeAlias

from recommender.embeddings.onnx_model import OnnxEmbedder, find_onnx
from recommender.embeddings.protocol import Embedder, ModelUnavailable
from recommender.embeddings.weights import digest_of

log = logging.getLogger(__name__)

PASSING = (MemoryError, ImportError, OSError)
"""What is no fault of an export that cannot be loaded."""
_exporting: set[subprocess.Popen[str]] = set()

Backend: TypeAlias = Literal["onnx", "torch"]
"""`onnx`: the int8 export, about twice as fast, at a cosine of .999 to the model, and no torch in the process.
`torch`: sentence-transformers itself, plain, for any model with 384 dimensions."""


def load_embedder(model: str, folder: Path, backend: Backend) -> Embedder:
    """The embedder for a model by name or path. Its export, which searches need too, is made if `folder` has none.

    Raises ModelUnavailable when there is no such model, or none that the backend can use. Takes seconds.
    """
    if backend == "onnx":
        return _usable(model, folder)
    # torch takes seconds and hundreds of megabytes: only who asks for it pays
    from recommender.embeddings.torch_model import SentenceTransformerEmbedder, export_onnx  # noqa: PLC0415

    embedder = SentenceTransformerEmbedder(model)
    try:
        export_onnx(embedder, folder)
    except ModelUnavailable as error:
        log.warning("Searches go without vectors: %s", error)
    return embedder


def _usable(model: str, folder: Path) -> OnnxEmbedder:
    """The model's export. One that is broken, by a disk that was full or a copy that was not finished, is made anew."""
    threads, path = os.cpu_count() or 1, _exported(model, folder)
    try:
        return OnnxEmbedder(path, threads)
    except ModelUnavailable as error:
        if isinstance(error.__cause__, PASSING) and not isinstance(error.__cause__, FileNotFoundError):
            raise
        log.warning("%s It is made anew.", error)
    shutil.rmtree(path, ignore_errors=True)
    return OnnxEmbedder(_exported(model, folder), threads)


def stop_exporting() -> None:
    """End what other threads of this process export: they find no model."""
    for exporting in list(_exporting):
        exporting.terminate()


def _exported(model: str, folder: Path) -> Path:
    digest = digest_of(model)
    found = find_onnx(folder, model, digest) if digest else None
    if found is not None:
        return found
    command = [sys.executable, "-m", "recommender.embeddings.torch_model", model, str(folder)]
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as exporting:
        _exporting.add(exporting)
        _, told = exporting.communicate()
        _exporting.discard(exporting)
    found = find_onnx(folder, model, digest)
    if exporting.returncode or found is None:
        said = told.strip().splitlines() or ["it ended without a word"]
        raise ModelUnavailable(f"{model} cannot be exported: {said[-1]}")
    return found
