"""Server-sent events, as the GraphQL-over-SSE protocol has them in its mode of distinct connections."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from graphql import OperationType

from api.errors import DomainError
from api.live import StreamEnded
from schema.http.failures import refused
from schema.http.operations import Asked, Caller, Operations

HEARTBEAT_SECONDS = 12.0
"""Between signs of life: proxies close what is silent for long."""
HEARTBEAT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"


async def events(operations: Operations, asked: Asked, caller: Caller) -> AsyncGenerator[bytes]:
    """The bytes of the stream. What is wrong from the start is raised here, before there is one."""
    if asked.kind is not OperationType.SUBSCRIPTION:
        return _one((await operations.run(asked, caller)).body)
    return _many(await operations.listen(asked, caller))


async def _one(body: bytes) -> AsyncGenerator[bytes]:
    yield _next(body)
    yield COMPLETE


async def _many(bodies: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The events, and signs of life between them. A stream that is broken off has no `complete`: its client begins
    another by itself."""
    async with aclosing(bodies):
        waiting: asyncio.Task[bytes] | None = None
        try:
            while True:
                waiting = waiting or asyncio.ensure_future(anext(bodies))
                done, _ = await asyncio.wait({waiting}, timeout=HEARTBEAT_SECONDS)
                if not done:
                    yield HEARTBEAT
                    continue
                found, waiting = waiting, None
                yield _next(found.result())
        except StopAsyncIteration:
            yield COMPLETE
        except DomainError as error:
            yield _next(refused(error))
            yield COMPLETE
        except StreamEnded:
            return
        finally:
            if waiting is not None:
                waiting.cancel()
                await asyncio.wait({waiting})
                if not waiting.cancelled():
                    waiting.exception()  # it has been noticed: whoever asked is gone


def _next(body: bytes) -> bytes:
    """A line break ends the data of an event; in JSON it is white space, which PostgreSQL puts between rows."""
    return b"event: next\ndata: " + body.replace(b"\n", b"") + b"\n\n"
