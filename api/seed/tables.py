"""How the hand-written lists of the demo network are spelled: short tables in text, read once at import."""

from collections.abc import Iterator


def items(text: str, separator: str = ";") -> tuple[str, ...]:
    """The parts of a list, without surrounding or doubled white space."""
    return tuple(" ".join(part.split()) for part in text.split(separator) if part.strip())


def names(text: str) -> tuple[str, ...]:
    """Names set apart by white space; an underscore stands for a space within a name."""
    return tuple(part.replace("_", " ") for part in text.split())


def rows(text: str) -> Iterator[tuple[str, ...]]:
    """One tuple for each line that is not blank, its cells set apart by `|`."""
    for line in text.splitlines():
        if line.strip():
            yield tuple(cell.strip() for cell in line.split("|"))


def blocks(text: str) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """Blocks set apart by blank lines: a head line of cells, then `key: value` lines; indented lines continue."""
    for block in text.strip().split("\n\n"):
        head, *rest = block.strip("\n").splitlines()
        values: dict[str, str] = {}
        key = ""
        for line in rest:
            if line.startswith(" "):
                values[key] += " " + line.strip()
            else:
                key, _, value = line.partition(":")
                values[key] = value.strip()
        yield tuple(cell.strip() for cell in head.split("|")), values
