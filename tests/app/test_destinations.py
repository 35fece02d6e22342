"""Destinations of settings: those whose settings stay are the same objects."""

from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway import settings
from gateway.app.acting import Bots
from gateway.app.destinations import Destinations
from gateway.app.senders import Senders
from gateway.errors import SettingsError
from gateway.mattermost.hook import HookSender, PassthroughSender
from gateway.mattermost.rest import RestSender
from gateway.outbound.sessions import Sessions

HOOK = '[destinations.ops]\nhook = "https://chat.example.com/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3"\n'
LOGIN = """
[destinations.%s]
server = "https://chat.example.com"
team = "acme"
channel = "dev"
login = "gate"
password = "%s"
"""
THROUGH = '[passthrough]\nserver = "https://chat.example.com"\n'


@pytest.fixture
async def made():
    """Give a function: the destinations that a text asks for, by name, all made by the same Destinations."""

    async def no_card(_: str) -> None:
        return None

    async with AsyncExitStack() as stack:
        senders = Senders(Sessions(stack))
        bots = Bots(senders)
        acting = SimpleNamespace(bots=bots, prepare=bots.adopt)
        destinations = Destinations(senders, lambda name: no_card, acting)

        async def of(text: str):
            known = settings.parse(text, "mattergate.toml", {}, Path.read_text)
            return {one.name: one for one in await destinations.of(known)}

        yield of


def account(destination):
    """What gives the tokens of a destination over REST."""
    return destination.sender._session._account


async def test_unchanged_destinations_are_the_same_objects(made):
    """Of several, only those whose own table, or [delivery] below it, changed are made anew."""
    first = await made(HOOK + LOGIN % ("dev", "one") + THROUGH)
    again = await made(HOOK + LOGIN % ("dev", "one") + THROUGH + "[log]\nlevel = 'debug'\n")
    assert all(first[name] is again[name] for name in ("ops", "dev", "passthrough"))
    assert [type(first[name].sender) for name in ("ops", "dev", "passthrough")] == [
        HookSender, RestSender, PassthroughSender,
    ]  # fmt: skip
    slower = await made(HOOK + "rate = 1.0\n" + LOGIN % ("dev", "one") + THROUGH)
    assert [slower[name] is first[name] for name in ("ops", "dev", "passthrough")] == [False, True, True]


async def test_the_delivery_table_reaches_every_destination(made):
    """What [delivery] says is taken up by those that leave it out, the pass-through hooks among them."""
    text = HOOK + "concurrency = 3\n" + LOGIN % ("dev", "one") + THROUGH
    await made(text)
    fresh = await made(text + '[delivery]\nconcurrency = 5\nmax_age = "1h"\n')
    assert {name: (one.concurrency, one.max_age) for name, one in fresh.items()} == {
        "ops": (3, 3600.0), "dev": (5, 3600.0), "passthrough": (5, 3600.0),
    }  # fmt: skip


async def test_a_changed_password_is_a_new_login(made):
    """An account that was refused is not held against the new password; the same one is shared as ever."""
    first = await made(LOGIN % ("dev", "one") + LOGIN % ("qa", "one"))
    assert account(first["dev"]) is account(first["qa"])
    second = await made(LOGIN % ("dev", "two") + LOGIN % ("qa", "one"))
    assert account(second["dev"]) is not account(first["dev"])
    assert second["qa"] is first["qa"]
    third = await made(LOGIN % ("dev", "one") + LOGIN % ("qa", "one"))
    assert account(third["dev"]) is account(first["qa"])  # and refusals of it still count


async def test_pass_through_comes_and_goes(made):
    """The destination of pass-through hooks is there while its table is, and new when the server changes."""
    assert set(await made(HOOK)) == {"ops"}
    first = await made(HOOK + THROUGH)
    second = await made(HOOK + THROUGH.replace("chat", "other"))
    assert second["passthrough"] is not first["passthrough"]
    assert second["ops"] is first["ops"]
    assert set(await made(HOOK)) == {"ops"}


async def test_what_cannot_be_made_changes_nothing(made, tmp_path):
    """Certificates that are none are a fault, and the destinations from before stay what they were."""
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    first = await made(HOOK)
    with pytest.raises(SettingsError, match=r"bad\.pem.*holds no certificates"):
        await made(HOOK + "rate = 1.0\n" + LOGIN % ("dev", "one") + f'ca_file = "{bad}"\n')
    assert (await made(HOOK))["ops"] is first["ops"]
