"""What a look at one thing gives."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much it matters."""

    OK = "OK"
    LOOK = "LOOK"
    """It works, and somebody should know."""
    MEND = "MEND"
    """Something does not work, or will not for long."""


@dataclass(frozen=True)
class Finding:
    """One line of a diagnosis."""

    level: Level
    what: str
    """What was looked at, in a word."""
    said: str
    remedy: str = ""
    """What to do, unless it is OK."""


def ok(what: str, said: str) -> Finding:
    """It is as it should be."""
    return Finding(Level.OK, what, said)


def look(what: str, said: str, remedy: str) -> Finding:
    """It works, and somebody should know."""
    return Finding(Level.LOOK, what, said, remedy)


def mend(what: str, said: str, remedy: str) -> Finding:
    """It does not work, or not for long."""
    return Finding(Level.MEND, what, said, remedy)
