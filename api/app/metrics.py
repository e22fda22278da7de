"""/metrics in the text format of Prometheus: of this process, and of what waits in the database that it works on.

It is there only when a token is set, and answers who brings that. An address would tell nothing: behind a proxy on the
same machine every request comes from loopback.
"""

from collections.abc import Iterator, Mapping
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from api.app.backlog import Backlog, Kind
from api.measuring.figures import BOUNDS, COUNTERS, DURATIONS, LEVELS
from schema.engine.remembering import Remembered
from schema.http import errors_only

if TYPE_CHECKING:
    from prometheus_client import Metric


class Metrics:
    """Answers scrapes. The library is loaded with the first."""

    def __init__(self, token: SecretStr, caches: Mapping[str, Remembered[Any]], url: str | None) -> None:
        self._token = token
        self._caches = caches
        self._backlog = None if url is None else Backlog(url)

    async def respond(self, request: Request) -> Response:
        """All figures as of now, for whoever has the token."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        expected = self._token.get_secret_value()
        if scheme.lower() != "bearer" or not compare_digest(given.strip().encode(), expected.encode()):
            body = errors_only("Bring ALUMNI_METRICS_TOKEN as a bearer token.", "UNAUTHENTICATED")
            headers = {"www-authenticate": "Bearer", "content-type": "application/json", "cache-control": "no-store"}
            return Response(body, 401, headers)
        from prometheus_client import CollectorRegistry, ProcessCollector  # noqa: PLC0415 - megabytes, for scrapes only
        from prometheus_client.exposition import choose_encoder  # noqa: PLC0415

        waiting = (None, None) if self._backlog is None else await self._backlog.read()
        registry = CollectorRegistry()
        registry.register(Collected([*_of_work(), *_of_caches(self._caches), *_of_backlog(*waiting)]))
        ProcessCollector(registry=registry)
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"content-type": media_type, "cache-control": "no-store"})

    async def close(self) -> None:
        """Give up what is still being counted."""
        if self._backlog is not None:
            await self._backlog.close()


class Collected:
    """Metrics as the library's registry takes them."""

    def __init__(self, metrics: list["Metric"]) -> None:
        self._metrics = metrics

    def collect(self) -> list["Metric"]:
        """See `prometheus_client.registry.Collector`."""
        return self._metrics


def _of_work() -> Iterator["Metric"]:
    """What the process has counted."""
    from prometheus_client.core import (  # noqa: PLC0415 - as above
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
    )

    for counter in COUNTERS:
        found = CounterMetricFamily(counter.name, counter.about, labels=counter.labels)
        for values, count in counter.counts.items():
            found.add_metric(values, count)
        yield found
    for level in LEVELS:
        yield GaugeMetricFamily(level.name, level.about, level.value)
    for durations in DURATIONS:
        spread_out = HistogramMetricFamily(durations.name, durations.about, labels=durations.labels)
        for values, spread in durations.spreads.items():
            spread_out.add_metric(values, list(_cumulative(spread.counts)), spread.seconds)
        yield spread_out


def _cumulative(counts: list[int]) -> Iterator[tuple[str, float]]:
    total = 0
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
        total += count
        yield bound, total


def _of_caches(caches: Mapping[str, Remembered[Any]]) -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415 - as above

    asked = CounterMetricFamily(
        "alumni_cache_requests_total", "Documents and plans looked up, by result.", labels=("cache", "result")
    )
    entries = GaugeMetricFamily("alumni_cache_entries", "Documents and plans remembered.", labels=("cache",))
    size = GaugeMetricFamily("alumni_cache_characters", "Characters of text that they are made of.", labels=("cache",))
    for name, cache in caches.items():
        asked.add_metric((name, "hit"), cache.hits)
        asked.add_metric((name, "miss"), cache.misses)
        entries.add_metric((name,), len(cache))
        size.add_metric((name,), cache.size)
    yield from (asked, entries, size)


def _of_backlog(queue: list[Kind] | None, missing: int | None) -> Iterator["Metric"]:
    """What could be counted. What could not is left out, and so can be told from nothing."""
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - as above

    if queue is not None:
        jobs = GaugeMetricFamily("alumni_queue_jobs", "Background jobs by state.", labels=("queue", "task", "state"))
        oldest = GaugeMetricFamily(
            "alumni_queue_oldest_waiting_seconds", "How long the oldest waiting job waits.", labels=("queue", "task")
        )
        for kind in queue:
            jobs.add_metric((kind.queue, kind.task, "waiting"), kind.waiting)
            jobs.add_metric((kind.queue, kind.task, "running"), kind.running)
            jobs.add_metric((kind.queue, kind.task, "failed"), kind.failed)
            if kind.oldest_seconds is not None:
                oldest.add_metric((kind.queue, kind.task), max(0.0, kind.oldest_seconds))
        yield from (jobs, oldest)
    if missing is not None:
        yield GaugeMetricFamily("alumni_embedding_lag_texts", "Texts without a vector of the active model.", missing)
