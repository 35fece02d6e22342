"""A server whose bytes are scripted: what goes over a connection, when, and how it ends is the test's choice."""

import asyncio
import fcntl
import socket
import ssl
import struct
import sys
import termios
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
"""The answer of a destination that is not odd."""


class Request:
    """A request as it came: `line`, `headers` (names as written, in order), `body`; `peer` numbers its connection."""

    def __init__(self, peer: int, head: bytes, body: bytes) -> None:
        self.peer = peer
        self.line, *lines = head.decode("latin-1").split("\r\n")[:-2]
        self.headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        self.body = body


class Peer:
    """One accepted connection. `number` counts from 1."""

    def __init__(self, wire: "Wire", number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self._wire = wire
        self._reader = reader
        self._writer = writer

    async def head(self) -> bytes:
        """Read the head of a request and leave its body."""
        return await self._reader.readuntil(b"\r\n\r\n")

    async def some(self) -> bytes:
        """Read what has come, at least one byte."""
        return await self._reader.read(65536)

    async def request(self) -> Request:
        """Read one request."""
        head = await self.head()
        sizes = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        got = Request(self.number, head, await self._reader.readexactly(int(sizes[0]) if sizes else 0))
        self._wire.requests.append(got)
        return got

    async def send(self, data: bytes, step: int = 0) -> None:
        """Send bytes: at once, or `step` by `step`, each in a packet of its own."""
        for start in range(0, len(data), step or len(data) or 1):
            self._writer.write(data[start : start + step] if step else data)
            await self._writer.drain()
            if step:
                await asyncio.sleep(0)

    async def taken(self) -> None:
        """Wait until the client has read what was sent."""
        raw = self._writer.get_extra_info("socket")
        while int.from_bytes(fcntl.ioctl(raw.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder):
            await asyncio.sleep(0.001)
        await breathe()

    def finish(self) -> None:
        """End what the server sends; the client may go on."""
        self._writer.write_eof()

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()

    def reset(self) -> None:
        """Close the connection by RST."""
        linger = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()

    async def gone(self) -> int:
        """Wait until the client has closed the connection; gives how many bytes came until then."""
        count = 0
        with suppress(OSError):
            while chunk := await self._reader.read(2**20):
                count += len(chunk)
        return count


Script = Callable[[Peer], Awaitable[None]]


class Wire:
    """Plays `script` on each connection, which stays open until the client closes it, or the script.

    `requests` are those that came, whole; `accepted` counts connections, `open` those of which the client has not gone.
    """

    def __init__(self, script: Script) -> None:
        self.requests: list[Request] = []
        self.accepted = 0
        self.open = 0
        self.port = 0
        self._script = script

    @asynccontextmanager
    async def serve(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[str]:
        """Serve on a free port until the context ends; gives the URL."""
        async with serving(self._talk, host, tls) as self.port:
            yield f"http{'s' if tls else ''}://{f'[{host}]' if ':' in host else host}:{self.port}/hooks/x"

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.open += 1
        peer = Peer(self, self.accepted, reader, writer)
        try:
            with suppress(asyncio.CancelledError):
                with suppress(OSError, asyncio.IncompleteReadError):
                    await self._script(peer)
                await peer.gone()
        finally:
            self.open -= 1
            writer.transport.abort()


@asynccontextmanager
async def serving(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """Let `talk` serve each connection of a free port, which this gives; what it does then ends with the context."""
    talks = set()

    async def noted(reader, writer):
        talks.add(asyncio.current_task())
        await talk(reader, writer)

    server = await asyncio.start_server(noted, host, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for one in talks:
            one.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def breathe() -> None:
    """Let everything happen that is ready to happen."""
    for _ in range(10):
        await asyncio.sleep(0)


def answers(*each: bytes, step: int = 0, end: str = "") -> Script:
    """A script: to each request one of the answers, in turn and round; `end` it by "close", "reset" or not at all."""

    async def script(peer: Peer) -> None:
        served = 0
        while True:
            await peer.request()
            await peer.send(each[served % len(each)], step)
            served += 1
            if end and served % len(each) == 0:
                getattr(peer, end)()
                return

    return script


def apart(first: bytes, then: bytes) -> Script:
    """A script: to each request one answer in two parts, the second when the client has read the first."""

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(first)
            await peer.taken()
            await peer.send(then)

    return script
