"""The short way over aiohttp's connections: which requests take it, and that nothing can be smuggled into one.

What becomes of the answers of odd servers is tested in `test_oddities`.
"""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from gateway.outbound import direct
from gateway.outbound.direct import Direct
from gateway.outbound.exchange import Unsent, exchange
from gateway.outbound.sessions import open_session
from tests.conftest import PATIENCE
from tests.outbound.client import HEADERS
from tests.outbound.proxy import Proxy
from tests.outbound.wire import OK as GOOD
from tests.outbound.wire import Wire


def test_it_fits_this_version_of_aiohttp():
    """The module reaches below aiohttp's public API: whoever takes another version looks at it again."""
    assert aiohttp.__version__.startswith("3.14.")


@pytest.fixture
async def seen(aiohttp_server):
    """The requests that reached a server; `url` is its URL."""

    async def handler(request):
        found.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        return web.Response(text="ok")

    class Seen(list):
        url = URL()

    found = Seen()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    found.url = (await aiohttp_server(app)).make_url("/")
    return found


@pytest.fixture
def short(monkeypatch):
    """The URLs of requests that took the short way."""
    taken = []
    request = Direct.request

    async def noted(self, method, url, *more):
        taken.append(str(url))
        return await request(self, method, url, *more)

    monkeypatch.setattr(Direct, "request", noted)
    return taken


async def test_both_ways_send_the_same(seen, short):
    """Method, path, headers and body are the same, whichever way a request takes."""

    async def through(request, handler):
        return await handler(request)

    headers = CIMultiDict({"Content-Type": "application/json", "X-Token": "\u00e4"})
    url = seen.url / "hooks" / "a b%2Fc" % {"q": "x y", "z": "\u00fc"}
    for middlewares in ((), (through,)):
        async with open_session(True, middlewares) as http:
            for method, body in (("POST", b'{"a": 1}'), ("POST", None), ("PUT", b""), ("DELETE", None), ("GET", None)):
                assert (await exchange(http, method, url, body, headers, 20.0)).body == b"ok"
    assert seen[:5] == seen[5:]
    assert len(short) == 5


async def test_what_needs_more_goes_through_the_client(seen, short):
    """A proxy, a middleware and credentials in the URL are matters of aiohttp's client."""
    proxy = Proxy()
    async with proxy.serve() as way, open_session(True, (), way) as http:
        assert (await exchange(http, "GET", seen.url, None, None, 20.0)).status == 200
    async with open_session() as http:
        assert (await exchange(http, "GET", seen.url.with_user("me"), None, None, 20.0)).status == 200
    assert not short
    assert seen[-1][2]["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "headers", [{"X-A": "1\r\nX-B: 2"}, {"X-A\n": "1"}, {"X-A": "1\n"}, {"X-A": "\r"}, {"X-A": "\0"}]
)
async def test_a_head_stays_one_head(seen, headers):
    """A line break or NUL in a header is an error before anything is sent."""
    async with open_session() as http:
        with pytest.raises(ValueError, match="line break or NUL"):
            await exchange(http, "POST", seen.url, b"{}", headers, 20.0)
        assert (await exchange(http, "POST", seen.url, b"{}", {"X-A": "1"}, 20.0)).status == 200
    assert len(seen) == 1


async def test_servers_are_remembered_up_to_a_bound(aiohttp_server, monkeypatch):
    """Very many servers take no more memory than a few."""
    monkeypatch.setattr(direct, "_SERVERS", 2)
    servers = [await aiohttp_server(web.Application()) for _ in range(4)]
    async with open_session() as http:
        for server in (*servers, *servers):
            assert (await exchange(http, "GET", server.make_url("/"), None, None, 20.0)).status == 404
        assert len(http._direct._servers) <= 2


async def test_what_was_said_unasked_is_no_answer_to_the_client_either(short):
    """A request of aiohttp's own client fails on such a connection, and the next one has a new one."""

    async def through(request, handler):
        return await handler(request)

    said = asyncio.Event()

    async def script(peer):
        await peer.request()
        await peer.send(GOOD)
        if peer.number == 1:
            await peer.taken()
            await peer.send(GOOD)
            await peer.taken()
            said.set()
        await peer.gone()

    async with Wire(script).serve() as url, open_session(True, (through,)) as http:
        assert (await exchange(http, "POST", url, b"{}", HEADERS, PATIENCE)).body == b"ok"
        await said.wait()
        with pytest.raises(Unsent):
            await exchange(http, "POST", url, b"{}", HEADERS, PATIENCE)
        assert (await exchange(http, "POST", url, b"{}", HEADERS, PATIENCE)).body == b"ok"
    assert not short
