"""What a browser gets at /graphql in development: GraphiQL from our own origin, under a policy that admits no other.

`schema/graphiql/` holds the built page; its README says from which versions and how to build it anew. The app decides
whether to offer it: it puts `ide_routes()` before its own route for the same path, or leaves them out.
"""

import os
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.staticfiles import NotModifiedResponse, PathLike, StaticFiles
from starlette.types import Scope

IDE_FOLDER: Final = Path(__file__).parent / "graphiql"

# Monaco, the editor inside GraphiQL, positions its lines with style attributes: styles, and only they, may be inline.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# Named here because Python's own table differs between its versions and with what the machine has in /etc/mime.types.
ASSET_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".ttf": "font/ttf",
}

GRAPHQL_PARAMETERS: Final = frozenset({"query", "extensions", "documentId", "id"})


def asks_for_ide(scope: Scope) -> bool:
    """A GET or HEAD that accepts HTML and carries no GraphQL request is a person with a browser, not a client."""
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return False
    if GRAPHQL_PARAMETERS & QueryParams(scope["query_string"]).keys():
        return False
    return "text/html" in Headers(scope=scope).get("accept", "").lower()


async def ide_page(request: Request) -> Response:
    """GraphiQL's page. It names its assets by content hash, so it is asked for anew each time and is small."""
    page = FileResponse(
        IDE_FOLDER / "index.html",
        stat_result=(IDE_FOLDER / "index.html").stat(),
        media_type="text/html",
        headers={
            "Cache-Control": "no-cache",
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept",
            "X-Content-Type-Options": "nosniff",
        },
    )
    if request.headers.get("if-none-match") == page.headers["etag"]:
        return NotModifiedResponse(page.headers)
    return page


def ide_routes(path: str = "/graphql") -> list[BaseRoute]:
    """The page at `path`, for browsers only (any other request falls through to the next route), and its assets below.

    `path` has no trailing slash. The page finds its assets relative to its own address and posts to it.
    """
    return [Mount(f"{path}/assets", _Assets(directory=IDE_FOLDER / "assets")), _PageRoute(path, ide_page)]


class _PageRoute(Route):
    """Matches only what `asks_for_ide`, so that the GraphQL route can have the same path."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if not asks_for_ide(scope):
            return Match.NONE, {}
        return super().matches(scope)


class _Assets(StaticFiles):
    """Files whose names change with their content: the browser keeps them for good. Workers carry the policy."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        if response.status_code == status_code:
            response.headers["Content-Type"] = ASSET_TYPES[Path(full_path).suffix]
        return response
