"""Opaque global ids: base64 of "Type:uuid", as Relay has them."""

import base64
import binascii
from collections.abc import Sequence
from uuid import UUID

from graphql import GraphQLObjectType, GraphQLSchema
from sqlalchemy import BindParameter, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from api.services.merges.aliases import persons_named
from schema.engine.parameters import Arguments
from schema.engine.refusals import Refused
from schema.engine.sources import table_or_none

MAX_ID = 200


def encode_id(type_name: str, key: UUID) -> str:
    """The global id of a row."""
    return base64.b64encode(f"{type_name}:{key}".encode()).decode()


def split_id(text: str, path: tuple[str, ...] = ()) -> tuple[str, UUID]:
    """The type's name and the key. Raises Refused, naming `path`, for what is no id of this API."""
    try:
        name, _, key = base64.b64decode(text[:MAX_ID], validate=True).decode("ascii").partition(":")
        return name, UUID(key)
    except (ValueError, binascii.Error):
        raise Refused("This is not an id of this API: pass the `id` of an object as it came.", path) from None


def find_named(schema: GraphQLSchema, text: str, path: tuple[str, ...]) -> tuple[GraphQLObjectType, UUID]:
    """The type and the key of a row of whatever type. Raises Refused for ids of what is in no table."""
    name, key = split_id(text, path)
    kind = schema.type_map.get(name)
    if not isinstance(kind, GraphQLObjectType) or table_or_none(kind) is None:
        raise Refused("This id names nothing that this API has.", path)
    return kind, key


def type_named(text: str | None) -> str | None:
    """The type's name in an id; None in what is no id."""
    try:
        return split_id(text or "")[0]
    except Refused:
        return None


def decode_id(text: str, type_name: str, path: tuple[str, ...] = ()) -> UUID:
    """The key behind an id that must be of the type `type_name`."""
    name, key = split_id(text, path)
    if name != type_name:
        raise Refused(f"This is not the id of a {type_name}.", path)
    return key


async def decode_people(session: AsyncSession, texts: Sequence[str], path: tuple[str, ...]) -> list[UUID]:
    """The keys of the people whom ids of the input name: one that was given up in a merge names the person kept, as it
    does for `person` and `node`. Merging and erasing alone take ids as they are: what is done there is done to the
    record that the caller means, or not at all."""
    keys = [decode_id(text, "Person", (*path, str(place))) for place, text in enumerate(texts)]
    return await persons_named(session, keys)


async def decode_person(session: AsyncSession, text: str, path: tuple[str, ...]) -> UUID:
    """The same for one."""
    (key,) = await persons_named(session, [decode_id(text, "Person", path)])
    return key


def id_argument(given: Arguments, type_name: str) -> BindParameter[UUID]:
    """The argument `id` of a root field as the key that it names."""
    return given.get("id").parameter(Uuid(), lambda text: decode_id(text, type_name, ("id",)))
