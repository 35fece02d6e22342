"""Whether Mattermost reaches the gateway, as far as it can be told from here."""

import pytest
from aiohttp import web

from gateway.app.reach import answers_here, is_called
from gateway.mattermost.integrations import Integrations
from gateway.mattermost.probe import Level
from gateway.mattermost.session import Session, TokenAccount
from gateway.outbound.sessions import open_session
from gateway.secret import Secret
from gateway.standin.server import StandIn


@pytest.mark.parametrize(
    ("url", "allowed", "level", "hint"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1", Level.FINE, "Mattermost calls 127.0.0.1"),
        ("http://localhost:8080", "127.0.0.1", Level.FAULT, "write localhost into"),
        ("https://nowhere.invalid", "", Level.WARNING, "has no address here"),
    ],
)
async def test_the_settings_of_the_server_tell(url, allowed, level, hint):
    """With an administrator's rights; without them, it cannot be told."""
    standin = StandIn()
    standin.settings.service.allowed_untrusted_internal_connections = allowed
    tokens = standin.add_bot("boss", roles="system_admin"), standin.add_bot("plain")
    async with standin.serve() as server, open_session() as http:
        boss, plain = (Integrations(Session(server, TokenAccount(Secret(one)), http)) for one in tokens)
        found = await is_called(boss, url)
        assert (found.level, hint in found.text) == (level, True)
        found = await is_called(plain, url)
        assert (found.level, "only an administrator" in found.text) == (Level.WARNING, True)


async def test_a_gateway_answers_here(start, aiohttp_server):
    """It is known by the way it refuses; what stands in its place is no gateway, and silence proves nothing."""
    gateway = await start()
    async with open_session() as http:
        assert (await answers_here(gateway.url, http, 5)).level is Level.FINE
        other = await aiohttp_server(web.Application())
        url = str(other.make_url("/"))
        found = await answers_here(url, http, 5)
        assert (found.level, "is no gateway (404)" in found.text) == (Level.FAULT, True)
        await other.close()
        assert (await answers_here(url, http, 5)).level is Level.WARNING
