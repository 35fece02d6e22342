"""`connect` for webhooks and commands: at a stand-in, once and again."""

import pytest

from gateway.errors import SettingsError
from gateway.outbound.exchange import Unsent
from gateway.standin import integrations
from tests.app.conftest import BOT, TABLE
from tests.callbacks.conftest import ASK

OURS = "https://127.0.0.1:9/command/c"


def there(standin):
    """The webhooks and commands of a stand-in."""
    return [*standin._world.outgoing.values()], [*standin._world.commands.values()]


async def test_a_webhook_and_a_command_with_the_token_of_the_file(connector):
    """The first run makes them, the second finds nothing to do, whatever was asked for before."""
    done = await connector.run(triggers=("!ask",))
    assert done == [
        f"write token into {connector.folder}/tokens/c",
        "create outgoing webhook for !ask home",
        "create slash command /ask home",
    ]
    (hook,), (command,) = there(connector.standin)
    assert hook.token == command.token == connector.text("tokens/c")
    assert (hook.callback_urls, hook.content_type) == (["https://127.0.0.1:9/out/c"], "application/json")
    assert (command.url, command.method, command.auto_complete) == (OURS, "P", True)
    assert await connector.run() == [
        "nothing outgoing webhook for !ask home",
        "nothing slash command /ask home",
    ]


async def test_only_what_differs_is_changed(connector):
    """Others keep their tokens, and what somebody made by hand is found by its URL."""
    connector.documents = {"ask": ASK}
    made = connector.standin.add_command("ask", OURS, auto_complete=False)
    other = connector.standin.add_command("other", "https://other.example.com")
    first, *rest = await connector.run()
    assert first == f"write token into {connector.folder}/tokens/c"
    assert rest[0].startswith("update slash command /ask home auto_complete: ")
    commands = {one.trigger: one for one in there(connector.standin)[1]}
    assert commands["ask"].auto_complete_desc == "Ask"
    assert commands["ask"].token == connector.text("tokens/c") == made.token
    assert commands["other"] == other


async def test_a_token_that_was_made_anew_there_is_taken_over(connector):
    """The file gets it; where the settings name no file, one beside them does, and that is told."""
    await connector.run(triggers=("!ask",))
    for hook in there(connector.standin)[0]:
        hook.token = "new".ljust(26, "0")
    command = there(connector.standin)[1][0]
    connector.write(TABLE.replace("tokens_file", "tokens").replace("tokens/c", command.token))
    assert (await connector.run())[0] == (
        f"write token into {connector.folder}/tokens/callbacks.c let the settings name it: "
        'tokens_file = ["tokens/callbacks.c"] in [callbacks.c]'
    )
    assert connector.text("tokens/callbacks.c") == "new".ljust(26, "0")
    assert not [one for one in await connector.run() if not one.startswith("nothing")]


async def test_a_webhook_without_a_token_gets_one(connector):
    """Somebody changed it over REST, and did not send it along."""
    await connector.run(triggers=("!ask",))
    (hook,), _ = there(connector.standin)
    hook.token = ""
    assert "update outgoing webhook for !ask home it has no token" in await connector.run()
    assert there(connector.standin)[0][0].token == connector.text("tokens/c")


@pytest.mark.parametrize(
    ("choice", "hint"),
    [
        ({}, "cannot outgoing webhook home say which messages call it"),
        ({"channels": ("nowhere",)}, "the channel 'nowhere' does not exist"),
    ],
)
async def test_what_cannot_be_done_is_told_beside_the_rest(connector, choice, hint):
    """The command is made all the same."""
    done = await connector.run(**choice)
    assert any(hint in one for one in done), done
    assert "create slash command /ask home" in done
    assert len(there(connector.standin)[1]) == 1


async def test_a_bot_that_hears_needs_no_webhook(connector):
    """Nothing is asked for one that answers messages, too: the channel is for the bot, unless there is a word."""
    connector.documents = {"ask": ASK.replace("answers: command", "answers: [outgoing, message, command]")}
    connector.write(BOT + TABLE + 'bot = "helper"\n')
    home = {"channels": ("town-square",)}
    assert not [one for one in await connector.run(**home) if "webhook" in one]
    assert "create outgoing webhook in town-square for !ask home" in await connector.run(**home, triggers=("!ask",))


async def test_several_teams(connector):
    """One is to be named, unless the table is in it already, or its destination is."""
    connector.standin.add_team("lab")
    (told,) = await connector.run()
    assert told == "cannot webhooks and commands say in which team: --team home, lab"
    await connector.run(teams=("lab",), triggers=("!ask",))
    assert [one for one in await connector.run() if "lab" in one] == [
        "nothing outgoing webhook for !ask lab",
        "nothing slash command /ask lab",
    ]
    with pytest.raises(SettingsError, match="did you mean"):
        await connector.run(teams=("labs",))


async def test_a_channel_for_two_tables_is_not_clear(connector):
    """The user names the table."""
    connector.write(TABLE + TABLE.replace("callbacks.c", "callbacks.d").replace("tokens/c", "tokens/d"))
    with pytest.raises(SettingsError, match="are for one table, and c, d have webhooks"):
        await connector.run(triggers=("!ask",))
    assert "create outgoing webhook for !ask home" in await connector.run(names=("c",), triggers=("!ask",))


async def test_a_command_of_two_tables(connector):
    """The team has it once: the first table of the settings gets it."""
    connector.documents = {"ask": ASK}
    connector.write(TABLE + TABLE.replace("callbacks.c", "callbacks.d").replace("tokens/c", "tokens/d"))
    assert (await connector.run())[-1] == (
        "cannot slash command /ask home [callbacks.c] has this command already: use `only`"
    )
    assert [one.url for one in there(connector.standin)[1]] == [OURS]


async def test_a_server_that_makes_tokens_of_its_own(connector, monkeypatch):
    """It is found out: the next run keeps that one."""
    kept = integrations.add_command

    def other(world, command):
        command.token = "other".ljust(26, "0")
        return kept(world, command)

    monkeypatch.setattr(integrations, "add_command", other)
    with pytest.raises(Unsent, match="run this again"):
        await connector.run(triggers=("!ask",))
    await connector.run()
    tokens = {connector.text(f"tokens/{name}") for name in ("c", "callbacks.c")}
    assert "other".ljust(26, "0") in tokens
