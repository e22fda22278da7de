"""What is hostile in a string, and every place of the schema where a client may put one."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_required_argument,
    is_required_input_field,
    parse_value,
    value_from_ast_untyped,
)

from api import models
from schema.permissions import required_of
from schema.root import build_engine
from tests.conftest import Answer
from tests.schema.test_roles import MUTATIONS, Scene

Path = tuple[str, ...]
STRINGS = {
    "syntax": "'; drop table people; -- \" \\' \\ \\x00 $1 %s %_ {0} $$ /* ) or a & | ! <-> (b:* :A <0> && || !! ) *",
    "unicode": "\u202eabc\u202c e\u0301\u0323 \U0001f469\u200d\U0001f393 \ufeff\ufffe \U0010ffff \u2028\u0085 İß",
    "nul": "a\x00b",
    "long": "å " * 50_000,
    "blank": " \t\n\u200b\u00ad",
}
COERCED = {"Date", "DateTime"}
"""Scalars that refuse a string before anything runs. The others take it, and say later what is wrong."""
SCALARS = {"ID", "String", "PartialDate", "JSON"} | COERCED
LEAST: Mapping[str, Any] = {
    "ID": "UGVyc29uOjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMA==",
    "String": "x",
    "Int": 1,
    "Boolean": True,
    "Date": "2020-01-01",
    "DateTime": "2090-01-01T00:00:00Z",
    "PartialDate": "2020",
    "JSON": {"externalId": "1"},
}


@dataclass(frozen=True)
class Given:
    """The value of a variable."""

    variable: str


@dataclass(frozen=True)
class RootField:
    """A field of Query or Mutation."""

    schema: GraphQLSchema
    kind: str
    name: str

    @property
    def requirement(self) -> str:
        """What it asks of the caller."""
        return required_of(cast(Any, self.schema.type_map[self.kind]).fields[self.name]).name

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Its arguments by name."""
        return cast(Any, self.schema.type_map[self.kind]).fields[self.name].args

    def places(self) -> list[tuple[Path, str]]:
        """Where in the arguments a value may be a string, with the scalar. A type within itself is entered once."""
        return [one for key, argument in self.arguments.items() for one in _places(argument.type, (key,), ())]

    def call(self, alias: str, given: Mapping[str, Any], path: Path, value: object) -> str:
        """The field with a value at a place, and around it whatever must be there. A page is one of two rows."""
        filled = {key: least(one.type) for key, one in self.arguments.items() if is_required_argument(one)}
        filled |= {"first": 2} if "first" in self.arguments else {}
        filled |= given
        key, *rest = path
        filled[key] = _put(self.arguments[key].type, filled.get(key), rest, value)
        said = ", ".join(f"{name}: {_literal(self.arguments[name].type, one)}" for name, one in filled.items())
        return f"{alias}: {self.name}({said}) {self._selection()}"

    def _selection(self) -> str:
        fields = _fields_of(cast(Any, self.schema.type_map[self.kind]).fields[self.name].type)
        paged = "totalCount " * ("totalCount" in fields) + "pageInfo { endCursor }" * ("pageInfo" in fields)
        failure = "... on Error { code path }" * (self.kind == "Mutation")
        return f"{{ __typename {paged}{failure} }}"


def document(kind: str, calls: Iterable[str], variables: Mapping[str, str]) -> str:
    """One operation with all of these root fields."""
    body = " ".join(calls)
    declared = ", ".join(f"${name}: {scalar}!" for name, scalar in variables.items() if f"${name}" in body)
    return f"{kind.lower()}{f'({declared})' if declared else ''} {{ {body} }}"


def least(kind: Any) -> Any:
    """The smallest value of a type that is accepted as one."""
    if isinstance(kind, GraphQLNonNull):
        kind = cast(Any, kind).of_type
    if isinstance(kind, GraphQLList):
        return [least(cast(Any, kind).of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        return {key: least(field.type) for key, field in kind.fields.items() if is_required_input_field(field)}
    return LEAST[kind.name]


def _places(kind: Any, path: Path, within: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    if isinstance(kind, GraphQLNonNull):
        kind = cast(Any, kind).of_type
    if isinstance(kind, GraphQLList):
        yield from _places(cast(Any, kind).of_type, (*path, "0"), within)
    elif isinstance(kind, GraphQLInputObjectType):
        if kind.name not in within:
            for key, field in kind.fields.items():
                yield from _places(field.type, (*path, key), (*within, kind.name))
    elif kind.name in SCALARS:
        yield path, kind.name


def _put(kind: Any, now: Any, path: list[str], value: object) -> Any:
    if not path:
        return value
    if isinstance(kind, GraphQLNonNull):
        kind = cast(Any, kind).of_type
    if isinstance(kind, GraphQLList):
        return [_put(cast(Any, kind).of_type, now[0] if now else None, path[1:], value)]
    filled = now or least(kind)
    field = kind.fields[path[0]]
    return filled | {path[0]: _put(field.type, filled.get(path[0]), path[1:], value)}


def _named(kind: Any) -> Any:
    return None if kind is None else cast(Any, get_named_type)(kind)


def _fields_of(kind: Any) -> Mapping[str, Any]:
    return getattr(_named(kind), "fields", {})


def _literal(kind: Any, value: Any) -> str:
    """The value as a document has it: members of enumerations without quotes."""
    if isinstance(value, Given):
        return f"${value.variable}"
    if isinstance(value, list):
        return f"[{', '.join(_literal(_named(kind), one) for one in cast(list[Any], value))}]"
    if isinstance(value, dict):
        fields = _fields_of(kind)
        members = cast(dict[str, Any], value).items()
        inside = (f"{key}: {_literal(fields[key].type if key in fields else None, one)}" for key, one in members)
        return f"{{{', '.join(inside)}}}"
    if isinstance(_named(kind), GraphQLEnumType):
        return str(value)
    return json.dumps(value)


SCHEMA = build_engine().schema
KINDS = ("Query", "Mutation")
ROOT_FIELDS = [
    field
    for kind in KINDS
    for name in cast(Any, SCHEMA.type_map[kind]).fields
    if (field := RootField(SCHEMA, kind, name)).places()
]
"""Those whose arguments have a place for a string."""
WHO = {"STAFF": "staff", "ADMIN": "admin"}


def given_to(field: RootField, scene: Scene) -> dict[str, Any]:
    """Arguments that mean what is there."""
    if field.kind == "Query":
        return {}
    return {"input": value_from_ast_untyped(parse_value(scene.fill(MUTATIONS[field.name])))}


def caller_of(field: RootField, scene: Scene) -> models.Account | None:
    """Somebody who may ask for it."""
    return scene.accounts[WHO.get(field.requirement, "member")]


def assert_is_told(answer: Answer) -> None:
    """It was answered, or refused in words."""
    assert answer.status in {200, 400}, answer.text[:2000]
    assert set(answer.codes) <= {"BAD_USER_INPUT"}, answer.text[:2000]
    assert answer.errors or answer.data
