"""Setting up integrations over REST, at a stand-in."""

import pytest

from gateway.mattermost.integrations import COMMANDS, HOOKS, Integrations
from gateway.mattermost.session import Session, TokenAccount
from gateway.outbound.exchange import Unsent
from gateway.outbound.sessions import open_session
from gateway.secret import Secret
from gateway.standin.server import StandIn

TOKEN = Secret("abcdefghijklmnopqrstuvwxyz")
URL = "http://gate.example.com/out/c"


@pytest.fixture
async def server():
    """Give a stand-in, and a function that makes the calls of an account of it."""
    standin = StandIn()
    async with standin.serve() as url, open_session() as http:
        yield standin, lambda token: Integrations(Session(url, TokenAccount(Secret(token)), http))


@pytest.fixture
def admin(server):
    """Give the calls of an administrator."""
    standin, calls = server
    return calls(standin.add_bot("boss", roles="system_admin system_user"))


async def test_webhooks_and_commands(server, admin):
    """They have the token that they are made with, also after a change."""
    (team,) = await admin.teams()
    hook = await admin.create(HOOKS, {"team_id": team.id, "trigger_words": ["a"], "callback_urls": [URL]}, TOKEN)
    assert (hook.token, hook.team) == (TOKEN, team.id)
    changed = await admin.update(HOOKS, hook, {"trigger_words": ["b"]}, hook.token)
    assert (changed.token, changed.fields["trigger_words"]) == (TOKEN, ["b"])
    assert [one.fields["id"] for one in await admin.hooks()] == [hook.fields["id"]]
    command = await admin.create(COMMANDS, {"team_id": team.id, "trigger": "c", "url": URL, "method": "P"}, TOKEN)
    assert (await admin.update(COMMANDS, command, {"auto_complete_hint": "h"}, TOKEN)).token == TOKEN
    assert [one.fields["auto_complete_hint"] for one in await admin.commands(team.id)] == ["h"]
    assert TOKEN.reveal() not in repr([hook, command])


async def test_bots(server, admin):
    """An account with a token, a role, a team and a channel; the token may be revoked."""
    standin, calls = server
    (team,) = await admin.teams()
    channel = standin.add_channel("ops")
    assert await admin.user("helper") is None
    user = await admin.create_bot("helper", "a bot")
    token = await admin.new_token(user, "for the gateway")
    assert (await admin.user("Helper")).id == user
    await admin.set_roles(user, "system_user system_post_all")
    for place in (f"teams/{team.id}", f"channels/{channel}"):
        assert not await admin.is_in(place, user)
        await admin.add_to(place, user)
        assert await admin.is_in(place, user)
    assert [one.name for one in await admin.teams_of(user)] == ["home"]
    assert await admin.channel_name(channel) == "ops"
    assert (await calls(token.token.reveal()).user("helper")).roles == "system_user system_post_all"
    await admin.revoke(token)
    with pytest.raises(Unsent, match="the token is not valid"):
        await calls(token.token.reveal()).user("helper")


async def test_what_the_server_allows(server, admin):
    """The setting is an administrator's to read."""
    standin, calls = server
    standin.settings.service.allowed_untrusted_internal_connections = "gate 10.0.0.0/8"
    assert await admin.allowed_connections() == "gate 10.0.0.0/8"
    with pytest.raises(Unsent, match="take the token of a system administrator"):
        await calls(standin.add_bot("plain")).allowed_connections()


async def test_refusals_say_what_to_do(server, admin):
    """In words of who sets up integrations, with the error that Mattermost gives."""
    standin, _ = server
    (team,) = await admin.teams()
    with pytest.raises(Unsent, match="of Mattermost itself, has this trigger"):
        await admin.create(COMMANDS, {"team_id": team.id, "trigger": "away", "url": URL, "method": "P"}, TOKEN)
    standin.settings.service.enable_commands = False
    with pytest.raises(Unsent, match="turn on EnableCommands"):
        await admin.create(COMMANDS, {"team_id": team.id, "trigger": "c", "url": URL, "method": "P"}, TOKEN)
    standin.fail_next(1, 503)
    with pytest.raises(Unsent, match="503"):
        await admin.teams()
