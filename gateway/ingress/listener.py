"""The public listener: aiohttp's low-level server, and bounds for what strangers do before their requests are read.

A connection is closed that does not send its headers within `read_timeout`, sends too many of them, is not HTTP/1.0 or
1.1, asks for another protocol, or does not read its answers. Its requests are refused with problem details that repeat
nothing of them; aiohttp's own answers and log lines do.

This module reaches below aiohttp's public API: `tests/ingress/test_listener.py` names the versions that it fits.
"""

import asyncio
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from itertools import islice
from typing import Any, Final, cast

from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.web_protocol import RequestHandler

from gateway.errors import Refused
from gateway.ingress.answers import problem
from gateway.ingress.body import RECEIVE_BUFFER
from gateway.ingress.connections import Connections
from gateway.ingress.http import Answered, Ingress
from gateway.ingress.refusals import Knock
from gateway.ingress.response import Response
from gateway.observe import logs

KEEPALIVE: Final = 75.0
"""Seconds that an idle connection is kept, a little more than the 60 s of most proxies."""

READ_BUFFER: Final = 32_768
"""Half of the bytes of a body that wait for the request's handler before parsing pauses."""

PIPELINED: Final = 4
"""Requests of one connection that are read before the first of them is answered."""

HEADS: Final = 2
"""How many times the limit of one header all of them together may take."""

SEND_BUFFER: Final = 32_768
"""Bytes of answers that the kernel holds of a connection whose sender does not read them."""

CHUNKS: Final = 500
"""Chunks under 256 bytes that a body may have."""

STRIKES: Final = 10
"""Requests in a row that are refused on one connection before it is closed."""

LINGER: Final = 1.0
"""Seconds between an answer to an unfinished request and the end of its connection: so long it may be read."""

LINGER_BYTES: Final = 256_000
"""Bytes of such a request that are still read meanwhile."""

_HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-fv:.%]+\])(?::\d{0,5})?")
"""A Host field value: RFC 9112 section 3.2, RFC 3986 section 3.2.2."""

_CHUNKED: Final = b"hunked"
"""What stands in the head of a request with a chunked body, in either case of its first letter."""
_HEAD_END: Final = b"\r\n\r\n"
_TINY_CHUNK = re.compile(rb"\r\n0*[0-9A-Fa-f]{1,2}[\r; \t]")

_UPGRADES_IGNORED: Final = "h2c"
"""What Java's HTTP client offers with each request and does not need (RFC 9110 section 7.8 lets a server ignore it)."""

_MALFORMED = "the request is not HTTP/1.1"

_log = logs.get("ingress")


class Connection(RequestHandler):
    """One connection of a sender. `listener` made it; `proven` tells whether a request of it was accepted."""

    __slots__ = ("_arrived", "_chunked", "_chunks", "_listener", "_payload", "_strikes", "_timer", "_unread", "proven")

    def __init__(self, listener: "Listener", *, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(cast(Any, listener), loop=loop, **options)
        self._listener = listener
        self._payload: Any = None  # the body of the newest request
        self._chunked = False  # whether that body is, and still arrives
        self._arrived = 0  # bytes of a chunked body as sent, or of the head after a body
        self._chunks = 0  # tiny ones of that body
        self._strikes = 0  # requests in a row that were refused
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._max_msg_queue_size = PIPELINED
        self._msg_queue_resume_size = PIPELINED // 2
        self.proven = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a first request."""
        super().connection_made(transport)
        if self.transport is not None:
            self._start_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End with the connection."""
        self._stop_timer()
        self._stop_unread()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The sender does not read its answers: end the connection if it goes on so."""
        super().pause_writing()
        if self.transport is not None:
            self._unread = self._loop.call_later(self._listener.patience, self.transport.abort)

    def resume_writing(self) -> None:
        """The sender reads."""
        super().resume_writing()
        self._stop_unread()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Read on; where reading goes on anyway, nothing waits to be parsed, either."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, unless it is more than requests need."""
        before, in_body = self._request_count, self._in_body()
        if (self._chunked if in_body else _says_chunked(data)) and not self._chunks_fit(data):
            return
        try:
            super().data_received(data)
        except Exception as error:
            _log.debug("parser failed", error=type(error).__name__)
            self.refuse(Refused(400, "Bad Request", _MALFORMED))
            return
        if self._request_count != before:
            self._begin_body(data)
        elif not in_body:
            self._check_head(len(data))
        elif self._chunked:
            self._check_framing(len(data))

    def refuse(self, refused: Refused) -> None:
        """Answer a request that cannot be read, unless an earlier one waits for its answer, and end the connection."""
        self._listener.note(refused, self)
        if self.transport is not None and self._current_request is None and not self._messages:
            self.transport.write(_closing(refused).encoded(HttpVersion11))
        self.force_close()

    def judge(self, *, accepted: bool) -> None:
        """Note that a request was accepted or refused."""
        self.proven = self.proven or accepted
        self._strikes = 0 if accepted else self._strikes + 1

    @property
    def closing(self) -> bool:
        """Whether so many requests were refused that the connection is to end."""
        return self._strikes >= STRIKES

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it repeats the request
    ) -> web.StreamResponse:
        """Answer what aiohttp cannot parse, and what the handler did not expect; only the latter is logged as ours."""
        if isinstance(exc, ConnectionError):
            raise exc
        if isinstance(exc, LineTooLong):
            refused = Refused(431, "Request Header Fields Too Large")
        elif status == HTTPStatus.BAD_REQUEST:
            refused = Refused(400, "Bad Request", _MALFORMED)
        else:
            refused = Refused(500, "Internal Server Error")
        if status == HTTPStatus.BAD_REQUEST:
            self._listener.note(refused, self)
        else:
            _log.error("a request failed", status=status, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was begun")
        return cast(web.StreamResponse, _closing(refused))

    def log_exception(self, *_: Any, **kw: Any) -> None:
        """Log what aiohttp did not expect, unless the stranger caused it."""
        error = kw.get("exc_info")
        if not isinstance(error, HttpProcessingError | web.RequestPayloadError | ConnectionError):
            _log.error("a connection failed", exc_info=error)

    def _in_body(self) -> bool:
        """Whether the body of the newest request is still arriving."""
        return self._payload is not None and not self._payload.is_eof()

    def _begin_body(self, data: bytes) -> None:
        """A head is complete; `data` holds its end, and what has arrived of its body."""
        message, self._payload = self._messages[-1] if self._messages else (None, None)
        self._chunked = self._in_body() and bool(getattr(message, "chunked", False))
        self._arrived = 0
        self._stop_timer()
        self._listener.begun(self)
        if self._chunked:
            self._check_framing(len(data) - data.find(_HEAD_END) - len(_HEAD_END))

    def _check_head(self, size: int) -> None:
        """Refuse headers that take more than they may, and wait no longer for them than for the first ones."""
        if self._timer is None and size:
            self._start_timer()
        self._arrived += size
        if self._arrived > HEADS * self.max_field_size:
            self.refuse(Refused(431, "Request Header Fields Too Large"))

    def _check_framing(self, size: int) -> None:
        """End a body whose chunks and trailers take more than they may; while parsing pauses, that is not known."""
        self._arrived = self._arrived + size if self._in_body() else 0
        body = self._payload.total_bytes
        if not self._reading_paused and self._arrived - body > HEADS * self.max_field_size + body // 16:
            self._end_body()

    def _chunks_fit(self, data: bytes) -> bool:
        """Whether a body has few enough tiny chunks; else it ends here: to parse one costs more than to send it."""
        more = sum(1 for _ in islice(_TINY_CHUNK.finditer(data), CHUNKS + 1))
        self._chunks = (self._chunks if self._in_body() else 0) + more
        if self._chunks <= CHUNKS:
            return True
        if self._in_body():
            self._end_body()
        else:
            self.refuse(Refused(400, "Bad Request", "the body consists of tiny chunks"))
        return False

    def _end_body(self) -> None:
        """Read no more of a badly framed body; its handler refuses it."""
        self._payload.set_exception(web.RequestPayloadError("framing"))
        self.close()

    def _start_timer(self) -> None:
        self._timer = self._loop.call_later(self._listener.patience, self._time_out)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _time_out(self) -> None:
        self._timer = None
        self.refuse(Refused(408, "Request Timeout", "the request did not arrive in time"))


class Listener(web.Server):
    """`web.Server` for an ingress, with at most `connections` at once, of which one address has half at most."""

    def __init__(self, ingress: Ingress, *, header_limit: int, connections: int) -> None:
        super().__init__(
            self._answer,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=KEEPALIVE,
            lingering_time=0.0,
            max_line_size=header_limit,
            max_field_size=header_limit,
            read_bufsize=READ_BUFFER,
        )
        self._ingress = ingress
        self._bounds = Connections(connections, ingress.budget.shed)

    def __call__(self) -> RequestHandler:
        """Make the protocol of a new connection."""
        return Connection(self, loop=self._loop, **self._kwargs)

    @property
    def patience(self) -> float:
        """Seconds that a request may take to arrive."""
        return self._ingress.rules.server.read_timeout

    def note(self, refused: Refused, connection: RequestHandler, headers: Mapping[str, str] | None = None) -> None:
        """Count and log a request that is refused before it has a route."""
        peer = self._ingress.peers.of(_address(connection), headers or {})
        self._ingress.refusals.note(refused, Knock(peer, agent=(headers or {}).get("User-Agent", "")))

    def begun(self, connection: Connection) -> None:
        """A request of a connection waits to be answered: the connection is not closed for the sake of others."""
        self._bounds.busy(connection)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Admit a connection, or refuse it."""
        super().connection_made(handler, transport)
        if (opened := transport.get_extra_info("socket")) is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        connection = cast(Connection, handler)
        address = _address(handler)
        peer = "" if self._ingress.peers.trusts(address) else self._ingress.peers.of(address, {})
        if not self._bounds.admit(connection, peer):
            connection.refuse(Refused(503, "Service Unavailable", "too many connections", cause="connections", retry=5))

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Forget a connection."""
        self._bounds.leave(cast(Connection, handler))
        super().connection_lost(handler, exc)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = cast(Connection, request.protocol)
        self._bounds.busy(connection)
        if refused := _other_version(request) or _unwanted(request):
            self.note(refused, connection, request.headers)
            response: Answered = _closing(refused)
        else:
            response = await self._ingress.handle(request)
        connection.judge(accepted=response.status < HTTPStatus.BAD_REQUEST)
        if connection.closing:
            response.force_close()
        if not request.content.is_eof():
            await _linger(request, response)
        self._bounds.idle(connection)
        return cast(web.StreamResponse, response)


def _says_chunked(data: bytes) -> bool:
    """Whether the first head in what arrived may announce chunks. Of one behind it, that is known when it is parsed."""
    end = data.find(_HEAD_END)
    return data.find(_CHUNKED, 0, end if end >= 0 else len(data)) >= 0


def _other_version(request: web.BaseRequest) -> Refused | None:
    """The refusal of a request of another version of HTTP; its answer is of version 1.1."""
    if request._message.version in (HttpVersion11, HttpVersion10):
        return None
    request._version = HttpVersion11
    return Refused(400, "Bad Request", "the version of HTTP is not 1.0 or 1.1", cause="protocol")


def _unwanted(request: web.BaseRequest) -> Refused | None:
    """The refusal of a request that is HTTP, but none that a webhook needs."""
    if request.method == "CONNECT":
        return Refused(405, "Method Not Allowed", "this is no proxy", cause="protocol")
    headers = request.headers
    if "Upgrade" in headers and headers["Upgrade"].strip().lower() != _UPGRADES_IGNORED:
        return Refused(400, "Bad Request", "there is no other protocol to upgrade to", cause="protocol")
    if request.version == HttpVersion10 and "Transfer-Encoding" in headers:
        return Refused(400, "Bad Request", "HTTP/1.0 has no Transfer-Encoding", cause="protocol")
    if not _HOST.fullmatch(headers.get("Host", "")):
        return Refused(400, "Bad Request", "the Host header names no host", cause="protocol")
    return None


def _closing(refused: Refused) -> Response:
    """The answer to a request that was not read, after which the connection ends."""
    again = {"Retry-After": str(refused.retry)} if refused.retry else None
    answer = problem(refused.status, refused.title, refused.detail, again)
    answer.force_close()
    return answer


async def _linger(request: web.BaseRequest, response: Answered) -> None:
    """Send the answer to a request that has not arrived whole, and give its sender a moment to read it.

    A connection that is closed while its sender still sends is reset, which may lose the answer. What arrives meanwhile
    is dropped, and read only up to a bound; not at all where there was no room for it.
    """
    response.force_close()
    with suppress(TimeoutError, ConnectionError, web.RequestPayloadError):
        await response.prepare(request)
        await response.write_eof()
        async with asyncio.timeout(LINGER):
            dropped = LINGER_BYTES if response.status == HTTPStatus.SERVICE_UNAVAILABLE else 0
            while not request.content.at_eof():
                dropped += len(await request.content.readany())
                if dropped >= LINGER_BYTES and request.transport is not None:
                    request.transport.pause_reading()
                    await asyncio.sleep(LINGER)


def _address(connection: RequestHandler) -> str:
    """The address at the other end of a connection."""
    name = connection.peername
    return str(name[0]) if isinstance(name, tuple) else ""
