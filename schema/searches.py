"""How a free-text search becomes a page: the same for people, events, openings and mentors."""

from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Generic, TypeAlias, TypeVar

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import read_and_note
from api.folding import fold
from api.services.audit import log_restricted_reads
from recommender.search import Hit, SearchResult
from schema.context import Info
from schema.limits.directives import FORWARD_PAGE, costs
from schema.pagination import PageInfo, check_size, slice_list

H = TypeVar("H")

Search: TypeAlias = Callable[[AsyncSession], Awaitable[SearchResult]]
SEARCHED = [costs(200), FORWARD_PAGE]
"""What a search costs beside those found, and that it gives pages."""
MATCHED = "The fields that matched, of those that you may see"
SCORE = "How well it matches: comparable within one search only."


@strawberry.type(description="One of those found.")
class Edge(Generic[H]):
    """As Relay defines it; in the graph it bears the name of its kind before its own."""

    cursor: str = strawberry.field(description="Where it stands among those found.")
    node: H = strawberry.field(description="What was found, and by what.")


@strawberry.type(description="A page of those found, best first.")
class Connection(Generic[H]):
    """As Relay defines it."""

    edges: list[Edge[H]] = strawberry.field(description="Those found with their cursors.")
    nodes: list[H] = strawberry.field(description="Those found.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    degraded: bool = strawberry.field(
        description="True while the language model is away: then only words are compared, not meaning."
    )


async def read_found(
    info: Info, search: Search, text: str, first: int | None, after: str | None, make: Callable[[Hit], H]
) -> Connection[H]:
    """Search, and cut the page out of the result, each as `make` puts it. Raises Refused for a bad size or cursor.

    That a restricted fact matched tells an officer what it says, and so is logged.
    """
    size = check_size(first)
    signature = blake2b(f"{info.field_name} {fold(text)}".encode(), digest_size=6).hexdigest()

    async def read(session: AsyncSession) -> Connection[H]:
        found = await search(session)
        page = slice_list(found.hits, size, after or None, signature)
        reads = {hit.id: hit.restricted for _, hit in page.items}
        await log_restricted_reads(session, info.context.viewer, reads)
        edges = [Edge(cursor=cursor, node=make(hit)) for cursor, hit in page.items]
        nodes = [edge.node for edge in edges]
        return Connection(edges=edges, nodes=nodes, page_info=page.page_info, degraded=found.degraded)

    return await read_and_note(info.context.db, read)
