"""From the settings of destinations to what sends: what is shared, and what a live check finds."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway import settings
from gateway.app.senders import Senders, probe
from gateway.errors import SettingsError
from gateway.mattermost.hook import HookSender
from gateway.mattermost.probe import UNPROVEN, Level
from gateway.mattermost.rest import RestSender
from gateway.outbound.sessions import Sessions
from gateway.settings.tables import DestinationSettings
from gateway.standin.server import StandIn

REST = """
[destinations.{name}]
server = "{url}"
team = "home"
channel = "{channel}"
{account}
"""
LOGIN = 'login = "ann"\npassword = "secret"'


def known(text: str):
    """The settings of a text."""
    return settings.parse(text, "mattergate.toml", {}, Path.read_text)


def rest(url: str = "https://chat.example.com", name: str = "rest", channel: str = "ops", account: str = LOGIN):
    """A destination over REST, as text."""
    return REST.format(name=name, url=url, channel=channel, account=account)


async def no_card(_: str) -> None:
    """No subject has a post yet."""


@pytest.fixture
async def senders():
    """Give what makes senders; what it opened is closed with the test."""
    async with AsyncExitStack() as stack:
        yield Senders(Sessions(stack))


@pytest.fixture
async def mattermost():
    """Give a stand-in with the channel `ops`, its URL, and a hook to the channel."""
    standin = StandIn()
    standin.add_channel("ops")
    standin.add_user("ann", "secret")
    standin.join("ann", "ops")
    async with standin.serve() as url:
        yield standin, url, f"{url}/hooks/{standin.add_hook(channel='ops')}"


async def test_each_destination_has_its_kind_of_sender(senders):
    """A hook posts there; a channel over REST logs in, shared by destinations of the same server and login."""
    text = '[destinations.hook]\nhook = "https://chat.example.com/hooks/k3yk3yk3yk3yk3yk3yk3yk3yk3"\n'
    text += rest(name="one") + rest(name="two", channel="dev") + rest(name="three", url="https://other.example.com")
    text += rest(name="four", account='token = "t0kent0kent0kent0kent0kent"')
    tables = known(text).destinations
    assert isinstance(await senders.of(tables["hook"], no_card), HookSender)
    made = {name: await senders.of(tables[name], no_card) for name in ("one", "two", "three", "four")}
    assert {type(one) for one in made.values()} == {RestSender}
    accounts = {name: (await senders.session(tables[name]))._account for name in made}
    assert accounts["one"] is accounts["two"]
    assert len({id(accounts[name]) for name in ("one", "three", "four")}) == 3


async def test_a_channel_without_an_account_is_a_fault(senders):
    """Settings that were read cannot be so; what makes senders says it all the same."""
    table = DestinationSettings(name="rest", server="https://chat.example.com", team="home", channel="ops")
    with pytest.raises(SettingsError, match=r"destinations\.rest: no account is given"):
        await senders.of(table, no_card)


async def test_a_look_at_a_channel_posts_nothing(mattermost):
    """What is fine is told; a hook can only be proven by posting."""
    standin, url, hook = mattermost
    found = await probe(known(f'[destinations.hook]\nhook = "{hook}"\n' + rest(url)), post=False)
    assert Level.FAULT not in {one.level for one in found["rest"]}
    assert "speaks as the user ann" in [one.text for one in found["rest"]]
    assert found["hook"][-1] == UNPROVEN
    assert not standin.posts


async def test_a_check_that_posts_sends_one_message_to_each(mattermost):
    """It names the destination, and says that it was a check."""
    standin, url, hook = mattermost
    text = f'[destinations.hook]\nhook = "{hook}"\nchannel = "off-topic"\n' + rest(url)
    found = await probe(known(text), post=True)
    assert [one[-1].text for one in found.values()] == ["a message was posted"] * 2
    assert [(post.channel, post.message) for post in standin.posts] == [
        (channel, f"`mattergate check`: messages for the destination `{name}` arrive here.")
        for channel, name in (("off-topic", "hook"), ("ops", "rest"))
    ]


@pytest.mark.parametrize(
    ("account", "channel", "told"),
    [('login = "ann"\npassword = "gu3ss"', "ops", "password"), (LOGIN, "nowhere", "nowhere"), (LOGIN, "off-topic", "")],
)
async def test_where_there_is_a_fault_nothing_is_posted(mattermost, account, channel, told):
    """The last finding says what is wrong, and no secret is in any."""
    standin, url, _ = mattermost
    found = (await probe(known(rest(url, channel=channel, account=account)), post=True))["rest"]
    assert found[-1].level is Level.FAULT
    assert told in found[-1].text
    assert not any("gu3ss" in one.text for one in found)
    assert not standin.posts


async def test_a_hook_that_refuses_is_a_fault(mattermost):
    """The reason of the server is told, without the hook's URL."""
    standin, _, hook = mattermost
    standin.hooks.clear()
    found = (await probe(known(f'[destinations.hook]\nhook = "{hook}"\n'), post=True))["hook"]
    assert found[-1].level is Level.FAULT
    assert hook.rpartition("/")[2] not in "".join(one.text for one in found)
