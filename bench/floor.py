"""Our server with the floor beside it: routes behind the same middleware that each run one statement. `-m bench.floor`.

The routes exist only here. They take the same token, look up the same account, count what it asks for, keep to the same
number at once, and pass PostgreSQL's bytes through.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import logs
from api.app import create_app
from api.auth import Authenticator
from api.db import PooledDatabase
from api.serving.databases import url_of
from api.serving.running import reserve, server_of
from api.settings import Settings
from bench.works import WORKS, Work, statement_of
from schema.http import Admission, Rates


@dataclass(frozen=True)
class Limits:
    """What stands before every operation."""

    authenticator: Authenticator
    admission: Admission
    rates: Rates


def with_floor(settings: Settings) -> Starlette:
    """The application as `alumni serve` runs it, and a route `/floor/NAME` for each read."""
    db = PooledDatabase(url_of(settings), settings.database_pool_size)
    app = create_app(settings, db)
    limits = Limits(
        Authenticator(settings), Admission(settings.operations_at_once), Rates(db, settings.cost_per_second)
    )
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(application: Starlette) -> AsyncGenerator[None]:
        try:
            async with inner(application):
                yield
        finally:
            await db.close()

    app.router.lifespan_context = lifespan
    app.router.routes.extend(_route(work, db, limits) for work in WORKS if work.floor)
    return app


def _route(work: Work, db: PooledDatabase, limits: Limits) -> Route:
    text, names = statement_of(work), work.values

    async def answer(request: Request) -> Response:
        variables: dict[str, Any] = orjson.loads(await request.body())["variables"]
        async with limits.admission:
            await limits.rates.arrive(request.client.host if request.client else "")
            viewer = await limits.authenticator.viewer(request.headers.get("authorization"), db)
            await limits.rates.spend(f"account {viewer.account_id}", 1)
            async with db.read() as reader:
                rows = await reader.rows(text, [viewer.key, *(variables[name] for name in names)])
        headers = {"cache-control": "no-store"}
        return Response(b'{"data":%b}' % rows[0][0], 200, headers, "application/json")

    return Route(f"/floor/{work.name}", answer, methods=["POST"])


if __name__ == "__main__":
    logs.configure()
    given = Settings()
    with reserve(given.host, given.port) as listening:
        server_of(lambda: with_floor(given)).run(sockets=[listening])
