"""Statements at run time: compiled once to text, bound for each request, and what was shown of whom is noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import orjson
from graphql import FieldNode, GraphQLField, ObjectValueNode, VariableNode, VariableValues
from graphql.execution.values import get_argument_values

from api.access import Viewer
from api.db import AnySelect, Reader
from api.statements import prepare
from schema.engine.compiler import AUDIT
from schema.engine.parameters import ACCOUNT, KEYS, LANGUAGES, VIEWER, Scope, Slot, look_up

Reads = dict[UUID, set[str]]
"""Person -> kinds of restricted facts that an officer was shown; for others nothing more than the person."""


_EMPTY, _EMPTY_ALONE = f',"{AUDIT}":null'.encode(), f'"{AUDIT}":null'.encode()
NOTED = f'"{AUDIT}":['.encode()
"""How a note stands in what PostgreSQL wrote. In a string the quotation marks would be escaped, so what looks like this
is one."""


def without_notes(raw: bytes) -> bytes:
    """The JSON without the hidden notes that say nothing: with no others in it, what the client may have."""
    return raw.replace(_EMPTY, b"").replace(_EMPTY_ALONE, b"")


@dataclass(frozen=True)
class Statement:
    """A compiled SELECT: its text, and where the value of each `$n` comes from."""

    text: str
    names: tuple[str, ...]
    slots: Mapping[str, Slot]
    constants: Mapping[str, object]
    calls: tuple[tuple[GraphQLField, FieldNode], ...]
    audits: bool
    direct: Mapping[str, str]
    """Parameters that are a variable and nothing more, with its name: most are, and need no coercing of arguments."""

    def values(self, viewer: Viewer, variables: VariableValues, keys: Sequence[UUID] = ()) -> list[object]:
        """The values of one request, in order. Raises what the arguments' own checks raise."""
        known: dict[str, object] = {
            VIEWER: viewer.key,
            ACCOUNT: viewer.account_id,
            LANGUAGES: list(viewer.languages),
            KEYS: list(keys),
        }
        arguments: dict[int, dict[str, Any]] = {}
        for name, slot in self.slots.items():
            value = variables.coerced.get(self.direct[name]) if name in self.direct else None
            if value is not None:
                known[name] = slot.transform(value)
                continue
            if slot.call not in arguments:
                definition, node = self.calls[slot.call]
                arguments[slot.call] = get_argument_values(definition, node, variables)
            known[name] = slot.transform(look_up(arguments[slot.call], slot.path))
        return [known[name] if name in known else self.constants[name] for name in self.names]


def compile_statement(statement: AnySelect, scope: Scope) -> Statement:
    """Turn a SELECT into text, once."""
    prepared = prepare(statement)
    return Statement(
        text=prepared.text,
        names=prepared.names,
        slots=dict(scope.slots),
        constants=prepared.constants,
        calls=tuple(scope.calls),
        audits=scope.audits,
        direct={name: variable for name, slot in scope.slots.items() if (variable := _variable_at(scope, slot))},
    )


def _variable_at(scope: Scope, slot: Slot) -> str | None:
    """The variable that stands in the document just where the slot's value is found."""
    _, node = scope.calls[slot.call]
    given = {one.name.value: one.value for one in node.arguments or ()}
    value: Any = given.get(str(slot.path[0]))
    for part in slot.path[1:]:
        if not isinstance(value, ObjectValueNode):
            return None
        value = next((one.value for one in value.fields if one.name.value == part), None)
    return value.name.value if isinstance(value, VariableNode) else None


async def run(
    reader: Reader, statement: Statement, viewer: Viewer, variables: VariableValues, keys: Sequence[UUID] = ()
) -> list[tuple[Any, ...]]:
    """Bind and run; JSON comes as bytes."""
    return await reader.rows(statement.text, statement.values(viewer, variables, keys))


def take_notes(value: Any, reads: Reads, viewer: Viewer) -> Any:
    """Remove the hidden notes from parsed JSON, in place, and collect what they say of other people."""
    if isinstance(value, list):
        for part in cast(list[Any], value):
            take_notes(part, reads, viewer)
    elif isinstance(value, dict):
        members = cast(dict[str, Any], value)
        note = members.pop(AUDIT, None)
        if note and (person_id := UUID(note[0])) != viewer.person_id:
            if viewer.is_staff:
                _note(reads, person_id, note[1])
            elif not note[1] or any(members[key] is not None for key in note[1]):
                reads.setdefault(person_id, set())
        for part in members.values():
            take_notes(part, reads, viewer)
    return cast(Any, value)


def _note(reads: Reads, person_id: UUID, kinds: list[str]) -> None:
    if kinds:
        reads.setdefault(person_id, set()).update(kinds)


def parse(raw: bytes | None) -> Any:
    """JSON from the database as plain values."""
    return None if raw is None else orjson.loads(raw)
