"""What is the stand-in's own: how tests set it up, what trouble it makes, and what it remembers.

That its answers are those of Mattermost is asked in tests/contract/mattermost.
"""

import json

import aiohttp
import pytest

from gateway.standin import incoming, posting
from gateway.standin.attachments import complaints, runes
from gateway.standin.refusal import RefusedError
from gateway.standin.server import Rate, StandIn


@pytest.fixture
async def standin():
    """Give a stand-in that tells developers' details."""
    return StandIn(developer=True)


class Client:
    """Talks to a stand-in as a service and as a bot do."""

    def __init__(self, url, session):
        self.url = url
        self.session = session

    async def ask(self, method, path, body=None, token=""):
        """Status, text and headers of the answer."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.request(method, self.url + path, data=data, headers=headers) as response:
            return response.status, await response.text(), response.headers

    async def send(self, body, hook="hook"):
        """POST to a hook."""
        return await self.ask("POST", f"/hooks/{hook}", body)

    async def post(self, token, channel, message="hello", **more):
        """Create a post; gives status and document."""
        body = {"channel_id": channel, "message": message, **more}
        status, text, _ = await self.ask("POST", "/api/v4/posts", body, token)
        return status, json.loads(text)

    async def me(self, token):
        """The status of asking who one is."""
        return (await self.ask("GET", "/api/v4/users/me", token=token))[0]


@pytest.fixture
async def client(standin):
    """Give a client of the stand-in, which has the hook `hook`."""
    standin.add_hook("hook")
    async with standin.serve() as url, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Client(url, session)


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


async def test_settings_are_patched_by_administrators_alone(standin, client):
    """403 for others, 400 for a value of a wrong type."""
    boss = standin.add_user("boss", "secret", roles="system_admin system_user")
    assert boss
    _, _, headers = await client.ask("POST", "/api/v4/users/login", {"login_id": "boss", "password": "secret"})
    path, bot = "/api/v4/config/patch", standin.add_bot("gate")
    assert (await client.ask("PUT", path, {}, bot))[0] == 403
    wrong = {"ServiceSettings": {"PostPriority": "yes"}}
    assert (await client.ask("PUT", path, wrong, headers["Token"]))[0] == 400
    right = {"ServiceSettings": {"PostPriority": False, "Unknown": 1}, "Other": {}}
    assert (await client.ask("PUT", path, right, headers["Token"]))[0] == 200
    assert standin.settings.service.post_priority is False


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


async def test_failures_on_request(standin, client):
    """`fail_next` answers so often with what it was given, over REST too; then all is well."""
    token, channel = standin.add_bot("gate"), standin.add_channel("town-square")
    standin.join("gate", "town-square")
    standin.fail_next(2, 503, {"Retry-After": "7"}, "{}")
    answers = [await client.send({"text": "x"}), await client.send({"text": "x"})]
    assert [(status, headers["Retry-After"]) for status, _, headers in answers] == [(503, "7"), (503, "7")]
    standin.fail_next(1, 500, body="{}")
    assert [(await client.post(token, channel))[0] for _ in range(2)] == [500, 201]
    assert standin.stats["failed"] == 3
    assert len(standin.posts) == 1


async def test_modes(standin, client):
    """Down, slow, a login page in the way, and connections that end without an answer, before or after the deed."""
    token, channel = standin.add_bot("gate"), standin.add_channel("town-square")
    standin.join("gate", "town-square")
    ways = [
        lambda: client.send({"text": "x"}),
        lambda: client.ask("POST", "/api/v4/posts", {"channel_id": channel, "message": "x"}, token),
    ]
    for way, good in zip(ways, (200, 201), strict=True):
        before = len(standin.posts)
        standin.mode = "down"
        assert (await way())[0] == 503
        standin.mode = "html"
        status, text, _ = await way()
        assert (status, "<html>" in text) == (200, True)
        standin.mode, standin.delay = "slow", 0.01
        assert (await way())[0] == good
        for mode, stored in (("drop", 1), ("drop after", 2)):
            standin.mode = mode
            with pytest.raises(aiohttp.ClientError):
                await way()
            assert len(standin.posts) - before == stored
    standin.mode = "down"
    assert (await client.ask("GET", "/api/v4/system/ping"))[0] == 200


def test_hooks_have_ids_like_the_real_ones():
    """26 characters of lower-case base32."""
    hook = StandIn().add_hook()
    assert len(hook) == 26
    assert hook.isalnum()


def test_runes_are_those_of_go():
    """Angle brackets and the ampersand cost six."""
    assert runes({"a": "<é"}) == len('{"a":"é"}') + 6


def test_what_a_message_becomes_without_a_server():
    """`posts` tells the posts of a request, or why there are none."""
    drafts = incoming.posts(
        incoming.read(b'{"text": "<@u1> <a|b>", "attachments": [{"text": "<@u2>"}]}'), {"u1": "joe"}
    )
    assert [(draft.message, draft.attachments[0]["text"]) for draft in drafts] == [("@joe [b](a)", "<@u2>")]
    for body in (b"{}", b'{"text": "x", "type": "other"}', b'{"text": "\\u0000"}'):
        with pytest.raises(RefusedError):
            incoming.posts(incoming.read(body), {})


def test_complaints_about_attachments():
    """What a later version would refuse: colours, links, and links without their text."""
    (draft,) = incoming.posts(
        incoming.read(
            b'{"attachments": [{"color": "red", "title_link": "ftp://x", "author_link": "http://x", "ts": []}]}'
        ),
        {},
    )
    assert complaints(draft.attachments) == [
        "color 'red'",
        "title_link 'ftp://x'",
        "author_link without author_name",
        "title_link without title",
        "ts",
    ]
    assert incoming.warnings(draft) == complaints(draft.attachments)


async def test_pending_ids_are_forgotten_after_half_a_minute(standin, client, monkeypatch):
    """A repeat does not prolong the time."""
    token, channel = standin.add_bot("gate"), standin.add_channel("town-square")
    standin.join("gate", "town-square")
    made = []
    for moment in (1000.0, 1025.0, 1031.0):
        monkeypatch.setattr(posting, "clock", lambda moment=moment: moment)
        made.append((await client.post(token, channel, pending_post_id="p"))[1]["id"])
    assert made[0] == made[1] != made[2]
