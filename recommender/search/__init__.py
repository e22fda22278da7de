"""Free-text search: by words and by meaning, over what the viewer may read; `words` has what people and items share."""

from recommender.search.embedding import QueryEmbedder, TextEmbedder
from recommender.search.people import search_people
from recommender.search.words import MAX_TEXT, Hit, SearchResult, check_text, fuse

__all__ = [
    "MAX_TEXT",
    "Hit",
    "QueryEmbedder",
    "SearchResult",
    "TextEmbedder",
    "check_text",
    "fuse",
    "search_people",
]
