"""In which media type a response is sent: by the request's Accept, and JSON where it does not say."""

from functools import lru_cache

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
EVENTS = "text/event-stream"
_OFFERED = {RESPONSE_JSON: RESPONSE_JSON, EVENTS: EVENTS, JSON: JSON, "application/*": JSON, "*/*": JSON}
"""Media range -> what answers it."""


@lru_cache(maxsize=256)
def acceptable(accept: str | None) -> str | None:
    """The media type with the highest quality, of equal ones the first; None if the client takes none of ours.

    Source: RFC 9110, section 12.5.1, and the GraphQL-over-HTTP draft.
    """
    if not accept or not accept.strip():
        return JSON
    best, found = 0.0, None
    refused: set[str] = set()
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = _quality(parameters)
        if not quality:
            refused.add(name)
        offered = _OFFERED.get(name)
        if offered is not None and quality > best:
            best, found = quality, offered
    return None if found in refused else found


def _quality(parameters: list[str]) -> float:
    for one in parameters:
        name, _, value = one.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
