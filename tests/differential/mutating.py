"""Writes an operation as clients might: with aliases, variables, defaults, directives, fragments, repetitions."""

import copy
from collections.abc import Callable
from random import Random
from typing import Any

from graphql import GraphQLSchema, parse, validate

from tests.differential.selecting import Field, Fragment, Given, Operation, fields, sets

ALIASES = ("t", "a", "b", "ordered", "value", "nodes", "id", "data", "row", "matching", "x" * 63)
OPTIONAL = ("filter", "orderBy", "after", "before")


def mutate(random: Random, schema: GraphQLSchema, operation: Operation, times: int) -> Operation:
    """The operation after at most so many changes of how it is written, and sometimes of what it asks: such a change
    as makes it invalid (a key for two fields) is left out."""
    for _ in range(times):
        changed = copy.deepcopy(operation)
        random.choice(CHANGES)(random, changed)
        if not validate(schema, parse(changed.text())):
            operation = changed
    return operation


def _alias(random: Random, operation: Operation) -> None:
    """A key of the client's own, also one that is the name of another field or of something in the SQL."""
    chosen = random.choice(list(fields(operation.selections)))
    chosen.alias = random.choice(ALIASES)


def _variable(random: Random, operation: Operation) -> None:
    """A variable for a value or a part of one, sometimes by its default."""
    given = [value for one in fields(operation.selections) for value in one.arguments.values()]
    whole = [part for value in given for part in value.parts() if part.whole()]
    if not whole:
        return
    chosen = random.choice(whole)
    kind = str(chosen.type)
    if not kind.endswith("!") and random.random() < 0.3:
        kind += "!"
    name = _declare(operation, kind)
    if random.random() < 0.25:
        operation.declared[name] += f" = {chosen.constant()}"
    else:
        operation.variables[name] = chosen.plain()
    chosen.variable = name


def _absent(random: Random, operation: Operation) -> None:
    """A variable for an argument that is not given: absent, or null."""
    pages = [one for one in fields(operation.selections) if {"first", "last"} & set(one.arguments)]
    if not pages:
        return
    chosen = random.choice(pages)
    for name in random.sample(OPTIONAL, 2):
        kind = ABSENT.get((chosen.type_name, name), "String" if name in {"after", "before"} else None)
        if kind is not None and name not in chosen.arguments and not chosen.type_name.endswith("HitConnection"):
            variable = _declare(operation, kind)
            chosen.arguments[name] = Given(None, None, variable)
            if random.random() < 0.5:
                operation.variables[variable] = None


ABSENT = {
    (f"{noun}Connection", argument): kind
    for noun in ("Person", "Event", "Job")
    for argument, kind in (("filter", f"{noun}Filter"), ("orderBy", f"[{noun}Order!]"))
}


def _condition(random: Random, operation: Operation) -> None:
    """@skip or @include, by a literal or a variable, on a field or a fragment."""
    chosen, _ = random.choice(list(sets(operation.selections, "Query")))
    one = random.choice(chosen)
    if one.directives:
        return
    kept = random.random() < (0.95 if chosen is operation.selections else 0.7)
    name = random.choice(["skip", "include"])
    truth = kept if name == "include" else not kept
    if random.random() < 0.5:
        variable = _declare(operation, random.choice(["Boolean!", f"Boolean! = {str(truth).lower()}"]))
        if "=" not in operation.declared[variable] or random.random() < 0.5:
            operation.variables[variable] = truth
        one.directives = f" @{name}(if: ${variable})"
    else:
        one.directives = f" @{name}(if: {str(truth).lower()})"


def _fragment(random: Random, operation: Operation) -> None:
    """Some neighbours go into a fragment: inline with or without a condition, or by name."""
    chosen, type_name = random.choice(list(sets(operation.selections, "Query")))
    start = random.randrange(len(chosen))
    end = random.randint(start + 1, len(chosen))
    moved = chosen[start:end]
    named = random.random() < 0.5
    fragment = Fragment(type_name, moved, f"F{random.getrandbits(30)}" if named else None)
    if not named and random.random() < 0.3:
        fragment.condition = None
    chosen[start:end] = [fragment]
    if named and random.random() < 0.3:
        chosen.append(Fragment(type_name, moved, fragment.name))  # spread twice


def _again(random: Random, operation: Operation) -> None:
    """A field twice: what is selected below is merged."""
    chosen, _ = random.choice(list(sets(operation.selections, "Query")))
    one = random.choice([field for field in chosen if isinstance(field, Field)] or [None])
    if one is not None:
        again = Field(one.name, one.arguments, one.selections[-1:], one.type_name, one.alias)
        chosen.insert(random.randint(0, len(chosen)), again)


def _typename(random: Random, operation: Operation) -> None:
    """What sort of thing it is."""
    chosen, _ = random.choice(list(sets(operation.selections, "Query")))
    chosen.insert(random.randint(0, len(chosen)), Field("__typename"))


def _declare(operation: Operation, kind: str) -> str:
    name = f"v{len(operation.declared)}"
    operation.declared[name] = kind
    return name


CHANGES: tuple[Callable[[Random, Operation], Any], ...] = (
    _alias,
    _alias,
    _variable,
    _variable,
    _variable,
    _absent,
    _condition,
    _fragment,
    _fragment,
    _again,
    _typename,
)
