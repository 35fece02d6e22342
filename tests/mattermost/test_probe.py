"""What is told about a destination before messages go there."""

import pytest
from aiohttp import web

from gateway.mattermost.channel import Channels
from gateway.mattermost.probe import Level, probe_channel, probe_hook
from gateway.secret import Secret

ALERTS = "alerts".ljust(26, "0")
HOOK_ID = "y3ndrf8gejkmcpqxot1uwisza5"


async def looked_at(desk, channel="alerts", account=None, team="acme"):
    """The findings about a channel as (level, text)."""
    session = desk.session(account)
    findings = await probe_channel(session, Channels(session, team, channel))
    return [(finding.level, finding.text) for finding in findings]


async def test_a_channel_that_works(desk):
    """Server, account, length of posts and permission are told; nothing is posted."""
    assert await looked_at(desk) == [
        (Level.FINE, "Mattermost 11.2.0 answers"),
        (Level.FINE, "speaks as the bot gatebot"),
        (Level.FINE, "posts hold 16383 characters"),
        (Level.FINE, "may post in the channel"),
    ]
    assert not desk.board.posts


async def test_server_settings_that_messages_suffer_from(desk):
    """Each setting that hides something is named."""
    desk.board.settings |= {
        "EnablePostUsernameOverride": "false",
        "EnablePostIconOverride": "false",
        "PostPriority": "false",
        "MaxPostSize": "4000",
        "PostEditTimeLimit": "300",
    }
    warnings = [text for level, text in await looked_at(desk) if level is Level.WARNING]
    for name in ("EnablePostUsernameOverride", "EnablePostIconOverride", "PostPriority", "4000 characters", "300 s"):
        assert [text for text in warnings if name in text], name


@pytest.mark.parametrize(
    ("channel", "team", "hint"),
    [
        ("nosuch", "acme", "does not exist"),
        ("alerts", "nosuch", "no team"),
        ("@nobody", "", "does not exist"),
        ("other", "acme", "is archived"),
        ("closed", "acme", "not a member"),
    ],
)
async def test_a_channel_that_cannot_work(desk, channel, team, hint):
    """What keeps messages away is the last finding, and a fault."""
    board = desk.board
    board.channels["closed"] = "closed".ljust(26, "0")
    board.archived.add(board.channels["other"])
    board.closed.add(board.channels["closed"])
    *_, (level, text) = await looked_at(desk, channel, team=team)
    assert level is Level.FAULT
    assert hint in text
    assert not board.posts


async def test_a_channel_archived_under_its_id(desk):
    """An id is not looked up, so that the refusal to post tells."""
    desk.board.archived.add(ALERTS)
    assert "is archived" in (await looked_at(desk, ALERTS, team=""))[-1][1]


async def test_an_account_that_may_post_without_being_a_member_joins_later(desk):
    """A bot that may post everywhere is told that it is no member."""
    desk.board.next_answer("GET", f"/channels/{ALERTS}/members/me", lambda: web.Response(status=404))
    level, text = (await looked_at(desk))[-1]
    assert (level, "joins by itself" in text) == (Level.WARNING, True)


async def test_an_account_that_may_not_read_cannot_edit_and_may_repeat(desk):
    """Where it cannot look for its posts a crash of the server may repeat one; both have the same remedy."""
    desk.board.next_answer("GET", f"/channels/{ALERTS}/members/me", lambda: web.Response(status=403))
    desk.board.next_answer("GET", f"/channels/{ALERTS}/posts", lambda: web.Response(status=403))
    *_, cards, repeats = await looked_at(desk)
    assert [level for level, _ in (cards, repeats)] == [Level.WARNING] * 2
    assert ("cannot edit its cards" in cards[1], "may repeat a post" in repeats[1]) == (True, True)
    assert all(text.endswith("add it to the channel") for _, text in (cards, repeats))


async def test_a_wrong_account(desk):
    """A token that is not valid and a password that is wrong are faults."""
    assert "token is not valid" in (await looked_at(desk, account=desk.token("wr0ngwr0ng")))[-1][1]
    [(level, text)] = await looked_at(desk, account=desk.login("wr0ngwr0ng"))
    assert level is Level.FAULT
    assert "password is wrong" in text
    assert "wr0ng" not in text


@pytest.mark.parametrize("version", [None, 5, "<script>", "1." * 30])
async def test_what_calls_itself_a_version_is_not_repeated(desk, version):
    """Only what looks like a version is shown."""
    desk.board.settings["Version"] = version
    level, text = (await looked_at(desk))[0]
    assert level is Level.WARNING
    assert str(version) not in text


async def test_a_webhook_is_not_posted_to(desk):
    """Of a webhook the server is looked at; its URL is not touched and not shown."""
    desk.board.next_answer("GET", "/config/client", lambda: web.json_response({"Version": "11.2.0"}))
    [finding] = await probe_hook(Secret(f"{desk.board.url}/hooks/{HOOK_ID}"), desk.http, 2.0)
    assert (finding.level, finding.text) == (Level.FINE, "Mattermost 11.2.0 answers")
    assert desk.board.paths() == ["GET /config/client"]


async def test_a_webhook_of_a_server_that_is_none(desk):
    """A page in place of Mattermost is a fault."""
    desk.board.next_answer("GET", "/config/client", lambda: web.Response(text="<html>"))
    [finding] = await probe_hook(Secret(f"{desk.board.url}/hooks/{HOOK_ID}"), desk.http, 2.0)
    assert finding.level is Level.FAULT
    assert HOOK_ID not in finding.text
