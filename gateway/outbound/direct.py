"""A request over a connection of aiohttp's pool, without the objects and the task that its public client makes for it.

    connector --connection--> head and body in one write --> aiohttp's parser --> status, headers, body

The connector resolves, connects, shakes hands and keeps connections, and the parser reads the answer, as for the public
client: both meet the same servers in the same way. This module reaches below aiohttp's public API:
`tests/outbound/test_direct.py` names the versions that it fits.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import (
    BaseConnector,
    ClientOSError,
    ClientPayloadError,
    ClientRequest,
    ClientTimeout,
    ConnectionTimeoutError,
    ServerDisconnectedError,
    StreamReader,
)
from aiohttp.client import IDEMPOTENT_METHODS
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.streams import EMPTY_PAYLOAD
from multidict import CIMultiDictProxy
from yarl import URL

_SERVERS: Final = 256
"""The most servers that are remembered in the form in which the connector knows them."""

_UNTIMED: Final = ClientTimeout(total=None, sock_connect=None)
"""The timer of the whole exchange covers the connection, too."""

Answer = tuple[int, CIMultiDictProxy[str], bytes]
"""Status, headers, and the body up to a limit."""


class Protocol(ResponseHandler):
    """The end of a connection, which takes nothing for an answer that came before its request (RFC 9112 section 6.3).

    It also tells the reader of a body that the rest of it cannot be parsed.
    """

    def set_response_params(self, **given: Any) -> None:
        """Begin a request, unless the server said something since its last answer: then the connection ends."""
        if self._buffer:
            self._buffer.clear()
            self.abort()
            self.set_exception(ServerDisconnectedError())
        super().set_response_params(**given)

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """Fail whoever waits for an answer, or for more of one."""
        super().set_exception(exc, exc_cause or exc)
        body = self._payload
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(ClientPayloadError())


class Direct:
    """Sends requests over the connections of a connector, with the headers `common` in each.

    A request that the server dropped is repeated if its method allows it, unless the connector keeps no connections.
    """

    def __init__(self, connector: BaseConnector, common: Mapping[str, str]) -> None:
        self._connector = connector
        self._loop = asyncio.get_running_loop()
        self._repeats = frozenset() if connector.force_close else IDEMPOTENT_METHODS
        self._common = _lines(common)
        self._servers: dict[str, ClientRequest] = {}

    async def request(
        self,
        method: str,
        url: URL,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109 - one timer around the whole exchange
        limit: int,
    ) -> Answer:
        """Send one request, and read its answer with at most `limit` bytes of the body, within `timeout` seconds.

        Raises what aiohttp's client raises, but HttpProcessingError for an answer that is not proper HTTP; ValueError
        for a head that would be two.
        """
        message = self._head(method, url, body, headers) + (body or b"")
        until = self._loop.time() + timeout
        connection = await self._connect(method, url, until)
        try:
            return await self._exchange(connection, message, until, limit)
        except (ClientOSError, ServerDisconnectedError):
            if method not in self._repeats:  # RFC 9112 section 9.3.1
                raise
        return await self._exchange(await self._connect(method, url, until), message, until, limit)

    async def _exchange(self, connection: Connection, message: bytes, until: float, limit: int) -> Answer:
        protocol, transport = connection.protocol, connection.transport
        if protocol is None or transport is None:  # lost as soon as it was there
            connection.close()
            raise ServerDisconnectedError
        timer = self._loop.call_at(until, protocol._on_read_timeout)  # asyncio.timeout costs six times as much
        try:
            transport.write(message)
            answer, payload = await protocol.read()
            while 100 <= answer.code < 200 and answer.code != 101:
                answer, payload = await protocol.read()
            timer.cancel()
            content = await _read(payload, limit, until)
        except BaseException:
            timer.cancel()
            transport.abort()  # close() would go on sending to a server that reads slowly, or not at all
            connection.close()
            raise
        if payload.at_eof() and not transport.get_write_buffer_size():
            connection.release()
        else:
            connection.close()
        return answer.code, answer.headers, content

    async def _connect(self, method: str, url: URL, until: float) -> Connection:
        """A connection with a parser for the next answer: a kept one where the server has said nothing since, or new.

        Raises ConnectionTimeoutError when there is none by the time `until` of the event loop.
        """
        server = self._server(url)
        while (connection := await self._connector._get(server.connection_key, [])) is not None:
            if connection.protocol is not None and not connection.protocol.should_close:
                break
            connection.close()
        else:
            try:
                async with asyncio.timeout_at(until):
                    connection = await self._connector.connect(server, [], _UNTIMED)
            except TimeoutError:
                raise ConnectionTimeoutError from None
        if connection.protocol is not None:
            connection.protocol.set_response_params(skip_payload=method == "HEAD", read_until_eof=True)
        return connection

    def _server(self, url: URL) -> ClientRequest:
        """The request of aiohttp by which the connector knows the server of a URL."""
        name = f"{url.scheme}:{url.raw_authority}"
        found = self._servers.get(name)
        if found is None:
            if len(self._servers) >= _SERVERS:
                self._servers.clear()
            found = self._servers[name] = ClientRequest("GET", url.origin(), loop=self._loop)
        return found

    def _head(self, method: str, url: URL, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        lines = [
            f"{method} {url.raw_path_qs} HTTP/1.1",
            f"Host: {url.host_port_subcomponent}",
            *self._common,
            *_lines(headers),
        ]
        if body is not None or method != "GET":
            lines.append(f"Content-Length: {len(body or b'')}")
        head = "\r\n".join(lines)
        if head.count("\r") != len(lines) - 1 or head.count("\n") != len(lines) - 1 or "\0" in head:
            raise ValueError("a line break or NUL in the URL or a header of a request")
        return head.encode() + b"\r\n\r\n"


def _lines(headers: Mapping[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]


async def _read(payload: StreamReader, limit: int, until: float) -> bytes:
    """At most `limit` bytes of a body, by the time `until`; nearly every body is there with its head."""
    if payload.is_eof() and payload is not EMPTY_PAYLOAD and payload.total_bytes <= limit:
        whole = b"".join(payload._buffer)  # its own methods would have the parser look for more each time
        payload._buffer.clear()
        return whole
    async with asyncio.timeout_at(until):
        return await read_body(payload, limit)


async def read_body(payload: StreamReader, limit: int) -> bytes:
    """At most `limit` bytes of a body."""
    chunks: list[bytes] = []
    while limit > 0 and not payload.at_eof():
        chunk = await payload.read(limit)
        chunks.append(chunk)
        limit -= len(chunk)
    return b"".join(chunks)
