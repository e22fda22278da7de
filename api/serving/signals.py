"""What Ctrl-C and SIGTERM do: everything that was started is closed, and the closing is not broken into."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """SIGTERM, as an exception, so that everything on the way out is closed; Ctrl-C is KeyboardInterrupt already."""


@contextmanager
def stopping_in_order() -> Generator[None]:
    """Ctrl-C and SIGTERM end the block with all its clean-up, and the program goes on after it."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Stopped

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except (KeyboardInterrupt, Stopped):
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def deaf() -> Generator[None]:
    """For clean-up: a second Ctrl-C must not leave half of it undone."""
    before = {one: signal.signal(one, signal.SIG_IGN) for one in SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def unbroken() -> Generator[None]:
    """For what must be whole before it can be undone: signals wait until the block has ended."""
    received: list[int] = []
    before = {one: signal.signal(one, lambda number, _frame: received.append(number)) for one in SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    for number in received[:1]:
        signal.raise_signal(number)
