"""Calls of integrations: what goes out, how much comes back, and what is no answer."""

import asyncio

import pytest
from aiohttp import web

from gateway.standin.outside import NoAnswerError, Outside
from gateway.standin.world import World
from tests.conftest import eventually


@pytest.fixture
async def outside(world: World):
    """Give the outside of a world, running."""
    found = Outside(world)
    running = found.run(web.Application())
    await anext(running)
    yield found
    with pytest.raises(StopAsyncIteration):
        await anext(running)


@pytest.fixture
async def target(aiohttp_server):
    """Give the address of a service that tells how it was called, and the requests."""
    seen = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request)
        await asyncio.sleep(float(request.query.get("wait", 0)))
        return web.Response(status=404, body=b"x" * 1000, headers={"Content-Type": "a/b"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    server = await aiohttp_server(app)
    return f"{server.host}:{server.port}", seen


async def test_an_answer_is_read_up_to_its_limit(outside, target):
    """Whatever its status."""
    place, seen = target
    answer = await outside.ask("POST", f"http://{place}/a%2Fb?q=%2B", b"x", {"Content-Type": "c/d"}, limit=10)
    assert (answer.status, answer.reason, answer.content_type, answer.body) == (404, "Not Found", "a/b", b"x" * 10)
    assert seen[0].raw_path == "/a%2Fb?q=%2B"
    assert set(seen[0].headers) == {
        "Host", "User-Agent", "Accept", "Accept-Encoding", "Content-Type", "Content-Length",
    }  # fmt: skip


async def test_credentials_of_the_address_give_way_to_those_of_the_headers(outside, target):
    """Without others they become Basic ones."""
    place, seen = target
    await outside.ask("GET", f"http://a:b@{place}/", None, {})
    await outside.ask("GET", f"http://a:b@{place}/", None, {"Authorization": "Token x"})
    assert [request.headers["Authorization"] for request in seen] == ["Basic YTpi", "Token x"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://", "no address", "http://[::1", "http://x.invalid/"])
async def test_no_answer(outside, url):
    """Nobody there, nor an address."""
    with pytest.raises(NoAnswerError):
        await outside.ask("POST", url, b"", {})


async def test_inside_and_slow_ones_give_no_answer(world, outside, target):
    """The time is that of the settings; a host of the inside is called when it, or its network, is named."""
    place, _ = target
    world.settings.service.outgoing_integration_requests_timeout = 0
    with pytest.raises(NoAnswerError, match="Timeout"):
        await outside.ask("GET", f"http://{place}/?wait=1", None, {})
    world.settings.service.outgoing_integration_requests_timeout = 30
    for allowed in ("", "localhost", "10.0.0.0/8"):
        world.settings.service.allowed_untrusted_internal_connections = allowed
        with pytest.raises(NoAnswerError, match="forbidden"):
            await outside.ask("GET", f"http://{place}/", None, {})
    world.settings.service.allowed_untrusted_internal_connections = "x, 127.0.0.0/8"
    assert (await outside.ask("GET", f"http://{place}/", None, {})).status == 404


async def test_what_goes_on_ends_with_the_server(world):
    """Calls that nobody waits for are cancelled; before and after, nothing is called."""
    outside, ended = Outside(world), []

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(True)

    running = outside.run(web.Application())
    with pytest.raises(NoAnswerError):
        await outside.ask("GET", "http://127.0.0.1/", None, {})
    await anext(running)
    outside.begin(work())
    await asyncio.sleep(0)
    with pytest.raises(StopAsyncIteration):
        await anext(running)
    await eventually(lambda: ended == [True])
