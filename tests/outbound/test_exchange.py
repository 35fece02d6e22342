"""One request and its answer, over real HTTP: bounded in bytes and time, never redirected."""

import asyncio

import pytest
from aiohttp import web
from yarl import URL

from gateway.outbound.exchange import BODY_LIMIT, Unsent, exchange
from gateway.outbound.sessions import open_session

SECRET = "y3ndrf8gejkmcpqxot1uwisza5"


@pytest.fixture
async def ask(aiohttp_server):
    """Give a function: serve a handler, and exchange one request with it."""
    async with open_session() as session:

        async def ask(handler, method="POST", body=b"{}", timeout=20.0):
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", handler)
            server = await aiohttp_server(app)
            return await exchange(session, method, server.make_url(f"/hooks/{SECRET}"), body, {"X-A": "1"}, timeout)

        yield ask


async def test_an_answer_is_status_headers_and_body(ask):
    """What the server answers comes back whole, whatever its status; header names are looked up in any case."""

    async def handler(request):
        assert (request.method, request.headers["x-a"], await request.read()) == ("PUT", "1", b"[1]")
        return web.Response(status=418, body=b"teapot", headers={"Retry-After": "3"})

    reply = await ask(handler, "PUT", b"[1]")
    assert (reply.status, reply.headers["retry-after"], reply.body) == (418, "3", b"teapot")


async def test_redirects_are_not_followed(ask):
    """A redirect is an answer, not a detour: the request goes nowhere else."""
    calls = []

    async def handler(request):
        calls.append(request.path)
        raise web.HTTPTemporaryRedirect("/elsewhere")

    assert (await ask(handler)).status == 307
    assert len(calls) == 1


async def test_an_endless_answer_is_cut(ask):
    """No more than the limit is read of an answer, however long it goes on."""

    async def handler(request):
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 1000)
        except ConnectionError:
            pass
        return response

    assert len((await ask(handler)).body) == BODY_LIMIT


@pytest.mark.parametrize("begun", [False, True])
async def test_time_covers_the_whole_exchange(ask, begun):
    """No answer in time is none, also when its headers came and its body does not."""
    over = asyncio.Event()

    async def handler(request):
        response = web.StreamResponse()
        if begun:
            await response.prepare(request)
        await over.wait()
        return response

    with pytest.raises(Unsent) as caught:
        await ask(handler, timeout=0.3)
    over.set()
    assert caught.value.result.code == "timeout"


async def test_a_connection_that_breaks(ask):
    """A connection closed before the answer tells neither the URL nor what was on it."""

    async def handler(request):
        request.transport.abort()
        return web.Response()

    with pytest.raises(Unsent) as caught:
        await ask(handler)
    assert caught.value.result.code == "network"
    assert SECRET not in str(caught.value)


async def test_a_url_that_is_none():
    """What cannot be asked for is a result, too."""
    async with open_session() as session:
        with pytest.raises(Unsent) as caught:
            await exchange(session, "GET", "https:///no-host", None, None, 1.0)
        with pytest.raises(Unsent):
            await exchange(session, "GET", URL("gopher://example.com/"), None, None, 1.0)
    assert "the URL cannot be used" in str(caught.value)
