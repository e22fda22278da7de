"""How much and how long a client may talk before its request is whole: uvicorn leaves that to a proxy before it."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_BODY = b'{"errors":[{"message":"The address and headers are too long.","extensions":{"code":"BAD_REQUEST"}}]}'
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which closes a connection whose client talks too much or too slowly."""

    max_head = 32_000
    """Bytes that may come before the headers end, as far as they are not read at once: a token is a thousand or two."""
    request_seconds = 30.0
    """How long a request may take to arrive, from its first byte on; the first one, from the connection on."""

    _in_head, _whole = True, False
    """Whether the headers of a request have not ended yet, and whether it has."""
    _size = 0
    """Bytes that came while they had not."""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """See asyncio."""
        super().connection_made(transport)
        self._await_the_rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._has_come()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._whole = False
        self._size += len(data) if self._in_head else 0
        super().data_received(data)
        if self._whole or self.transport.is_closing():
            return
        if self._in_head and self._size > self.max_head:
            self.transport.write(TOO_LARGE)
            self.transport.close()
        elif self._deadline is None:
            self._await_the_rest()

    def handle_websocket_upgrade(self) -> None:
        """See uvicorn."""
        self._whole = True
        self._has_come()
        super().handle_websocket_upgrade()

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """See httptools."""
        self._in_head, self._whole, self._size = True, True, 0
        self._has_come()
        super().on_message_complete()

    def _await_the_rest(self) -> None:
        self._deadline = self.loop.call_later(self.request_seconds, self.transport.close)

    def _has_come(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
