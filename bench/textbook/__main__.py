"""The textbook as a server: Strawberry's own view, and the token checked as in ours. `-m bench.textbook`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from api import logs
from api.auth import Authenticator
from api.db import PooledDatabase, driver_url
from api.lines import OPTIONS
from api.serving.databases import url_of
from api.serving.running import reserve, server_of
from api.settings import Settings
from bench.textbook.loaders import Loaders, Sessions
from bench.textbook.types import Context, schema


class View(GraphQL[Context, None]):
    """Strawberry's view with a context of ours."""

    def __init__(self, db: PooledDatabase, settings: Settings) -> None:
        super().__init__(schema, graphql_ide=None)
        self._db = db
        engine = create_async_engine(
            driver_url(db.url), pool_size=settings.database_pool_size, connect_args={"options": OPTIONS}
        )
        self._sessions: Sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._authenticator = Authenticator(settings)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """See `strawberry.asgi.GraphQL`."""
        viewer = await self._authenticator.viewer(request.headers.get("authorization"), self._db)
        return Context(viewer, self._sessions, Loaders(self._sessions, viewer))


def create_app(settings: Settings) -> Starlette:
    """The application."""
    db = PooledDatabase(url_of(settings), settings.database_pool_size)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await db.close()

    view: Any = View(db, settings)
    return Starlette(routes=[Route("/graphql", view)], lifespan=lifespan)


if __name__ == "__main__":
    logs.configure()
    given = Settings()
    with reserve(given.host, given.port) as listening:
        server_of(lambda: create_app(given)).run(sockets=[listening])
