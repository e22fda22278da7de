"""How a text becomes a vector: what an embedder promises, and the three there are.

`OnnxEmbedder` (int8, no torch) serves, `SentenceTransformerEmbedder` (torch) is what it is exported from and the plain
choice, `HashEmbedder` is for fast tests. Importing this package loads none of their libraries.
"""

from recommender.embeddings.choosing import Backend, load_embedder, stop_exporting
from recommender.embeddings.hashing import HashEmbedder
from recommender.embeddings.onnx_model import OnnxEmbedder, find_onnx
from recommender.embeddings.protocol import DIMENSION, Embedder, ModelUnavailable, Vectors, input_hash

__all__ = [
    "DIMENSION",
    "Backend",
    "Embedder",
    "HashEmbedder",
    "ModelUnavailable",
    "OnnxEmbedder",
    "Vectors",
    "find_onnx",
    "input_hash",
    "load_embedder",
    "stop_exporting",
]
