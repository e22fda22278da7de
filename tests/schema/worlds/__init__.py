"""Random worlds of people, facts, ties and blocks, and a model in plain Python that says who may see what of them."""

from tests.schema.worlds.making import make_world
from tests.schema.worlds.rules import COMMON, FACTS, Asker, Fact, Gathering, Mentor, Opening, Pair, Someone, Tie, World

__all__ = [
    "COMMON",
    "FACTS",
    "Asker",
    "Fact",
    "Gathering",
    "Mentor",
    "Opening",
    "Pair",
    "Someone",
    "Tie",
    "World",
    "make_world",
]
