"""The public listener: aiohttp's low-level server with a timeout for the headers of the first request."""

from typing import Any

from aiohttp import web

from gateway.ingress.http import Ingress

_TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
KEEPALIVE = 75.0
"""Seconds that an idle connection is kept, a little more than the 60 s of most proxies."""


class Listener(web.Server):
    """`web.Server` that closes a connection whose first request has not arrived within the ingress's `read_timeout`.

    Bodies have their own timeout in `ingress.http`; aiohttp has none for headers.
    """

    def __init__(self, ingress: Ingress, *, header_limit: int) -> None:
        super().__init__(
            self._answer,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=KEEPALIVE,
            max_line_size=header_limit,
            max_field_size=header_limit,
        )
        self._ingress = ingress
        self._silent: dict[Any, Any] = {}

    def connection_made(self, handler: Any, transport: Any) -> None:
        """Start the timer of a connection."""
        super().connection_made(handler, transport)
        self._silent[handler] = self._loop.call_later(
            self._ingress.rules.server.read_timeout, self._time_out, handler, transport
        )

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        """Stop the timer of a connection."""
        self._stop_timer(handler)
        super().connection_lost(handler, exc)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self._stop_timer(request.protocol)
        response: web.StreamResponse = await self._ingress.handle(request)
        return response

    def _stop_timer(self, handler: Any) -> None:
        if timer := self._silent.pop(handler, None):
            timer.cancel()

    def _time_out(self, handler: Any, transport: Any) -> None:
        self._silent.pop(handler, None)
        transport.write(_TIMED_OUT)
        transport.close()
