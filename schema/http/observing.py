"""What is counted and traced of an operation: its type, the code that it ends with, and how long it took."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from time import perf_counter
from types import TracebackType

from api.measuring import OperationSpan, Tracing
from api.measuring.figures import OPERATION_SECONDS, OPERATIONS
from schema.http.failures import code_of

OK = "OK"
UNKNOWN = "unknown"
"""The type of what was refused before it was known what it is."""
OUR_FAULTS = {"INTERNAL_SERVER_ERROR", "OVERLOADED", "SERVICE_UNAVAILABLE", "TIMED_OUT", "TRY_AGAIN"}
"""Codes that are no fault of the client: their spans have failed."""


class Observation:
    """The block in which an operation is run. `code` is set in it: the first error's, where the answer has errors."""

    __slots__ = ("_began", "_kind", "_span", "code")

    def __init__(
        self, kind: str, name: str | None, began: float, tracing: Tracing | None, headers: Mapping[str, str]
    ) -> None:
        self.code = OK
        self._kind, self._began = kind, began
        self._span = None if tracing is None else OperationSpan(tracing, kind, name, headers, began)

    def __enter__(self) -> "Observation":
        """It is run now."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """It is answered."""
        if error is not None:
            self.code = code_of(error)
        OPERATIONS.add(self._kind, self.code)
        OPERATION_SECONDS.add(perf_counter() - self._began, self._kind)
        if self._span is not None:
            self._span.end(self.code if self.code in OUR_FAULTS else None)


@contextmanager
def counting_refusals() -> Generator[None]:
    """Count what is refused before it is known what it is."""
    try:
        yield
    except Exception as error:
        OPERATIONS.add(UNKNOWN, code_of(error))
        raise
