"""What `check --live` finds about a bot, at a stand-in."""

import pytest
from aiohttp import web

from gateway.app.live_bots import probe_bot
from gateway.mattermost.probe import Level
from gateway.mattermost.session import Session, TokenAccount
from gateway.outbound.sessions import open_session
from gateway.secret import Secret
from gateway.settings.callbacks import BotSettings, CallbackSettings
from gateway.standin.server import StandIn


@pytest.fixture
async def standin():
    """Give a served stand-in with two channels."""
    made = StandIn()
    made.add_channel("ops")
    made.add_channel("dev")
    async with made.serve() as url:
        made.url = url
        yield made


async def looked_at(standin, token, *channels, url=""):
    """The findings about the bot of a token, for a table that listens in these channels."""
    server = url or standin.url
    bot = BotSettings(name="b", server=server, token=Secret(token))
    table = CallbackSettings(name="c", service="acme", bot="b", channels=channels)
    async with open_session() as http:
        session = Session(server, TokenAccount(Secret(token)), http)
        return [(one.level, one.text) for one in await probe_bot(bot, [table], session, http)]


async def test_a_bot_that_works(standin):
    """Its account, its permissions, the channels that it hears, by name or id, and its WebSocket."""
    token = standin.add_bot("gate")
    standin.join("gate", "ops")
    assert await looked_at(standin, token, "ops", standin.add_channel("ops")) == [
        (Level.FINE, "speaks as the bot gate"),
        (Level.FINE, "may post in the channels that it is a member of"),
        (Level.FINE, "hears ops"),
        (Level.FINE, f"hears {standin.add_channel('ops')}"),
        (Level.FINE, "hears over a WebSocket"),
    ]
    assert not standin.posts


@pytest.mark.parametrize(
    ("role", "level", "words"),
    [
        ("system_post_all", Level.FINE, "(post:all)"),
        ("system_post_all_public", Level.FINE, "(post:channels)"),
        ("system_admin", Level.WARNING, "a bot needs less"),
    ],
)
async def test_permissions_are_told_apart(standin, role, level, words):
    """As Mattermost's pages call them."""
    token = standin.add_bot("gate", roles=f"system_user {role}")
    found = (await looked_at(standin, token))[1]
    assert (found[0], words in found[1]) == (level, True)


async def test_what_it_does_not_hear(standin):
    """A channel that it is not in, one that is not there, and all of them without a team."""
    token = standin.add_bot("gate")
    faults = [text for level, text in await looked_at(standin, token, "dev", "nowhere") if level is Level.FAULT]
    assert [one.split(",")[0] for one in faults] == [
        "is not a member of dev", "there is no channel nowhere in its teams",
    ]  # fmt: skip
    standin._world.teams[next(iter(standin._world.teams))].members.clear()
    assert any("is in no team" in text for _, text in await looked_at(standin, token))


async def test_an_account_that_cannot_be_used(standin):
    """Nothing else is told."""
    ((level, text),) = await looked_at(standin, "revoked")
    assert (level, "the token is not valid" in text) == (Level.FAULT, True)


async def test_a_proxy_that_passes_no_websocket(standin, aiohttp_server):
    """The remedy names what the proxy has to pass."""
    token = standin.add_bot("gate")

    async def pass_on(request):
        if request.path.endswith("/websocket"):
            return web.Response(status=400)
        async with open_session() as http:
            headers = {"Authorization": request.headers["Authorization"]}
            status, given, body = await http.request("GET", standin.url + request.path, None, headers, 5, 100_000)
        return web.Response(status=status, body=body, content_type=given["Content-Type"])

    application = web.Application()
    application.router.add_get("/{path:.*}", pass_on)
    proxy = await aiohttp_server(application)
    level, text = (await looked_at(standin, token, url=str(proxy.make_url("")).rstrip("/")))[-1]
    assert (level, text.startswith("cannot hear over a WebSocket: 400")) == (Level.FAULT, True)
    assert "Upgrade" in text
