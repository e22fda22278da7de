"""Which languages a caller reads, by the request's Accept-Language: tags to look up one after the other."""

import re
from collections.abc import Iterator
from functools import lru_cache

from api.services.inputs import Checker

MOST_RANGES, MOST_TAGS = 20, 50
_QUALITY = re.compile(r"q\s*=\s*([01](?:\.[0-9]{0,3})?)", re.IGNORECASE)
ANY = "*"


@lru_cache(maxsize=1024)
def preferred(accept_language: str | None) -> tuple[str, ...]:
    """The tags, best first, each range followed by what it is looked up as next: zh-Hant-TW, zh-Hant, zh.

    What cannot be read is passed over; `*` is met by whatever is there, which is what one gets anyway.
    Source: RFC 9110, section 12.5.4, and RFC 4647, section 3.4 (lookup).
    """
    ranges: list[tuple[float, str]] = []
    for part in (accept_language or "").split(",")[:MOST_RANGES]:
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality, tag = _quality(parameters), Checker().language((), name)
        if name != ANY and tag is not None and quality > 0:
            ranges.append((quality, tag))
    ordered = sorted(ranges, key=lambda one: -one[0])
    return tuple(dict.fromkeys(tag for _, name in ordered for tag in _looked_up(name)))[:MOST_TAGS]


def _looked_up(name: str) -> Iterator[str]:
    """The range and its beginnings, without a singleton at their end."""
    parts = name.split("-")
    while parts:
        if len(parts[-1]) > 1:
            yield "-".join(parts)
        parts.pop()


def _quality(parameters: list[str]) -> float:
    """Of a range without one it is 1; of one that cannot be read, 0."""
    if not parameters:
        return 1.0
    found = _QUALITY.fullmatch(parameters[0])
    return min(float(found[1]), 1.0) if found and len(parameters) == 1 else 0.0
