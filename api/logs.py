"""What a log line holds: one JSON object for programs, a short line for a person at a terminal, no secret in either."""

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast

import orjson

from api.redaction import trace_of, without_secrets

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request that is being answered, so that whatever is logged meanwhile can be found by it."""


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message, the request, and the record's own `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        if (number := request_id.get()) is not None:
            line["request_id"] = number
        line.update(_fields(record))
        if (trace := _trace(record)) is not None:
            line["exception"] = trace
        return without_secrets(orjson.dumps(line, default=str).decode())


class TerminalFormatter(logging.Formatter):
    """The same for a person: time of day, level if it is not INFO, message, fields."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items())
        text = f"{self.formatTime(record, '%H:%M:%S')} {level}{_message(record)}{fields}"
        trace = _trace(record)
        return without_secrets(text if trace is None else f"{text}\n{trace}")


class StderrHandler(logging.Handler):
    """Writes to what `sys.stderr` is now: a progress bar replaces it while it shows, to keep lines above itself."""

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001
            # A log that cannot be written (a closed pipe, a full disk) must not fail what it tells of.
            self.handleError(record)


def configure(level: int = logging.INFO) -> None:
    """Send all logs to standard error. The server's own notes of starting and stopping are left out below WARNING.

    No line tells where in the code it comes from, nor the thread or process, so nobody finds that out: see Python's
    Logging HOWTO, "Optimization".
    """
    logging._srcfile = None  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = StderrHandler()
    handler.setFormatter(TerminalFormatter() if sys.stderr.isatty() else JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "procrastinate", "alembic", "psycopg.pool", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _message(record: logging.LogRecord) -> str:
    """What is told. asyncio adds what failed and with what: the trace says that, without the values in it."""
    return record.getMessage().partition("\n")[0] if record.name == "asyncio" else record.getMessage()


def _trace(record: logging.LogRecord) -> str | None:
    error = record.exc_info[1] if record.exc_info else None
    return None if error is None else trace_of(error, values=getattr(record, "whole", False))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return cast(dict[str, Any], getattr(record, "fields", {}))
