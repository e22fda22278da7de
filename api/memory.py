"""What keeps an API process small, as measured by the resident set size of one that suggested and searched."""

import ctypes
import gc

M_ARENA_MAX = -8
"""What glibc's mallopt(3) calls it."""
YOUNG, MIDDLE, OLD = 400, 4, 2
"""Statements are trees with cycles: collected late, a few hundred of them are what a process grows by."""


def limit_arenas() -> None:
    """One arena of malloc for all threads. To be called before there are any; nothing happens without a glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)


def give_back() -> None:
    """Return free memory to the system: loading a model leaves megabytes behind. Nothing happens without a glibc."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)


def keep_what_is_loaded() -> None:
    """What is loaded by now stays: the collector need not walk it again and again, and so can run often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
