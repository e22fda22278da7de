"""How a free-text search becomes a page: the same for people, events, openings and mentors."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from api.db import read_and_note
from api.folding import fold
from api.services.audit import log_restricted_reads
from recommender.search import Hit, SearchResult
from schema.context import Info
from schema.pagination import Slice, check_size, slice_list

Search: TypeAlias = Callable[[AsyncSession], Awaitable[SearchResult]]
MATCHED = "The fields that matched, of those that you may see"
SCORE = "How well it matches: comparable within one search only."
DEGRADED = "True while the language model is away: then only words are compared, not meaning."


@dataclass(frozen=True)
class Found:
    """A page of hits with their cursors."""

    page: Slice[Hit]
    degraded: bool


async def read_found(info: Info, search: Search, text: str, first: int | None, after: str | None) -> Found:
    """Search, and cut the page out of the result. Raises Refused for a bad size or cursor.

    That a restricted fact matched tells an officer what it says, and so is logged.
    """
    size = check_size(first)
    signature = blake2b(fold(text).encode(), digest_size=6).hexdigest()

    async def read(session: AsyncSession) -> Found:
        found = await search(session)
        page = slice_list(found.hits, size, after or None, signature)
        reads = {hit.id: hit.restricted for _, hit in page.items}
        await log_restricted_reads(session, info.context.viewer, reads)
        return Found(page, found.degraded)

    return await read_and_note(info.context.db, read)
