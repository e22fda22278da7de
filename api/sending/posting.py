"""How a message is posted: to a public address that was looked up and checked just before, and nowhere further."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence

import httpx

from api.addresses import address_of, may_be_sent_to
from api.models import AttemptOutcome
from api.services.webhooks import Answer

SECONDS = 10.0
"""How long an attempt may take in all: its delivery is held meanwhile."""
CONNECT_SECONDS = 4.0
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host."""


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses that the system knows for a name, best first. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Poster:
    """Posts messages. `loopback` allows receivers on this machine, and plain http to them: for development."""

    def __init__(
        self,
        *,
        loopback: bool = False,
        seconds: float = SECONDS,
        resolve: Resolve = look_up,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._seconds = seconds
        self._loopback = loopback
        self._resolve = resolve
        self._tls = tls or httpx.create_ssl_context()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """What the receiver answers. Redirects are not followed, and of the response only the status is read."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(httpx.URL(url), body, headers)
        except TimeoutError:
            return Answer(AttemptOutcome.UNCERTAIN, note=f"no answer within {self._seconds:g} seconds")

    async def _post(self, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> Answer:
        host = url.raw_host.decode()
        try:
            known = await self._resolve(host, url.port or (443 if url.scheme == "https" else 80))
        except OSError:
            return Answer(AttemptOutcome.UNREACHED, note="its name leads to no address")
        if not known or not all(self._open(one, url) for one in known):
            return Answer(AttemptOutcome.UNREACHED, note="it is not at a public address with https")
        answer = Answer(AttemptOutcome.UNREACHED, note="no connection could be made")
        for address in known:
            # To the address itself: asked for again, the name could lead elsewhere.
            answer = await self._post_to(address, url, body, headers)
            if answer.outcome is not AttemptOutcome.UNREACHED:
                break
        return answer

    def _open(self, address: str, url: httpx.URL) -> bool:
        found = address_of(address)
        if found is None or not may_be_sent_to(found, loopback=self._loopback):
            return False
        return url.scheme == "https" or self._loopback

    async def _post_to(self, address: str, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> Answer:
        there = url.copy_with(host=address)
        named = {} if address_of(url.host) else {"sni_hostname": url.raw_host.decode()}
        sent = {**headers, "host": url.netloc.decode()}
        limits = httpx.Limits(max_keepalive_connections=0)
        timeout = httpx.Timeout(self._seconds, connect=CONNECT_SECONDS)
        try:
            async with (
                httpx.AsyncClient(verify=self._tls, trust_env=False, timeout=timeout, limits=limits) as client,
                client.stream("POST", there, content=body, headers=sent, extensions=named) as response,
            ):
                return _answer(response.status_code)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return Answer(AttemptOutcome.UNREACHED, note="no connection could be made")
        except httpx.HTTPError as error:
            return Answer(AttemptOutcome.UNCERTAIN, note=f"no answer came ({type(error).__name__})")


def _answer(code: int) -> Answer:
    """2xx is yes, all else is no."""
    accepted = httpx.codes.is_success(code)
    return Answer(AttemptOutcome.ACCEPTED if accepted else AttemptOutcome.REFUSED, code)
