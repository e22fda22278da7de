"""What is embedded and what becomes of it: one vector for each text that staff or members may see, kept true to it."""

from recommender.vectors.embedding import embed_missing
from recommender.vectors.facts import fact_texts
from recommender.vectors.sources import count_missing, missing_count

__all__ = ["count_missing", "embed_missing", "fact_texts", "missing_count"]
