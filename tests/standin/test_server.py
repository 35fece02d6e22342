"""What is the stand-in's own: how tests set it up, what trouble it makes, and what it remembers.

That its answers are those of Mattermost is asked in tests/contract/mattermost.
"""

import asyncio
import json

import aiohttp
import pytest

from gateway.standin.server import Rate, StandIn
from tests.conftest import eventually
from tests.standin.conftest import Client


async def test_posts_of_hooks_are_remembered(standin, client):
    """Channel and author by their names, the shown name and icon, the hook."""
    assert (await client.send({"text": "hello", "username": "CI", "icon_emoji": "tada"}))[:2] == (200, "ok")
    await client.send({"text": "plain"})
    first, second = standin.posts
    assert (first.channel, first.message, first.username, first.icon) == ("town-square", "hello", "CI", "tada")
    assert (first.hook, first.user, len(first.id)) == ("hook", "owner", 26)
    assert (second.username, second.icon, second.attachments) == ("webhook", "", [])


async def test_posts_of_bots_are_remembered(standin, client):
    """Made, answered and changed over REST; deleted ones keep their text."""
    token, channel = standin.add_bot("gate"), standin.add_channel("ops")
    standin.join("gate", "ops")
    _, root = await client.post(token, channel, "root", props={"attachments": [{"text": "a"}]})
    await client.post(token, channel, "reply", root_id=root["id"])
    await client.ask("PUT", f"/api/v4/posts/{root['id']}/patch", {"message": "edited"}, token)
    standin.delete_post(root["id"])
    first, second = standin.posts
    assert (first.channel, first.user, first.message) == ("ops", "gate", "edited")
    assert first.attachments[0]["text"] == "a"
    assert first.edit_at > 0
    assert first.delete_at > 0
    assert (second.root_id, second.delete_at > 0) == (first.id, True)
    with pytest.raises(KeyError):
        standin.delete_post(root["id"])


async def test_bots_join_and_leave(standin, client):
    """Only members post."""
    token, channel = standin.add_bot("gate"), standin.add_channel("ops", private=True)
    assert (await client.post(token, channel))[0] == 403
    standin.join("gate", "ops")
    assert (await client.post(token, channel))[0] == 201
    standin.leave("gate", "ops")
    assert (await client.post(token, channel))[0] == 403


async def test_channels_change(standin, client):
    """Renamed, archived, deleted; a channel that is added again is the same one."""
    token, channel = standin.add_bot("gate"), standin.add_channel("ops")
    standin.join("gate", "ops")
    standin.add_hook("opshook", "ops")
    assert standin.add_channel("ops") == channel
    await client.post(token, channel)
    standin.rename_channel("ops", "new")
    path = "/api/v4/teams/name/home/channels/name/"
    assert [(await client.ask("GET", path + name, token=token))[0] for name in ("ops", "new")] == [404, 200]
    standin.archive_channel("new")
    assert (await client.post(token, channel))[0] == 400
    assert (await client.send({"text": "x"}, "opshook"))[0] == 400
    standin.delete_channel("new")
    assert (await client.post(token, channel))[0] == 403
    assert not standin.posts
    with pytest.raises(KeyError):
        standin.join("gate", "new")


async def test_other_teams(standin, client):
    """A bot of one team sees nothing of another."""
    standin.add_team("away")
    standin.add_channel("ops", team="away")
    tokens = standin.add_bot("here"), standin.add_bot("there", team="away")
    path = "/api/v4/teams/name/away/channels/name/ops"
    assert [(await client.ask("GET", path, token=token))[0] for token in tokens] == [403, 200]


async def test_sessions_end(standin, client):
    """Those of logins all at once, a token by itself; the next login works."""
    standin.add_user("ann", "secret")
    bot = standin.add_bot("gate")

    async def login():
        body = {"login_id": "ann", "password": "secret"}
        return (await client.ask("POST", "/api/v4/users/login", body))[2].get("Token")

    token = await login()
    assert await client.me(token) == 200
    standin.expire_sessions()
    assert [await client.me(token), await client.me(bot), await client.me(await login())] == [401, 200, 200]
    standin.revoke(bot)
    assert await client.me(bot) == 401
    standin.lock("ann")
    assert await login() is None
    standin.deactivate("ann")
    with pytest.raises(KeyError):
        standin.lock("nobody")


async def test_settings_can_be_changed(standin, client):
    """By the names of Mattermost in small letters."""
    standin.settings.service.enable_post_username_override = False
    await client.send({"text": "x", "username": "CI"})
    assert standin.posts[0].username == "owner"
    standin.enabled = False
    assert (standin.enabled, (await client.send({"text": "x"}))[0]) == (False, 501)


async def test_the_oldest_posts_give_way():
    """Only so many are kept, and what gave way is unknown to REST."""
    standin = StandIn(keep=2)
    token, channel = standin.add_bot("gate"), standin.add_channel("town-square")
    standin.join("gate", "town-square")
    async with standin.serve() as url, aiohttp.ClientSession() as session:
        client = Client(url, session)
        made = [(await client.post(token, channel, str(number)))[1]["id"] for number in range(3)]
        statuses = [(await client.ask("GET", f"/api/v4/posts/{post}", token=token))[0] for post in made]
    assert [post.message for post in standin.posts] == ["1", "2"]
    assert statuses == [404, 200, 200]


async def test_rate_limit(standin, client):
    """Past the burst comes a plain 429, for hooks and REST alike; it is no answer of the server's handlers."""
    standin.rate = Rate(per_second=1, burst=1)
    answers = [await client.send({"text": "x"}) for _ in range(2)]
    answers.append(await client.ask("GET", "/api/v4/users/me"))
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert answers[2][2]["Retry-After"] == "1"
    assert standin.stats["limited"] == 1


async def test_counts(standin, client):
    """GET /stats tells requests, posts, refusals and what was limited."""
    await client.send({"text": "x"})
    await client.send({})
    assert json.loads((await client.ask("GET", "/stats"))[1]) == {"requests": 2, "posts": 1, "refused": 1, "limited": 0}


async def test_a_crash_forgets_pending_ids_but_no_post(standin, client):
    """What was stored stays, and a repeat of its pending id makes another post: nobody remembers the first."""
    token, channel = standin.add_bot("gate"), standin.add_channel("ops")
    standin.join("gate", "ops")
    for _ in range(2):
        await client.post(token, channel, "once", pending_post_id="gate:1")
    standin.crash()
    await client.post(token, channel, "again", pending_post_id="gate:1")
    assert [post.message for post in standin.posts] == ["once", "again"]


async def test_a_crash_cuts_what_is_under_way(standin, client):
    """The request gets no answer; the next one does."""
    token, channel = standin.add_bot("gate"), standin.add_channel("ops")
    standin.join("gate", "ops")
    standin.mode, standin.delay = "slow", 20.0
    asking = asyncio.create_task(client.post(token, channel))
    await eventually(lambda: standin.stats["requests"] == 1)
    standin.crash()
    with pytest.raises(aiohttp.ClientError):
        await asking
    standin.mode = "ok"
    assert (await client.post(token, channel))[0] == 201
    assert len(standin.posts) == 1
