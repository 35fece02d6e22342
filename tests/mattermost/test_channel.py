"""Finding channels: names, users and ids, and what is said when one is closed."""

import pytest

from gateway.mattermost.channel import KNOWN, Channels
from gateway.mattermost.payload import Message
from gateway.model import Delivered
from gateway.outbound.exchange import Unsent
from tests.mattermost.blaming import UNKNOWN, blamed


def ident(name):
    """A well-formed id that begins with a name."""
    return name.ljust(26, "0")


@pytest.mark.parametrize("name", ["alerts", "#alerts", "~alerts", "Alerts"])
async def test_a_name_is_looked_up_in_the_team(desk, name):
    """Names are those of the channel's URL, with or without the sign before them."""
    assert await Channels(desk.session(), "acme", name).id_of("") == ident("alerts")


async def test_a_user_is_written_to_directly(desk):
    """`@user` is the channel of direct messages between the account and the user."""
    assert await Channels(desk.session(), "", "@Ada").id_of("") == ident("direct")
    assert desk.board.asked[-1] == ("POST", "/channels/direct", [ident("me"), ident("ada")])


async def test_an_id_needs_no_look_up(desk):
    """An id is taken as it is."""
    assert await Channels(desk.session(), "", ident("alerts")).id_of("") == ident("alerts")
    assert not desk.board.asked


async def test_names_cannot_leave_their_place(desk):
    """Whatever a translator makes of a payload stays one segment of the path."""
    with pytest.raises(Unsent):
        await Channels(desk.session(), "acme", "alerts").id_of("../../../users/me?x=")
    [(_, path, _)] = desk.board.asked
    assert path.startswith("/teams/name/acme/channels/name/")


async def test_memory_is_bounded(desk):
    """However many channels payloads name, only so many are remembered."""
    channels = Channels(desk.session(), "acme", "alerts")
    for number in range(KNOWN + 5):
        await channels.id_of(ident(f"c{number}x"))
    assert len(channels._known) <= KNOWN


async def refused(desk, channel, team="acme", named=""):
    """The reason why nothing can be posted."""
    result = await desk.sender(channel=channel, team=team).send(_message(desk, named))
    assert blamed(result) is UNKNOWN
    assert "\n" not in result.reason
    return result.reason


def _message(desk, channel):
    return desk.delivery(Message(text="x", channel=channel or None))


async def test_why_nothing_can_be_posted(desk):
    """A channel that is unknown, archived or closed is named with what to do."""
    assert "'nosuch' does not exist" in await refused(desk, "nosuch")
    assert "no team 'nosuch'" in await refused(desk, "alerts", "nosuch")
    assert "user '@nobody' does not exist" in await refused(desk, "@nobody")
    assert "does not exist" in await refused(desk, ident("nosuch"))
    desk.board.closed.add(ident("alerts"))
    assert "not a member of the channel 'alerts'" in await refused(desk, "alerts")
    assert "not a member" in await refused(desk, ident("alerts"), "")
    desk.board.archived.add(ident("other"))
    assert "'other' is archived" in await refused(desk, "other")
    assert "is archived" in await refused(desk, ident("other"), "")


async def test_a_name_from_a_payload_is_not_repeated(desk):
    """What a translator made of third-party text stays out of reasons."""
    assert "th1rd" not in await refused(desk, "alerts", named="th1rd-party")
    assert "set `team`" in await refused(desk, ident("alerts"), "", named="th1rd-party")


async def test_a_channel_archived_later_is_found_out(desk):
    """A channel that was fine and is archived says so, without the server's own text."""
    sender = desk.sender()
    await sender.send(desk.delivery("x"))
    desk.board.archived.add(ident("alerts"))
    result = await sender.send(desk.delivery("x"))
    assert blamed(result) is UNKNOWN
    assert "'alerts' is archived" in result.reason


@pytest.mark.parametrize("how", ["closed", "archived"])
async def test_a_channel_made_anew_under_its_name_is_found(desk, how):
    """When the old channel is closed and the name belongs to another, the message goes there at once."""
    sender = desk.sender()
    await sender.send(desk.delivery("x"))
    getattr(desk.board, how).add(ident("alerts"))
    desk.board.channels["alerts"] = ident("alerts2x")
    desk.board.channels["old"] = ident("alerts")
    assert isinstance(await sender.send(desk.delivery("x")), Delivered)
    assert [post["channel_id"] for post in desk.board.posts.values()] == [ident("alerts"), ident("alerts2x")]
