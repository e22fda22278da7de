"""The web application: routes, what wraps every request, and what each request may reach."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from uuid import UUID

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from api.access import Viewer
from api.app.metrics import Metrics
from api.app.readiness import Readiness
from api.app.requests import RequestMiddleware
from api.auth import Authenticator
from api.db import Database, PooledDatabase, UnwrittenDatabase
from api.live import Live
from api.measuring import Tracing, open_tracing
from api.settings import Settings
from recommender.search import QueryEmbedder, TextEmbedder
from schema.context import Context
from schema.engine.refusals import Refused
from schema.http import (
    Admission,
    GraphQLEndpoint,
    GraphQLSockets,
    MakeContext,
    Operations,
    PersistedDocuments,
    Rates,
    errors_only,
    preferred,
)
from schema.ide import ide_routes
from schema.ids import decode_id
from schema.root import build_engine

GRAPHQL_METHODS = ["GET", "POST"]
SMALLEST_COMPRESSED, COMPRESSION = 1_400, 4
"""Bytes: less fits one packet as it is. A low level: it runs on the event loop, between all other requests."""
IMPERSONATE = "x-impersonate"
"""The header by which an administrator reads as somebody else: the id that startImpersonation gave."""


def create_app(
    settings: Settings,
    db: Database | None = None,
    query_embedder: TextEmbedder | None = None,
    tracing: Tracing | None = None,
) -> Starlette:
    """The application. `db` is for callers that own a database; without it one is opened from the settings.
    `query_embedder` turns search texts into vectors; without it the model that the worker exported does. `tracing`
    makes spans; without it what the environment asks for does.

    Raises ValueError when the settings name no database: `alumni serve` is what starts an embedded one.
    """
    pooled = None if db is not None else _database(settings)
    database = db if pooled is None else pooled
    if database is None:
        raise ValueError("No database was given.")
    url = database.url if isinstance(database, PooledDatabase) else None
    development = settings.environment == "development"
    live = None if url is None else Live(url)
    own_tracing = open_tracing() if tracing is None else None
    operations = Operations(
        build_engine(),
        _context_maker(settings, database, query_embedder, live),
        PersistedDocuments(database, trusted_only=settings.trusted_documents_only),
        Admission(settings.operations_at_once),
        Rates(database, settings.cost_per_second),
        tracing=tracing or own_tracing,
        open_introspection=development,
        max_operation_cost=settings.max_operation_cost,
        streams_at_once=settings.streams_at_once,
    )
    endpoint, readiness = GraphQLEndpoint(operations), Readiness(database)
    sockets = GraphQLSockets(operations, settings.streams_at_once)
    metrics = None if settings.metrics_token is None else Metrics(settings.metrics_token, operations.caches, url)

    async def ready(_request: Request) -> Response:
        problems = await readiness.problems()
        return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await readiness.close()
            if metrics is not None:
                await metrics.close()
            if live is not None:
                await live.stop()
            if pooled is not None:
                await pooled.close()
            if own_tracing is not None:
                await asyncio.to_thread(own_tracing.close)

    routes: list[BaseRoute] = [
        *(ide_routes() if development else ()),
        Route("/graphql", endpoint.handle, methods=GRAPHQL_METHODS),
        WebSocketRoute("/graphql", sockets.handle),
        Route("/healthz", _healthy, methods=["GET"]),
        Route("/readyz", ready, methods=["GET"]),
        *(() if metrics is None else [Route("/metrics", metrics.respond, methods=["GET"])]),
    ]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(RequestMiddleware),
            Middleware(GZipMiddleware, minimum_size=SMALLEST_COMPRESSED, compresslevel=COMPRESSION),
        ],
        exception_handlers={HTTPException: _refuse},
    )
    app.state.live = live
    return app


def _database(settings: Settings) -> PooledDatabase:
    if settings.database_url is None:
        raise ValueError("ALUMNI_DATABASE_URL is not set. Set it, or run `alumni serve`, which starts a database.")
    return PooledDatabase(settings.database_url, settings.database_pool_size, settings.statement_seconds)


def _context_maker(settings: Settings, db: Database, given: TextEmbedder | None, live: Live | None) -> MakeContext:
    authenticator = Authenticator(settings)
    query_embedder = given or QueryEmbedder(settings.models_dir, settings.embedding_model)
    development = settings.environment == "development"

    async def make_context(headers: Mapping[str, str]) -> Context:
        authorization, named = headers.get("authorization"), headers.get(IMPERSONATE)
        if named is None:
            viewer = _reading(await authenticator.viewer(authorization, db), headers)
            return Context(viewer, db, query_embedder, development, live)
        viewer = await authenticator.impersonating(authorization, _impersonation_id(named), db)
        return Context(_reading(viewer, headers), UnwrittenDatabase(db), query_embedder)

    return make_context


def _reading(viewer: Viewer, headers: Mapping[str, str]) -> Viewer:
    """The viewer with the languages of this request."""
    languages = preferred(headers.get("accept-language"))
    return replace(viewer, languages=languages) if languages else viewer


def _impersonation_id(named: str) -> UUID | None:
    """The key behind the header's value; what is no id is answered as an id of nothing."""
    try:
        return decode_id(named, "Impersonation")
    except Refused:
        return None


async def _refuse(_request: Request, error: Exception) -> Response:
    """No such path or method, in the form in which a GraphQL client reads any other error."""
    if not isinstance(error, HTTPException):
        raise error
    body = errors_only(error.detail, "NOT_FOUND" if error.status_code == HTTPStatus.NOT_FOUND else "BAD_REQUEST")
    headers = {**(error.headers or {}), "content-type": "application/json; charset=utf-8", "cache-control": "no-store"}
    return Response(body, error.status_code, headers)


async def _healthy(_request: Request) -> Response:
    """The process runs and answers; whether it can do its work is what /readyz tells."""
    return JSONResponse({"healthy": True})
