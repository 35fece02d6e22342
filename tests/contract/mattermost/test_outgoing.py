"""Outgoing webhooks: who makes them, which posts fire them, what is sent, and what an answer becomes."""

import base64
import json

import pytest

PERMISSIONS = (403, "api.context.permissions")


async def hook(stage, service, place=None, *words, name="", url="", **more):
    """Make a hook of ann's that calls the service under `name`; gives it as the server shows it."""
    body = {
        "team_id": stage.team["id"],
        "channel_id": place.id if place else "",
        "trigger_words": list(words),
        "callback_urls": [url or service.address(name)],
        "display_name": "Contract",
        "creator_id": stage.ann["id"],
        **more,
    }
    return await stage.server.done("POST", "/hooks/outgoing", body)


async def test_who_administers_hooks(stage, service, place):
    """Members may neither make nor see them; the token is made by the server and made anew on demand."""
    made = await hook(stage, service, place, "x", name=stage.name("w"))
    path = f"/hooks/outgoing/{made['id']}"
    assert (made["creator_id"], made["trigger_when"], made["content_type"]) == (stage.ann["id"], 0, "")
    assert len(made["token"]) == 26
    token = await stage.session(stage.ben)
    answers = [await stage.server.api("GET", f"/hooks/outgoing?team_id={stage.team['id']}", token=token)]
    answers.append(await stage.server.api("POST", "/hooks/outgoing", {**made, "id": ""}, token))
    answers.append(await stage.server.api("POST", f"{path}/regen_token", token=token))
    assert [answer.outcome for answer in answers] == [PERMISSIONS] * 3
    listed = await stage.server.done("GET", f"/hooks/outgoing?channel_id={place.id}")
    assert [one["id"] for one in listed] == [made["id"]]
    renewed = await stage.server.done("POST", f"{path}/regen_token")
    assert renewed["token"] not in ("", made["token"])
    kept = await stage.server.done("PUT", path, {**renewed, "trigger_words": ["y"]})
    assert (kept["token"], kept["trigger_words"]) == (renewed["token"], ["y"])
    del kept["token"]
    assert (await stage.server.done("PUT", path, kept))["token"] == ""
    await stage.server.done("DELETE", path)
    assert (await stage.server.api("GET", path)).outcome == (404, "app.webhooks.get_outgoing")


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"channel_id": "", "trigger_words": []}, (400, "api.webhook.create_outgoing.triggers")),
        ({"callback_urls": []}, (400, "model.outgoing_hook.is_valid.callback")),
        ({"callback_urls": ["ftp://x"]}, (400, "model.outgoing_hook.is_valid.url")),
        ({"trigger_words": [""]}, (400, "model.outgoing_hook.is_valid.trigger_words")),
        ({"trigger_words": "x"}, (400, "api.context.invalid_body_param")),
        ({"channel_id": "y" * 26}, (404, "app.channel.get.existing")),
        ({"team_id": "y" * 26}, (403, "api.webhook.create_outgoing.permissions")),
    ],
    ids=repr,
)
async def test_hooks_that_are_refused(stage, place, changes, outcome):
    """Each for a reason of its own."""
    body = {
        "team_id": stage.team["id"], "channel_id": place.id, "trigger_words": ["x"], "callback_urls": ["http://x"],
        "display_name": "x",
    }  # fmt: skip
    assert (await stage.server.api("POST", "/hooks/outgoing", body | changes)).outcome == outcome


async def test_a_private_channel_has_no_hooks(stage, service):
    """They are for what everybody of the team may read."""
    secret = await stage.place(private=True, hook=False)
    body = {"team_id": stage.team["id"], "channel_id": secret.id, "callback_urls": ["http://x"], "display_name": "x"}
    assert (await stage.server.api("POST", "/hooks/outgoing", body)).outcome == (403, "api.outgoing_webhook.disabled")


async def test_the_request_in_a_form(stage, service, place):
    """All twelve fields in the order of the alphabet, seconds, and nothing that proves the sender but the token."""
    name = stage.name("w")
    made = await hook(stage, service, place, "askf", name=name, url=service.address(name, "/in?q=a%2Fb"))
    post = (await place.post("askf <b> & 'ü'")).json
    (asked,) = await service.got(name)
    assert (asked.method, asked.path) == ("POST", f"/{name}/in?q=a%2Fb")
    assert set(asked.headers) == {"Host", "User-Agent", "Content-Length", "Content-Type", "Accept", "Accept-Encoding"}
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (asked.headers["User-Agent"], asked.headers["Accept"]) == ("Mattermost-Bot/1.1", "application/json")
    bot = (await stage.server.done("GET", f"/users/{stage.bot}"))["username"]
    assert asked.pairs == sorted({
        "token": made["token"], "team_id": stage.team["id"], "team_domain": stage.team["name"], "user_name": bot,
        "channel_id": place.id, "channel_name": place.name, "timestamp": str(post["create_at"] // 1000),
        "user_id": stage.bot, "post_id": post["id"], "text": "askf <b> & 'ü'", "trigger_word": "askf", "file_ids": "",
    }.items())  # fmt: skip
    assert "askf+%3Cb%3E+%26+%27%C3%BC%27" in asked.text
    assert "file_ids=&" in asked.text


async def test_the_request_in_json(stage, service, place):
    """The same fields, milliseconds; userinfo of the address is a second secret."""
    name = stage.name("w")
    url = service.address(name, userinfo="me:se%2Fcret@")
    made = await hook(stage, service, place, name=name, url=url, content_type="application/json")
    post = (await place.post("  say <b> & more", file_ids=[])).json
    (asked,) = await service.got(name)
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"me:se/cret").decode()
    assert asked.text.startswith(f'{{"token":"{made["token"]}","team_id":"{stage.team["id"]}","team_domain":"')
    assert (asked.json["timestamp"], asked.json["post_id"]) == (post["create_at"], post["id"])
    assert (asked.json["file_ids"], asked.json["trigger_word"]) == ("", "")
    assert r"say \u003cb\u003e \u0026 more" in asked.text


async def test_what_fires(stage, service, place):
    """The first word alone counts, in its own case; what came from a hook, was edited or is an answer does not."""
    name = stage.name("w")
    service.answer(name, {"text": "go again"})
    await hook(stage, service, place, "go", name=name)
    for text in ("gone", "Go", "go,", "x go"):
        await place.made(text)
    assert (await place.send({"text": "go by hook"})).status == 200
    edited = await place.made("x")
    await place.patch(edited, message="go")
    await place.made(" \n go now", props={"from_webhook": "true"})
    reply = await place.made("go\tdeep", root_id=edited)
    await place.made("go at last")
    found = await service.got(name, 3)
    assert {one.form["text"].split()[-1] for one in found} == {"now", "deep", "last"}
    assert len(await place.shown(12)) == 12
    assert len(service.asked(name)) == 3
    assert reply in {one.form["post_id"] for one in found}


async def test_how_a_word_begins_may_fire(stage, service, place):
    """With trigger_when 1; the request names the trigger, not the word."""
    name = stage.name("w")
    await hook(stage, service, place, "de", "dep", name=name, trigger_when=1)
    await place.made("deploy")
    assert (await service.got(name))[0].form["trigger_word"] == "de"


async def test_several_hooks_wait_for_each_other(stage, service, place):
    """In the order of their making, each after the one before has answered; all are told the last one's word."""
    names = [stage.name("w"), stage.name("w")]
    service.answer(names[0], {"text": "slow"}, wait=0.3)
    service.answer(names[1], {"text": "quick"})
    await hook(stage, service, None, "all", name=names[0])
    await hook(stage, service, place, name=names[1])
    await place.made("all of you")
    shown = await place.shown(3)
    assert [post["message"] for post in shown] == ["all of you", "slow", "quick"]
    assert [service.asked(name)[0].form["trigger_word"] for name in names] == ["", ""]


ANSWERS = {
    "text": (b'{"text": "yes"}', "yes"),
    "empty text": (b'{"text": ""}', ""),
    "first of two": (b'{"text": "one"} {"text": "two"}', "one"),
    "links": (b'{"text": "<http://a|b> <!here>"}', "[b](http://a) @here"),
    "attachments": (b'{"attachments": [{"text": "x"}]}', ""),
    "other keys": (b'{"text": "x", "channel": 5, "icon_emoji": [], "TYPE": "custom_x"}', "x"),
}
SILENT = {
    "nothing": b"",
    "null": b'{"text": null}',
    "no text": b"{}",
    "plain": b"yes",
    "a string": b'"yes"',
    "a list": b'[{"text": "x"}]',
    "a number": b'{"text": 5}',
    "nul": b'{"text": "a\\u0000"}',
    "a line break": b'{"text": "a\nb"}',
    "no priority": b'{"text": "x", "priority": {}}',
    "a system's": b'{"text": "x", "type": "system_x"}',
}


async def test_answers(stage, service, place):
    """Any status and content type will do for what is JSON and has a text or attachments; nobody is told of others."""
    name = stage.name("w")
    for number, body in enumerate([*SILENT.values(), *(body for body, _ in ANSWERS.values())]):
        service.answer(name, body, status=[200, 404, 500][number % 3], Content_Type="text/html")
    await hook(stage, service, place, "ask", name=name)
    for number in range(len(SILENT) + len(ANSWERS)):
        await place.made(f"ask {number}")
        await service.got(name, number + 1)
        if number >= len(SILENT):
            await place.shown(2 * number + 2 - len(SILENT))
    answers = [post for post in await place.posts() if not post["message"].startswith("ask ")]
    assert [post["message"] for post in answers] == [text for _, text in ANSWERS.values()]
    assert {post["user_id"] for post in answers} == {stage.ann["id"]}
    assert {post["props"]["from_webhook"] for post in answers} == {"true"}
    assert {post["props"]["override_username"] for post in answers} == {"webhook"}
    assert {post["props"]["webhook_display_name"] for post in answers} == {"Contract"}
    assert answers[-1]["type"] == "custom_x"


async def test_the_dress_of_an_answer(stage, service, place):
    """Name and icon, own props, priority even of a comment; numbers become texts; long texts are cut in pieces."""
    name = stage.name("w")
    service.answer(name, {
        "text": "x", "response_type": "comment", "username": "Me", "icon_url": "http://i", "icon_emoji": "tada",
        "props": {"own": 1.0, "from_webhook": "no", "override_username": "no"}, "priority": {"priority": "urgent"},
        "attachments": [{"fields": [{"title": "a", "value": 1000000}]}],
    })  # fmt: skip
    service.answer(name, {"text": "y" * 20_000, "response_type": "in_channel"})
    await hook(stage, service, place, "ask", name=name)
    root = await place.made("ask")
    (_, comment) = await place.shown(2)
    assert (comment["root_id"], comment["metadata"]["priority"]["priority"]) == (root, "urgent")
    props = comment["props"]
    assert (props["override_username"], props["override_icon_url"], props["own"]) == ("Me", "http://i", 1)
    assert props["attachments"][0]["fields"][0]["value"] == "1e+06"
    assert "override_icon_emoji" not in props
    await place.made("ask", root_id=root)
    pieces = (await place.shown(5))[3:]
    assert [(len(post["message"]), post["root_id"]) for post in pieces] == [(16_383, ""), (3_617, "")]


async def test_a_comment_on_a_reply_is_lost(stage, service, place):
    """The next answer is not."""
    name = stage.name("w")
    service.answer(name, {"text": "lost", "response_type": "comment"})
    service.answer(name, {"text": "found"})
    await hook(stage, service, place, "ask", name=name)
    root = await place.made("x")
    await place.made("ask", root_id=root)
    await service.got(name)
    await place.made("ask")
    assert [post["message"] for post in await place.shown(4)] == ["x", "ask", "ask", "found"]


@pytest.mark.parametrize(("status", "method"), [(307, "POST"), (308, "POST"), (301, "GET"), (302, "GET"), (303, "GET")])
async def test_redirects_are_followed(stage, service, place, status, method):
    """The method and the body go along as they do in browsers, and the last answer counts."""
    name, other = stage.name("w"), stage.name("w")
    service.answer(name, status=status, Location=service.address(other))
    service.answer(other, {"text": "here"})
    await hook(stage, service, place, "ask", name=name)
    await place.made("ask")
    assert [post["message"] for post in await place.shown(2)] == ["ask", "here"]
    (asked,) = service.asked(other)
    assert (asked.method, asked.text) == (method, service.asked(name)[0].text if method == "POST" else "")


async def test_who_is_too_slow_is_not_heard(stage, service, place):
    """After the seconds of the setting; the next hook is called then."""
    names = [stage.name("w"), stage.name("w")]
    service.answer(names[0], {"text": "late"}, wait=1.6)
    service.answer(names[1], {"text": "next"})
    async with stage.server.settings(ServiceSettings={"OutgoingIntegrationRequestsTimeout": 1}):
        for name in names:
            await hook(stage, service, place, "ask", name=name)
        await place.made("ask")
        assert [post["message"] for post in await place.shown(2)] == ["ask", "next"]


async def test_files_are_named(stage, service, place):
    """By their ids, with commas; a post of files without a text fires hooks without trigger words."""
    name = stage.name("w")
    await hook(stage, service, place, name=name, content_type="application/json")
    files = []
    for _ in range(2):
        answer = await stage.server.raw(
            "POST", f"/api/v4/files?channel_id={place.id}&filename=a.txt", b"x",
            {"Authorization": f"Bearer {stage.bot_token}", "Content-Type": "application/octet-stream"},
        )  # fmt: skip
        files.append(json.loads(answer.text)["file_infos"][0]["id"])
    await place.made("", file_ids=files)
    (asked,) = await service.got(name)
    assert asked.json["text"] == ""
    assert sorted(asked.json["file_ids"].split(",")) == sorted(files)


async def test_hosts_inside_are_called_only_when_they_are_named(stage, service, place):
    """The very name, or a network that holds the address."""
    name = stage.name("w")
    service.answer(name, {"text": "called"})
    await hook(stage, service, place, "ask", name=name)
    if stage.server.real:
        pytest.skip("a real server may have this setting from its environment, where it cannot be changed")
    for allowed, count in (("localhost", 1), ("127.0.0.0/8", 3)):
        async with stage.server.settings(ServiceSettings={"AllowedUntrustedInternalConnections": allowed}):
            await place.made("ask")
            await place.shown(count)
    assert len(service.asked(name)) == 1
