"""Commands: what a test sees of them, and how long a later answer may come."""

import json

import pytest

from gateway.standin import commands
from gateway.standin.refusal import RefusedError


async def test_a_command_by_the_helpers_of_tests(standin, client, integration):
    """Made, executed and answered in the channel; the token is that of the command."""
    made = standin.add_command("deploy", integration.url)
    standin.add_channel("room")
    integration.answers = [{"text": "done", "response_type": "in_channel"}]
    told = await standin.execute("owner", "room", "/deploy shop v2")
    form = await integration.form()
    assert (form["token"], form["text"], form["channel_name"]) == (made.token, "shop v2", "room")
    assert form["response_url"].startswith(client.url)
    assert (told["response_type"], standin.posts[0].message, standin.posts[0].user) == ("in_channel", "done", "owner")
    with pytest.raises(RefusedError, match="not_found"):
        await standin.execute("owner", "room", "/nothing")


async def test_later_answers_have_half_an_hour(standin, client, integration, monkeypatch):
    """Then the address is unknown, and forgotten with the next command."""
    standin.add_command("deploy", integration.url)
    moment = commands.now()
    monkeypatch.setattr(commands, "now", lambda: moment)
    await standin.execute("owner", "town-square", "/deploy")
    (later,) = standin._world.delayed
    moment += commands.LIFE - 1
    assert (await client.ask("POST", f"/hooks/commands/{later}", b"x"))[0] == 200
    moment += 1
    status, text, _ = await client.ask("POST", f"/hooks/commands/{later}", b"x")
    assert (status, json.loads(text)["id"]) == (404, "web.command_webhook.general.app_error")
    await standin.execute("owner", "town-square", "/deploy")
    assert later not in standin._world.delayed


async def test_commands_may_be_off(standin, client):
    """None is made, none is executed."""
    standin.settings.service.enable_commands = False
    with pytest.raises(RefusedError, match="501"):
        standin.add_command("deploy", "http://x")
    with pytest.raises(RefusedError, match="501"):
        await standin.execute("owner", "town-square", "/deploy")
