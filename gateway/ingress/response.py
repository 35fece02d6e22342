"""A response to a sender as bytes in one write; aiohttp's own responses cost several times as much processor."""

from collections.abc import Mapping
from email.utils import formatdate
from functools import cache, lru_cache
from http import HTTPStatus
from time import time
from typing import Final

from aiohttp import ClientConnectionResetError, HttpVersion10, web
from aiohttp.http import SERVER_SOFTWARE, HttpVersion

_NO_HEADERS: Final[Mapping[str, str]] = {}


class Response:
    """One response: aiohttp sends it by the methods that its own have.

    `headers` are further ones; they come from the gateway, never from a request.
    """

    def __init__(self, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers or _NO_HEADERS
        self.keep_alive = True
        self._request: web.BaseRequest | None = None
        self._sent = False

    def force_close(self) -> None:
        """End the connection after this response."""
        self.keep_alive = False

    async def prepare(self, request: web.BaseRequest) -> None:
        """Begin to respond to a request."""
        self._request = request
        self.keep_alive = self.keep_alive and request.keep_alive

    async def write_eof(self) -> None:
        """Send it, and wait while the sender does not read. Raises ConnectionError when the sender is gone."""
        request = self._request
        if self._sent or request is None:
            return
        self._sent = True
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError("the sender is gone")
        whole = self.encoded(request.version)
        transport.write(whole if request.method != "HEAD" else whole.removesuffix(self.body))
        await request.protocol._drain_helper()

    def encoded(self, version: HttpVersion) -> bytes:
        """The whole response to a request of this version of HTTP."""
        head = _head(self.status, self.content_type, version, self.keep_alive)
        for name, value in self.headers.items():
            head += f"{name}: {value}\r\n"
        return f"{head}Content-Length: {len(self.body)}\r\n{_date(int(time()))}\r\n".encode() + self.body


@cache
def _head(status: int, content_type: str, version: HttpVersion, keep_alive: bool) -> str:
    """What all responses of one kind begin with; there are few kinds. Connection: RFC 9112 section 9.3."""
    head = f"HTTP/{version.major}.{version.minor} {status} {HTTPStatus(status).phrase}\r\n"
    if keep_alive is (version == HttpVersion10):  # what is not usual in this version is said
        head += f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n"
    return f"{head}Server: {SERVER_SOFTWARE}\r\nContent-Type: {content_type}\r\n"


@lru_cache(1)
def _date(second: int) -> str:
    return f"Date: {formatdate(second, usegmt=True)}\r\n"
