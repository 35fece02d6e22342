"""Whether a server answers, asked without a message."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.mattermost.health import answers
from gateway.outbound.sessions import open_session


@pytest.mark.parametrize(
    ("status", "found"), [(200, True), (404, True), (403, True), (429, True), (500, False), (502, False), (503, False)]
)
async def test_any_answer_below_500_counts(status, found):
    """Also that of a proxy that lets only some paths pass; one without a server behind it answers 502 to 504."""
    asked = []

    async def handle(request):
        asked.append((request.method, request.path))
        return web.Response(status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as server, open_session() as http:
        assert await answers(http, str(server.make_url("/mattermost")), 5.0) is found
    assert asked == [("GET", "/mattermost/api/v4/system/ping")]


async def test_a_closed_port_and_a_silent_server_do_not_answer():
    """Neither raises."""

    async def say_nothing(reader, writer):
        await reader.read(-1)
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    async with open_session() as http:
        assert not await answers(http, url, 0.2)
        silent.close()
        await silent.wait_closed()
        assert not await answers(http, url, 5.0)
