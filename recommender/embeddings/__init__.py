"""How a text becomes a vector: what an embedder promises, and the three there are.

`SentenceTransformerEmbedder` (torch) belongs to the worker, `OnnxEmbedder` (int8, no torch) to API processes, and
`HashEmbedder` to fast tests. Importing this package loads none of their libraries.
"""

from recommender.embeddings.hashing import HashEmbedder
from recommender.embeddings.onnx_model import OnnxEmbedder, find_onnx
from recommender.embeddings.protocol import DIMENSION, Embedder, ModelUnavailable, Vectors, input_hash

__all__ = [
    "DIMENSION",
    "Embedder",
    "HashEmbedder",
    "ModelUnavailable",
    "OnnxEmbedder",
    "Vectors",
    "find_onnx",
    "input_hash",
]
