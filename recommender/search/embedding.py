"""Search texts become vectors in the API process, without torch."""

import asyncio
import logging
import time
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from api.memory import give_back
from recommender.embeddings import ModelUnavailable, OnnxEmbedder, find_onnx

log = logging.getLogger(__name__)

RETRY_SECONDS = 15


class QueryEmbedder:
    """Embeds search texts in the API process with the int8 model that the worker exported; no torch is loaded."""

    def __init__(self, folder: Path, model: str) -> None:
        self._folder = folder
        self._model = model
        self._embedder: OnnxEmbedder | None = None
        self._lock = asyncio.Lock()
        self._tried_at = -RETRY_SECONDS

    async def embed(self, text: str) -> NDArray[np.float32] | None:
        """The text's vector, shape (384,), unit length; None while there is no usable model."""
        embedder = await self._loaded()
        if embedder is None:
            return None
        vectors = await asyncio.to_thread(embedder.embed, [text])
        return vectors[0]

    async def _loaded(self) -> OnnxEmbedder | None:
        async with self._lock:
            if self._embedder is None and time.monotonic() - self._tried_at >= RETRY_SECONDS:
                self._tried_at = time.monotonic()
                self._embedder = await asyncio.to_thread(self._load)
            return self._embedder

    def _load(self) -> OnnxEmbedder | None:
        path = find_onnx(self._folder, self._model)
        if path is None:
            return None
        try:
            embedder = OnnxEmbedder(path)
        except ModelUnavailable as error:
            log.warning("Searches go without vectors: %s", error)
            return None
        give_back()
        return embedder


class TextEmbedder(Protocol):
    """What turns a search text into a vector, or None when it cannot."""

    async def embed(self, text: str) -> NDArray[np.float32] | None:
        """The vector."""
        ...
