"""`python -m bench.imports`: what importing the application adds to a process, by package, in MiB."""

import builtins
import importlib
import sys
from collections import Counter
from typing import Any

import psutil

MOST = 12


def main() -> None:
    """Import it with each import measured; what a package imports is counted for itself."""
    process, plain = psutil.Process(), builtins.__import__
    own: Counter[str] = Counter()
    inner: list[int] = [0]

    def measured(
        name: str, globals_: dict[str, Any] | None = None, locals_: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        package = str((globals_ or {}).get("__package__")) if level else name
        before = process.memory_info().rss
        inner.append(0)
        try:
            return plain(name, globals_, locals_, fromlist, level)
        finally:
            grown = process.memory_info().rss - before
            own[package.partition(".")[0]] += grown - inner.pop()
            inner[-1] += grown

    before = process.memory_info().rss
    builtins.__import__ = measured
    try:
        importlib.import_module("api.app")
    finally:
        builtins.__import__ = plain
    rows = [*own.most_common(MOST), ("all", process.memory_info().rss - before)]
    sys.stdout.write("".join(f"{size / 2**20:6.1f} MiB {name}\n" for name, size in rows))


if __name__ == "__main__":
    main()
