"""The gateway's own responses are what aiohttp's would be, on the wire."""

import asyncio
import re
from contextlib import asynccontextmanager

import pytest
from aiohttp import HttpVersion11, web

from gateway.ingress.response import Response

BODY = b'{"id": "e1"}'
REQUESTS = {
    "usual": b"POST / HTTP/1.1\r\nHost: x\r\n\r\n",
    "close": b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "1.0": b"POST / HTTP/1.0\r\n\r\n",
    "1.0, kept": b"POST / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "no body wanted": b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "two at once": b"POST / HTTP/1.1\r\nHost: x\r\n\r\nPOST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
}
FORMS = [(202, {}, False), (503, {"Retry-After": "10"}, False), (400, {}, True)]


@asynccontextmanager
async def serving(handler):
    """A server of aiohttp; gives its port."""
    server = await asyncio.get_running_loop().create_server(web.Server(handler, access_log=None), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def said(make, request):
    """What a server says to the end, whose handler answers with `make()`; and whether it closes by itself."""

    async def handler(_):
        return make()

    async with serving(handler) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        said = b""
        for _ in range(request.count(b"\r\n\r\n")):
            head = await reader.readuntil(b"\r\n\r\n")
            size = 0 if request.startswith(b"HEAD") else int(re.search(rb"Content-Length: (\d+)", head)[1])
            said += head + await reader.readexactly(size)
            if b"Connection: close" in head:
                break
        writer.write_eof()
        said += await reader.read()
        writer.close()
    return sorted(re.sub(rb"Date: [^\r]+", b"Date: now", said).split(b"\r\n"))


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize(("status", "headers", "closed"), FORMS)
async def test_it_is_what_aiohttp_sends(request_, status, headers, closed):
    """The same lines go over the wire for each version of HTTP, kept connections or not."""

    def ours():
        made = Response(status, BODY, "application/json", headers)
        if closed:
            made.force_close()
        return made

    def theirs():
        made = web.Response(status=status, body=BODY, content_type="application/json", headers=headers)
        if closed:
            made.force_close()
        return made

    assert await said(ours, request_) == await said(theirs, request_)


async def test_a_response_without_a_body():
    """It has a head all the same, also where no body is wanted."""
    for request in (REQUESTS["close"], REQUESTS["no body wanted"]):
        assert b"Content-Length: 0" in await said(lambda: Response(200, b"", "text/plain"), request)


def test_the_date_is_that_of_now(monkeypatch):
    """It is an HTTP date (RFC 9110 section 5.6.7), and goes on."""
    for now, date in ((0.9, "Thu, 01 Jan 1970 00:00:00 GMT"), (1772443231.0, "Mon, 02 Mar 2026 09:20:31 GMT")):
        monkeypatch.setattr("gateway.ingress.response.time", lambda now=now: now)
        assert f"\r\nDate: {date}\r\n".encode() in Response(200, BODY, "text/plain").encoded(HttpVersion11)


async def test_it_is_sent_once():
    """A response that was sent before its handler returned is not sent again."""

    async def handler(request):
        made = Response(200, BODY, "text/plain")
        made.force_close()
        await made.prepare(request)
        await made.write_eof()
        return made

    async with serving(handler) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUESTS["usual"])
        assert (await reader.read()).count(b"HTTP/1.1 200 OK") == 1
        writer.close()


async def test_a_sender_that_is_gone():
    """That is an error of the connection, as with aiohttp's own responses."""
    gone = asyncio.Event()

    async def handler(request):
        request.transport.abort()
        made = Response(200, BODY, "text/plain")
        await made.prepare(request)
        with pytest.raises(ConnectionError):
            await made.write_eof()
        gone.set()
        return made

    async with serving(handler) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUESTS["usual"])
        await gone.wait()
        writer.close()
