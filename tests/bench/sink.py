"""What stands behind the gateway: answers as Mattermost does, incoming webhooks and REST, and counts the messages."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import cast

_OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nVary: Origin\r\nVary: Accept-Encoding\r\n"
    b"X-Request-Id: 7pzkxbyr1tyjjkhb7i5wy5eqno\r\nX-Version-Id: 10.5.0\r\n"
    b"Date: Mon, 02 Mar 2026 09:20:31 GMT\r\nContent-Length: 2\r\n\r\nok"
)


_DOCUMENT = b'{"id":"7pzkxbyr1tyjjkhb7i5wy5eqno","delete_at":0,"props":{"filler":"%s"}}' % (b"x" * 900)
_JSON = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(_DOCUMENT), _DOCUMENT)
_FOUND = b"HTTP/1.1 200 OK\r\n" + _JSON
_CREATED = b"HTTP/1.1 201 Created\r\n" + _JSON


class Sink:
    """Counts the messages that arrived, on all connections together.

    With `delay`, it answers a message after so many seconds, and `gaps` has the seconds from each answer until the next
    message was there: what whoever posts one message after the other took by itself.
    """

    def __init__(self, port: int, delay: float = 0.0) -> None:
        self.port = port
        self.delay = delay
        self.count = 0
        self.gaps: list[float] = []
        self._answered = 0.0
        self._expected = 0
        self._there = asyncio.Event()

    def arrived(self) -> None:
        """Count one message."""
        self.count += 1
        if self.count == self._expected:
            self._there.set()

    async def reach(self, count: int, seconds: float) -> None:
        """Wait until `count` messages have arrived in all. Raises TimeoutError."""
        if self.count < count:
            self._expected = count
            self._there.clear()
            try:
                await asyncio.wait_for(self._there.wait(), seconds)
            except TimeoutError:
                raise TimeoutError(f"{count - self.count} messages have not arrived") from None

    def answer_later(self, write: Callable[[bytes], None], answer: bytes) -> None:
        """Answer a message that has just arrived after the delay."""
        if self._answered:
            self.gaps.append(perf_counter() - self._answered)

        def now() -> None:
            write(answer)
            self._answered = perf_counter()

        asyncio.get_running_loop().call_later(self.delay, now)


class _Connection(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._have = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast(asyncio.Transport, transport).write

    def data_received(self, data: bytes) -> None:
        have = self._have
        have += data
        end = have.find(b"\r\n\r\n")
        if end < 0 or len(have) < end + 4 + _length(have, end):
            return
        answer = _FOUND if have.startswith(b"GET") else _CREATED if have.startswith(b"POST /api") else _OK
        have.clear()
        if answer is not _FOUND:
            self._sink.arrived()
            if self._sink.delay:
                self._sink.answer_later(self._write, answer)
                return
        self._write(answer)


def _length(head: bytearray, end: int) -> int:
    at = head.lower().find(b"content-length: ", 0, end) + 16
    return int(head[at : head.find(b"\r", at)]) if at >= 16 else 0


@asynccontextmanager
async def serving(port: int = 0, delay: float = 0.0) -> AsyncIterator[Sink]:
    """A sink on a port of its own, within the block; it answers a message after `delay` seconds."""
    sink = Sink(0, delay)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(sink), "127.0.0.1", port)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
