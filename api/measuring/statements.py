"""What is told of one SQL statement: how long it took, and a span of its own where its operation has one."""

from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING

from api.measuring.figures import STATEMENT_SECONDS
from api.measuring.tracing import begin_statement, end

if TYPE_CHECKING:
    from opentelemetry.trace import Span


class Statement:
    """The block in which the server is asked for the rows of `text`. Of its values nothing is told."""

    __slots__ = ("_began", "_span", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._span: Span | None = None
        self._began = 0.0

    def __enter__(self) -> None:
        """It is sent."""
        self._span = begin_statement(self._text)
        self._began = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Its rows are there, or will not come."""
        STATEMENT_SECONDS.add(perf_counter() - self._began)
        if self._span is not None:
            end(self._span, None if kind is None else kind.__name__)
