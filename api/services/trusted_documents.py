"""Trusted documents: which texts an application may send by their ids alone."""

import re
from collections.abc import Mapping
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import Reader
from api.errors import Conflict, Invalid, Problem
from api.models import TrustedDocument

ID = re.compile(r"[!-~]{1,200}")
"""Printable ASCII without spaces: a digest, or a name that the application's build gives."""
PREFIX = "sha256:"
"""What the GraphQL-over-HTTP draft writes before a digest; it is not kept."""
_FIND = "select text from trusted_documents where id = $1"


async def find_document(reader: Reader, name: str) -> str | None:
    """The text of this id, if it was loaded."""
    rows = await reader.rows(_FIND, [name])
    return cast(str, rows[0][0]) if rows else None


async def load_documents(session: AsyncSession, texts: Mapping[str, str]) -> int:
    """Load texts by their ids, and say how many are new. Raises Invalid for a bad id, and Conflict where an id stands
    for another text already: applications and processes remember what it stood for."""
    problems = [Problem((name,), "must be 1 to 200 printable characters") for name in texts if not ID.fullmatch(name)]
    if problems:
        raise Invalid(problems)
    named = {name.removeprefix(PREFIX): text for name, text in texts.items()}
    table = cast(Table, TrustedDocument.__table__)
    rows = [{"id": name, "text": text} for name, text in named.items()]
    if not rows:
        return 0
    added = await session.scalars(insert(table).on_conflict_do_nothing().returning(table.c.id), rows)
    new = len(added.all())
    found = await session.execute(select(table.c.id, table.c.text).where(table.c.id.in_(named)))
    for name, text in found:
        if named[name] != text:
            raise Conflict(f"{name} stands for another document already: a document's id never changes its text.")
    return new
