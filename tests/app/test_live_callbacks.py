"""What `check --live` finds about tables of callbacks, at a stand-in."""

import pytest

from gateway.app.live_callbacks import probe_callbacks
from gateway.catalog.build import build
from gateway.language.template import Engine
from gateway.mattermost.probe import Level
from gateway.settings import tokenfiles
from tests.app.conftest import BOT, TABLE
from tests.callbacks.conftest import texts


@pytest.fixture
async def connected(connector):
    """Give what was connected; `looked_at` are the findings."""
    connector.write(BOT + TABLE + 'bot = "helper"\n')
    await connector.run(triggers=("!ask",))
    connector.standin.settings.service.allowed_untrusted_internal_connections = "127.0.0.1"
    return connector


async def looked_at(connector, admin=True, place="callbacks.c"):
    """The findings about a table."""
    settings = tokenfiles.load(connector.folder / "mattergate.toml", {}).settings
    service, _ = build("acme", texts(connector.documents), Engine())
    found = await probe_callbacks(settings, {"acme": service}, connector.admin if admin else None)
    return [(one.level, one.text) for one in found[place]]


async def test_what_was_connected_is_proven(connected):
    """The host, the webhook and the command with their tokens, and the bot."""
    host, *rest = await looked_at(connected)
    assert host == (Level.FINE, "Mattermost calls 127.0.0.1")
    assert rest == [
        (Level.FINE, "an outgoing webhook calls with a known token"),
        (Level.FINE, "the command /ask calls with a known token"),
    ]
    assert (Level.FINE, "hears over a WebSocket") in await looked_at(connected, place="bots.helper")
    ((level, text),) = await looked_at(connected, place="public_url")
    assert (level, "does not answer here" in text) == (Level.WARNING, True)


async def test_without_an_administrator_tokens_cannot_be_compared(connected):
    """That is told, and is no fault."""
    found = await looked_at(connected, admin=False)
    assert {level for level, _ in found} == {Level.WARNING}
    assert "set MATTERGATE_CONNECT_TOKEN" in found[1][1]


async def test_another_token_and_a_missing_command(connected):
    """Faults with what to do."""
    world = connected.standin._world
    next(iter(world.outgoing.values())).token = "z" * 26
    world.commands.clear()
    faults = [text for level, text in await looked_at(connected) if level is Level.FAULT]
    assert faults == [
        "an outgoing webhook calls with a token that the table does not know: `mattergate connect` sets it up",
        "Mattermost has not the command /ask that calls it here: `mattergate connect` sets it up",
    ]


async def test_the_token_of_an_administrator_is_shown_to_one_server_alone(connected):
    """With tables of several, nobody knows whose it is."""
    text = (connected.folder / "mattergate.toml").read_text()
    other = TABLE.replace("callbacks.c", "callbacks.d").replace("{url}", "https://other.example.com")
    (connected.folder / "mattergate.toml").write_text(text + other)
    assert {level for level, _ in await looked_at(connected)} == {Level.WARNING}
    ((level, told),) = await looked_at(connected, place="callbacks.d")
    assert (level, "nobody asks its server" in told) == (Level.WARNING, True)
