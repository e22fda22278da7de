"""In which media type a response is sent: by the request's Accept, and JSON where it does not say."""

from functools import lru_cache

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
EVENTS = "text/event-stream"
_ANY = ("application/*", "*/*")
_RANGES = {JSON: (JSON, *_ANY), RESPONSE_JSON: (RESPONSE_JSON, *_ANY), EVENTS: (EVENTS,)}
"""Media type -> the ranges that it is asked for by, the closest first. Nobody wants events who does not say so."""


@lru_cache(maxsize=256)
def acceptable(accept: str | None) -> str | None:
    """The media type with the highest quality, of equal ones the first; None if the client takes none of ours.

    Source: RFC 9110, section 12.5.1, and the GraphQL-over-HTTP draft.
    """
    if not accept or not accept.strip():
        return JSON
    asked: dict[str, tuple[float, int]] = {}
    for place, part in enumerate(accept.split(",")):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        asked.setdefault(name, (_quality(parameters), -place))
    found = {kind: next((asked[name] for name in names if name in asked), (0.0, 0)) for kind, names in _RANGES.items()}
    best = max(found, key=lambda kind: found[kind])
    return best if found[best][0] else None


def _quality(parameters: list[str]) -> float:
    for one in parameters:
        name, _, value = one.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
