"""A small HTTP proxy: CONNECT, and requests in absolute form, one on each connection."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from tests.outbound.wire import serving


class Proxy:
    """Forwards to the ports of `hosts`, which it alone can resolve, and to every other host as it is named.

    `credentials` (USER:PASSWORD) are asked for when they are given; every request is answered `refusal` when that is
    set. `asked` are method and target of each request, `headers` are theirs, with names in lower case.
    """

    def __init__(self, hosts: Mapping[str, int] | None = None, credentials: str = "", refusal: int = 0) -> None:
        self.hosts = hosts or {}
        self.refusal = refusal
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.port = 0
        self._wanted = f"Basic {base64.b64encode(credentials.encode()).decode()}" if credentials else ""

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Serve on a free port until the context ends; gives the URL."""
        async with serving(self._talk) as self.port:
            yield f"http://127.0.0.1:{self.port}"

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._serve_one(reader, writer)
        await _close(writer)

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        method, target, _ = first.split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        self.asked.append(f"{method} {target}")
        self.headers.append(headers)
        status = 407 if headers.get("proxy-authorization", "") != self._wanted else self.refusal
        if status:
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
            return
        authority, _, path = (target, "", "") if method == "CONNECT" else target.split("//", 1)[1].partition("/")
        host, _, port = authority.partition(":")
        name = host if host not in self.hosts else "127.0.0.1"
        there, back = await asyncio.open_connection(name, self.hosts.get(host, int(port or 80)))
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            kept = [line for line in lines if not line.lower().startswith(("connection:", "proxy-"))]
            back.write("\r\n".join([f"{method} /{path} HTTP/1.1", *kept, "Connection: close", "", ""]).encode())
        try:
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
        finally:
            await _close(back)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
