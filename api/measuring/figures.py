"""What a process counts of its work. Adding costs a fraction of a microsecond; /metrics makes its answer of them.

The library's own counters take a lock each, and its import 1.8 MiB: it only spells the answer (`api/app/metrics.py`).
All work is done on the event loop's thread, so nothing here needs a lock.
"""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: the upper bounds of the buckets of durations."""


class Counter:
    """How often something happened, by the values of some labels. Values are of our own making, so they are few."""

    def __init__(self, name: str, about: str, *labels: str) -> None:
        self.name, self.about, self.labels = name, about, labels
        self.counts: dict[tuple[str, ...], int] = {} if labels else {(): 0}

    def add(self, *values: str) -> None:
        """Once more."""
        self.counts[values] = self.counts.get(values, 0) + 1


class Level:
    """How many there are now."""

    def __init__(self, name: str, about: str) -> None:
        self.name, self.about = name, about
        self.value = 0


@dataclass
class Spread:
    """How long something took, in buckets: the last one has no bound."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0


class Durations:
    """How long something took, by the values of some labels."""

    def __init__(self, name: str, about: str, *labels: str) -> None:
        self.name, self.about, self.labels = name, about, labels
        self.spreads: defaultdict[tuple[str, ...], Spread] = defaultdict(Spread)

    def add(self, seconds: float, *values: str) -> None:
        """It took so long once more."""
        spread = self.spreads[values]
        spread.counts[bisect_left(BOUNDS, seconds)] += 1
        spread.seconds += seconds


OPERATIONS = Counter(
    "alumni_operations_total",
    "Operations answered or refused, by type and by the code of their first error; OK without one.",
    "type",
    "code",
)
OPERATION_SECONDS = Durations(
    "alumni_operation_duration_seconds",
    "From the whole request to the answer of a query or mutation, waiting included; of a subscription, to its begin.",
    "type",
)
STATEMENT_SECONDS = Durations(
    "alumni_sql_statement_duration_seconds", "Statements of planned reads, of suggestions and of searches."
)
AT_WORK = Level("alumni_operations_in_progress", "Operations that are worked on now.")
REFUSED = Counter("alumni_admission_refusals_total", "Operations refused because too many were worked on.")
RATE_REFUSALS = Counter(
    "alumni_rate_limit_refusals_total",
    "Requests of callers who had asked for too much, by whose bound it was.",
    "bound",
)
SUBSCRIPTIONS = Level("alumni_subscriptions_open", "Subscriptions that somebody listens to now.")
SOCKETS = Level("alumni_websockets_open", "WebSockets that are open now.")
COMPARED_EXACTLY = Counter(
    "alumni_vector_index_fallbacks_total",
    "Vector searches answered anew without the index, which gave too few; found: more, or no more than it gave.",
    "found",
)
SHORT_PAGES = Counter(
    "alumni_short_pages_total",
    "Pages of suggestions shorter than asked though more might have been shown, by what is suggested.",
    "item",
)

COUNTERS = (OPERATIONS, REFUSED, RATE_REFUSALS, COMPARED_EXACTLY, SHORT_PAGES)
LEVELS = (AT_WORK, SUBSCRIPTIONS, SOCKETS)
DURATIONS = (OPERATION_SECONDS, STATEMENT_SECONDS)
