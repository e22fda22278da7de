"""What a cursor holds: the order it belongs to, the sort keys of its row, and the row's id."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.types import BigInteger, Boolean, DateTime, Integer, TypeEngine, Uuid

from schema.engine.refusals import Refused

CURSOR_VERSION = 1
MAX_CURSOR = 2_000


def read_cursor(
    signature: str, types: Sequence[TypeEngine[Any]], index: int, place: tuple[str, ...]
) -> Callable[[Any], object]:
    """What takes the key number `index` out of a cursor's text, or refuses a cursor that is not of this order."""

    def read(text: Any) -> object:
        try:
            keys = parse_cursor(text)
            if keys[0] != f"{CURSOR_VERSION}:{signature}" or len(keys) != len(types) + 1:
                raise Refused("This cursor belongs to another list or order: use the cursors of this one.", place)
            return read_key(keys[index + 1], types[index])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Refused("This is not a cursor of this API: pass one from pageInfo or an edge.", place) from None

    return read


def parse_cursor(text: str) -> list[Any]:
    """The parts of a cursor: its head, and at least one key. Raises ValueError."""
    if len(text) > MAX_CURSOR:
        raise ValueError(text[:MAX_CURSOR])
    try:
        head, first, *rest = json.loads(base64.b64decode(text, validate=True))
    except binascii.Error:
        raise ValueError(text) from None
    return [head, first, *rest]


def read_key(value: Any, type_: TypeEngine[Any]) -> object:
    """A sort key as the database compares it. Raises ValueError for a value of another type."""
    if isinstance(type_, Uuid):
        return UUID(str(value))
    if isinstance(type_, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(type_, Boolean):
        expected: type = bool
    elif isinstance(type_, Integer):
        expected = int
    else:
        expected = str
    bound = 2**63 if isinstance(type_, BigInteger) else 2**31
    if type(value) is not expected or (expected is int and not -bound <= value < bound):
        raise ValueError
    if expected is str and "\x00" in value:
        raise ValueError
    str(value).encode()  # half of a character is none: UnicodeEncodeError is a ValueError
    return value


def encode_cursor(signature: str, *keys: object) -> str:
    """The cursor of a list that Python orders."""
    return base64.b64encode(json.dumps([f"{CURSOR_VERSION}:{signature}", *keys]).encode()).decode()


def decode_cursor(text: str, signature: str) -> list[Any]:
    """The keys of such a cursor. Raises ValueError for any other."""
    head, *keys = parse_cursor(text)
    if head != f"{CURSOR_VERSION}:{signature}":
        raise ValueError
    return keys
