"""Spans by OpenTelemetry's conventions: one of each operation and, in it, one of each SQL statement of its reads.

Only an installation that names where to send them pays for it: without OTEL_EXPORTER_OTLP_ENDPOINT nothing of
OpenTelemetry is imported. A span never holds a variable, an argument or a row.
"""

import logging
import os
import re
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from importlib.util import find_spec
from time import perf_counter, time_ns
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

logger = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
INSTALL = "pip install 'alumni-network[telemetry]'"
SERVICE = "alumni"
TABLE = re.compile(r"\b(?:FROM|JOIN) (?!anon_)([a-z_]+)")
MOST_TABLES = 6
"""So many are named in what a statement is called."""
_now: ContextVar["Tracer | None"] = ContextVar("tracer", default=None)
"""What makes the spans of the operation at hand, if it has one."""


def exporting() -> bool:
    """Whether the environment names where spans go."""
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none"
    return not off and any(os.environ.get(name) for name in ENDPOINTS)


def missing_packages() -> list[str]:
    """What of OpenTelemetry is not installed."""
    return [name for name in PACKAGES if not _installed(name)]


def open_tracing() -> "Tracing | None":
    """What the environment asks for, by OpenTelemetry's own variables; None if it asks for nothing."""
    if not exporting():
        return None
    if missing_packages():
        logger.warning("No traces are sent, though OTEL_EXPORTER_OTLP_ENDPOINT is set: %s", INSTALL)
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    named = Resource({"service.name": SERVICE}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=Resource.create().merge(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


class Tracing:
    """Makes the spans of a process."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        self.tracer: Tracer = provider.get_tracer(SERVICE)
        self._provider = provider
        self._propagator = TraceContextTextMapPropagator()

    def parent(self, headers: Mapping[str, str]) -> "Context":
        """The trace that `traceparent` says the request belongs to; a new one without it."""
        return self._propagator.extract(headers)

    def close(self) -> None:
        """Send what is left. May wait for whoever takes it."""
        self._provider.shutdown()


class OperationSpan:
    """The span of an operation, begun with its request. Until it ends, statements become its children."""

    def __init__(self, tracing: Tracing, kind: str, name: str | None, headers: Mapping[str, str], began: float) -> None:
        from opentelemetry.context import attach  # noqa: PLC0415 - imported by now
        from opentelemetry.trace import SpanKind, set_span_in_context  # noqa: PLC0415

        self._span = tracing.tracer.start_span(
            kind,  # names are of the clients' choosing: too many for spans to be called by them
            tracing.parent(headers),
            SpanKind.SERVER,
            {"graphql.operation.type": kind, **({} if name is None else {"graphql.operation.name": name})},
            start_time=time_ns() - int((perf_counter() - began) * 1e9),
        )
        self._attached = attach(set_span_in_context(self._span))
        self._before = _now.set(tracing.tracer)

    def end(self, fault: str | None) -> None:
        """The operation is over."""
        from opentelemetry.context import detach  # noqa: PLC0415

        _now.reset(self._before)
        detach(self._attached)
        end(self._span, fault)


def begin_statement(text: str) -> "Span | None":
    """The span of a SELECT, if the operation at hand has one."""
    tracer = _now.get()
    if tracer is None:
        return None
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    summary = summary_of(text)
    attributes = {"db.system.name": "postgresql", "db.operation.name": "SELECT", "db.query.summary": summary}
    return tracer.start_span(summary, kind=SpanKind.CLIENT, attributes=attributes)


def end(span: "Span", fault: str | None) -> None:
    """End a span; a `fault` of our side is told by its name alone: messages may quote what was asked."""
    if fault is not None:
        from opentelemetry.trace import StatusCode  # noqa: PLC0415

        span.set_attribute("error.type", fault)
        span.set_status(StatusCode.ERROR)
    span.end()


@lru_cache(maxsize=500)
def summary_of(text: str) -> str:
    """What a SELECT is called: the tables that it reads, in the order in which they are named."""
    tables = list(dict.fromkeys(TABLE.findall(text)))
    return " ".join(["SELECT", *tables[:MOST_TABLES]])


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
