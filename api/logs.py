"""What a log line holds: one JSON object for programs, one short line for a person at a terminal."""

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast

import orjson

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
            "message": record.getMessage(),
        }
        if (number := request_id.get()) is not None:
            line["request_id"] = number
        line.update(_fields(record))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class TerminalFormatter(logging.Formatter):
    """The same for a person: time of day, level if it is not INFO, message, fields."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items())
        text = f"{self.formatTime(record, '%H:%M:%S')} {level}{record.getMessage()}{fields}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


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
    """Send all logs to standard error. The server's own notes of starting and stopping are left out below WARNING."""
    handler = StderrHandler()
    handler.setFormatter(TerminalFormatter() if sys.stderr.isatty() else JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "procrastinate", "alembic", "psycopg.pool", "httpx"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return cast(dict[str, Any], getattr(record, "fields", {}))
