"""A receiver of webhooks on loopback: real HTTP, answers as a test sets them, and signatures by code of its own."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> Any:
        return json.loads(self.body)

    @property
    def about(self) -> tuple[str, str]:
        """(what happened, to whom or what)."""
        return self.said["type"], self.said["data"]["id"]

    def signed_with(self, secret: str) -> bool:
        """Whether one of its signatures is by this secret: as the specification says it."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = b".".join([self.id.encode(), self.headers["webhook-timestamp"].encode(), self.body])
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """What came, and what is answered: the codes in turn, and the last one from then on."""

    codes: list[int] = field(default_factory=lambda: [200])
    requests: list[Request] = field(default_factory=list[Request])
    extra: Sequence[str] = ()
    """Further lines of the response's head."""
    body: bytes = b"thank you"
    port: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, requests are taken and not answered."""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by each request."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?tenant=1"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers["content-length"]))
            self.requests.append(Request(head[0].split()[1], headers, body))
            self.came.set()
            code = self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]
            await self.open.wait()
            lines = [f"HTTP/1.1 {code} So", f"content-length: {len(self.body)}", *self.extra, "", ""]
            writer.write("\r\n".join(lines).encode() + self.body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has gone
        finally:
            writer.close()


@asynccontextmanager
async def receiving(*codes: int, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver(list(codes) or [200])
    receiver.open.set()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        receiver.open.set()
        server.close()
        await server.wait_closed()
