"""Slash commands: who makes and executes them, what is sent, what an answer becomes, and answers that come later."""

import base64
import json
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio

PERMISSIONS = (403, "api.context.permissions")
FAILED = (500, "api.command.execute_command.failed")
NOT_POSTED = (500, "api.command.execute_command.create_post_failed")


class Order:
    """A command of ann's with a trigger of its own, that the service answers under the same name."""

    def __init__(self, stage, service, place, command):
        self.stage = stage
        self.service = service
        self.place = place
        self.command = command
        self.name = command["trigger"]

    async def given(self, text="", token=None, **more):
        """Execute it as ben unless a token says otherwise."""
        body = {"channel_id": self.place.id, "command": f"/{self.name}{text}", **more}
        token = self.stage.ben_token if token is None else token
        return await self.stage.server.api("POST", "/commands/execute", body, token)

    async def answered(self, body, **more):
        """Execute it, answered so."""
        self.service.answer(self.name, body, **more)
        answer = await self.given()
        self.service.forget(self.name)
        return answer

    async def form(self, text="", **more):
        """Execute it; gives what the service got."""
        before = len(self.service.asked(self.name))
        answer = await self.given(text, **more)
        assert answer.status == 200, answer.text
        return self.service.asked(self.name)[before]


async def command(stage, service, **more):
    """Make a command as the administrator."""
    trigger = stage.name("do")
    body = {"team_id": stage.team["id"], "trigger": trigger, "method": "P", "url": service.address(trigger)}
    return await stage.server.api("POST", "/commands", body | {"creator_id": stage.ann["id"]} | more)


@pytest_asyncio.fixture(loop_scope="session")
async def order(stage, service, place):
    """A command, and a channel that ann and ben are in; ben gives it."""
    await place.join(stage.ben["id"])
    stage.ben_token = stage.ben_token or await stage.session(stage.ben)
    return Order(stage, service, place, (await command(stage, service)).json)


async def test_who_administers_commands(stage, service, order):
    """Members may neither make nor see them; the token stays until it is made anew."""
    made, path = order.command, f"/commands/{order.command['id']}"
    assert (len(made["token"]), made["creator_id"], made["method"]) == (26, stage.ann["id"], "P")
    token = stage.ben_token
    answers = [await stage.server.api("POST", "/commands", {**made, "id": "", "trigger": "x"}, token)]
    answers.append(await stage.server.api("GET", f"/commands?team_id={stage.team['id']}&custom_only=true", token=token))
    assert [answer.outcome for answer in answers] == [PERMISSIONS] * 2
    missing = (404, "store.sql_command.save.get")
    assert (await stage.server.api("PUT", f"{path}/regen_token", token=token)).outcome == missing
    assert (await stage.server.api("GET", path, token=token)).outcome == missing
    listed = await stage.server.done("GET", f"/commands?team_id={stage.team['id']}&custom_only=true")
    assert made in listed
    kept = await stage.server.done("PUT", path, {**made, "token": "", "description": "changed"})
    assert (kept["token"], kept["description"]) == (made["token"], "changed")
    renewed = await stage.server.done("PUT", f"{path}/regen_token")
    assert list(renewed) == ["token"]
    assert (await order.form()).form["token"] == renewed["token"] != made["token"]
    await stage.server.done("DELETE", path)
    assert (await stage.server.api("GET", path)).outcome == missing
    assert (await order.given()).outcome == (404, "api.command.execute_command.not_found")


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"trigger": "two words"}, (400, "model.command.is_valid.trigger")),
        ({"trigger": "/x"}, (400, "model.command.is_valid.trigger")),
        ({"trigger": ""}, (400, "model.command.is_valid.trigger")),
        ({"trigger": "Join"}, (400, "api.command.duplicate_trigger")),
        ({"method": "X"}, (400, "model.command.is_valid.method")),
        ({"url": ""}, (400, "model.command.is_valid.url")),
        ({"url": "x"}, (400, "model.command.is_valid.url_http")),
        ({"trigger": 5}, (400, "api.context.invalid_body_param")),
    ],
    ids=repr,
)
async def test_commands_that_are_refused(stage, service, changes, outcome):
    """Each for a reason of its own."""
    assert (await command(stage, service, **changes)).outcome == outcome


async def test_triggers_are_unique_in_a_team(stage, service, order):
    """In any case of letters; dots, slashes and other signs are allowed."""
    again = await command(stage, service, trigger=order.name.upper())
    assert again.outcome == (400, "api.command.duplicate_trigger")
    assert (await command(stage, service, trigger=f"{order.name}.a/b_c-d*")).status == 201


async def test_what_clients_complete(stage, service, order):
    """The word, its hint and its description, for commands that want it; no address, no token."""
    hint = {"auto_complete": True, "auto_complete_hint": "[what]", "auto_complete_desc": "Does"}
    made = (await command(stage, service, **hint)).json
    path = f"/teams/{stage.team['id']}/commands/autocomplete"
    listed = (await stage.server.api("GET", path, token=stage.ben_token)).json
    (shown,) = [one for one in listed if one["id"] in (made["id"], order.command["id"])]
    assert {name: shown[name] for name in hint} == hint
    assert (shown["trigger"], shown["url"], shown["token"]) == (made["trigger"], "", "")


async def test_the_request(stage, service, order):
    """All thirteen fields in a form, and the token in a header, too."""
    asked = await order.form(" <b> & 'ü' ")
    assert asked.method == "POST"
    assert set(asked.headers) == {
        "Host", "User-Agent", "Content-Length", "Content-Type", "Accept", "Accept-Encoding", "Authorization",
    }  # fmt: skip
    assert asked.headers["Authorization"] == f"Token {order.command['token']}"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = asked.form
    client, user, millis, _ = base64.b64decode(form.pop("trigger_id")).decode().split(":")
    assert (len(client), user, millis.isdecimal()) == (26, stage.ben["id"], True)
    assert urlsplit(form.pop("response_url")).path.startswith("/hooks/commands/")
    assert form == {
        "token": order.command["token"], "team_id": stage.team["id"], "team_domain": stage.team["name"],
        "channel_id": order.place.id, "channel_name": order.place.name, "user_id": stage.ben["id"],
        "user_name": stage.ben["username"], "command": f"/{order.name}", "text": "<b> & 'ü' ", "root_id": "",
    }  # fmt: skip
    assert [name for name, _ in asked.pairs] == sorted(name for name, _ in asked.pairs)


async def test_the_request_in_the_address(stage, service, order):
    """With the method G the pairs follow those that the address has; its userinfo gives way to the token."""
    trigger = stage.name("get")
    url = service.address(trigger, "/x?own=1", userinfo="me:secret@")
    order.name = (await command(stage, service, trigger=trigger, url=url, method="G")).json["trigger"]
    asked = await order.form(" a+b")
    assert (asked.method, asked.text) == ("GET", "")
    assert asked.path.startswith(f"/{trigger}/x?own=1&channel_id=")
    assert (asked.form["text"], asked.form["own"]) == ("a+b", "1")
    assert asked.headers["Authorization"] == f"Token {asked.form['token']}"
    assert "Content-Type" not in asked.headers


@pytest.mark.parametrize(
    ("typed", "text"),
    [("", ""), (" one", "one"), ("  two", " two"), ("\nline", "line"), ("\tA\n b ", "A\n b "), ("\u00a0n", "\ufffdn")],
    ids=repr,
)
async def test_the_text_of_a_command(order, typed, text):
    """All that follows the first blank, of whatever kind, as it was typed."""
    assert (await order.form(typed)).form["text"] == text


async def test_the_name_of_a_command(stage, order):
    """Counts in any case of letters, and is sent in small ones."""
    order.name, name = order.name.upper(), order.name
    await order.given(" X")
    asked = order.service.asked(name)[0]
    assert (asked.form["command"], asked.form["text"]) == (f"/{name}", "X")


async def test_mentions(stage, service, order):
    """Members of the team and public channels, with their ids in the same order; unknown ones are left out."""
    ann, ben = stage.ann["username"], stage.ben["username"]
    secret = await stage.place(private=True, hook=False)
    text = f" @{ann}. @{ben.upper()} @{ann} @nobody x@{ben}x ~{order.place.name} ~{secret.name} ~none (@{stage.mark})"
    asked = await order.form(text)
    lists = {}
    for name, value in asked.pairs:
        lists.setdefault(name, []).append(value)
    users = dict(zip(lists["user_mentions"], lists["user_mentions_ids"], strict=True))
    channels = dict(zip(lists["channel_mentions"], lists["channel_mentions_ids"], strict=True))
    assert users == {ann: stage.ann["id"], ben: stage.ben["id"]}
    assert channels == {order.place.name: order.place.id}
    assert not {name for name, _ in (await order.form(" x")).pairs if "mentions" in name}


async def test_who_may_execute(stage, order):
    """Members of the channel, bots among them; in a direct channel in the name of a team that they are in."""
    answers = [await order.given(token=await stage.session(stage.ann)), await order.given(token=stage.bot_token)]
    assert [answer.outcome for answer in answers] == [PERMISSIONS, (200, "")]
    users = [stage.ben["id"], stage.ann["id"]]
    direct = (await stage.server.api("POST", "/channels/direct", users, stage.ben_token)).json
    asked = (await order.form(channel_id=direct["id"], team_id=stage.team["id"])).form
    assert (asked["channel_name"], asked["team_domain"]) == (direct["name"], stage.team["name"])
    assert (await order.given(channel_id=direct["id"])).outcome == PERMISSIONS


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"command": "x"}, (400, "api.command.execute_command.start")),
        ({"command": "/"}, (400, "api.command.execute_command.start")),
        ({"command": "/there-is-none"}, (404, "api.command.execute_command.not_found")),
        ({"channel_id": "x"}, (400, "api.command.execute_command.start")),
        ({"channel_id": "y" * 26}, PERMISSIONS),
        ({"command": 5}, (400, "api.context.invalid_body_param")),
    ],
    ids=repr,
)
async def test_orders_that_are_refused(order, changes, outcome):
    """Before anybody is asked."""
    assert (await order.given(**changes)).outcome == outcome
    assert not order.service.asked(order.name)


JSON = "application/json"


@pytest.mark.parametrize(
    ("body", "kind", "outcome", "text"),
    [
        ({"text": "hi <!here> <http://a|b>"}, JSON, (200, ""), "hi @here <http://a|b>"),
        ({"text": "hi <!here>", "skip_slack_parsing": True}, JSON, (200, ""), "hi <!here>"),
        ({"text": "hi", "response_type": "odd"}, f"{JSON}; charset=utf-8", (200, ""), "hi"),
        (b'{"text": "raw"}', "Application/JSON", (200, ""), '{"text": "raw"}'),
        (b"<p>hi", "text/html", (200, ""), "<p>hi"),
        (b"", "text/plain", (200, ""), ""),
        (b"null", JSON, (200, ""), ""),
        (b"{}", JSON, (200, ""), ""),
        (b"", JSON, FAILED, None),
        (b"{} {}", JSON, FAILED, None),
        (b'{"text": "a\nb"}', JSON, FAILED, None),
        (b'{"text": 5}', JSON, FAILED, None),
        (b'{"text": "' + b"x" * 1_048_576 + b'"}', JSON, FAILED, None),
        ({"text": "x" * 20_000}, JSON, (200, ""), "x" * 20_000),
        ({"text": "x", "response_type": "in_channel", "type": "system_x"}, JSON, NOT_POSTED, None),
        ({"text": "x", "response_type": "in_channel", "type": "odd"}, JSON, NOT_POSTED, None),
        ({"text": "x" * 16_384, "response_type": "in_channel"}, JSON, NOT_POSTED, None),
        ({"text": "x", "channel_id": "y" * 26}, JSON, NOT_POSTED, None),
        ({"attachments": [None]}, JSON, (200, ""), ""),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_what_the_caller_is_told(order, body, kind, outcome, text):
    """The answer in all its keys, or why there is none; nothing of these is posted."""
    answer = await order.answered(body, Content_Type=kind)
    assert answer.outcome == outcome
    if text is not None:
        told = answer.json
        assert told["text"] == text
        assert set(told) == {
            "response_type", "text", "username", "channel_id", "icon_url", "type", "props", "goto_location",
            "trigger_id", "skip_slack_parsing", "attachments", "extra_responses",
        }  # fmt: skip
        assert len(told["trigger_id"]) == 26
    assert not await order.place.posts()


@pytest.mark.parametrize("status", [201, 204, 400, 404, 500])
async def test_any_status_but_200_is_a_failure(order, status):
    """The body is not shown."""
    answer = await order.answered(b"secret" if status != 204 else b"", status=status)
    assert answer.outcome == (500, "api.command.execute_command.failed_resp")
    assert "secret" not in answer.text


async def test_nobody_answers(stage, service, order):
    """Refused, or slower than the setting allows: the same failure."""
    order.name = (await command(stage, service, url="http://127.0.0.1:1/")).json["trigger"]
    assert (await order.given()).outcome == FAILED
    order.name = order.command["trigger"]
    service.answer(order.name, {"text": "late"}, wait=1.6)
    async with stage.server.settings(ServiceSettings={"OutgoingIntegrationRequestsTimeout": 1}):
        assert (await order.given()).outcome == FAILED


async def test_redirects_are_followed(stage, service, order):
    """With the credentials, on the same host."""
    other = stage.name("there")
    service.answer(other, {"text": "here"})
    answer = await order.answered(b"", status=307, Location=service.address(other))
    assert answer.json["text"] == "here"
    (asked,) = service.asked(other)
    assert asked.headers["Authorization"] == f"Token {order.command['token']}"
    assert asked.form["command"] == f"/{order.name}"


BUTTON = {"name": "Ack", "type": "button", "integration": {"url": "http://x/y", "context": {"secret": "s", "n": 1.0}}}


async def test_an_answer_in_the_channel(stage, service, order):
    """A post of the caller's in the thread; where its buttons go is told to his client, not to readers."""
    root = await order.place.made("root")
    service.answer(order.name, {
        "response_type": "in_channel", "text": "<http://a|b>", "root_id": "x", "username": "Me", "icon_url": "http://i",
        "icon_emoji": "tada", "props": {"own": 1, "from_webhook": "no", "card": "c"}, "goto_location": "/x",
        "attachments": [{"text": "x", "fields": [{"value": 1000000}], "actions": [BUTTON, None]}],
    })  # fmt: skip
    told = (await order.given(root_id=root)).json
    (_, post) = await order.place.posts()
    assert (post["message"], post["root_id"], post["user_id"]) == ("[b](http://a)", root, stage.ben["id"])
    assert post["type"] == "slack_attachment"
    props = post["props"]
    assert {name: props[name] for name in props if name != "attachments"} == {
        "own": 1, "card": "c", "from_webhook": "true", "override_username": "Me", "override_icon_url": "http://i",
    }  # fmt: skip
    assert props["attachments"][0]["fields"][0]["value"] == "1e+06"
    (action,) = props["attachments"][0]["actions"]
    assert (len(action.pop("id")), action) == (26, {"name": "Ack", "type": "button"})
    assert told["goto_location"] == "/x"
    assert told["attachments"][0]["actions"][0] == BUTTON


async def test_the_plain_dress_of_an_answer_in_the_channel(order):
    """An icon that is none; an empty text is an empty post; attachments of the props are taken."""
    await order.answered({"response_type": "in_channel"})
    await order.answered({"response_type": "in_channel", "type": "custom_x", "props": {"attachments": [{"text": "a"}]}})
    first, second = await order.place.posts()
    assert (first["message"], first["type"]) == ("", "")
    assert first["props"] == {"from_webhook": "true", "override_icon_url": ""}
    assert (second["type"], second["props"]["attachments"][0]["text"]) == ("custom_x", "a")


async def test_the_dress_of_a_command_beats_that_of_its_answers(stage, service, order):
    """Its name and its icon."""
    made = (await command(stage, service, username="robot", icon_url="http://r")).json
    order.name = made["trigger"]
    await order.answered({"response_type": "in_channel", "text": "x", "username": "Me", "icon_url": "http://i"})
    props = (await order.place.only())["props"]
    assert (props["override_username"], props["override_icon_url"]) == ("robot", "http://r")


async def test_an_answer_in_another_channel(stage, order):
    """Where the caller is a member."""
    other, far = await stage.place(stage.ben["id"]), await stage.place(hook=False)
    answer = await order.answered({"response_type": "in_channel", "text": "x", "channel_id": other.id})
    assert answer.outcome == (200, "")
    assert (await other.only())["message"] == "x"
    answer = await order.answered({"response_type": "in_channel", "text": "x", "channel_id": far.id})
    assert answer.outcome == NOT_POSTED


async def test_a_whisper_has_buttons_with_cookies(order):
    """The caller's client is told no address of a click, but what stands for it."""
    told = (await order.answered({"text": "x", "attachments": [{"actions": [BUTTON]}]})).json
    (action,) = told["attachments"][0]["actions"]
    assert set(action) == {"id", "name", "type", "cookie"}
    assert not await order.place.posts()


async def test_further_answers(order):
    """Each is taken for itself; one that fails makes the whole a failure, the others stand."""
    extra = [
        {"response_type": "in_channel", "text": "one", "username": "One"},
        {"response_type": "in_channel", "text": "bad", "type": "system_x"},
        {"text": "whispered"},
        {"response_type": "in_channel", "text": "two"},
    ]
    answer = await order.answered({"response_type": "in_channel", "text": "zero", "extra_responses": extra})
    assert answer.outcome == NOT_POSTED
    assert [post["message"] for post in await order.place.posts()] == ["zero", "one", "two"]
    told = (await order.answered({"text": "a", "extra_responses": [{"text": "b", "extra_responses": []}]})).json
    assert [one["text"] for one in told["extra_responses"]] == ["b"]


async def test_a_null_among_further_answers_breaks_the_connection(order):
    """The caller gets no answer at all."""
    with pytest.raises(aiohttp.ClientError):
        await order.answered({"text": "a", "extra_responses": [None]})


async def test_answers_in_the_channel_fire_outgoing_webhooks(stage, service, order):
    """As what the caller says does."""
    name = stage.name("w")
    body = {
        "team_id": stage.team["id"], "channel_id": order.place.id, "callback_urls": [service.address(name)],
        "display_name": "x",
    }  # fmt: skip
    await stage.server.done("POST", "/hooks/outgoing", body)
    await order.answered({"response_type": "in_channel", "text": "said"})
    (asked,) = await service.got(name)
    assert (asked.form["text"], asked.form["user_id"]) == ("said", stage.ben["id"])


async def later(order, path, body, content_type=JSON):
    """Answer later."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": content_type} if content_type else {}
    return await order.stage.server.raw("POST", path, data, headers)


async def path_of(order, **more):
    """Execute the command; gives the path of its later answers."""
    return urlsplit((await order.form(**more)).form["response_url"]).path


async def test_five_answers_may_come_later(stage, order):
    """Into the thread, as the caller, though he has left; what is broken counts as none, what is too long as one."""
    root = await order.place.made("root")
    path = await path_of(order, root_id=root)
    answer = await later(order, path, {"response_type": "in_channel", "text": "one"})
    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (200, "ok", "text/plain")
    await stage.server.done("DELETE", f"/channels/{order.place.id}/members/{stage.ben['id']}")
    broken = [await later(order, path, body) for body in (b"{", b"", b'{"text": 5}')]
    assert [one.outcome for one in broken] == [(400, "web.command_webhook.parse")] * 3
    assert (await later(order, path, {"text": "whispered"})).status == 200
    too_long = await later(order, path, {"response_type": "in_channel", "text": "x" * 16_384})
    assert too_long.outcome == (500, "web.command_webhook.general")
    assert (await later(order, path, b"plain", content_type="")).status == 200
    assert (await later(order, path, {"response_type": "in_channel", "text": "five"})).status == 200
    assert (await later(order, path, {"text": "six"})).outcome == (400, "web.command_webhook.general")
    posts = (await order.place.posts())[1:]
    assert [(post["message"], post["root_id"], post["user_id"]) for post in posts] == [
        ("one", root, stage.ben["id"]), ("five", root, stage.ben["id"]),
    ]  # fmt: skip


async def test_later_answers_that_are_refused(stage, order):
    """An unknown address, a body beyond the limit, a null that breaks the connection; then a command that is gone."""
    unknown = await later(order, f"/hooks/commands/{'y' * 26}", {"text": "x"})
    assert unknown.outcome == (404, "web.command_webhook.general")
    path = await path_of(order)
    with pytest.raises(aiohttp.ClientError):
        await later(order, path, {"extra_responses": [None]})
    assert (await later(order, path, {"text": "x" * 400_000})).status in (400, 413)
    assert (await later(order, path, b"payload=%7B%22response_type%22%3A%22in_channel%22%7D", "a/b")).status == 200
    assert not await order.place.posts()
    await stage.server.done("DELETE", f"/commands/{order.command['id']}")
    assert (await later(order, path, {"text": "x"})).outcome == (400, "web.command_webhook.general")
