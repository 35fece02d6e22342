"""WebSockets: who may listen, what is told, what is answered, and how a client comes back without a gap."""

import asyncio
import json

import aiohttp
import pytest
import pytest_asyncio

from gateway.standin import websocket
from tests.contract.mattermost.ear import listening

ABNORMAL = 1006


@pytest_asyncio.fixture(loop_scope="session")
async def ear(stage, place):
    """The bot listens; its hello is heard. It and ben are in the channel."""
    await place.join(stage.ben["id"])
    stage.ben_token = stage.ben_token or await stage.session(stage.ben)
    async with listening(stage.server, stage.bot_token) as made:
        await made.event("hello")
        yield made


async def test_hello(stage):
    """The first event, number 0, for the user alone."""
    async with listening(stage.server, stage.bot_token) as ear:
        hello = await ear.event("hello")
    assert hello["seq"] == 0
    assert set(hello["data"]) >= {"connection_id", "server_version", "server_hostname"}
    assert len(hello["data"]["connection_id"]) == 26
    assert hello["broadcast"] == {
        "omit_users": None, "user_id": stage.bot, "channel_id": "", "team_id": "", "connection_id": "",
        "omit_connection_id": "",
    }  # fmt: skip


async def test_a_challenge(stage):
    """Hello comes before the reply; before it nothing is answered, and after it there is none to a second one."""
    async with listening(stage.server) as ear:
        await ear.say({"action": "ping", "seq": 1})
        await ear.say({"action": "authentication_challenge", "seq": 2, "data": {"token": stage.bot_token}})
        assert (await ear.event("hello"))["broadcast"]["user_id"] == stage.bot
        assert await ear.message() == {"status": "OK", "seq_reply": 2}
        await ear.say({"action": "authentication_challenge", "seq": 3, "data": {"token": "x"}})
        assert (await ear.ask("ping", 4))["seq_reply"] == 4


async def test_a_bad_challenge(stage):
    """The connection is cut at once."""
    async with listening(stage.server) as ear:
        await ear.say({"action": "authentication_challenge", "seq": 1, "data": {"token": "bad"}})
        assert await ear.ended() == ABNORMAL


async def test_bad_credentials_are_found_out_late(stage, monkeypatch):
    """The handshake succeeds; nothing is told, and after five seconds the connection is cut."""
    monkeypatch.setattr(websocket, "AUTHENTICATION", 0.1)
    async with listening(stage.server, "bad") as ear:
        assert await ear.message() is None
        assert ear.socket.close_code == ABNORMAL


async def test_origins(stage):
    """The server's own is let in; a foreign one is not, nor is who wants no WebSocket."""
    async with listening(stage.server, stage.bot_token, origin=stage.server.url) as ear:
        await ear.event("hello")
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with listening(stage.server, stage.bot_token, origin="http://foreign.example"):
            pass
    assert caught.value.status == 403
    assert (await stage.server.api("GET", "/websocket")).status == 400


async def test_what_a_client_says(stage, ear, place):
    """A ping has a pong, whatever its number; what is unknown is refused, and says which message it was."""
    pong = await ear.ask("ping", 7)
    assert (pong["status"], pong["seq_reply"], pong["data"]["text"]) == ("OK", 7, "pong")
    assert (await ear.ask("ping", 7))["seq_reply"] == 7
    answers = [await ear.ask("ping", 0), await ear.ask("odd", 2), await ear.ask("", 3)]
    answers += [await ear.ask("user_typing", 4, channel_id="y" * 26)]
    found = [(one["status"], one.get("seq_reply"), one["error"]["id"], one["error"]["status_code"]) for one in answers]
    assert found == [
        ("FAIL", None, "api.web_socket_router.bad_seq.app_error", 400),
        ("FAIL", 2, "api.web_socket_router.bad_action.app_error", 500),
        ("FAIL", 3, "api.web_socket_router.no_action.app_error", 400),
        ("FAIL", 4, "api.websocket_handler.invalid_param.app_error", 400),
    ]


@pytest.mark.parametrize(
    ("said", "code"), [("{", ABNORMAL), ("[1]", ABNORMAL), ("x" * 9000, 1009)], ids=["broken", "list", "large"]
)
async def test_what_is_no_message_ends_the_socket(ear, said, code):
    """Without a close frame, unless it is too large."""
    await ear.say(said)
    assert await ear.ended() == code


async def test_posts(stage, ear, place):
    """New, edited, deleted, one's own too: each with the post as a JSON text, in the order of the numbers."""
    made = (await place.post("hello", stage.ben_token)).json
    event = await ear.event("posted")
    data = event["data"]
    post = json.loads(data.pop("post"))
    assert {name: post[name] for name in ("id", "message", "user_id", "channel_id", "create_at")} == {
        "id": made["id"], "message": "hello", "user_id": stage.ben["id"], "channel_id": place.id,
        "create_at": made["create_at"],
    }  # fmt: skip
    assert data == {
        "channel_display_name": f"Room {place.name}", "channel_name": place.name, "channel_type": "O",
        "sender_name": f"@{stage.ben['username']}", "set_online": True, "team_id": stage.team["id"],
    }  # fmt: skip
    assert (event["broadcast"]["channel_id"], event["broadcast"]["user_id"]) == (place.id, "")
    await place.patch(made["id"], stage.ben_token, message="changed")
    edited = await ear.event("post_edited")
    assert list(edited["data"]) == ["post"]
    assert json.loads(edited["data"]["post"])["message"] == "changed"
    assert edited["seq"] > event["seq"]
    await stage.server.api("DELETE", f"/posts/{made['id']}", token=stage.ben_token)
    deleted = await ear.post("post_deleted")
    assert (deleted["id"], deleted["message"], deleted["delete_at"]) == (made["id"], "changed", 0)
    own = await place.made("own", root_id=await place.made("root"))
    assert [(await ear.post())["id"] for _ in range(2)][1] == own


async def test_mentions(stage, ear, place):
    """Told to those who are meant; in a direct channel always."""
    bot = (await stage.server.done("GET", f"/users/{stage.bot}"))["username"]
    texts = {f"hi @{bot}.": True, "hi @channel": True, "hi @all": True, f"@{bot}x": False, f"{bot}": False}
    for text, meant in texts.items():
        await place.post(text, stage.ben_token)
        data = (await ear.event("posted"))["data"]
        assert data.get("mentions") == (f'["{stage.bot}"]' if meant else None), text
    await place.made(f"I am @{bot}")
    assert "mentions" not in (await ear.event("posted"))["data"]
    direct = (await stage.server.api("POST", "/channels/direct", [stage.ben["id"], stage.bot], stage.ben_token)).json
    await stage.server.api("POST", "/posts", {"channel_id": direct["id"], "message": "x"}, stage.ben_token)
    data = (await ear.event("posted"))["data"]
    assert (data["channel_type"], data["team_id"], data["mentions"]) == ("D", "", f'["{stage.bot}"]')
    assert (data["channel_name"], data["channel_display_name"]) == (direct["name"], f"@{stage.ben['username']}")


async def test_posts_of_hooks(stage, ear, place):
    """The sender is who is shown as the author."""
    for username, shown in (("CI", "CI"), (None, "webhook")):
        await place.send({"text": "x", "username": username})
        data = (await ear.event("posted"))["data"]
        assert (data["sender_name"], data["set_online"]) == (shown, False)


async def test_only_members_are_told(stage, ear, place):
    """Of a public channel, too."""
    other = await stage.place(stage.ben["id"], hook=False)
    await other.post("unheard", stage.ben_token)
    await place.post("heard", stage.ben_token)
    assert (await ear.post())["message"] == "heard"


async def test_coming_and_going(stage, place):
    """The user is told of both, the others too."""
    await place.join(stage.ben["id"])
    stage.ben_token = stage.ben_token or await stage.session(stage.ben)
    room = await stage.place(stage.bot, hook=False)
    async with listening(stage.server, stage.ben_token) as ben, listening(stage.server, stage.bot_token) as bot:
        for ear in (ben, bot):
            await ear.event("hello")
            ear.hears = frozenset({"user_added", "user_removed"})
        me = (await stage.server.done("GET", "/users/me"))["id"]
        await room.join(stage.ben["id"])
        for ear in (ben, bot):
            event = await ear.event("user_added")
            while event["data"]["user_id"] == stage.bot:
                event = await ear.event("user_added")
            assert event["data"] == {"team_id": stage.team["id"], "user_id": stage.ben["id"]}
            assert event["broadcast"]["channel_id"] == room.id
        await stage.server.done("DELETE", f"/channels/{room.id}/members/{stage.ben['id']}")
        assert (await ben.event("user_removed"))["data"] == {"channel_id": room.id, "remover_id": me}
        assert (await bot.event("user_removed"))["data"] == {"user_id": stage.ben["id"], "remover_id": me}


async def test_whispers_over_rest(stage, ear, place):
    """An administrator's right; whoever is told need not be in the channel."""
    body = {"user_id": stage.bot, "post": {"channel_id": place.id, "message": "<http://a|b>", "props": {"own": 1}}}
    answer = await stage.server.api("POST", "/posts/ephemeral", body)
    assert answer.status == 201
    told = await ear.post("ephemeral_message")
    assert (told["id"], told["message"], told["props"]) == (answer.json["id"], "<http://a|b>", {"own": 1})
    permissions = (403, "api.context.permissions")
    assert (await stage.server.api("POST", "/posts/ephemeral", body, stage.bot_token)).outcome == permissions
    for change in ({"user_id": ""}, {"post": None}):
        answer = await stage.server.api("POST", "/posts/ephemeral", body | change)
        assert answer.outcome == (400, "api.context.invalid_body_param")
    assert not await place.posts()


async def test_typing(stage, ear, place):
    """Told to the others, by either way."""
    async with listening(stage.server, stage.ben_token) as ben:
        await ben.event("hello")
        assert await ear.ask("user_typing", 3, channel_id=place.id, parent_id="x") == {"status": "OK", "seq_reply": 3}
        event = await ben.event("typing")
        assert event["data"] == {"parent_id": "x", "user_id": stage.bot}
        assert event["broadcast"]["omit_users"] == {stage.bot: True}
        body = {"channel_id": place.id}
        assert (await stage.server.api("POST", "/users/me/typing", body, stage.ben_token)).status == 200
        assert (await ear.event("typing"))["data"] == {"parent_id": "", "user_id": stage.ben["id"]}


async def test_whispers_and_dialogs(stage, service, ear, place):
    """For one user alone: the texts of clicks and commands, with the cookies of their buttons, and dialogs."""
    name = stage.name("whisper")
    action = {"id": "act", "name": "a", "type": "button"}
    integration = {"url": service.address(name), "context": {"id": "7"}}
    answer = {"text": "<http://a|b>", "attachments": [{"actions": [action | {"integration": integration}]}]}
    body = {"team_id": stage.team["id"], "trigger": name, "method": "P", "url": service.address(f"{name}-do")}
    await stage.server.done("POST", "/commands", body)
    service.answer(f"{name}-do", answer)
    async with listening(stage.server, stage.ben_token) as ben:
        await ben.event("hello")
        order = {"channel_id": place.id, "command": f"/{name}"}
        await stage.server.api("POST", "/commands/execute", order, stage.ben_token)
        event = await ben.event("ephemeral_message")
        assert (event["broadcast"]["user_id"], event["broadcast"]["channel_id"]) == (stage.ben["id"], place.id)
        post = json.loads(event["data"]["post"])
        assert (post["type"], post["message"], post["root_id"]) == ("system_ephemeral", "[b](http://a)", "")
        assert (post["update_at"], post["user_id"]) == (0, stage.ben["id"])
        (shown,) = post["props"]["attachments"][0]["actions"]
        assert set(shown) == {"id", "name", "type", "cookie"}
        await _click_whisper(stage, service, ben, name, post, shown["cookie"])
        opening = {"trigger_id": service.asked(f"{name}-do")[0].form["trigger_id"], "url": "http://x", "dialog": {}}
        assert (await stage.server.api("POST", "/actions/dialogs/open", opening, "")).status == 200
        event = await ben.event("open_dialog")
        dialog = json.loads(event["data"]["dialog"])
        assert event["broadcast"]["user_id"] == stage.ben["id"]
        assert (len(dialog["trigger_id"]), dialog["url"]) == (26, "http://x")
        assert dialog["dialog"] == {
            "callback_id": "", "title": "", "introduction_text": "", "icon_url": "", "elements": None,
            "submit_label": "", "notify_on_cancel": False, "state": "",
        }  # fmt: skip


async def _click_whisper(stage, service, ben, name, post, cookie):
    """The texts of clicks come as replies; a post that is not stored cannot be updated, and then nothing is said."""
    path, body = f"/posts/{post['id']}/actions/act", {"cookie": cookie}
    service.answer(name, {"ephemeral_text": "<http://a|b> <!here>"})
    service.answer(name, {"ephemeral_text": "<http://a|b>", "skip_slack_parsing": True})
    service.answer(name, {"ephemeral_text": "unsaid", "update": {"message": "x"}})
    for text in ("[b](http://a) <!here>", "<http://a|b>"):
        assert (await stage.server.api("POST", path, body, stage.ben_token)).status == 200
        said = await ben.post("ephemeral_message")
        assert (said["message"], said["root_id"], said["user_id"]) == (text, post["id"], stage.ben["id"])
    assert service.asked(name)[0].json["context"] == {"id": "7"}
    failed = await stage.server.api("POST", path, body, stage.ben_token)
    assert failed.outcome == (404, "app.post.get")
    elsewhere = await stage.server.api("POST", f"/posts/{'y' * 26}/actions/act", body, stage.ben_token)
    assert elsewhere.outcome == (400, "api.post.do_action.action_integration")


async def come_back(stage, ear, expected=None):
    """The way back of a socket: its id and the number that it expects."""
    await ear.socket.close()
    await asyncio.sleep(0.2)
    number = ear.expected if expected is None else expected
    return listening(stage.server, stage.bot_token, f"?connection_id={ear.connection}&sequence_number={number}")


async def test_who_comes_back_misses_nothing(stage, ear, place):
    """No hello: what was missed follows, in its numbers; what had been heard already is told again on demand."""
    await place.made("before")
    heard = await ear.event("posted")
    await ear.socket.close()
    for number in range(20):
        await place.made(f"missed {number}")
    async with await come_back(stage, ear) as again:
        events = [await again.event("posted") for _ in range(20)]
        numbers = [event["seq"] for event in events]
        assert [json.loads(event["data"]["post"])["message"] for event in events] == [f"missed {n}" for n in range(20)]
        assert numbers == sorted(set(numbers))
        assert numbers[0] >= ear.expected
        await place.made("live")
        assert (await again.post())["message"] == "live"
        again.connection = ear.connection
    async with await come_back(stage, again, heard["seq"]) as third:
        assert (await third.post())["message"] == "before"
        assert (await third.post())["message"] == "missed 0"


async def test_who_missed_too_much_begins_anew(stage, ear, place):
    """More than can wait: a hello with another id, and number 0."""
    await ear.socket.close()
    await asyncio.sleep(0.2)
    for number in range(262):
        await place.made(str(number))
    async with await come_back(stage, ear) as again:
        hello = await again.event("hello")
        assert (hello["seq"], hello["data"]["connection_id"] != ear.connection) == (0, True)
        assert (await again.ask("ping"))["status"] == "OK"


async def test_a_number_of_the_future_begins_anew(stage, ear, place):
    """Something must be lost; what waits follows the hello."""
    await ear.socket.close()
    await asyncio.sleep(0.2)
    await place.made("missed")
    async with await come_back(stage, ear, 999) as again:
        assert (await again.event("hello"))["data"]["connection_id"] != ear.connection
        assert (await again.post())["message"] == "missed"


@pytest.mark.parametrize(
    "query", ["abc&sequence_number=1", "y" * 26, f"{'y' * 26}&sequence_number=x", f"{'y' * 26}&sequence_number="]
)
async def test_a_way_back_that_is_none(stage, query):
    """The socket ends without a word."""
    async with listening(stage.server, stage.bot_token, f"?connection_id={query}") as ear:
        assert await ear.ended() == ABNORMAL


@pytest.mark.parametrize(
    "query", [f"?connection_id={'y' * 26}&sequence_number=5", "?sequence_number=5", "?connection_id=&sequence_number="]
)
async def test_an_unknown_way_back(stage, query):
    """A new connection."""
    async with listening(stage.server, stage.bot_token, query) as ear:
        assert (await ear.event("hello"))["seq"] == 0


async def test_a_connection_is_its_users(stage, ear):
    """Nobody else resumes it, nor does a challenge."""
    await ear.socket.close()
    await asyncio.sleep(0.2)
    query = f"?connection_id={ear.connection}&sequence_number={ear.expected}"
    async with listening(stage.server, stage.ben_token, query) as other:
        assert (await other.event("hello"))["data"]["connection_id"] != ear.connection
    async with listening(stage.server, "", query) as other:
        await other.say({"action": "authentication_challenge", "seq": 1, "data": {"token": stage.bot_token}})
        assert (await other.event("hello"))["data"]["connection_id"] != ear.connection


async def test_a_revoked_session_is_silent(stage, place):
    """The socket stays open, and only a ping tells."""
    token = await stage.session(stage.ben)
    await place.join(stage.ben["id"])
    async with listening(stage.server, token) as ear:
        await ear.event("hello")
        await stage.server.api("POST", "/users/logout", token=token)
        await place.made("unheard")
        answer = await ear.ask("ping", 5)
        assert (answer["status"], answer["seq_reply"]) == ("FAIL", 5)
        assert (answer["error"]["id"], answer["error"]["status_code"]) == (
            "api.web_socket_router.not_authenticated.app_error", 401,
        )  # fmt: skip


async def test_catching_up(stage, place):
    """What changed after a time, newest first: deleted posts, and what edited ones were before, with ids of their own.

    The very millisecond is left out.
    """
    await place.join(stage.ben["id"])
    first, second = await place.made("first"), await place.made("second")
    third = (await place.post("third")).json
    await asyncio.sleep(0.01)
    await place.patch(first, message="edited")
    await stage.server.done("DELETE", f"/posts/{second}")
    last = (await place.post("last")).json

    async def since(moment):
        listed = await stage.server.api("GET", f"/channels/{place.id}/posts?since={moment}", token=stage.bot_token)
        assert listed.status == 200
        own = [listed.json["posts"][one] for one in listed.json["order"]]
        return [post for post in own if not post["type"].startswith("system_")], listed.json

    me = (await stage.server.done("GET", "/users/me"))["id"]
    found, listed = await since(third["update_at"])
    assert (found[0]["id"], listed["next_post_id"], listed["prev_post_id"]) == (last["id"], "", "")
    own = {post["id"]: post for post in found if not post["original_id"]}
    assert {one: own[one]["message"] for one in own} == {first: "edited", second: "", last["id"]: "last"}
    assert (own[second]["delete_at"] > 0, own[second]["props"].get("deleteBy")) == (True, me)
    (before,) = [post for post in found if post["original_id"]]
    assert (before["original_id"], before["message"], before["delete_at"]) == (first, "", own[first]["update_at"])
    assert (before["create_at"], before["edit_at"], before["update_at"]) == (
        own[first]["create_at"], 0, own[first]["update_at"],
    )  # fmt: skip
    assert third["id"] in [post["id"] for post in (await since(third["update_at"] - 1))[0]]
    assert (await since(last["update_at"]))[0] == []
