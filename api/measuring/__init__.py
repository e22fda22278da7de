"""What a process tells of its own work: figures for Prometheus, spans for OpenTelemetry; it needs neither for that."""

from api.measuring.statements import Statement
from api.measuring.tracing import OperationSpan, Tracing, exporting, open_tracing

__all__ = ["OperationSpan", "Statement", "Tracing", "exporting", "open_tracing"]
