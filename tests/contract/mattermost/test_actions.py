"""Buttons and menus: who may click, what is sent, and what an answer does."""

import base64

import pytest
import pytest_asyncio

PERMISSIONS = (403, "api.context.permissions")
FAILED = (400, "api.post.do_action.action_integration")
NO_ACTION = (404, "api.post.do_action.action_id")


class Card:
    """A post of a hook with one action, which ben clicks."""

    def __init__(self, stage, service, place):
        self.stage = stage
        self.service = service
        self.place = place
        self.name = stage.name("act")
        self.post = {}

    async def made(self, *actions, **more):
        """Send it over the hook, with actions that call the service."""
        integration = {"url": self.service.address(self.name), "context": {"id": "7"}}
        whole = [{"id": "act", "name": "Act", "type": "button", "integration": integration} | one for one in actions]
        body = {"attachments": [{"text": "card", "actions": whole}], **more}
        assert (await self.place.send(body)).status == 200
        self.post = await self.place.only()
        return self

    async def click(self, action="act", token=None, **body):
        """Click as ben unless a token says otherwise."""
        path = f"/posts/{self.post['id']}/actions/{action}"
        return await self.stage.server.api("POST", path, body, self.stage.ben_token if token is None else token)

    async def answered(self, body, **more):
        """Click, answered so; gives the outcome and the post as it is then."""
        self.service.answer(self.name, body, **more)
        answer = await self.click()
        self.service.forget(self.name)
        return answer.outcome, (await self.place.get(self.post["id"])).json

    async def asked(self, **body):
        """Click; gives what the service got."""
        before = len(self.service.asked(self.name))
        answer = await self.click(**body)
        assert answer.status == 200, answer.text
        return self.service.asked(self.name)[before]


@pytest_asyncio.fixture(loop_scope="session")
async def card(stage, service, place):
    """A card that is not there yet, in a channel that ben is in."""
    await place.join(stage.ben["id"])
    stage.ben_token = stage.ben_token or await stage.session(stage.ben)
    return Card(stage, service, place)


async def test_the_request(stage, card):
    """Who clicked where on which post, and the context: no id or name of the action, no proof of the sender."""
    context = {"text": "<b>", "list": [1.0, 12345678901234567890], "z": {"b": None, "a": True}}
    integration = {"url": card.service.address(card.name, "/x?q=%2F", userinfo="me:secret@"), "context": context}
    await card.made({"integration": integration})
    answer = await card.click()
    (asked,) = card.service.asked(card.name)
    assert (asked.method, asked.path) == ("POST", f"/{card.name}/x?q=%2F")
    assert set(asked.headers) == {
        "Host", "User-Agent", "Content-Length", "Content-Type", "Accept", "Accept-Encoding", "Authorization",
    }  # fmt: skip
    assert (asked.headers["Content-Type"], asked.headers["Accept"]) == ("application/json", "application/json")
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"me:secret").decode()
    document = asked.json
    client, user, *_ = base64.b64decode(document.pop("trigger_id")).decode().split(":")
    assert (answer.json, user) == ({"status": "OK", "trigger_id": client}, stage.ben["id"])
    assert list(document.items()) == list({
        "user_id": stage.ben["id"], "user_name": stage.ben["username"], "channel_id": card.place.id,
        "channel_name": card.place.name, "team_id": stage.team["id"], "team_domain": stage.team["name"],
        "post_id": card.post["id"], "type": "button", "data_source": "",
        "context": {"list": [1, 12345678901234567000], "text": "<b>", "z": {"a": True, "b": None}},
    }.items())  # fmt: skip
    assert r"\u003cb\u003e" in asked.text


async def test_menus(card):
    """What is chosen comes in the context, unchecked; a source is named only with a choice."""
    options = [{"text": "One", "value": "1"}]
    await card.made(
        {"type": "select", "options": options},
        {"id": "who", "type": "select", "data_source": "users"},
        {"id": "bare", "type": "", "integration": {"url": card.service.address(card.name)}},
    )
    chosen = (await card.asked(selected_option="not-an-option")).json
    assert (chosen["context"], chosen["data_source"]) == ({"id": "7", "selected_option": "not-an-option"}, "")
    assert (await card.asked()).json["context"] == {"id": "7"}
    who = (await card.asked(action="who", selected_option="x")).json
    assert (who["type"], who["data_source"]) == ("select", "users")
    assert (await card.asked(action="who")).json["data_source"] == ""
    bare = (await card.asked(action="bare", selected_option="x")).json
    assert (bare["type"], "context" in bare) == ("", False)


async def test_readers_do_not_see_where_a_click_goes(card):
    """Ids are made where there are none; who sends the post back as he read it kills the buttons."""
    await card.made({"id": ""}, {"disabled": True, "style": "danger", "junk": 1})
    first, second = card.post["props"]["attachments"][0]["actions"]
    assert (len(first.pop("id")), first) == (26, {"name": "Act", "type": "button"})
    assert second == {"id": "act", "name": "Act", "type": "button", "disabled": True, "style": "danger"}
    assert (await card.click()).status == 200
    await card.stage.server.done("PUT", f"/posts/{card.post['id']}/patch", {"message": "edited"})
    assert (await card.click()).status == 200
    await card.stage.server.done("PUT", f"/posts/{card.post['id']}/patch", {"props": card.post["props"]})
    assert (await card.click()).outcome == NO_ACTION


async def test_who_may_click(stage, card):
    """Members of the channel, bots among them."""
    await card.made({})
    assert (await card.click(token=stage.bot_token)).status == 200
    assert (await card.click(token=await stage.session(stage.ann))).outcome == PERMISSIONS
    assert (await card.click("none")).outcome == NO_ACTION
    assert (await card.click("with_underscore")).status == 404
    card.post["id"] = "y" * 26
    assert (await card.click()).outcome == PERMISSIONS
    assert len(card.service.asked(card.name)) == 1


async def test_a_deleted_post_has_no_buttons(stage, card):
    """As if it had never been."""
    await card.made({})
    await stage.server.done("DELETE", f"/posts/{card.post['id']}")
    assert (await card.click()).outcome == (404, "app.post.get")


async def test_clicks_in_direct_channels(stage, card):
    """There is no team."""
    users = [stage.ben["id"], stage.bot]
    direct = (await stage.server.api("POST", "/channels/direct", users, stage.ben_token)).json
    action = {"id": "act", "name": "a", "type": "button", "integration": {"url": card.service.address(card.name)}}
    body = {"channel_id": direct["id"], "message": "x", "props": {"attachments": [{"actions": [action]}]}}
    card.post = (await stage.server.api("POST", "/posts", body, stage.bot_token)).json
    asked = (await card.asked()).json
    assert (asked["channel_name"], asked["team_id"], asked["team_domain"]) == (direct["name"], "", "")


SILENT = {
    "empty": b"",
    "no keys": b"{}",
    "null": b"null",
    "an error": b'{"error": {"message": "x"}}',
    "nothing to do": b'{"update": null, "ephemeral_text": "", "goto_location": "/x"}',
}
BROKEN = {
    "text": b"done",
    "html": b"<html>",
    "a list": b"[]",
    "two values": b"{} {}",
    "a number": b'{"ephemeral_text": 5}',
    "an update of a wrong type": b'{"update": {"message": 5}}',
}


@pytest.mark.parametrize("body", SILENT.values(), ids=SILENT)
async def test_answers_without_effect(card, body):
    """Of whatever type of content."""
    await card.made({})
    outcome, post = await card.answered(body, Content_Type="text/html")
    assert (outcome, post["update_at"]) == ((200, ""), card.post["update_at"])


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
async def test_answers_that_fail(card, body):
    """For the user they all are the same failure."""
    await card.made({})
    assert (await card.answered(body))[0] == FAILED


@pytest.mark.parametrize("status", [201, 204, 400, 500])
async def test_any_status_but_200_fails(card, status):
    """Whatever the body says."""
    await card.made({})
    assert (await card.answered(b"{}" if status != 204 else b"", status=status))[0] == FAILED


async def test_nobody_answers(stage, card):
    """Refused, or slower than the setting allows."""
    await card.made({}, {"id": "gone", "integration": {"url": "http://127.0.0.1:1/"}}, {"id": "odd", "integration": {}})
    assert [(await card.click(action)).outcome for action in ("gone", "odd")] == [FAILED] * 2
    async with stage.server.settings(ServiceSettings={"OutgoingIntegrationRequestsTimeout": 1}):
        assert (await card.answered(b"", wait=1.6))[0] == FAILED


async def test_redirects_and_large_answers(stage, card):
    """The first are followed, the second read to their end."""
    await card.made({})
    other = stage.name("there")
    card.service.answer(other, {"x": "y" * 1_100_000})
    outcome, _ = await card.answered(b"", status=307, Location=card.service.address(other))
    assert outcome == (200, "")
    assert card.service.asked(other)[0].json["post_id"] == card.post["id"]


async def test_an_update_replaces_the_post(card):
    """Its message and files even when they are not there, its props only when they are; not who and where."""
    await card.made({}, text="card", props={"own": 1}, username="Me")
    old = card.post["props"]
    outcome, post = await card.answered({"update": {"user_id": "x", "root_id": "y" * 26, "type": "custom_x"}})
    assert (outcome, post["message"], post["root_id"], post["type"]) == ((200, ""), "", "", card.post["type"])
    assert (post["props"], post["user_id"]) == (old, card.post["user_id"])
    assert post["edit_at"] > 0
    outcome, post = await card.answered({"update": {"message": "<http://a|b> <!here>"}})
    assert (outcome, post["message"]) == ((200, ""), "<http://a|b> <!here>")
    attachments = [{"text": "<http://a|b>", "fields": [{"value": 5}]}]
    changed = {"props": {"attachments": attachments, "override_username": "You", "from_webhook": "no", "new": 2}}
    outcome, post = await card.answered({"update": {"message": "m"} | changed})
    assert outcome == (200, "")
    (attachment,) = post["props"].pop("attachments")
    assert (attachment["text"], attachment["fields"][0]["value"]) == ("<http://a|b>", 5)
    assert post["props"] == {"from_webhook": "true", "override_username": "Me", "new": 2}
    assert (await card.click()).outcome == NO_ACTION


async def test_an_update_can_carry_the_next_buttons(card):
    """They need their addresses again."""
    await card.made({})
    action = {"id": "next", "name": "n", "type": "button", "integration": {"url": card.service.address(card.name)}}
    _, post = await card.answered({"update": {"message": "m", "props": {"attachments": [{"actions": [action]}]}}})
    assert post["props"]["attachments"][0]["actions"] == [{"id": "next", "name": "n", "type": "button"}]
    assert "context" not in (await card.asked(action="next")).json


async def test_an_update_that_is_too_long_changes_nothing(card):
    """The user gets the error of the post."""
    await card.made({}, text="card")
    outcome, post = await card.answered({"update": {"message": "x" * 16_384}})
    assert (outcome, post["message"]) == ((400, "model.post.is_valid.message_length"), "card")


async def test_a_pin_survives_an_update(stage, card):
    """Whatever the update says of it."""
    await card.made({})
    await stage.server.done("PUT", f"/posts/{card.post['id']}/patch", {"is_pinned": True})
    _, post = await card.answered({"update": {"message": "m", "is_pinned": False}})
    assert (post["is_pinned"], post["message"]) == (True, "m")


async def test_whispers_are_clicked_by_their_cookies(stage, service, card):
    """Whoever reads the channel may; forged ones, other posts and updates fail."""
    trigger = stage.name("whisper")
    body = {"team_id": stage.team["id"], "trigger": trigger, "method": "P", "url": service.address(trigger)}
    await stage.server.done("POST", "/commands", body)
    action = {"id": "act", "name": "a", "type": "button"}
    integration = {"url": card.service.address(card.name), "context": {"id": "7"}}
    service.answer(trigger, {"attachments": [{"actions": [action | {"integration": integration}]}]})
    order = {"channel_id": card.place.id, "command": f"/{trigger}"}
    told = (await stage.server.api("POST", "/commands/execute", order, stage.ben_token)).json
    (shown,) = told["attachments"][0]["actions"]
    card.post = {"id": "y" * 26}
    assert (await card.click(cookie=shown["cookie"])).outcome == FAILED
    assert (await card.click(cookie="forged")).outcome == FAILED
