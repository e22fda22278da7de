"""What a line of log may say of an error: its kind and where it happened, and nothing that somebody sent or stored."""

import re
import traceback
from collections.abc import Iterator
from typing import cast

from psycopg import Error as DatabaseError
from sqlalchemy.exc import StatementError

HIDDEN = "***"
MOST_CAUSES = 20
"""Exceptions of one chain that are told."""
_OF_VALUES = (ValueError, KeyError, IndexError)
"""What Python raises with the value in its text."""
_DATA_EXCEPTION = "22"
"""The class of SQLSTATEs whose messages quote the value."""
_MARKS = ("@", "eyJ", "earer", "whsec_", "assword")
"""Without one of these nothing below can be found: most lines are looked through no further."""
_TOKEN = r"[A-Za-z0-9._~+/=-]+"  # noqa: S105
_SECRETS = (
    (re.compile(r"(://)[^/\s\"\\]*@"), rf"\1{HIDDEN}@"),
    (re.compile(rf"(?i)\b(bearer\s+){_TOKEN}"), rf"\1{HIDDEN}"),
    (re.compile(r"\beyJ[\w-]+(\.[\w-]*)*"), HIDDEN),
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=]+"), f"whsec_{HIDDEN}"),
    (re.compile(r"(?i)(password\s*[=:]\s*)[^\s\"\\,;&]+"), rf"\1{HIDDEN}"),
    (re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)+"), f"{HIDDEN}@{HIDDEN}"),
)
"""Credentials in addresses, tokens, secrets of webhooks, passwords of connection strings, e-mail addresses."""


def without_secrets(text: str) -> str:
    """The text with what looks like a secret or an e-mail address replaced, wherever it came from."""
    if any(mark in text for mark in _MARKS):
        for pattern, shown in _SECRETS:
            text = pattern.sub(shown, text)
    return text


def trace_of(error: BaseException, *, values: bool) -> str:
    """The trace of an exception and of those behind it. `values`: whether the texts of errors that Python makes of a
    value may be told: to who started a program, and not of what a request brought."""
    told = ["".join([*traceback.format_tb(one.__traceback__), _line(one, values)]) for one in _chain(error)]
    return "\n\nand then:\n\n".join(reversed(told))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, what it was raised from or during, and so on; the parts of a group after the group."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < MOST_CAUSES:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        behind = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        if behind is not None:
            waiting.append(behind)
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(cast(BaseExceptionGroup[BaseException], one).exceptions)


def _line(error: BaseException, values: bool) -> str:
    """The kind of an exception, and of its text what may be told."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    said = _said(error, values)
    return f"{name}: {said}" if said else name


def _said(error: BaseException, values: bool) -> str:
    match error:
        case DatabaseError():
            return _of_the_database(error)
        case StatementError():
            behind = "" if error.orig is None else _line(error.orig, values)
            return f"{behind} [{error.statement}]"
        case _ if isinstance(error, _OF_VALUES) and not values:
            return ""
        case _:
            return str(error)


def _of_the_database(error: DatabaseError) -> str:
    """What the server says without the row: its details and, where they are quoted, its message are left out."""
    about, state = error.diag, error.sqlstate
    if state is None:
        return ""
    told = [state, about.table_name, about.column_name, about.constraint_name]
    if not state.startswith(_DATA_EXCEPTION):
        told.append(about.message_primary)
    return ", ".join(one for one in told if one)
